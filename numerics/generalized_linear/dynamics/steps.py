"""Which steps to take: equal ones for descent; for the flow, as long as a coarse run finds stable."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy.optimize import minimize
from sympy import Expr

from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape

from ...errors import ConvergenceError
from ...lowering import Array, lower
from ..curvature import curvature_floor
from ..extended import evaluate
from .process import Descent, Process

PILOT_WALKERS = 1024
SAFETY = 0.8
"""Of ``1/rate``; steps of ``2/rate`` are where stability ends."""
GROWTH = 1.2
"""Largest ratio of a step to the one before."""
FAR_BELOW = 1e7
"""Times its size, at fields up to 1e9, a function has no lower bound worth the name."""
FARTHEST = 5.5
"""Standard deviations; walkers beyond have a chance of 4e-8 each."""
EARLY, HOPELESS = 200, 10.0
"""Steps after which it is told that so many times what is left would be needed."""
MOST_STEPS = 4000
"""Of the finest run: the cost grows as the cube."""


def equal_steps(step: float, t_max: float) -> Array:
    """Up to ``t_max`` or just beyond."""
    count = int(np.ceil(t_max / step * (1 - 1e-12)))
    if count > MOST_STEPS:
        raise ValueError(f"eta = {step:g} makes {count} steps to t_max = {t_max:g}; at most {MOST_STEPS} are possible")
    return np.full(count, step)


def flow_steps(problem: Descent, t_max: float, stops: Sequence[float], divisions: int, seed: int) -> Array:
    """Steps near ``SAFETY/rate`` along a coarse run that stops at every time in ``stops`` and at ``t_max``.

    Raises ConvergenceError where ``t_max`` would take too many, saying how far that many go.
    """
    capacity = MOST_STEPS // divisions
    rng = np.random.default_rng(np.random.SeedSequence((seed, 0)))
    process = Process(problem, PILOT_WALKERS, capacity, rng)
    steps: list[float] = []
    for stop in sorted({*(t for t in stops if 0 < t < t_max), t_max}):
        while process.time < stop * (1 - 1e-12):
            _require_reach(t_max, process.time, steps, capacity)
            steps.append(_next(process, stop, steps, longest(problem)))
            process.advance(steps[-1])
    return np.array(steps)


def _require_reach(t_max: float, time: float, steps: list[float], capacity: int) -> None:
    """No more steps than are possible; and told early where they are far too few at their present length."""
    left = capacity - len(steps)
    hopeless = len(steps) >= EARLY and t_max - time > HOPELESS * left * steps[-1]
    if left and not hopeless:
        return
    reached = f"{capacity} steps reach t = {time + left * (steps[-1] if steps else 0.0):.3g}"
    raise ConvergenceError(f"t_max = {t_max:g} is out of reach: {reached}; ask for less")


def longest(problem: Descent) -> float:
    """Within what keeps the proximal map one-to-one, ``1 + eta D > 0``."""
    return np.inf if problem.slope is None or problem.slope >= 0 else -SAFETY / problem.slope


def lowest_curvature(landscape: GeneralizedLinearLandscape) -> float:
    """Infimum of ``D = l''`` over all u and the labels that walkers can have; ``-inf`` where it is unbounded in u.

    Never below the infimum over all labels, where that is known.
    """
    lowest = _lowest(landscape.curvature)
    return lowest if np.isfinite(lowest) else _known_floor(landscape)


def _known_floor(landscape: GeneralizedLinearLandscape) -> float:
    """Of the curvature over all fields; ``-inf`` where there is none, or it cannot be told."""
    try:
        return curvature_floor(landscape)
    except (ConvergenceError, ValueError):
        return -np.inf


def lowest_loss(landscape: GeneralizedLinearLandscape) -> float:
    """Infimum of the loss over all u and the labels that walkers can have; ``-inf`` where it has none."""
    return _lowest(landscape.loss)


@lru_cache(maxsize=64)
def _lowest(expression: Expr) -> float:
    """On a grid that is logarithmic in u, and downhill from there; ``-inf`` far below minus its size at |u| <= 1."""
    sizes = np.concatenate(([0.0], np.geomspace(1e-9, 1e9, 361)))
    u, y = np.concatenate((-sizes[:0:-1], sizes)), np.linspace(-FARTHEST, FARTHEST, 441)
    values = _upper(expression, *np.meshgrid(u, y, indexing="ij"))
    near = values[np.abs(u) <= 1]
    end = -FAR_BELOW * float(np.max(np.abs(near), where=np.isfinite(near), initial=0.0))
    i, k = np.unravel_index(np.argmin(values), values.shape)

    def at(point: Array) -> float:
        return float(_upper(expression, point[:1], np.clip(point[1:], -FARTHEST, FARTHEST))[0])

    lowest = float(values[i, k])
    if lowest > end:
        lowest = min(lowest, float(minimize(at, [float(u[i]), float(y[k])], method="Nelder-Mead").fun))
    return lowest if lowest > end else -np.inf


def _upper(expression: Expr, u: Array, y: Array) -> Array:
    """Values raised by the bound on their rounding error, without overflow; infinite where they are not known.

    Kinks, and functions whose rounding has no bound here, are taken in double precision.
    """
    try:
        values = np.add(*evaluate(expression, {FIELD: u, SIGNAL_FIELD: y}))
    except ValueError:
        values = lower((FIELD, SIGNAL_FIELD), [expression])(u, y)[0]
    return np.nan_to_num(values, nan=np.inf, posinf=np.inf, neginf=-np.inf)


def _next(process: Process, stop: float, steps: list[float], most: float) -> float:
    """A whole number of equal steps to the next stop, of which this is the first."""
    aim = min(SAFETY / max(process.rate, 1e-300), most, GROWTH * steps[-1] if steps else np.inf)
    left = stop - process.time
    return float(left / np.ceil(left / aim * (1 - 1e-9)))


def divided(steps: Array, divisions: int) -> Array:
    """Each step cut into equal parts."""
    return np.repeat(steps / divisions, divisions)
