"""Ground states, free energies and order parameters against closed forms, Kac-Rice, other ansaetze, and bounds."""

from typing import Any

import numpy as np
import pytest
from mpmath import mp
from scipy.optimize import minimize
from sympy import Expr, Rational, exp

from numerics.statics import Statics, statics
from numerics.statics.covariance import UnitCovariance
from numerics.statics.interior_point import grid, minimise
from numerics.statics.order_parameter import OrderParameter
from numerics.statics.transitions import algorithmic_energy
from numerics.thresholds import evaluate_thresholds
from theory import OVERLAP, GaussianLandscape, PureSpin, SpikedMatrixTensor
from theory.energies import energy_family

Q = OVERLAP
slow = pytest.mark.slow

# Computed independently of this code (Parisi's formula on step functions, and its duals).
GROUND_STATES: dict[Expr, tuple[float, float, str]] = {
    Q**3 / 2: (-1.1716747793, 1e-10, "1RSB"),
    (Q**3 + Q**4) / 2: (-1.7330695584, 1e-10, "1RSB"),
    Q**3 / 2 + Q**16 / 32: (-1.287605530533, 1e-12, "2RSB"),
    Q**2 / 2 + Q**4 / 32: (-1.0593843186, 1e-10, "FRSB"),
    Q**3 / 6 + Q / 10: (-0.766456, 1e-6, "1RSB"),
    Q**2 / 2 + Rational(11, 80) * Q**4: (-1.23004738, 1e-8, "1-FRSB"),
    Q**2 / 2 + Q**16 / 2: (-2.084951, 1e-5, "1-FRSB"),
}


@pytest.mark.parametrize("f", GROUND_STATES, ids=str)
def test_ground_states(f: Expr) -> None:
    energy, digits, breaking = GROUND_STATES[f]
    found = statics(GaussianLandscape(f))
    assert found.energy == pytest.approx(energy, abs=digits)
    assert found.breaking == breaking and found.exact
    assert found.error < 1e-13


def test_the_second_step_of_a_mixture() -> None:
    steps = statics(GaussianLandscape(Q**3 / 2 + Q**16 / 32)).order_parameter["steps"]
    assert steps[1]["overlap"] == pytest.approx(0.927968, abs=5e-7)


@pytest.mark.parametrize("p", [3, 4, 5, 7])
def test_one_step_is_the_zero_of_the_annealed_complexity(p: int) -> None:
    """Two theories that share nothing: replicas, and Kac-Rice of a pure landscape; to thirty digits."""
    keys = ["ground_state_energy", "annealed_ground_state_energy"]
    found = evaluate_thresholds(energy_family(PureSpin(p, 1)), {}, 30, keys)
    parisi, kac_rice = (found[key].value for key in keys)
    assert abs(parisi - kac_rice) < mp.mpf(10) ** -28


@pytest.mark.parametrize(
    "f", [Q**2 / 2 + Q**4 / 32, Q**2 / 2 + Q**4 / 50 + Q**6 / 999, Q / 20 + Q**2 / 2 + Q**4 / 50], ids=str
)
def test_full_breaking_is_what_algorithms_reach(f: Expr) -> None:
    """``E_gs = E_alg`` if and only if chi = 1/sqrt(f'') is concave; gradient flow ages towards it too."""
    landscape = GaussianLandscape(f)
    found, reached = statics(landscape), algorithmic_energy(landscape)
    assert found.breaking == "FRSB"
    assert reached.value == pytest.approx(found.energy, abs=found.error + reached.error)
    flow = evaluate_thresholds(energy_family(landscape), {}, 15, ["threshold_energy"])["threshold_energy"]
    assert float(flow.value) == pytest.approx(found.energy, abs=found.error + float(flow.error))


def test_two_spins_at_any_temperature() -> None:
    """``f = q^2/2``: ``q_EA = 1 - T``, ``e = -1 + T/2`` below T = 1, ``e = -1/(2T)`` above (Kosterlitz et al. 1976)."""
    two = GaussianLandscape(Q**2 / 2)
    for t in (Rational(1, 100), Rational(2, 5), Rational(9, 10)):
        found = statics(two, temperature=t)
        assert found.breaking == "RS"
        assert found.order_parameter["self_overlap"] == pytest.approx(1 - float(t), abs=1e-12)
        assert found.energy == pytest.approx(-1 + float(t) / 2, abs=1e-12)
    assert statics(two, temperature=2).energy == pytest.approx(-0.25, abs=1e-14)
    assert statics(two).energy == pytest.approx(-1, abs=1e-14)


