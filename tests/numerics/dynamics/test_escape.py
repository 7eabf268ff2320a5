"""Random starts that escape from overlaps of order 1/sqrt(N): their spread, and how many succeed."""

from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from scipy.integrate import trapezoid
from scipy.special import ndtr
from sympy import Rational, lambdify

from numerics.checks import escape as check
from numerics.dynamics import solve_dynamics
from numerics.dynamics.escape import _at_end, _square, escape, spread_on
from numerics.dynamics.growth import linear_growth
from numerics.errors import ConvergenceError
from numerics.recovery import Odds, odds
from theory import OVERLAP, SIGNAL_OVERLAP, GaussianLandscape
from theory.dynamics import Escape
from theory.dynamics.notation import EARLIER, INNER, TIME, Terms, TimeIntegral

Q, M = OVERLAP, SIGNAL_OVERLAP
MADE_UP = GaussianLandscape(Q**2 / 4 + Q**3 / 7 + Q**5 / 9, Rational(3, 4) * M**2 + M**4 / 5)


@pytest.mark.parametrize("theta", [1.5, 2.0, 4.0])
def test_spiked_matrix(theta: float) -> None:
    """At late times all is on the outlier v: ``m ~ (x.v)(v.x*)``, from the signal ``(v.x*)^2``; over it, N E m^2."""
    found = escape(GaussianLandscape(Q**2 / 2, Rational(theta) * M**2 / 2), 25.0)
    exact = 1 / (1 - theta**-2)
    assert abs(found.widening.value - exact) < max(3 * found.widening.error, 2e-4) and found.widening.error < 2e-3


def test_thermal_noise_alone() -> None:
    """Without landscape the axis has ``dx = (g'' - T) x dt + sqrt(2T) dW``: an Ornstein-Uhlenbeck process."""
    temperature, strength, t = 0.5, 1.5, 2.0
    found = escape(GaussianLandscape(Q**2 / 10**8, Rational(3, 4) * M**2), t, temperature=temperature, rtol=1e-8)
    rate = strength - temperature
    exact = 1 + temperature / rate * (1 - np.exp(-2 * rate * t))
    assert found.widening.value == pytest.approx(exact, abs=1e-5)
    assert found.amplification.value == pytest.approx(np.exp(rate * t), rel=1e-5)


@pytest.mark.parametrize("temperature", [0.0, 0.5])
def test_amplification_is_that_of_the_linear_equation(temperature: float) -> None:
    solution = solve_dynamics(GaussianLandscape(MADE_UP.covariance), 6, temperature=temperature, rtol=1e-8)
    grown = linear_growth(solution, 1.5)
    found = spread_on(solution, 1.5, float(grown.t[-1]))
    assert np.log(found.amplification.value) == pytest.approx(grown.log_overlap[-1], abs=1e-4)


def test_overlaps_below_the_error_of_the_correlation_are_refused() -> None:
    """``exp(-48)``: the two-time solution knows C(t, 0) to 1e-5 or so; where it decays less, that is in the error."""
    with pytest.raises(ConvergenceError, match="below the error of C"):
        escape(GaussianLandscape(Q**3 / 2, 2 * M**2), 1.0, temperature=50.0)
    coarse, fine = (escape(GaussianLandscape(Q**3 / 2, M**2 / 20), 3.0, rtol=rtol) for rtol in (1e-3, 1e-8))
    assert fine.amplification.value < 0.6
    for name in ("amplification", "widening"):
        one, other = getattr(coarse, name), getattr(fine, name)
        assert abs(one.value - other.value) < 3 * one.error, name


def value(terms: Terms, functions: dict[str, Any], t: float, earlier: float, s: Any) -> float:
    """A printed right side, its integrals by the trapezoidal rule on the times ``s``."""
    total = 0.0
    for term in terms.args:
        if isinstance(term, TimeIntegral):
            integrand, variable, lower, upper = term.args
            ends = [float(limit.subs({TIME: t, EARLIER: earlier})) for limit in (lower, upper)]
            inside = s[(s >= ends[0] - 1e-9) & (s <= ends[1] + 1e-9)]
            weigh = lambdify((TIME, EARLIER, variable), integrand.as_expr(), [functions, "numpy"])
            total += float(trapezoid(weigh(t, earlier, inside) + 0 * inside, inside))
        else:
            total += float(lambdify((TIME, EARLIER, INNER), term.as_expr(), [functions, "numpy"])(t, earlier, earlier))
    return total


