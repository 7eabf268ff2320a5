"""The defining equations of the thresholds of losses hold at the numbers that are returned, and at no others."""

from typing import Any

import pytest
from sympy import Symbol

from numerics.generalized_linear import evaluate_critical
from numerics.generalized_linear.field_law import FieldLaw, independent, law_of, tabulate, tilt_values
from numerics.solve import Found, solve, solve_thresholds
from theory import laws
from theory.generalized_linear import KacRiceAction, OneStepRSB, critical_alphas
from theory.generalized_linear.bayes import SECOND_MOMENT
from theory.generalized_linear.symbols import ALPHA, CURVATURE, FORCE_DUAL, PLANTED_OVERLAP, SIGNAL_DUAL, SIGNAL_FIELD
from theory.generalized_linear.thresholds import COMPLEXITY
from theory.systems import LinearRegression, PhaseRetrieval

LANDSCAPE = PhaseRetrieval(1)
KNOWN = {threshold.name: threshold for threshold in critical_alphas(LANDSCAPE)}
TILTS = {"bbp_threshold_1rsb": OneStepRSB().functional.tilt} | {
    name: KacRiceAction().functional.tilt for name in KNOWN if "kac_rice" in name
}


def residuals(name: str, factor: float = 1.0) -> list[float]:
    """Of the defining equations, at what was found for alpha times a factor, on a grid of our own."""
    found, threshold = evaluate_critical(LANDSCAPE, [name])[name], KNOWN[name]
    symbols: set[Symbol] = {FORCE_DUAL, *threshold.unknowns}
    scalars: dict[Any, float] = {symbol: found.state[str(symbol)] for symbol in symbols if str(symbol) in found.state}
    scalars |= {ALPHA: factor * found.value, PLANTED_OVERLAP: 0.0, SIGNAL_DUAL: 0.0}
    scalars[COMPLEXITY] = found.state.get("sigma", 0.0)
    known = {SECOND_MOMENT: SIGNAL_FIELD**2}  # of a label that shows the size alone
    if name == "spectral_optimal":
        known[CURVATURE] = threshold.defining[-1].rhs.subs(known)
    sides = [(side.lhs - side.rhs).subs(known) for side in threshold.defining]
    return law_at(name, scalars).evaluate(sides, scalars)


def law_at(name: str, scalars: dict[Any, float]) -> FieldLaw:
    data = tabulate(LANDSCAPE, 0.04)
    if name not in TILTS:
        return independent(data)
    return law_of(data, tilt_values(data, TILTS[name], scalars), "annealed" if "annealed" in name else "quenched")


@pytest.mark.parametrize("name", [*TILTS, "bbp_initial", "weak_recovery", "spectral_optimal"])
def test_defining_equations_hold_at_the_threshold_alone(name: str) -> None:
    assert max(map(abs, residuals(name))) < 1e-6
    assert max(map(abs, residuals(name, 1.01))) > 1e-3


def test_more_digits_than_a_double_has_are_refused() -> None:
    thresholds = critical_alphas(LinearRegression())
    with pytest.raises(ValueError, match="digits = 16: averages over data have at most 15"):
        solve_thresholds(thresholds, {}, 16)


def test_laws_of_one_s_own_have_a_solver_or_are_refused() -> None:
    class Constant(laws.Law):
        """One."""

    with pytest.raises(TypeError, match="no solver for the law Constant"):
        solve(Constant(), {}, 15)
    solve.register(Constant)(lambda law, at, digits: Found(1.0, 0.0))
    assert solve(Constant(), {}, 15).value == 1