@pytest.mark.parametrize("t", [0.2, 0.4, 0.55])
def test_one_step_at_a_temperature(t: float) -> None:
    """Against the one-step free energy, extremised over x and q."""
    beta = 1 / t

    def free_energy(v: Any) -> float:
        x, q = v
        work = beta**2 * (0.5 - (1 - x) * q**3 / 2)
        return float(-(work + (x - 1) / x * np.log(1 - q) + np.log(1 - (1 - x) * q) / x) / (2 * beta))

    # highest in x and in q, as free energies of replicas are for x < 1
    bounds, options = ((0.05, 0.999), (0.3, 0.999)), {"ftol": 1e-15, "gtol": 1e-12}
    best = minimize(lambda v: -free_energy(v), (0.9 * t / 0.586, 0.8), bounds=bounds, options=options)
    found = statics(GaussianLandscape(Q**3 / 2), temperature=t)
    assert found.breaking == "1RSB"
    assert found.free_energy == pytest.approx(-best.fun, abs=1e-9)
    step = found.order_parameter["steps"][1]
    assert (step["from"], step["overlap"]) == pytest.approx(tuple(best.x), abs=1e-4)


def test_the_entropy_is_the_slope_of_the_free_energy() -> None:
    landscape, h = GaussianLandscape(Q / 20 + Q**2 / 4 + Q**6 / 3), Rational(1, 1000)
    for t in (Rational(1, 5), Rational(1, 2), Rational(3, 2)):
        above, below = (statics(landscape, temperature=t + sign * h).free_energy for sign in (1, -1))
        found = statics(landscape, temperature=t)
        assert found.entropy == pytest.approx(-(above - below) / (2 * float(h)), abs=2e-5)
        assert found.free_energy == pytest.approx(found.energy - float(t) * found.entropy, abs=1e-12)


def test_cold_is_the_ground_state() -> None:
    landscape = GaussianLandscape(Q**3 / 2)
    cold = statics(landscape, temperature=Rational(1, 10**4))
    assert cold.energy == pytest.approx(statics(landscape).energy, abs=1e-4)


@pytest.mark.parametrize("distance", ["6e-4", "1e-5"])
def test_just_below_a_continuous_transition(distance: str) -> None:
    """``q^2/2 + q^4/2`` (T_s = 1): ``T^2 = (1 - q)^2 f''(q)``, ``e = -int f'' chi``, ``chi = 1/sqrt(f'')`` below q."""
    t = 1 - Rational(distance)
    found = statics(GaussianLandscape(Q**2 / 2 + Q**4 / 2), temperature=t)
    with mp.workdps(30):
        temperature = mp.mpf(t.p) / t.q
        q = mp.findroot(lambda q: (1 - q) ** 2 * (1 + 6 * q**2) - temperature**2, float(1 - t))
        rest = (1 - (q**2 / 2 + q**4 / 2)) / temperature - (q + 2 * q**3) * (1 - q) / temperature
        energy = -(mp.quad(lambda s: mp.sqrt(1 + 6 * s**2), [0, q]) + rest)
    assert found.breaking == "FRSB"
    assert found.energy == pytest.approx(float(energy), abs=found.error)
    assert found.order_parameter["self_overlap"] == pytest.approx(float(q), rel=1e-9)


@pytest.mark.parametrize(
    ("f", "t"),
    [
        (Q**3 / 2, "0.586053"),
        (Q**3 / 2, "0.58605397"),
        (Q**50 / 2, "0.3"),
        (Q**20 / 2, "0.001"),
        (Q**20 / 2, "0.0034"),
        (Q / 9 + Q**2 / 2 + Q**6, "0.01"),
    ],
    ids=str,
)
def test_next_to_a_jump_and_at_low_temperature(f: Expr, t: str) -> None:
    """Right and certified where the second step is faint, or within 1e-5 of q = 1."""
    landscape, temperature = GaussianLandscape(f), Rational(t)
    found = statics(landscape, temperature=temperature)
    assert found.exact and found.breaking != "RS"
    h = temperature / 10**4
    above, below = (statics(landscape, temperature=temperature + sign * h).free_energy for sign in (1, -1))
    assert found.entropy == pytest.approx(-(above - below) / (2 * float(h)), rel=1e-4)


