"""Compiled passes over the walkers of the effective process: forces, proximal forces, and linear answers.

``derivatives`` is a placeholder: ``numerics.generated_code`` puts that of a loss after this text.
"""

import math

import numpy as np
from numpy.typing import NDArray

from numerics.machine_code import compiled

Floats = NDArray[np.float64]
BLOCK, PANEL = 256, 32
"""Walkers, and columns, that are taken together, so that they stay in the cache."""
TIGHT = 1e-14


@compiled
def derivatives(u: float, y: float) -> tuple[float, float, float]:
    """``l, l', D`` at (u, y)."""
    return 0.5 * (u - y) ** 2, u - y, 1.0


@compiled
def forces(u: Floats, y: Floats, loss: Floats, force: Floats, curvature: Floats) -> None:
    """``l, l', D`` of each walker."""
    for i in range(u.size):
        loss[i], force[i], curvature[i] = derivatives(u[i], y[i])


@compiled
def proximal_forces(u: Floats, y: Floats, step: float, slope: float, force: Floats, curvature: Floats) -> None:
    """``l'`` and ``D/(1 + eta D)`` at v, ``v + eta l'(v) = u``; ``0 < slope <= 1 + eta D`` everywhere."""
    for i in range(u.size):
        v = proximal(u[i], y[i], step, slope)
        _, force[i], bend = derivatives(v, y[i])
        curvature[i] = bend / (1 + step * bend)


@compiled
def proximal(u: float, y: float, step: float, slope: float) -> float:
    """Root of the increasing ``v + eta l'(v) - u``, by Newton's method kept within a bracket."""
    excess = step * derivatives(u, y)[1]
    reach = 1.01 * excess / slope
    low, high = min(u, u - reach), max(u, u - reach)
    v = u
    for _ in range(200):
        _, force, bend = derivatives(v, y)
        excess = v + step * force - u
        if math.fabs(excess) <= TIGHT * (math.fabs(u) + math.fabs(v)) or not high > low:
            return v
        if excess > 0:
            high = v
        else:
            low = v
        v -= excess / (1 + step * bend)
        if not low < v < high:
            v = 0.5 * (low + high)
    return v


@compiled
def mean_answers(curvature: Floats, push: Floats, weight: Floats, t: int, work: Floats, means: Floats) -> None:
    """``E[D(t) T(t, s)]`` into ``means[0, s]``, s <= t, and ``E[weight D(t) T(t, s)]`` into ``means[1, s]``.

    Curvature is (steps, walkers), ``push[s, k] = eta(s) G(k, s)``, the weight one number for each walker.

    Row t of ``(1 + D eta G)^-1 D``, from the last column back: ``x_t = D_t``, ``x_s = -D_s sum_{s<k<=t} x_k push_sk``.
    Panels of columns gather what lies after them as a product of matrices; ``work`` is (steps, BLOCK).
    """
    walkers = curvature.shape[1]
    means[:, : t + 1] = 0.0
    panel, sums = np.empty(PANEL * t), np.empty((PANEL, BLOCK))
    for first in range(0, walkers, BLOCK):
        count = min(BLOCK, walkers - first)
        for w in range(count):
            work[t, w] = curvature[t, first + w]
        high = t
        while high > 0:
            low = max(0, high - PANEL)
            gather(push, low, high, t, work, panel, sums)
            solve_panel(curvature, push, low, high, first, count, work, sums)
            high = low
        for s in range(t + 1):
            total, weighted = 0.0, 0.0
            for w in range(count):
                total += work[s, w]
                weighted += weight[first + w] * work[s, w]
            means[0, s] += total / walkers
            means[1, s] += weighted / walkers


@compiled
def gather(push: Floats, low: int, high: int, t: int, work: Floats, panel: Floats, sums: Floats) -> None:
    """``sum_{high<=k<=t} push_sk x_k`` for the columns s of a panel."""
    rows, after = high - low, t + 1 - high
    block = panel[: rows * after].reshape(rows, after)
    block[:] = push[low:high, high : t + 1]
    np.dot(block, work[high : t + 1], sums[:rows])


@compiled
def solve_panel(
    curvature: Floats, push: Floats, low: int, high: int, first: int, count: int, work: Floats, sums: Floats
) -> None:
    """The columns of a panel, last to first, each passed on to those before it."""
    for s in range(high - 1, low - 1, -1):
        x, gathered = work[s], sums[s - low]
        for w in range(count):
            x[w] = -curvature[s, first + w] * gathered[w]
        for r in range(low, s):
            p, before = push[r, s], sums[r - low]
            for w in range(count):
                before[w] += p * x[w]
