import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from sympy import Rational, exp, oo

from numerics.complexity import complexity
from numerics.lowering import lower
from theory import OVERLAP, SIGNAL_OVERLAP, GaussianLandscape, MixedSpin, PureSpin, SpikedMatrixTensor, SpikedTensor
from theory.inference import MaximumLikelihood
from theory.kac_rice import KacRice
from theory.symbols import SHIFT

REFERENCE = Path(__file__).parents[1] / "data" / "kac_rice.csv"
MADE_UP = GaussianLandscape(
    OVERLAP**2 / 4 + OVERLAP**3 / 7 + OVERLAP**5 / 9, Rational(3, 4) * SIGNAL_OVERLAP**2 + SIGNAL_OVERLAP**4 / 5
)


@cache
def reference() -> dict[tuple[str, str, str], list[dict[str, str]]]:
    groups: dict[tuple[str, str, str], list[dict[str, str]]] = {}
    with REFERENCE.open() as stream:
        for row in csv.DictReader(stream):
            groups.setdefault((row["p"], row["Delta_2"], row["Delta_p"]), []).append(row)
    return groups


@pytest.mark.parametrize("key", reference(), ids="-".join)
def test_reference_table_to_every_printed_digit(key: tuple[str, str, str]) -> None:
    p, delta_2, delta_p = key
    landscape = SpikedMatrixTensor(int(p), oo if delta_2 == "inf" else Rational(delta_2), Rational(delta_p))
    rows = reference()[key]
    m = [float(row["m"]) for row in rows]
    total, minima = complexity(landscape, m), complexity(landscape, m, 0)
    columns = {
        "Sigma_tot": (total.sigma, 12), "t_tot": (total.t, 10), "E_tot": (total.energy, 10),
        "Sigma_min": (minima.sigma, 12), "t_min": (minima.t, 10), "E_min": (minima.energy, 10),
        "theta": (minima.theta, 10),
    }  # fmt: skip
    for name, (values, digits) in columns.items():
        expected = [float(row[name]) for row in rows]
        assert values == pytest.approx(expected, rel=0, abs=0.51 * 10.0**-digits), name


@pytest.mark.parametrize("kind", ["total", 0, 1, 2, 5])
@pytest.mark.parametrize(
    "landscape",
    [
        MADE_UP,
        GaussianLandscape(exp(OVERLAP) - 1, SIGNAL_OVERLAP**2 - SIGNAL_OVERLAP**3),
        SpikedMatrixTensor(3, Rational(1, 3), 1),
        SpikedMatrixTensor(4, Rational(1, 5), 4),
        GaussianLandscape(OVERLAP / 2 + OVERLAP**3 / 9, SIGNAL_OVERLAP + 2 * SIGNAL_OVERLAP**3),
        SpikedTensor(2, Rational(1, 4)),
    ],
    ids=["made-up", "exponential", "p3", "p4", "random-field", "quadratic"],
)
def test_exact_supremum_against_numerical_maximisation(kind: object, landscape: GaussianLandscape) -> None:
    """The whole piecewise action, maximised over t without knowing its regions."""
    action = KacRice(landscape).complexity()
    sigma = lower((SIGNAL_OVERLAP, SHIFT), [action.sigma(kind)])
    lowest = -12.0 if kind == "total" else 2.0
    grid = np.linspace(lowest, 12, 2801)
    for m in (-0.9, -0.5, -0.1, 0.0, 0.3, 0.7, 0.95):
        exact = complexity(landscape, m, kind)
        start = int(np.argmax(sigma(m, grid)[0]))
        bounds = (grid[max(start - 1, 0)], grid[min(start + 1, grid.size - 1)])
        found = minimize_scalar(
            lambda t, m=m: -sigma(m, t)[0], bounds=bounds, method="bounded", options={"xatol": 1e-10}
        )
        best = max(-found.fun, float(sigma(m, grid)[0].max()))
        assert exact.sigma == pytest.approx(best, abs=1e-9)
        assert exact.sigma >= best - 1e-12
        assert sigma(m, exact.t)[0] == pytest.approx(float(exact.sigma), abs=1e-12)


@pytest.mark.parametrize("kind", ["total", 0, 1])
def test_energy_integrated_out_is_the_maximum_over_energies(kind: object) -> None:
    for m in (-0.4, 0.0, 0.6):
        free = complexity(MADE_UP, m, kind)
        energies = float(free.energy) + np.linspace(-0.4, 0.4, 81)
        resolved = complexity(MADE_UP, m, kind, energy=energies)
        assert resolved.sigma.argmax() == 40
        assert resolved.sigma[40] == pytest.approx(float(free.sigma), abs=1e-12)