@pytest.mark.parametrize("t", [10**8, 10**20])
def test_hot_beyond_any_scale(t: int) -> None:
    found = statics(GaussianLandscape(Q**3 / 2), temperature=t)
    assert found.breaking == "RS" and found.free_energy == pytest.approx(-0.25 / t, rel=1e-12)


@pytest.mark.parametrize("power", [-40, -12, 12, 40])
def test_units_of_energy(power: int) -> None:
    """``H -> lambda H``, ``T -> lambda T``."""
    scale, f = Rational(10) ** power, Q / 7 + Q**3 / 2 + Q**16 / 32
    for t in (0, Rational(1, 3)):
        plain = statics(GaussianLandscape(f), temperature=t)
        scaled = statics(GaussianLandscape(scale**2 * f), temperature=scale * t)
        assert scaled.energy == pytest.approx(float(scale) * plain.energy, rel=1e-13)
        assert scaled.free_energy == pytest.approx(float(scale) * plain.free_energy, rel=1e-13)
        assert scaled.breaking == plain.breaking


def test_at_an_overlap_with_the_signal() -> None:
    """The lowest of all overlaps is the informative minimum, which Kac-Rice and message passing know as well."""
    planted = SpikedMatrixTensor(3, delta_2=Rational(1, 2), delta_p=1)
    at_zero = statics(planted)
    assert at_zero.energy == pytest.approx(-1.72399842, abs=5e-9)
    assert algorithmic_energy(planted).value == pytest.approx(-1.72385763, abs=5e-9)
    lowest = statics(planted, overlap=0.782665)
    assert lowest.breaking == "RS"
    assert lowest.energy == pytest.approx(-1.8504786, abs=5e-8)
    around = [statics(planted, overlap=m).energy for m in (0.78, 0.785)]
    assert min(around) > lowest.energy


def test_a_hot_landscape_at_an_overlap_in_closed_form() -> None:
    """One state: its replica-symmetric free energy, highest over the overlap s, with the entropy of the overlap m."""
    planted, m, t = SpikedMatrixTensor(3, delta_2=Rational(1, 2), delta_p=1), 0.4, 3.0
    found = statics(planted, temperature=3, overlap=Rational(2, 5))

    def f(s: float) -> float:
        z = m**2 + (1 - m**2) * s
        return z**2 + z**3 / 3

    def rs(s: float) -> float:
        return -((f(1) - f(s)) / t**2 + s / (1 - s) + np.log(1 - s)) * t / 2

    best = max(rs(s) for s in np.linspace(0, 0.2, 200001))
    expected = best - (m**2 + m**3 / 3) - t / 2 * np.log(1 - m**2)
    assert found.breaking == "RS"
    assert found.free_energy == pytest.approx(expected, abs=1e-10)


def _constant(f: Expr, chi: float) -> OrderParameter:
    """A replica-symmetric trial at T = 0."""
    return OrderParameter(
        UnitCovariance(GaussianLandscape(f)), 0.0, np.array([0.0, 1.0]), np.array([chi, chi]), np.array([False])
    )


@pytest.mark.parametrize("chi", [0.7, 1.0, 1.3])
def test_the_certificate_bounds_what_a_trial_misses(chi: float) -> None:
    """Replica-symmetric trials of a landscape that breaks the symmetry: too high by at least the truth, never less."""
    f = Q**3 / 2
    trial, truth = _constant(f, chi), statics(GaussianLandscape(f))
    missed = trial.functional - truth.order.functional
    assert missed > 1e-3
    assert trial.gap >= missed - 1e-14


