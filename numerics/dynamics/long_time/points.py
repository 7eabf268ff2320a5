"""What of a block's equations does not depend on its unknowns: the quadrature points of all its integrals."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...machine_code import compiled
from .geometry import (
    LAG,
    TIME,
    WEIGHT,
    Floats,
    History,
    Ints,
    Rule,
    at_node,
    distances,
    locate,
    nodes_in,
    panels_of,
    slice_at,
    stage_weights,
    two_time,
)


class Points(NamedTuple):
    """For each stage of the last block and each node ``t'`` of its slice.

    ``nodes``: (stages, 4, nodes), the slice itself, of ``int_0^t ds`` (``geometry.slice_at``); ``blocks``, ``weights``:
    the block and the interpolation weights of the time of each node. ``before``, ``between``: the points of
    ``int_0^t' ds`` and ``int_t'^t ds``, a row (``PAST_C`` and so on) for each. With a mass ``moving`` has ``d_t C`` and
    scaled ``d_t R`` at the start of the block, (2, nodes), and ``changing`` those of the overlap variable and q, (2,).
    """

    nodes: Floats
    blocks: Ints
    weights: Floats
    before: Floats
    between: Floats
    moving: Floats
    changing: Floats


PAST_C, PAST_R, PLACE, GAP, COLUMNS = range(5)
"""``C`` and ``R`` of the past times the quadrature weight (the weight itself and inf where they are unknowns); panel of
the slice at t plus the place in it, from 0 to 1 (-1 after the last point); a lag: in ``before`` ``t' - s``, in
``between`` ``s - t'`` or minus ``t - s``, the smaller of the two."""


class Stage(NamedTuple):
    """One stage of the last block: time, ``mu``, overlap variable, q, work, first row, first value of its slice, sizes.

    ``nodes`` per slice, ``unknowns`` per stage: ``C``, scaled ``R``, the work, q, the overlap variable, ``mu``.
    """

    number: int
    t: float
    mu: float
    variable: float
    replica: float
    work: float
    block: int
    grid: int
    row: int
    base: int
    nodes: int
    unknowns: int


@compiled
def stage_of(i: int, t: float, mu: float, rule: Rule, history: History) -> Stage:
    """The ``i``-th stage after the start."""
    block = history.t.size - 1
    nodes = nodes_in(block, rule, history)
    place, unknowns, base = block * rule.stages.size + i + 1, 2 * nodes + 4, history.offset[block] + (i + 1) * nodes
    variable, replica, work = history.overlap[place], history.replica[place], history.work[place]
    return Stage(i, t, mu, variable, replica, work, block, history.grid[block], i * unknowns, base, nodes, unknowns)


@compiled
def prepare(rule: Rule, history: History, times: Floats, points: Points) -> None:
    """Fill the tables."""
    older = np.empty((4, points.before.shape[2]))
    for i in range(times.size):
        stage, nodes = stage_of(i, times[i], 0.0, rule, history), points.nodes[i]
        slice_at(stage.grid, stage.t, rule, history, nodes)
        for k in range(stage.nodes):
            points.blocks[i, k] = stage_weights(nodes[TIME, k], rule, history, points.weights[i, k])
            prepare_before(rule, history, points, stage, k, older)
            prepare_between(rule, history, points, stage, k)


@compiled
def prepare_before(rule: Rule, history: History, points: Points, stage: Stage, k: int, older: Floats) -> None:
    """``int_0^t' ds``: the nodes of the slice at ``t'``."""
    rows, b, weights = points.before[stage.number, k], points.blocks[stage.number, k], points.weights[stage.number, k]
    earlier, lag = points.nodes[stage.number, TIME, k], points.nodes[stage.number, LAG, k]
    size = slice_at(history.grid[b], earlier, rule, history, older) if earlier > 0.0 else 0
    for z in range(size):
        back, w = older[LAG, z], older[WEIGHT, z]
        inside, place = locate(stage.grid, stage.t, older[TIME, z], lag + back, rule, history)
        rows[z, PLACE] = inside + 0.5 * (1.0 + place)
        rows[z, GAP], rows[z, PAST_C], rows[z, PAST_R] = back, w, np.inf
        if b != stage.block:
            c, r = at_node(b, z, weights, rule, history)
            rows[z, PAST_C], rows[z, PAST_R] = w * c, w * r / (rule.scale + back)
    rows[size, PLACE] = -1.0


@compiled
def prepare_between(rule: Rule, history: History, points: Points, stage: Stage, k: int) -> None:
    """``int_t'^t ds``: Gauss panels gathered, on a logarithmic scale, at both ends and at the anchors between them.

    ``s - t'`` and ``t - s`` never come from subtracting large times.
    """
    rows, point = points.between[stage.number, k], 0
    earlier, lag = points.nodes[stage.number, TIME, k], points.nodes[stage.number, LAG, k]
    weights, node = np.empty(rule.stages.size), np.empty(rule.nodes.size)
    edges, count = np.empty(history.anchors.size + 2), 1
    edges[0] = earlier
    for anchor in history.anchors:
        if earlier < anchor < stage.t:
            edges[count] = anchor
            count += 1
    edges[count] = stage.t
    for e in range(count):
        length = lag if count == 1 else edges[e + 1] - edges[e]
        panels = panels_of(length, rule)
        for i in range(panels * rule.gauss.size):
            j, p = i % rule.gauss.size, i // rule.gauss.size
            after, rest, stretch = distances(p, rule.gauss[j], panels, length, rule)
            first = 2 * p < panels
            s = edges[e] + after if first else edges[e + 1] - rest
            since, until = s - earlier, stage.t - s
            if e == 0 and first:
                since, until = after, lag - after
            elif e == count - 1 and not first:
                since, until = lag - rest, rest
            panel, place = locate(stage.grid, stage.t, s, until, rule, history)
            row, w = rows[point], rule.gauss_weights[j] * stretch
            row[PLACE], row[GAP] = panel + 0.5 * (1.0 + place), since if since < until else -until
            row[PAST_C], row[PAST_R] = w, np.inf
            if s < history.t[stage.block]:
                c, r, _ = two_time(s, earlier, since, rule, history, weights, node)
                row[PAST_C], row[PAST_R] = w * c, w * r * (rule.scale + lag) / (rule.scale + since)
            point += 1
    rows[point, PLACE] = -1.0
