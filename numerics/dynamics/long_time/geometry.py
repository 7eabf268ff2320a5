"""Where the values of a long run are stored: panels, their nodes, and interpolation between them, compiled.

``R`` is stored as ``(scale + t - t') R``, which varies slowly.
"""
# ruff: noqa: N803

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...machine_code import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Rule(NamedTuple):
    """Nodes on [-1, 1]: Lobatto in ``t'`` with barycentric and quadrature weights and derivative, Gauss between
    two times, and Radau in time behind the block's start; ``width`` is that of a panel in the logarithm of a lag."""

    nodes: Floats
    barycentric: Floats
    quadrature: Floats
    derivative: Floats
    gauss: Floats
    gauss_weights: Floats
    stages: Floats
    stage_barycentric: Floats
    width: float
    scale: float
    origin: float


class History(NamedTuple):
    """All blocks, the last one unknown: start times ``t``, edges ``x``, grid and first value of each; values of
    ``C``, the scaled ``R`` (stage by stage, node by node), the overlap variable, q, that with a ``replica``,
    and the ``work`` of friction (0 without a mass).

    ``segments``: rows of (start, end or -1 for t, panels, first panel);
    ``grids``: rows of (first segment, segments, panels); ``anchors``: fixed times where segments of the grids meet.
    """

    t: Floats
    x: Floats
    grid: Ints
    offset: Ints
    C: Floats
    R: Floats
    overlap: Floats
    replica: Floats
    work: Floats
    segments: Floats
    grids: Ints
    anchors: Floats


TIME, LAG, WEIGHT, SPEED = range(4)
"""Of a node of a slice: ``s``, ``t - s``, its share of ``int_0^t ds``, and ``d_t place`` at fixed ``s``, minus."""


@compiled
def interpolate(nodes: Floats, barycentric: Floats, x: float, out: Floats) -> None:
    """Lagrange polynomials at ``x`` (Berrut, Trefethen, SIAM Rev. 46, 501, 2004)."""
    total = 0.0
    for j in range(nodes.size):
        gap = x - nodes[j]
        if gap == 0.0:
            out[:] = 0.0
            out[j] = 1.0
            return
        out[j] = barycentric[j] / gap
        total += out[j]
    for j in range(nodes.size):
        out[j] /= total


@compiled
def log_time(t: float, rule: Rule) -> float:
    """``x = ln(1 + t/origin)``, the time in which blocks are polynomials."""
    return float(np.log1p(t / rule.origin))


@compiled
def extent(length: float, rule: Rule) -> float:
    """``Y = ln(1 + length/scale)``: a segment is as long as ``y`` from ``-Y`` to ``Y``.

    ``y = ln((s - start + scale)/(end - s + scale))``: logarithmic at both ends, where C and R may vary fast, and smooth
    between them, so that what is a power of ``s`` or of ``t - s`` remains analytic in ``|Im y| < pi``.
    """
    return float(np.log1p(length / rule.scale))


@compiled
def panels_of(length: float, rule: Rule) -> int:
    """How many panels no wider than ``rule.width`` in ``y`` a segment takes; two of them meet in its middle."""
    return 2 * max(1, int(np.ceil(extent(length, rule) / rule.width)))


@compiled
def distances(panel: int, place: float, panels: int, length: float, rule: Rule) -> tuple[float, float, float]:
    """``s - start``, ``end - s``, the smaller one without cancellation, and ``ds/d place``, at a place in [-1, 1]."""
    span, first = extent(length, rule), 2 * panel < panels
    depth = span * ((2 * panel + 1.0 + place) if first else (2 * (panels - 1 - panel) + 1.0 - place)) / panels
    near = rule.scale * np.expm1(depth) / (1.0 + np.exp(depth - span))
    stretch = (rule.scale + near) * (rule.scale + length - near) / (2.0 * rule.scale + length) * span / panels
    return (near, length - near, stretch) if first else (length - near, near, stretch)


@compiled
def locate(grid: int, t: float, s: float, lag: float, rule: Rule, history: History) -> tuple[int, float]:
    """Panel and place in [-1, 1] of ``s = t - lag`` in the slice at ``t``."""
    first, count = history.grids[grid, 0], history.grids[grid, 1]
    k = first
    for i in range(first, first + count):
        k = i
        if history.segments[i, 1] < 0.0 or s <= history.segments[i, 1]:
            break
    start, end, panels = history.segments[k, 0], history.segments[k, 1], history.segments[k, 2]
    after, before = max(s - start, 0.0), max(lag if end < 0.0 else end - s, 0.0)
    span = extent((t if end < 0.0 else end) - start, rule)
    if before < after:
        y = span - np.log1p(before / rule.scale) - np.log1p(before / (rule.scale + after))
    else:
        y = np.log1p(after / rule.scale) + np.log1p(after / (rule.scale + before)) - span
    place = 0.5 * (1.0 + y / span) * panels if span > 0.0 else panels
    inside = min(max(int(place), 0), int(panels) - 1)
    return int(history.segments[k, 3]) + inside, 2.0 * (place - inside) - 1.0