@pytest.mark.parametrize("t", [0.0, 0.05, 0.4])
@pytest.mark.parametrize("f", [Q**3 / 2 + Q**16 / 32, Q / 9 + Q**2 / 5 + Q**8, Q**2 / 2 + Q**16 / 2], ids=str)
def test_grids_bound_the_exact_minimum(f: Expr, t: float) -> None:
    """A grid without any ansatz lies above the exact minimum, by no more than its own certificate says."""
    covariance = UnitCovariance(GaussianLandscape(f))
    exact = statics(GaussianLandscape(f), temperature=t).order
    for points in (60, 200):
        solution = minimise(covariance, t / covariance.unit, grid(t / covariance.unit, points))
        on_grid = OrderParameter(
            covariance, t / covariance.unit, solution.q, solution.chi, np.zeros(points - 1, dtype=bool)
        )
        missed = on_grid.functional - exact.functional
        assert -1e-13 < missed <= on_grid.gap + 1e-13
    assert missed < 1e-4


def random_mixture(seed: int) -> GaussianLandscape:
    """Degrees 2 to 40, half of them in a field."""
    rng = np.random.default_rng(seed)
    degrees = rng.choice([2, 3, 4, 5, 6, 8, 12, 16, 24, 40], size=rng.integers(1, 5), replace=False)
    f = sum(
        Rational(int(rng.integers(1, 1000)), 1000 * int(d) ** int(rng.integers(0, 3))) * Q ** int(d) for d in degrees
    )
    if seed % 2:
        f += Rational(int(rng.integers(1, 1000)), 10 ** int(rng.integers(3, 6))) * Q
    return GaussianLandscape(f)


def assert_ordered(landscape: GaussianLandscape) -> Statics:
    """Annealed <= true <= algorithmic, each within its error; and the ground state certified."""
    found, reached = statics(landscape), algorithmic_energy(landscape)
    assert found.error < 1e-12 * abs(found.energy), landscape
    assert reached.value >= found.energy - found.error - reached.error, landscape
    annealed = evaluate_thresholds(energy_family(landscape), {}, 15, ["annealed_ground_state_energy"])
    bound = annealed["annealed_ground_state_energy"]
    if bound.exists:
        assert float(bound.value) <= found.energy + found.error + float(bound.error), landscape
    return found


@pytest.mark.parametrize("seed", range(4))
def test_random_mixtures(seed: int) -> None:
    assert_ordered(random_mixture(seed))


@slow
@pytest.mark.parametrize("seed", range(100, 150))
def test_fifty_random_mixtures(seed: int) -> None:
    landscape = random_mixture(seed)
    cold = assert_ordered(landscape)
    warm = statics(landscape, temperature=cold.order.f.unit * (0.1 + seed % 10 / 7))
    assert warm.exact and warm.free_energy_error < 1e-9 * cold.order.f.unit


def test_a_covariance_that_is_no_polynomial() -> None:
    found = statics(GaussianLandscape(exp(Q) - 1 - Q))
    assert found.exact and found.breaking == "1RSB"
    assert_ordered(GaussianLandscape(exp(Q) - 1 - Q))


def test_x_follows_its_record() -> None:
    found = statics(GaussianLandscape(Q**2 / 2 + Q**16 / 2), temperature=Rational(3, 10))
    record = found.order_parameter
    (band,), (first, last) = record["continuous"], record["steps"]
    assert band["to"] == pytest.approx(first["overlap"])
    middle = (first["overlap"] + last["overlap"]) / 2
    assert found.x(middle) == pytest.approx(first["to"]) == pytest.approx(last["from"])
    assert found.x(0.999) == 1 and 0 < found.x(0.4) < first["from"]
    assert np.all(np.diff(found.x(np.linspace(0, 1, 500))) >= -1e-12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": -1}, "temperature = -1: expected a number >= 0"),
        ({"temperature": float("nan")}, "temperature = nan"),
        ({"temperature": 1e-9}, "too close to 0; try 0"),
        ({"overlap": 1}, "overlap = 1: expected a number between -1 and 1"),
        ({"overlap": "x"}, "overlap = 'x': expected a number"),
    ],
    ids=str,
)
def test_mistakes_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        statics(GaussianLandscape(Q**3 / 2), **options)
    with pytest.raises(ValueError, match="has no value"):
        statics(PureSpin(3))
