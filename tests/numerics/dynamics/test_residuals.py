"""The printed equations on what the integrators return: they hold, and would not with another coefficient."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from sympy import Rational

from numerics.dynamics import DynamicsSolution, Equilibrium, solve_dynamics
from tests.residuals import require_all_terms, two_time_residual
from theory import OVERLAP, SIGNAL_OVERLAP, GaussianLandscape
from theory.dynamics import DynamicalEquations, Start

Q, M = OVERLAP, SIGNAL_OVERLAP
MADE_UP = GaussianLandscape(Q**2 / 4 + Q**3 / 7 + Q**5 / 9, Rational(3, 4) * M**2 + M**4 / 5)
FIELD = GaussianLandscape(MADE_UP.covariance + Q / 6, MADE_UP.mean)
CASES: dict[str, tuple[GaussianLandscape, Start, dict[str, Any]]] = {
    "planted": (MADE_UP, "planted", {"overlap": 0.4}),
    "equilibrium": (GaussianLandscape(Q**3 / 2), "equilibrium", {"start": Equilibrium(1.3)}),
    "replicated": (FIELD, "replicated", {"start": Equilibrium(1.3)}),
}
PLACES = {"reference": ((1.3, 0.4), (4.0, 0.5), (4.0, 3.6)), "long-time": ((4.0, 0.5), (40.0, 3.0), (40.0, 36.0))}
SPAN = 0.1
"""Of the interval over which a rate is integrated, relative to ``t - t'``."""


@cache
def solved(case: str, method: Any) -> DynamicsSolution:
    landscape, _, options = CASES[case]
    t_max = 1.2 * max(t for t, _ in PLACES[method])
    return solve_dynamics(landscape, t_max, temperature=0.2, rtol=1e-7, method=method, **options)


def left_sides(solution: DynamicsSolution, times: Any, earlier: float) -> dict[str, tuple[Any, Any]]:
    """Values at two times and their claimed errors; rows of the equation that gives the rate, or the value itself."""
    one, errors = solution.two_time.one_time(times), solution.two_time.error(times)
    return {
        "correlation_rate": (solution.C(times, earlier), errors.correlation),
        "response_rate": (solution.R(times, earlier), errors.response),
        "overlap_rate": (one.m, errors.m),
        "multiplier": (one.mu, errors.mu),
        "energy": (one.energy, errors.energy),
        "replica_rate": (solution.two_time.replica(times), errors.correlation),
    }


@pytest.mark.parametrize("method", PLACES)
@pytest.mark.parametrize("case", CASES)
def test_printed_equations_hold(case: str, method: Any) -> None:
    """``C(t + h) - C(t) = int rate dt`` and so on within the claimed errors of the left side."""
    equations, solution = DynamicalEquations(*CASES[case][:2], Rational(1, 5)), solved(case, method)
    residuals: dict[str, list[Any]] = {}
    for t, earlier in PLACES[method]:
        times = np.array([t, t + SPAN * (t - earlier)])
        for name, (values, errors) in left_sides(solution, times, earlier).items():
            rate = name.endswith("_rate")
            left, claim = (values[1] - values[0], errors.sum()) if rate else (values[0], errors[0])
            right, span = getattr(equations, name), times if rate else times[:1]
            residuals.setdefault(name, []).append(two_time_residual(solution, left, claim, right, span, earlier))
    if case == "equilibrium":
        assert residuals.pop("overlap_rate")[0].value == 0
    if case != "replicated":
        del residuals["replica_rate"]
    for found in residuals.values():
        require_all_terms(found)
