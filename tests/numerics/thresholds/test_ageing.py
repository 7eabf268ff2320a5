"""Where the flow ages: known values, and the equations that the slow sectors must satisfy, looked at on a grid."""

import numpy as np
import pytest
from mpmath import mp
from numpy.polynomial.polynomial import polyder
from scipy.integrate import cumulative_simpson
from sympy import Expr, Rational, exp

from numerics.dynamics import solve_dynamics
from numerics.lowering import lower, lower_exact
from numerics.power_series import coefficients
from numerics.statics.transitions import algorithmic_energy
from numerics.thresholds import evaluate_thresholds
from numerics.thresholds.ageing import SectorsFound, Steps, ageing_energy, slow_sectors
from theory import OVERLAP, GaussianLandscape, PureSpin
from theory.dynamics.slow_sectors import LOWER, UPPER, step
from theory.energies import energy_family

Q = OVERLAP
HALF = Rational(1, 2)

KNOWN = [
    (Q**2 / 2 + Rational(55, 400) * Q**4, ("step", "continuum"), -1.22929621),
    (Q**2 / 2 + Q**16 / 2, ("step", "continuum"), -1.931818),
    ((Q**3 + Q**4) / 2, ("step",), -1.6904761905),
    (Q**2 / 2 + Q**4 / 32, ("continuum",), -1.0593843186),
    (Q**3 / 2, ("step",), -1.1547005384),
    (Q**2 / 2, ("step",), -1.0),
    (2 * Q + Q**3 / 6, (), -1.5811388301),
]


def energy(covariance: Expr) -> float:
    located = ageing_energy(GaussianLandscape(covariance))
    assert located.error[0] < 1e-14 * abs(located.value[0])
    return float(located.value[0])


@pytest.mark.parametrize(("covariance", "sectors", "expected"), KNOWN)
def test_known_values(covariance: Expr, sectors: tuple[str, ...], expected: float) -> None:
    assert slow_sectors(GaussianLandscape(covariance)).sectors == sectors
    digits = 0.51 * 10.0 ** -len(str(expected).partition(".")[2])
    assert energy(covariance) == pytest.approx(expected, abs=max(digits, 1e-10))


MIXTURES = [
    *(covariance for covariance, sectors, _ in KNOWN if sectors),
    Q**3 / 2 + Q**16 / 32,  # a continuum between two steps
    Q**3 / 2 + Q**40 / 1600,  # a continuum that begins at C = 1
    Q**3 / 2 + Q / 10,
    Q**2 / 2 + Rational(55, 400) * Q**4 + Q / 10,
    # a continuum that ends at the q_0 of a field
    Q / 8 + Q**2 + Q**6 / 2 + Q**9 / 6 + Q**44 / 2,
    exp(Q) - 1 - Q,
]


def susceptibility(found: SectorsFound, landscape: GaussianLandscape, q: np.ndarray) -> np.ndarray:
    """``chi`` on a grid: straight between the ends of a step, ``1/sqrt(f'')`` on a continuum, constant below."""
    first, second = (lambda x, k=k: lower((Q,), [landscape.f(k, Q)])(x)[0] for k in (1, 2))
    chi = np.zeros_like(q)
    for sector, b, a in zip(found.sectors, found.ends[:-1], found.ends[1:], strict=True):
        inside = (q >= a) & (q <= b)
        top = 1 / np.sqrt(second(b))
        step = top + (b - q) * ((b - a) / (top * (first(b) - first(a))) - top) / (b - a)
        chi[inside] = (step if sector == "step" else 1 / np.sqrt(second(q)))[inside]
    below = q < found.ends[-1]
    chi[below] = chi[~below][0]
    return chi


@pytest.mark.parametrize("covariance", MIXTURES, ids=str)
def test_no_correlation_is_arrested_on_its_way_down(covariance: Expr) -> None:
    """``f'(q) - f'(1) + int_q^1 1/chi^2 <= 0`` above q_0, zero at the ends of sectors; ratios do not fall with q.

    And the energy is ``-f'(0) chi(0) - int f'' chi``.
    """
    landscape = GaussianLandscape(covariance)
    found = slow_sectors(landscape)
    # dense next to 0, where 1/sqrt(f'') may diverge
    q = np.linspace(0, 1, 200001)[1:] ** 2
    chi = susceptibility(found, landscape, q)
    slope, curvature = (lower((Q,), [landscape.f(k, Q)])(q)[0] for k in (1, 2))
    work = cumulative_simpson(chi**-2, x=q, initial=0)
    balance = slope - slope[-1] + work[-1] - work
    size = float(slope[-1])
    assert balance[q > found.ends[-1]].max() < 1e-8 * size
    at_ends = np.interp(found.ends[:-1], q, balance)
    assert np.abs(at_ends).max() < 1e-7 * size
    ratio = -np.diff(chi) / np.diff(q)
    assert np.diff(ratio).min() >= -1e-4 * ratio.max() - 1e-12
    field = float(landscape.f(1, 0))
    total = -field * chi[0] - cumulative_simpson(curvature * chi, x=q, initial=0)[-1] - curvature[0] * chi[0] * q[0]
    # the quadrature crosses the kinks of chi
    assert energy(covariance) == pytest.approx(total, rel=3e-6)