@compiled
def slice_at(grid: int, t: float, rule: Rule, history: History, out: Floats) -> int:
    """``TIME, LAG, WEIGHT, SPEED`` of each node of the slice at ``t``, in the rows of ``out``; their number.

    At a node between panels the weight is the sum, the speed the later one's.
    """
    first, k = history.grids[grid, 0], 0
    out[WEIGHT] = 0.0
    for segment in history.segments[first : first + history.grids[grid, 1]]:
        start, panels, moving = segment[0], int(segment[2]), segment[1] < 0.0
        end = t if moving else segment[1]
        span = extent(end - start, rule)
        growth = 1.0 / (rule.scale + end - start)
        for panel in range(panels):
            for j in range(rule.nodes.size):
                after, before, stretch = distances(panel, rule.nodes[j], panels, end - start, rule)
                if 2 * panel < panels:
                    out[TIME, k], out[LAG, k] = start + after, t - (start + after)
                else:
                    out[TIME, k], out[LAG, k] = end - before, before if moving else (t - end) + before
                # y of a fixed s falls and the extent grows; y over the extent is linear in the place
                if moving and span > 0.0:
                    share = (2.0 * panel + 1.0 + rule.nodes[j]) / panels - 1.0
                    out[SPEED, k] = panels / span * (1.0 / (rule.scale + before) + share * growth)
                else:
                    out[SPEED, k] = 0.0
                out[WEIGHT, k] += rule.quadrature[j] * stretch
                k += 1
            k -= 1
    return k + 1


@compiled
def stage_weights(t: float, rule: Rule, history: History, out: Floats) -> int:
    """Interpolation weights in time at ``t``, and its block."""
    b = max(int(np.searchsorted(history.t, t, side="right")) - 1, 0)
    place = 2.0 * (log_time(t, rule) - history.x[b]) / (history.x[b + 1] - history.x[b]) - 1.0
    interpolate(rule.stages, rule.stage_barycentric, place, out)
    return b


@compiled
def one_time_at(b: int, weights: Floats, values: Floats) -> float:
    """The overlap variable, or q, by interpolation in block ``b``."""
    value = 0.0
    for k in range(weights.size):
        value += weights[k] * values[b * weights.size + k]
    return value


@compiled
def summed(weights: Floats, first: int, stride: int, history: History) -> tuple[float, float]:
    """``sum_a weights[a] values[first + a stride]`` of ``C`` and of the scaled ``R``."""
    c = r = 0.0
    for a in range(weights.size):
        c += weights[a] * history.C[first + a * stride]
        r += weights[a] * history.R[first + a * stride]
    return c, r


@compiled
def nodes_in(b: int, rule: Rule, history: History) -> int:
    """Nodes of a slice in block ``b``."""
    return int(history.grids[history.grid[b], 2] * (rule.nodes.size - 1) + 1)


@compiled
def at_node(b: int, k: int, weights: Floats, rule: Rule, history: History) -> tuple[float, float]:
    """``C`` and scaled ``R`` at node ``k`` of the slice that the weights make of the stages of block ``b``."""
    return summed(weights, history.offset[b] + k, nodes_in(b, rule, history), history)


@compiled
def at_place(
    where: float, grid: int, base: int, rule: Rule, history: History, node: Floats
) -> tuple[float, float, int]:
    """``C``, scaled ``R`` in the slice stored at ``base``, first node of the panel; the weights are left in ``node``.

    ``where`` is the number of the panel plus the place in it, from 0 to 1.
    """
    panel = min(int(where), history.grids[grid, 2] - 1)
    interpolate(rule.nodes, rule.barycentric, 2.0 * (where - panel) - 1.0, node)
    first = panel * (node.size - 1)
    c, r = summed(node, base + first, 1, history)
    return c, r, first


@compiled
def two_time(
    s: float, earlier: float, lag: float, rule: Rule, history: History, stage: Floats, node: Floats
) -> tuple[float, float, int]:
    """``C``, scaled ``R`` at ``(s, earlier)``, ``lag = s - earlier``, and first node; weights are left in place."""
    b = stage_weights(s, rule, history, stage)
    panel, place = locate(history.grid[b], s, earlier, lag, rule, history)
    interpolate(rule.nodes, rule.barycentric, place, node)
    size, first = nodes_in(b, rule, history), panel * (node.size - 1)
    c = r = 0.0
    for a in range(stage.size):
        ca, ra = summed(node, history.offset[b] + a * size + first, 1, history)
        c += stage[a] * ca
        r += stage[a] * ra
    return c, r, first


@compiled
def evaluate(rule: Rule, history: History, t: Floats, s: Floats, lag: Floats, C: Floats, R: Floats) -> None:
    """``C(t, s)`` and ``R(t, s)`` at many points, ``lag = t - s``."""
    stage, node = np.empty(rule.stages.size), np.empty(rule.nodes.size)
    for i in range(t.size):
        c, r, _ = two_time(t[i], s[i], lag[i], rule, history, stage, node)
        C[i] = c
        R[i] = r / (rule.scale + lag[i])
