"""Typical complexities: reference values, Parisi's ground state, identities, bounds, refusals."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import brentq
from sympy import Expr, Integer, Rational

from numerics.complexity import complexity
from numerics.loading import load
from numerics.quenched.action import Problem
from numerics.quenched.complexity import QuenchedComplexity, quenched
from numerics.quenched.saddle import Count, Saddle, broken, symmetric
from numerics.quenched.stability import grouping, outlier, replicon
from numerics.statics.solve import statics
from numerics.together import Together
from theory import OVERLAP, SIGNAL_OVERLAP, GaussianLandscape, PureSpin, SpikedMatrixTensor

Q, M = OVERLAP, SIGNAL_OVERLAP
SPIKED = GaussianLandscape(Q**3 / 2, 5 * M**3 / 6)
TWO_STEPS = GaussianLandscape(Q**3 / 2 + Q**16 / 32)


@pytest.mark.parametrize(
    ("landscape", "m", "kind", "annealed", "expected", "q"),
    [
        (SPIKED, 0.3, 0, 0.002183941, 0.001942902, 0.128217),
        # at t = 2 one eigenvalue is negative here
        (SpikedMatrixTensor(3, Rational(1, 2), 1), 0.1, 1, 0.000650725, 0.000643743, 0.018510),
    ],
)
def test_symmetric_reference_values(
    landscape: GaussianLandscape, m: float, kind: int, annealed: float, expected: float, q: float
) -> None:
    found = quenched(landscape, m, kind)
    assert found.t == 2 and found.sizes.size == 0
    assert float(complexity(landscape, m, kind).sigma) == pytest.approx(annealed, abs=5.1e-10)
    assert found.sigma == pytest.approx(expected, abs=5.1e-10)
    assert found.overlaps == pytest.approx([q], abs=5.1e-7)


def _zero(landscape: GaussianLandscape, low: float, high: float, kind: int = 0) -> tuple[float, Saddle]:
    """The energy at which Sigma of the saddle vanishes; groups of replicas where they form."""

    def saddle(energy: float) -> Saddle:
        problem = Problem(landscape, 0.0)
        found = symmetric(problem, Count(kind, energy / problem.unit), 2.0)
        group = grouping(found)
        return broken(found, group[:3]) if 0.1 < group.q < 0.99 and group.gain > 1e-9 else found

    energy = brentq(lambda energy: saddle(energy).sigma, low, high, xtol=1e-13)
    return float(energy), saddle(float(energy))


@pytest.mark.parametrize(
    ("field", "energy", "q"),
    [
        pytest.param(Rational(1, 100), -1.1784258395, 0.01862586, marks=pytest.mark.slow),
        (Rational(1, 10), -1.2321575651, 0.1676380),
    ],
)
def test_zero_in_a_field_is_the_ground_state_of_parisi(field: Rational, energy: float, q: float) -> None:
    landscape = GaussianLandscape(field * Q + Q**3 / 2)
    found, saddle = _zero(landscape, energy - 1e-3, energy + 1e-3)
    parisi = statics(landscape)
    assert found == pytest.approx(energy, abs=6e-11)
    assert found == pytest.approx(parisi.energy, abs=1e-10)
    assert saddle.overlaps == pytest.approx([q], abs=6e-8)
    assert saddle.overlaps[0] == pytest.approx(parisi.order_parameter["steps"][0]["overlap"], abs=1e-7)
    assert replicon(saddle, 0) < 0


@pytest.mark.slow
@pytest.mark.parametrize("covariance", [Q / 10 + (Q**3 + Q**9) / 2, Q / 3 + Q**5, Q / 50 + Q**3 / 2 + Q**16 / 32])
def test_no_minima_below_the_ground_state_of_any_mixture(covariance: Expr) -> None:
    """One step of breaking for the first two, two for the last: the zero within 2e-9, where the annealed one is not."""
    landscape = GaussianLandscape(covariance)
    energy = statics(landscape).energy
    below, above = (quenched(landscape, 0.0, 0, energy=energy * (1 + side)) for side in (1e-9, -1e-9))
    assert below.sigma == -np.inf and 0 < above.sigma < 1e-8
    assert float(complexity(landscape, 0.0, 0, energy=energy).sigma) > 1e-3


@pytest.mark.slow
def test_zero_of_the_broken_saddle_is_the_ground_state_of_two_steps() -> None:
    """The annealed zero lies below the ground state; that of a first breaking of the count does not."""
    parisi = statics(TWO_STEPS)
    found, saddle = _zero(TWO_STEPS, -1.28765, -1.2875)
    assert float(complexity(TWO_STEPS, 0, 0, energy=parisi.energy).sigma) > 3e-4
    assert found == pytest.approx(-1.287605530533, abs=1e-11)
    assert found == pytest.approx(parisi.energy, abs=1e-11)
    assert saddle.overlaps[1] == pytest.approx(0.927968, abs=5e-7)
    assert max(replicon(saddle, level) for level in (0, 1)) < 0


def test_groups_form_where_the_symmetric_saddle_is_unstable_and_lower_it() -> None:
    above, below = (quenched(TWO_STEPS, 0, 0, energy=energy) for energy in (-1.28, -1.287))
    assert above.sizes.size == 0
    assert above.sigma == pytest.approx(float(complexity(TWO_STEPS, 0, 0, energy=-1.28).sigma))
    assert below.sizes.size == 1
    assert 0 < below.sigma < float(complexity(TWO_STEPS, 0, 0, energy=-1.287).sigma) - 1e-4
    total = quenched(TWO_STEPS, 0, "total", energy=-1.287)
    assert total.sigma > below.sigma
    refused = quenched(TWO_STEPS, 0, 0, energy=-1.287, breaking=0)
    assert np.isnan(refused.sigma) and "replica symmetry breaks" in refused.reason


def test_outlier_vanishes_where_the_lowest_energy_is_stationary_in_the_overlap() -> None:
    """Sigma = 0 and dSigma/dm = 0 at once: the Hessian's eigenvalue along the signal is zero."""

    def at(m: float, t: float) -> Saddle:
        return symmetric(Problem(SPIKED, m), Count("total", None), t)

    m = 0.56171127511
    t = brentq(lambda t: at(m, t).sigma, 1.995, 2.004, xtol=1e-13)
    depth = outlier(at(m, t))
    step = 1e-4
    rise = [at(m + k * step, t).sigma for k in (-2, -1, 1, 2)]
    assert (rise[0] - 8 * rise[1] + 8 * rise[2] - rise[3]) / (12 * step) == pytest.approx(0, abs=1e-9)
    assert depth > 1
    assert t - depth - 1 / depth == pytest.approx(0, abs=1e-9)