def test_channel_energies_maximise_to_the_total() -> None:
    landscape = SpikedMatrixTensor(3, Rational(1, 2), 1)
    free = complexity(landscape, 0.2)
    grid = np.linspace(-0.6, 0.6, 241)
    partly = complexity(landscape, 0.2, channel_energies={"2": grid})
    assert partly.sigma.max() == pytest.approx(float(free.sigma), abs=1e-5)
    fully = complexity(landscape, 0.2, channel_energies={"2": grid[:, None], "3": grid})
    assert fully.sigma.max() == pytest.approx(float(free.sigma), abs=1e-4)
    assert fully.sigma.max() <= free.sigma
    assert fully.energy == pytest.approx(grid[:, None] + grid)


@pytest.mark.parametrize("p", [3, 4, 5, 8])
def test_pure_spin_glass(p: int) -> None:
    """Auffinger, Ben Arous, Cerny: total complexity ln(p - 1)/2; minima end at E_inf = 2 sqrt((p - 1)/p)."""
    landscape = PureSpin(p, Rational(1, p))
    assert complexity(landscape, 0).sigma == pytest.approx(np.log(p - 1) / 2, abs=1e-14)
    e_inf = 2 * np.sqrt((p - 1) / p)
    per_index = [float(complexity(landscape, 0, k, energy=-e_inf - 1e-9).sigma) for k in (0, 1, 3)]
    assert per_index == pytest.approx([per_index[0]] * 3, abs=1e-8)
    # above -E_inf minima are not exponentially rare, there are none at this speed
    assert complexity(landscape, 0, 0, energy=-e_inf + 1e-9).sigma == -np.inf


def test_pure_spin_glass_numbers() -> None:
    assert complexity(PureSpin(3, 1), 0, 0).sigma == pytest.approx(0.0132402569, abs=5e-11)
    assert complexity(PureSpin(4, 1), 0, 0).sigma == pytest.approx(0.0493061443, abs=5e-11)


def test_scale_of_the_landscape_does_not_matter() -> None:
    for kind in ("total", 0):
        a, b = (complexity(PureSpin(3, noise), 0.3, kind) for noise in (1, 7))
        assert a.sigma == pytest.approx(float(b.sigma), abs=1e-14)


def test_quadratic_landscape_has_no_complexity() -> None:
    """Delta_p -> infinity: eigenvectors of a spiked matrix, 2N of them."""
    m = np.linspace(-0.99, 0.99, 199)
    for delta_2 in (Rational(1, 4), 1, 4):
        sigma = complexity(SpikedMatrixTensor(3, delta_2, oo), m).sigma
        assert sigma.max() == pytest.approx(0, abs=1e-4)
        assert sigma.max() < 1e-14
    nearly = complexity(SpikedMatrixTensor(3, Rational(1, 4), 10**9), m)
    assert nearly.sigma == pytest.approx(complexity(SpikedMatrixTensor(3, Rational(1, 4), oo), m).sigma, abs=1e-7)


@pytest.mark.parametrize(
    ("p", "delta_p"), [(3, Rational(1, 10)), (3, Rational(6, 25)), (4, Rational(1, 10)), (5, Rational(1, 12))]
)
def test_spiked_tensor_informative_minimum(p: int, delta_p: Rational) -> None:
    """Ben Arous et al. 2019: a point of complexity zero appears at Delta_p = (p-2)^(p-2)/(p-1)^(p-1)."""
    critical = Rational((p - 2) ** (p - 2), (p - 1) ** (p - 1))
    assert delta_p < critical
    # the aligned minimum has m^2 > (p - 2)/(p - 1), its value at the critical noise
    m = np.linspace(np.sqrt((p - 2) / (p - 1)), 0.999, 20001)
    sigma = complexity(SpikedTensor(p, delta_p), m, 0).sigma
    assert sigma.max() == pytest.approx(0, abs=1e-6)
    assert sigma.max() < 1e-14
    assert complexity(SpikedTensor(p, critical * Rational(11, 10)), m, 0).sigma.max() < -1e-4