@pytest.mark.parametrize("seed", range(24))
def test_gradient_flow_does_not_beat_stable_algorithms(seed: int) -> None:
    """Random mixtures, every third with a field: ``E_alg`` bounds the flow, which is a stable algorithm, from below."""
    rng = np.random.default_rng(seed)
    degrees = rng.choice(np.arange(2, 25), size=int(rng.integers(1, 5)), replace=False)
    covariance = sum(Rational(str(round(float(10 ** rng.uniform(-3, 0)), 6))) * Q ** int(p) for p in degrees)
    if seed % 3 == 0:
        covariance += Rational(str(round(float(10 ** rng.uniform(-3, 0)), 6))) * Q
    bound = algorithmic_energy(GaussianLandscape(covariance))
    assert bound.value is not None and bound.error is not None
    assert energy(covariance) >= bound.value - bound.error


def test_any_number_of_digits_and_the_meaning_of_the_piece() -> None:
    mixture = GaussianLandscape(Q**2 / 2 + Rational(55, 400) * Q**4)
    few, many = (evaluate_thresholds(energy_family(mixture), {}, n, ["threshold_energy"]) for n in (15, 40))
    with mp.workdps(45):
        assert abs(few["threshold_energy"].value - many["threshold_energy"].value) < 1e-14
        assert abs(float(many["threshold_energy"].value) + 1.2292962127639124) < 1e-15
    assert "one-step and continuous" in few["threshold_energy"].meaning
    assert "may end elsewhere" in few["threshold_energy"].meaning
    pure = evaluate_thresholds(energy_family(PureSpin(3, 1)), {}, 15, ["threshold_energy"])["threshold_energy"]
    assert "pure p-spin" in pure.meaning


def test_a_weak_field_and_a_weak_degree_change_little() -> None:
    small = Rational(1, 10**8)
    for weak in (small * Q, small * Q**2, small * Q**20):
        assert energy(Q**3 / 2 + weak) == pytest.approx(-2 / 3**0.5, abs=1e-6)


@pytest.mark.parametrize("covariance", [Q**3 / 2 + Q**4 / 3, Q**2 / 2 + Q**16 / 2, Q / 10 + Q**3 / 6])
def test_ratios_are_those_of_the_printed_law(covariance: Expr) -> None:
    """``chi D_2/D_1`` against ``step_law`` in 60 digits, as far apart and as close as ``1e-9``."""
    landscape = GaussianLandscape(covariance)
    slope = polyder(coefficients(covariance, Q))
    law = lower_exact((UPPER, LOWER), [step(landscape, UPPER, LOWER).ratio])
    for b in (1.0, 0.7):
        for q in (0.0, 0.3 * b, 0.99 * b, b - 1e-9):
            with mp.workdps(60):
                expected = float(law(mp.mpf(b), mp.mpf(q))[0])
            assert Steps(slope, 0.0).ratio(b, np.array(q)) == pytest.approx(expected, rel=1e-12)
    with mp.workdps(60):
        assert Steps(slope, 0.0).ratio(0.7, np.array(0.7)) == pytest.approx(
            float(law(mp.mpf(0.7), mp.mpf(0.7) - mp.mpf(10) ** -20)[0])
        )


@pytest.mark.slow
def test_flow_in_a_field_falls_towards_its_ageing_energy() -> None:
    """``e - e_th`` of the two-time equations is a power of time, with an exponent that does not drift."""
    landscape = GaussianLandscape(Q**3 / 2 + Q / 10)
    solution = solve_dynamics(landscape, 1e6, method="long-time")
    distance = solution.at([1e3, 1e4, 1e5, 1e6])["energy"] - energy(landscape.covariance)
    exponents = -np.diff(np.log10(distance))
    assert np.all(distance > 0) and np.all(np.abs(exponents - 0.33) < 0.04)