def test_without_signal_or_field_a_pure_model_is_annealed() -> None:
    for kind, energy in (("total", None), (0, None), (0, -1.16), (2, -1.16), ("total", 0.4)):
        found = quenched(PureSpin(3, Rational(2, 3)), 0, kind, energy=energy)
        annealed = complexity(PureSpin(3, Rational(2, 3)), 0, kind, energy=energy)
        assert found.sigma == pytest.approx(float(annealed.sigma), abs=1e-13)
        assert found.t == pytest.approx(float(annealed.t), abs=1e-12)


def test_outlier_of_one_replica_is_that_of_baik_ben_arous_peche() -> None:
    landscape = GaussianLandscape(Q**3 / 2 + Q**4, Rational(4, 5) * M**2)
    saddle = symmetric(Problem(landscape, 0.0), Count(0, None), 2.0)
    assert outlier(saddle) == pytest.approx(float(complexity(landscape, 0, 0).theta), abs=1e-12)


def test_energy_integrated_out_is_the_maximum_over_energies() -> None:
    landscape = GaussianLandscape(Q / 20 + Q**3 / 2 + Q**4 / 3, M**2 / 3)
    free = quenched(landscape, 0.2)
    sigmas = [quenched(landscape, 0.2, energy=free.energy + step).sigma for step in (-1e-3, 0, 1e-3)]
    assert sigmas[1] == pytest.approx(free.sigma, abs=1e-13)
    assert max(sigmas[0], sigmas[2]) < free.sigma


def test_unit_of_energy_does_not_matter() -> None:
    ours, theirs = (GaussianLandscape(c**2 * SPIKED.covariance, c * SPIKED.mean) for c in (1, Integer(10) ** 6))
    a, b = quenched(ours, 0.3, energy=-0.5), quenched(theirs, 0.3, energy=-0.5e6)
    assert a.sigma == pytest.approx(b.sigma, rel=1e-12)


