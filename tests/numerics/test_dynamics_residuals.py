"""The printed equations on what the integrators return: they hold, and would not with another coefficient."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from sympy import Expr, Rational, lambdify

from numerics.dynamics import DynamicsSolution, Equilibrium, solve_dynamics
from numerics.dynamics.growth import quadrature
from theory import OVERLAP, SIGNAL_OVERLAP, GaussianLandscape
from theory.dynamics import DynamicalEquations, Start
from theory.dynamics.notation import EARLIER, INNER, TIME, Terms, TimeIntegral
from theory.symbols import INVERSE_TEMPERATURE

Q, M = OVERLAP, SIGNAL_OVERLAP
MADE_UP = GaussianLandscape(Q**2 / 4 + Q**3 / 7 + Q**5 / 9, Rational(3, 4) * M**2 + M**4 / 5)
TEMPERATURE = Rational(1, 5)
CASES: dict[str, tuple[GaussianLandscape, Start, dict[str, Any]]] = {
    "planted": (MADE_UP, "planted", {"overlap": 0.4}),
    "equilibrium": (GaussianLandscape(Q**3 / 2), "equilibrium", {"start": Equilibrium(1.3)}),
}
TWO_TIMES = {"reference": ((1.3, 0.4), (4.0, 0.5), (4.0, 3.6)), "long-time": ((4.0, 0.5), (40.0, 3.0), (40.0, 36.0))}


def number(expression: Expr, solution: DynamicsSolution, *times: Any) -> Any:
    """An expression in ``C(t,s)``, ``R(t,s)``, ``m(t)``, ``mu(t)`` at numbers for ``t, t', s``."""
    functions: Any = {
        "C": solution.C,
        "R": solution.R,
        "m": lambda t: solution.two_time.one_time(np.asarray(t, dtype=float)).m,
        "mu": lambda t: solution.two_time.one_time(np.asarray(t, dtype=float)).mu,
    }
    known = expression.subs(INVERSE_TEMPERATURE, Rational(str(solution.model.beta)))
    return lambdify((TIME, EARLIER, INNER), known, [functions, "numpy"])(*times)


def integrated(term: TimeIntegral, solution: DynamicsSolution, t: float, earlier: float) -> float:
    """``int ds`` with an edge at ``t'``, where C has a kink."""
    limits = {TIME: t, EARLIER: earlier}
    low, high = (float(limit.subs(limits)) for limit in term.args[2:])
    edges = sorted({low, high, min(max(earlier, low), high)})
    total = 0.0
    for start, end in pairwise(edges):
        s, w = quadrature(start, end)
        total += float(w @ np.broadcast_to(number(term.args[0].as_expr(), solution, t, earlier, s), s.shape))
    return total


def right_side(terms: Iterable[Any], solution: DynamicsSolution, t: float, earlier: float) -> float:
    return sum(
        integrated(term, solution, t, earlier)
        if isinstance(term, TimeIntegral)
        else float(number(term.as_expr(), solution, t, earlier, 0.0))
        for term in terms
    )


def slope(function: Any, t: float, h: float) -> float:
    return float((8 * (function(t + h) - function(t - h)) - function(t + 2 * h) + function(t - 2 * h)) / (12 * h))


def left_sides(solution: DynamicsSolution, t: float, earlier: float) -> dict[str, float]:
    h, one = 0.006 * (t - earlier), solution.two_time.one_time
    last = solution.at(t)
    return {
        "correlation_rate": slope(lambda x: solution.C(x, earlier), t, h),
        "response_rate": slope(lambda x: solution.R(x, earlier), t, h),
        "overlap_rate": slope(lambda x: one(np.asarray(x)).m, t, h),
        "multiplier": float(last["mu"][0]),
        "energy": float(last["energy"][0]),
    }


@pytest.mark.parametrize("method", TWO_TIMES)
@pytest.mark.parametrize("case", CASES)
def test_printed_equations_hold(case: str, method: Any) -> None:
    """Within ten times the claimed error of C; none does with one of its terms a thousandth larger."""
    landscape, start, options = CASES[case]
    derived = DynamicalEquations(landscape, start, TEMPERATURE)
    t_max = 1.1 * max(t for t, _ in TWO_TIMES[method])
    solution = solve_dynamics(landscape, t_max, temperature=0.2, rtol=1e-7, method=method, **options)
    for t, earlier in TWO_TIMES[method]:
        claimed = float(solution.two_time.error(np.array([t])).correlation[0])
        for name, left in left_sides(solution, t, earlier).items():
            terms: Terms = getattr(derived, name)
            parts = [right_side([term], solution, t, earlier) for term in terms.args]
            residual = left - sum(parts)
            assert abs(residual) <= 10 * claimed + 1e-9, (name, t, earlier)
            for part in (part for part in parts if abs(part) > 1e-3):
                assert abs(residual - 1e-3 * part) > 3 * abs(residual), (name, t, earlier)