def test_printed_equations_hold() -> None:
    """``R_*`` by its own equation, row by row; ``C_*`` and V follow, and are what the solver has."""
    count, t, strength = 61, 3.0, 1.5
    solution = solve_dynamics(GaussianLandscape(MADE_UP.covariance), t, rtol=1e-8)
    C, R = _square(solution, t, count)  # noqa: N806
    s, step = np.linspace(0, t, count), t / (count - 1)

    def place(x: Any) -> Any:
        return np.rint(np.asarray(x) / step).astype(int)

    row = np.zeros(count)
    table: dict[str, Any] = {
        "C": lambda a, b: C[place(a), place(b)],
        "R": lambda a, b: R[place(a), place(b)],
        "R_s": lambda _, b: row[place(b)],
    }
    printed = Escape(MADE_UP)
    for j in range(count - 1, -1, -1):  # from t back: the value at t' itself enters with half a step
        row[j] = 0.0
        known = value(printed.response, table, t, s[j], s)
        row[j] = known / (1 - strength * step / 2) if j < count - 1 else known
        assert value(printed.response, table, t, s[j], s) == pytest.approx(row[j], rel=1e-9)
    starred = np.array([value(printed.correlation, table, t, x, s) for x in s])
    table["C_s"] = lambda _, b: starred[place(b)]
    variance, grown = _at_end(C, R, strength, t)
    assert starred[0] == pytest.approx(grown, rel=1e-9)
    assert value(printed.variance, table, t, 0.0, s) == pytest.approx(variance, rel=1e-9)


def test_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="does not attract"):
        escape(GaussianLandscape(Q**3, M**3), 1.0)
    monkeypatch.setattr(import_module("numerics.dynamics.escape"), "LARGEST", 4)
    with pytest.raises(ConvergenceError, match=r"t = 20: the spread of the overlaps .* try a shorter time"):
        escape(MADE_UP, 20.0, rtol=1e-3)


@cache
def matrix() -> Odds:
    return odds(check.MATRIX.landscape, 300, check.MATRIX.goal)


def test_chance_of_either_start() -> None:
    """Half of the runs that start where they should succeed; at random fewer, all that the noise allows for."""
    found = matrix()
    fixed, random = found.chance(1.0), found.chance()
    level = found.chance(found.needed)
    assert level.value == pytest.approx(0.5) and 0 < level.error < 0.01
    assert random.value < 0.5 and (fixed.value - 0.5) * (1 - found.needed) > 0
    assert fixed.value == pytest.approx(ndtr((1 - found.needed) / (found.widening.value - 1) ** 0.5))


def test_success_that_is_certain() -> None:
    """At four times the threshold any overlap will do: half of the random starts have one of the right sign."""
    found = odds(GaussianLandscape(Q**2 / 2, 2 * M**2), 1000, 0.5)
    assert found.needed < 1e-4 and found.chance().value == pytest.approx(0.5, abs=1e-4)
    with pytest.raises(ConvergenceError, match="no start with an overlap"):
        odds(GaussianLandscape(Q**2 / 2, M**2 / 10), 300, 0.5)


FEW = check.Escapes(((300,),) * 3, ((40,),) * 3, 0.4)


@pytest.mark.slow
def test_the_check_never_disagrees_and_can_fail() -> None:
    report = check.CHECK.run(plan=FEW, seed=1)
    assert report.verdict != "disagree" and len(report.comparisons) == 6, report.message
    for wrong in ({"theta": 1.4}, {"signal": 0.7}):
        assert check.CHECK.run(plan=FEW, seed=1, perturb=wrong).verdict == "disagree"


def test_the_share_has_the_error_of_its_prediction() -> None:
    one = matrix().chance(1.0)
    compared = check.share("none", 300, one, np.zeros(40), 0.4)
    assert compared.measured_error == pytest.approx((one.value * (1 - one.value) / 40) ** 0.5)
    assert compared.measured == 0 and compared.z < -3