def test_never_above_the_annealed_average() -> None:
    generator, known = np.random.default_rng(5), 0
    for _ in range(10):
        degrees = generator.choice([1, 2, 3, 4, 6], size=3, replace=False)
        weights = generator.integers(5, 100, 3)
        f = sum(Rational(int(c), 100) * Q ** int(p) for c, p in zip(weights, degrees, strict=True))
        g = Rational(int(generator.integers(-100, 100)), 100) * M ** int(generator.integers(2, 4))
        landscape, m = GaussianLandscape(f, g), float(generator.uniform(-0.6, 0.6))
        kind = ("total", 0)[int(generator.integers(2))]
        found, annealed = quenched(landscape, m, kind, breaking=0), complexity(landscape, m, kind)
        assert found.reason or found.sigma <= float(annealed.sigma) + found.error + float(annealed.error)
        known += not found.reason
    assert known >= 4


def test_maxima_are_the_minima_of_the_mirrored_landscape() -> None:
    mirrored = GaussianLandscape(Q**3 / 2, -5 * M**3 / 6)
    above, below = quenched(SPIKED, 0.2, energy=1.1), quenched(mirrored, 0.2, energy=-1.1)
    assert (above.sigma, above.t) == (below.sigma, -below.t)


def test_a_random_constant_is_typically_zero() -> None:
    with_constant = quenched(GaussianLandscape(Q**3 / 2 + 1), 0, 0, energy=-1.16)
    assert with_constant.sigma == quenched(GaussianLandscape(Q**3 / 2), 0, 0, energy=-1.16).sigma


@pytest.mark.parametrize(
    ("landscape", "m", "kind", "energy", "sigma", "words"),
    [
        (SPIKED, 0.65, 0, None, -np.inf, "typically none: Sigma of the saddle is -0.000165"),
        (SPIKED, 0.9, "total", None, -np.inf, "typically none: the annealed complexity is"),
        (SPIKED, 0.2, 0, -1.1, -np.inf, "t < 2"),
        (SPIKED, 0.5, 0, None, np.nan, "saddles, which have Sigma = 0.000911019347"),
        (SPIKED, 0.1, 1, -1.16, np.nan, "not independent between replicas"),
        (GaussianLandscape(Q**2 / 2 + Q**4 / 32), 0, "total", -1.059, np.nan, "further than in one step"),
        (GaussianLandscape(2 * Q + Q**3 / 2), 0, 0, None, np.nan, "the annealed complexity is zero"),
    ],
)
def test_refusals_say_why(
    landscape: GaussianLandscape, m: float, kind: object, energy: float | None, sigma: float, words: str
) -> None:
    found = quenched(landscape, m, kind, energy=energy)  # type: ignore[arg-type]
    assert np.isnan(found.sigma) if np.isnan(sigma) else found.sigma == sigma
    assert words in found.reason
    assert not found.quantities["sigma"].exists and words in str(found.quantities["sigma"])


def test_overlaps_rise_with_the_field() -> None:
    found = [quenched(GaussianLandscape(h * Q / 10 + Q**3 / 2), 0, 0).overlaps[0] for h in (0, 1, 2, 4)]
    assert found[0] == pytest.approx(0, abs=1e-12)
    assert all(a < b for a, b in pairwise(found))


def test_kept_with_the_annealed_ones(tmp_path: object) -> None:
    both = Together({"minima": complexity(SPIKED, 0.3, 0), "minima_quenched": quenched(SPIKED, 0.3, 0)})
    path = both.save(f"{tmp_path}/both.npz")
    kept = load(path if path is not None else f"{tmp_path}/both.npz")
    assert isinstance(kept, Together) and isinstance(kept["minima_quenched"], QuenchedComplexity)
    assert kept["minima_quenched"].sigma == both["minima_quenched"].sigma


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_typical_points_end_at_the_ground_state_of_mixtures(seed: int) -> None:
    """With fields, whether replica symmetry breaks in one step or two: many just above the ground state, none below."""
    generator, seen = np.random.default_rng(seed), 0
    while seen < 5:
        degrees = generator.choice([3, 4, 5, 8, 12, 16, 24], size=2, replace=False)
        weights = zip(generator.integers(5, 300, 2), degrees, strict=True)
        f = sum(Rational(int(c), 100 * int(p)) * Q ** int(p) for c, p in weights)
        landscape = GaussianLandscape(f + Rational(int(generator.integers(0, 20)), 100) * Q)
        ground = statics(landscape)
        if ground.breaking not in ("1RSB", "2RSB"):
            continue
        step = 1e-4 * float(landscape.f(1)) ** 0.5
        above, below = (quenched(landscape, 0, "total", energy=ground.energy + sign * step) for sign in (1, -1))
        minima = quenched(landscape, 0, 0, energy=ground.energy + step)
        assert 0 < minima.sigma <= above.sigma + 1e-12 < 0.01
        assert below.sigma == -np.inf
        seen += 1
