"""Where half of the runs succeed, from the two-time equations."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from theory.landscape import GaussianLandscape

from ..dynamics import solve_dynamics
from ..errors import ConvergenceError
from .criterion import SpikedLine, deadline, first_overlap

RTOL, CLOSE, TINY = 1e-4, 3e-3, 1e-6
"""Of the two-time equations; of the logarithm of an overlap that is sought; and an least overlap of a start."""
LOWEST, HIGHEST = 0.05, 1.5
"""Over the threshold: ``1/Delta_2`` among which the crossing is sought."""


def relative_need(landscape: GaussianLandscape, size: int, goal: float) -> float:
    """Overlap at the start with which ``m = goal`` at the deadline, over the one that a run has, ``N^(-1/2)``."""

    def ahead(logarithm: float) -> float:
        return _ahead(landscape, size, float(np.exp(logarithm)), goal)

    low, high = float(np.log(TINY)), 0.0
    if not ahead(low) < 0 < ahead(high):
        raise ConvergenceError(
            f"no start with an overlap of {TINY:g} ... 1 ends with m = {goal:.3g} at N = {size} in {landscape!r}"
        )
    return float(np.exp(brentq(ahead, low, high, xtol=CLOSE))) / first_overlap(size)


def predicted_crossing(model: SpikedLine, size: int) -> float:
    """``1/Delta_2`` at which a start with ``m = N^(-1/2)`` reaches the goal at the deadline."""

    def ahead(signal: float) -> float:
        return _ahead(model.landscape(signal), size, first_overlap(size), model.goal)

    low, high = LOWEST * model.threshold, HIGHEST * model.threshold
    if not ahead(low) < 0 < ahead(high):
        raise ConvergenceError(f"no crossing at N = {size}, Delta_p = {model.delta_p:g} within {low:g} ... {high:g}")
    return float(brentq(ahead, low, high, xtol=CLOSE * model.threshold))


def _ahead(landscape: GaussianLandscape, size: int, overlap: float, goal: float) -> float:
    """``ln(m/goal)`` at the deadline."""
    time = deadline(size)
    solution = solve_dynamics(landscape, time, overlap=overlap, rtol=RTOL)
    return float(np.log(solution.two_time.one_time(np.array([time])).m[0] / goal))
