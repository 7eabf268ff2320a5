"""A law in time as curves over it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from theory.laws import Evolution, Flow, Trajectory

from .curves import FlowSolution
from .integro_differential import solve_flow
from .lowering import Array
from .solve import Point
from .trajectory import solve_trajectory

POINTS = 65
"""Times that are kept, unless some are asked for."""
DECADES = 6
"""Of times that are spread evenly by their logarithms."""


def evolve(law: Evolution, at: Point, times: ArrayLike, meaning: str = "") -> FlowSolution:
    """By the solver of this law; see there."""
    if isinstance(law, Flow):
        return solve_flow(law, at, times, meaning=meaning)
    if isinstance(law, Trajectory):
        return solve_trajectory(law, at, times)
    raise TypeError(f"no solver for the law {type(law).__name__}")


def times_to_keep(law: Evolution, t_max: float) -> Array:
    """From 0 to the last one."""
    if law.logarithmic:
        return np.append(0.0, t_max * np.geomspace(10.0**-DECADES, 1, POINTS - 1))
    return np.linspace(0, t_max, POINTS)