@pytest.mark.parametrize(("p", "delta_2", "delta_p"), [(3, 0.3, 1.0), (3, 0.2, 4.0), (4, 0.3, 2.0), (6, 0.2, 10.0)])
def test_informative_minimum_is_the_ml_amp_fixed_point(p: int, delta_2: float, delta_p: float) -> None:
    landscape = SpikedMatrixTensor(p, Rational(str(delta_2)), Rational(str(delta_p)))
    theory = MaximumLikelihood(landscape)
    step, values = (lower((SIGNAL_OVERLAP,), e) for e in ([theory.state_evolution], [theory.energy, theory.multiplier]))
    m = 0.9
    for _ in range(2000):
        m = float(step(m)[0])
    energy, mu = values(m)
    found = complexity(landscape, m, 0)
    assert found.sigma == pytest.approx(0, abs=1e-14)
    assert found.energy == pytest.approx(float(energy), abs=1e-12)
    assert found.t * np.sqrt(1 / delta_2 + (p - 1) / delta_p) == pytest.approx(float(mu), abs=1e-12)
    assert complexity(landscape, m + 1e-3, 0).sigma < 0 > complexity(landscape, m - 1e-3, 0).sigma


def test_index_one_outnumbers_minima_beyond_the_bbp_transition() -> None:
    before, after = (SpikedMatrixTensor(3, delta_2, 1) for delta_2 in (Rational(11, 20), Rational(2, 5)))
    assert complexity(before, 0, 1).sigma == pytest.approx(float(complexity(before, 0, 0).sigma), abs=1e-15)
    assert complexity(after, 0, 1).sigma > complexity(after, 0, 0).sigma + 1e-5


def test_parameters_may_be_arrays() -> None:
    noises = np.array([0.4, 0.5, 0.7])
    many = complexity(SpikedMatrixTensor(3, delta_p=1), 0, 0, parameters={"delta_2": noises})
    one = [float(complexity(SpikedMatrixTensor(3, Rational(str(x)), 1), 0, 0).sigma) for x in noises]
    assert many.sigma == pytest.approx(one, abs=1e-14)


def test_rounding_error_is_bounded_by_the_estimate() -> None:
    """Against the same expression in 40 digits."""
    from mpmath import mp

    from numerics.lowering import lower_exact

    landscape = MADE_UP
    action = KacRice(landscape).complexity()
    m = np.concatenate([np.linspace(-0.97, 0.97, 39), [0.99999, 1 - 1e-8]])
    for kind in ("total", 0, 2):
        result = complexity(landscape, m, kind)
        with mp.workdps(40):
            exact = lower_exact((SIGNAL_OVERLAP, SHIFT), [action.sigma(kind)])
            t = [2 if abs(x - 2) < 1e-12 else x for x in result.t]
            errors = [
                abs(float(exact(mp.mpf(a), mp.mpf(b))[0] - s)) for a, b, s in zip(m, t, result.sigma, strict=True)
            ]
        assert np.all(np.array(errors) <= result.error)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: complexity(PureSpin(3), 0), "must name exactly"),
        (lambda: complexity(PureSpin(3, 1), 0, parameters={"delta_p": 1}), "must name exactly"),
        (lambda: complexity(PureSpin(3, 1), 1.2), "must lie strictly between -1 and 1"),
        (lambda: complexity(PureSpin(3, 1), np.nan), "must lie strictly between -1 and 1"),
        (lambda: complexity(MADE_UP, 0, energy=0, channel_energies={"2": 0}), "choose one"),
        (lambda: complexity(MADE_UP, 0, channel_energies={"9": 0}), "no random channel '9'"),
        (lambda: complexity(PureSpin(3, 1), 0, -1), "index = -1"),
        (lambda: complexity(PureSpin(3), 0, parameters={"delta_p": -1}), "delta_p = -1.0 must be positive"),
        (lambda: complexity(PureSpin(3), 0, parameters={"delta_p": 0}), "delta_p = 0.0 must be positive"),
        (lambda: complexity(PureSpin(3, 1), 0, energy=np.nan), "E = nan must be finite"),
        (lambda: complexity(MADE_UP, 0, channel_energies={"2": np.inf}), "epsilon_2 = inf must be finite"),
    ],
)
def test_mistakes_are_named(call: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


def test_mixed_spins_are_landscapes_too() -> None:
    mixed = MixedSpin({3: Rational(1, 2), 4: Rational(1, 4)})
    assert complexity(mixed, 0).sigma > complexity(mixed, 0, 0).sigma > 0
