"""Exponents of landscapes as numbers: closed forms, and the motion that they are exponents of."""

import numpy as np
import pytest
from mpmath import mp, mpf
from scipy.special import gamma
from sympy import Rational

from numerics.dynamics import Equilibrium, solve_dynamics
from numerics.thresholds_of import thresholds_of
from theory import GaussianLandscape
from theory.dynamics.exponents import exponent_families
from theory.symbols import OVERLAP, SIGNAL_OVERLAP
from theory.systems import Landscape

q = OVERLAP
NAMES = ("exponent_parameter", "exponent_a", "exponent_b", "ageing_exponent_b")


def found(covariance, digits=15):
    return thresholds_of(Landscape(covariance), NAMES, digits)


def test_three_spins_to_thirty_digits() -> None:
    values = found(q**3 / 2, 30)
    with mp.workdps(45):
        known = mp.findroot(lambda a: mp.gamma(1 - a) ** 2 / mp.gamma(1 - 2 * a) - mpf("0.5"), 0.4)
        assert [abs(values[name].value - x) < 1e-29 for name, x in zip(NAMES, (mpf("0.5"), known, 1, 1), strict=True)]
        for name, exact in zip(NAMES, (mpf("0.5"), known, 1, 1), strict=True):
            assert abs(values[name].value - exact) <= values[name].error < 1e-28


def test_two_and_three_spins() -> None:
    """``f = (q^2 + q^3)/2``: ``q = 1/6`` at T_d, where ``lambda = 5/6``."""
    values = found(q**2 / 2 + q**3 / 2)
    parameter, a, b = (float(values[name].value) for name in NAMES[:3])
    assert parameter == pytest.approx(5 / 6, abs=1e-14)
    assert gamma(1 - a) ** 2 / gamma(1 - 2 * a) == pytest.approx(5 / 6, abs=1e-13)
    assert gamma(1 + b) ** 2 / gamma(1 + 2 * b) == pytest.approx(5 / 6, abs=1e-13)


def test_a_continuous_transition_is_approached_and_not_left() -> None:
    values = found(q**2 / 2 + 3 * q**3 / 10 + q**5 / 100)
    assert float(values["exponent_parameter"].value) == pytest.approx(0.9, abs=1e-14)
    assert "continuous" in values["exponent_b"].reason
    pure = found(q**2 / 2)
    assert float(pure["exponent_a"].value) == 0.5 and "without memory" in pure["ageing_exponent_b"].reason


def test_where_lambda_is_one_there_is_no_power_law() -> None:
    """``f = q^2/2 + q^3/3``: the jump of q at T_d vanishes there."""
    values = found(q**2 / 2 + q**3 / 3)
    assert float(values["exponent_parameter"].value) == 1 and "lambda = 1" in values["exponent_a"].reason


def test_sectors_decide_how_gradient_flow_leaves() -> None:
    assert "continuum" in found(q**2 / 2 + q**4 / 32)["ageing_exponent_b"].reason
    two_steps = found(q**3 / 2 + q**16 / 32)["ageing_exponent_b"]
    assert 0 < float(two_steps.value) < 1
    assert "one state" in found(2 * q + q**2 / 2)["ageing_exponent_b"].reason
    assert "random field" in found(2 * q + q**2 / 2)["exponent_a"].reason


def test_critical_decay_of_two_spins() -> None:
    """``C ~ t^(-1/2)`` at ``T_c`` of degree 2, in the two-time equations from equilibrium."""
    flow = solve_dynamics(Landscape(q**2 / 2), 400.0, temperature=1.0, start=Equilibrium(1.0), method="long-time")
    t = np.array([50.0, 100.0, 200.0, 400.0])
    slopes = -np.diff(np.log(flow.C(t, 0.0))) / np.log(2)
    assert np.all(np.abs(slopes - 0.5) < [0.02, 0.01, 0.005])


@pytest.mark.slow
def test_critical_decay_of_three_spins_at_arrest() -> None:
    """``d ln(C - q)/d ln t`` of equilibrium at T_d goes to -a: extrapolated in t^-a, the order of the correction."""
    f = q**3 / 2
    flow = solve_dynamics(
        Landscape(f), 1e6, temperature=float((Rational(3, 8) ** Rational(1, 2)).evalf()),
        start=Equilibrium(float((Rational(8, 3) ** Rational(1, 2)).evalf())), rtol=1e-8, method="long-time",
    )  # fmt: skip
    t = np.geomspace(1e3, 1e5, 5)
    excess = flow.C(t, 0.0) - 0.5
    slopes = -np.diff(np.log(excess)) / np.diff(np.log(t))
    power = t[:-1] ** -0.395263
    far, near = slopes[-2:]
    extrapolated = near + (near - far) * power[-1] / (power[-2] - power[-1])
    assert extrapolated == pytest.approx(0.395263, abs=5e-3)


@pytest.mark.slow
def test_relaxation_time_above_arrest_of_three_spins() -> None:
    """``tau ~ (T - T_d)^-gamma``, ``gamma = 1/(2a) + 1/(2b)``: C - q is of order ``sqrt(T - T_d)`` where it turns."""
    times = []
    for distance in (4e-3, 1e-3):
        temperature = np.sqrt(3 / 8) * (1 + distance)
        start = Equilibrium(1 / temperature)
        flow = solve_dynamics(
            Landscape(q**3 / 2), 3e5, temperature=temperature, start=start, rtol=1e-5, method="long-time"
        )
        t = np.geomspace(1e3, 3e5, 4001)
        times.append(np.exp(np.interp(-0.25, -flow.C(t, 0.0), np.log(t))))
    values = found(q**3 / 2)
    a, b = (float(values[name].value) for name in ("exponent_a", "exponent_b"))
    measured = np.log(times[1] / times[0]) / np.log(4)
    assert measured == pytest.approx(1 / (2 * a) + 1 / (2 * b), abs=0.01)


@pytest.mark.parametrize("pull", [5, -1])
def test_a_field_along_the_signal_is_one_in_which_states_overlap(pull: int) -> None:
    """m = 0 is not stationary; a signal without such a field leaves the exponents as they are."""
    families = exponent_families(GaussianLandscape(OVERLAP**3 / 2, pull * SIGNAL_OVERLAP))
    assert all(
        f"g'(0) = {pull}" in threshold.excluded for family in families for threshold in family.thresholds.values()
    )
    families = exponent_families(GaussianLandscape(OVERLAP**3 / 2, SIGNAL_OVERLAP**2))
    assert not any(threshold.excluded for family in families for threshold in family.thresholds.values())
