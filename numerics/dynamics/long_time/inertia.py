"""With a mass: what moves at the start of a block, from the block before."""
# ruff: noqa: N806

from __future__ import annotations

import numpy as np

from ...lowering import Array
from . import geometry, store
from .geometry import LAG, SPEED, TIME, History, Rule
from .kernel import Terms
from .rule import derivative


def motion_at_start(law: Terms, rule: Rule, history: History) -> tuple[Array, Array]:
    """``d_t C`` and scaled ``d_t R`` on the nodes of the last block, (2, nodes), and ``d_t`` of the overlap variable
    and q, (2,), where that block begins; 0 and ``1/M`` at t = 0."""
    block, count = history.t.size - 1, store.nodes(history, int(history.grid[-1]), rule)
    if law.mass == 0 or block == 0:
        moving = np.zeros((2, count))
        moving[1] = rule.scale / law.mass if law.mass > 0 else 0.0
        return moving, np.zeros(2)
    before, now = block - 1, float(history.t[-1])
    C, R, overlap, replica, _ = store.block(history, before, rule.stages.size - 1)
    slope = 2 / (history.x[block] - history.x[before]) * derivative(rule.stages)[-1] / (rule.origin + now)
    slices = np.empty((4, C.shape[1]))
    geometry.slice_at(int(history.grid[before]), now, rule, history, slices)
    moving = np.array([slope @ values - slices[SPEED] * _across(rule, values[-1]) for values in (C, R)])
    moving[1] -= R[-1] / (rule.scale + slices[LAG])
    moving[:, -1] = 0.0, rule.scale / law.mass
    if history.grid[-1] != history.grid[before]:
        moving = _on_nodes(moving, rule, history, now, int(history.grid[before]), count)
    return moving, np.array([slope @ overlap, slope @ replica])


def _across(rule: Rule, values: Array) -> Array:
    """The derivative by the place in a panel, of the later one where two meet."""
    n = rule.nodes.size
    panels = np.arange(0, values.size - 1, n - 1)[:, None] + np.arange(n)
    slopes = values[panels] @ rule.derivative.T
    return np.append(slopes[:, :-1].ravel(), slopes[-1, -1])


def _on_nodes(values: Array, rule: Rule, history: History, now: float, grid: int, count: int) -> Array:
    """From the nodes of a slice on one grid to those on the grid of the last block, at the same time."""
    slices, weights, found = np.empty((4, count)), np.empty(rule.nodes.size), np.empty((2, count))
    geometry.slice_at(int(history.grid[-1]), now, rule, history, slices)
    for k, (s, lag) in enumerate(zip(slices[TIME], slices[LAG], strict=True)):
        panel, place = geometry.locate(grid, now, float(s), float(lag), rule, history)
        geometry.interpolate(rule.nodes, rule.barycentric, place, weights)
        first = panel * (rule.nodes.size - 1)
        found[:, k] = values[:, first : first + rule.nodes.size] @ weights
    return found
