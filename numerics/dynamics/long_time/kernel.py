"""Compiled residual and Jacobian of one block of the two-time equations; every jitted function lives in this module.

A callee in another file would leave a stale binary of its caller in the cache. Polynomials come as coefficients, so
one cached binary serves every landscape. ``R`` is stored as ``(scale + t - t') R``, which varies slowly.
"""
# ruff: noqa: N803, N806, PLR0913

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
compiled = njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "arcp", "nsz"})

NO_SIGNAL, LINEAR, LOGARITHM = 0, 1, 2
"""How the overlap is represented: not at all, as ``m``, or as ``ln |m|``."""


class Law(NamedTuple):
    """The functions of the equations as ascending coefficients: ``f, f', f'', f'''`` and ``g, g', g''``."""

    covariance: Floats
    noise: Floats
    memory: Floats
    memory_slope: Floats
    planted: Floats
    drift: Floats
    drift_slope: Floats
    temperature: float
    beta: float
    overlap_kind: int
    sign: float


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
    ``C``, the scaled ``R`` (stage by stage, node by node) and the overlap variable.

    ``segments``: rows of (start, end or -1 for t, panels after start, panels before end, first panel);
    ``grids``: rows of (first segment, segments, panels); ``anchors``: fixed times where segments of the grids meet.
    """

    t: Floats
    x: Floats
    grid: Ints
    offset: Ints
    C: Floats
    R: Floats
    overlap: Floats
    segments: Floats
    grids: Ints
    anchors: Floats


@compiled
def polynomial(coefficients: Floats, x: float) -> float:
    """Horner."""
    value = coefficients[-1]
    for i in range(coefficients.size - 2, -1, -1):
        value = value * x + coefficients[i]
    return value


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
    return np.log1p(t / rule.origin)


@compiled
def locate(grid: int, t: float, s: float, lag: float, rule: Rule, history: History) -> tuple[int, float]:
    """Panel and place in [-1, 1] of ``s = t - lag`` in the slice at ``t``."""
    first, count = history.grids[grid, 0], history.grids[grid, 1]
    k = first
    for i in range(first, first + count):
        k = i
        if history.segments[i, 1] < 0.0 or s <= history.segments[i, 1]:
            break
    start, end = history.segments[k, 0], history.segments[k, 1]
    left, right = history.segments[k, 2], history.segments[k, 3]
    panel = int(history.segments[k, 4])
    length = (t if end < 0.0 else end) - start
    before_end = lag if end < 0.0 else end - s
    extent = np.log1p(0.5 * length / rule.scale)
    if before_end < 0.5 * length:
        place = (1.0 - np.log1p(max(before_end, 0.0) / rule.scale) / extent) * right
        panel += int(left)
        panels = right
    else:
        place = np.log1p(max(s - start, 0.0) / rule.scale) / extent * left
        panels = left
    inside = min(max(int(place), 0), int(panels) - 1)
    return panel + inside, 2.0 * (place - inside) - 1.0


@compiled
def position(
    grid: int, t: float, panel: int, place: float, rule: Rule, history: History
) -> tuple[float, float, float, float]:
    """``s = phi(t, y)``, lag ``t - s``, ``d phi/d place`` and ``d phi/dt`` at a point of a panel in the slice at ``t``.

    In each half of a segment ``s - start`` or ``end - s`` is ``scale (exp(f V) - 1)`` with ``V = ln(1 + length/(2
    scale))`` and ``f`` linear in the place.
    """
    first, count = history.grids[grid, 0], history.grids[grid, 1]
    k = first
    for i in range(first, first + count):
        if panel >= int(history.segments[i, 4]):
            k = i
    start, end = history.segments[k, 0], history.segments[k, 1]
    left, right = history.segments[k, 2], history.segments[k, 3]
    moving = end < 0.0
    if moving:
        end = t
    length = end - start
    extent = np.log1p(0.5 * length / rule.scale)
    growth = 1.0 / (2.0 * rule.scale + length) if moving else 0.0
    inside = panel - int(history.segments[k, 4])
    if inside < left:
        f = (inside + 0.5 * (1.0 + place)) / left
        u = rule.scale * np.expm1(f * extent)
        e = rule.scale + u
        return start + u, t - (start + u), e * extent * 0.5 / left, e * f * growth
    f = 1.0 - (inside - left + 0.5 * (1.0 + place)) / right
    u = rule.scale * np.expm1(f * extent)
    e = rule.scale + u
    lag = u if moving else (t - end) + u
    return end - u, lag, e * extent * 0.5 / right, (1.0 - e * f * growth) if moving else 0.0


@compiled
def nodes_at(grid: int, t: float, rule: Rule, history: History) -> Floats:
    """Lags ``t - s`` of all nodes of a slice."""
    panels, n = history.grids[grid, 2], rule.nodes.size
    lags = np.empty(panels * (n - 1) + 1)
    for p in range(panels):
        for j in range(n):
            lags[p * (n - 1) + j] = position(grid, t, p, rule.nodes[j], rule, history)[1]
    return lags


@compiled
def block_of(t: float, history: History) -> int:
    """Index of the block that holds ``t``."""
    return max(np.searchsorted(history.t, t, side="right") - 1, 0)


@compiled
def stage_weights(t: float, rule: Rule, history: History, out: Floats) -> int:
    """Interpolation weights in time at ``t``, and its block."""
    b = block_of(t, history)
    place = 2.0 * (log_time(t, rule) - history.x[b]) / (history.x[b + 1] - history.x[b]) - 1.0
    interpolate(rule.stages, rule.stage_barycentric, place, out)
    return b


@compiled
def overlap_at(b: int, weights: Floats, history: History) -> float:
    """The overlap variable by interpolation in block ``b``."""
    value = 0.0
    for k in range(weights.size):
        value += weights[k] * history.overlap[b * weights.size + k]
    return value


@compiled
def two_time(
    s: float, earlier: float, lag: float, rule: Rule, history: History, stage: Floats, node: Floats
) -> tuple[float, float, int, int]:
    """``C``, scaled ``R`` at ``(s, earlier)``, ``lag = s - earlier``; block, first node; weights are left in place."""
    b = stage_weights(s, rule, history, stage)
    grid, n = history.grid[b], rule.nodes.size
    panel, place = locate(grid, s, earlier, lag, rule, history)
    interpolate(rule.nodes, rule.barycentric, place, node)
    size = history.grids[grid, 2] * (n - 1) + 1
    first = panel * (n - 1)
    c = r = 0.0
    for k in range(stage.size):
        base = history.offset[b] + k * size + first
        ck = rk = 0.0
        for j in range(n):
            ck += node[j] * history.C[base + j]
            rk += node[j] * history.R[base + j]
        c += stage[k] * ck
        r += stage[k] * rk
    return c, r, b, first


@compiled
def slice_point(
    t: float, s: float, lag: float, grid: int, base: int, rule: Rule, history: History, node: Floats
) -> tuple[float, float, int]:
    """``C(t, s)``, ``R(t, s)`` in the slice whose values start at ``base``, and the first node of the panel."""
    panel, place = locate(grid, t, s, lag, rule, history)
    interpolate(rule.nodes, rule.barycentric, place, node)
    first = panel * (rule.nodes.size - 1)
    c = r = 0.0
    for j in range(node.size):
        c += node[j] * history.C[base + first + j]
        r += node[j] * history.R[base + first + j]
    return c, r / (rule.scale + lag), first


@compiled
def residual(
    law: Law,
    rule: Rule,
    history: History,
    times: Floats,
    slope: Floats,
    mu: Floats,
    with_jacobian: bool,
    F: Floats,
    J: Floats,
    before: Floats,
    between: Floats,
) -> None:
    """Collocation equations of the last block at its stage ``times``; ``slope`` differentiates in ``x``.

    Unknowns of a stage: ``C`` and scaled ``R`` at its N nodes, the overlap variable, ``mu``. A call with Jacobian
    leaves in ``before`` and ``between`` the values of ``C``, ``R`` at the quadrature points of earlier blocks, which
    calls without one take from there.
    """
    F[:] = 0.0
    if with_jacobian:
        J[:] = 0.0
    block, n = history.t.size - 1, rule.nodes.size
    grid = history.grid[block]
    size = history.grids[grid, 2] * (n - 1) + 1
    width = 2 * size + 2
    for i in range(times.size):
        one_time_rows(law, rule, history, i, times[i], slope, mu[i], with_jacobian, F, J)
        base = history.offset[block] + (i + 1) * size
        row = i * width
        F[row + size - 1] = history.C[base + size - 1] - 1.0
        F[row + 2 * size - 1] = history.R[base + size - 1] - rule.scale
        if with_jacobian:
            J[row + size - 1, row + size - 1] = 1.0
            J[row + 2 * size - 1, row + 2 * size - 1] = 1.0
        for panel in range(history.grids[grid, 2]):
            for j in range(n - 1):
                transport(rule, history, i, times[i], panel, j, slope, mu[i], with_jacobian, F, J)
                k = panel * (n - 1) + j
                s, lag, _, _ = position(grid, times[i], panel, rule.nodes[j], rule, history)
                source_of_signal_and_start(law, rule, history, i, k, s, with_jacobian, F, J)
                if s > 0.0:
                    integral_before(law, rule, history, i, times[i], k, s, lag, with_jacobian, F, J, before[i, k])
                integral_between(law, rule, history, i, times[i], k, s, lag, with_jacobian, F, J, between[i, k])


@compiled
def one_time_rows(
    law: Law,
    rule: Rule,
    history: History,
    i: int,
    t: float,
    slope: Floats,
    mu: float,
    with_jacobian: bool,
    F: Floats,
    J: Floats,
) -> None:
    """``mu = T + g'(m) m + int R [f'(C) + f''(C) C] + beta f'(C0) C0``; ``d_t m``, or ``d_t ln m``, at one stage."""
    block, n, q = history.t.size - 1, rule.nodes.size, slope.shape[0] - 1
    grid = history.grid[block]
    size = history.grids[grid, 2] * (n - 1) + 1
    width = 2 * size + 2
    row, base = i * width, history.offset[block] + (i + 1) * size
    m_row, mu_row = row + 2 * size, row + 2 * size + 1
    variable = history.overlap[block * (q + 1) + i + 1]
    m = overlap_of(variable, law)
    stage = np.empty(q + 1)
    multiplier = pull = 0.0
    for panel in range(history.grids[grid, 2]):
        for j in range(n):
            k = panel * (n - 1) + j
            s, lag, stretch, _ = position(grid, t, panel, rule.nodes[j], rule, history)
            w = rule.quadrature[j] * stretch
            per = 1.0 / (rule.scale + lag)
            c, r = history.C[base + k], history.R[base + k] * per
            noise, memory = polynomial(law.noise, c), polynomial(law.memory, c)
            bend = polynomial(law.memory_slope, c)
            multiplier += w * r * (noise + memory * c)
            if with_jacobian:
                J[mu_row, row + k] -= w * r * (2.0 * memory + bend * c)
                J[mu_row, row + size + k] -= w * per * (noise + memory * c)
            if law.overlap_kind == NO_SIGNAL:
                continue
            b = stage_weights(s, rule, history, stage)
            past = overlap_at(b, stage, history)
            if law.overlap_kind == LOGARITHM:
                past = np.exp(past - variable)
            pull += w * memory * r * past
            if with_jacobian:
                J[m_row, row + k] -= w * bend * r * past
                J[m_row, row + size + k] -= w * per * memory * past
                change = w * memory * r * (past if law.overlap_kind == LOGARITHM else 1.0)
                if b == block:
                    for l in range(1, q + 1):
                        J[m_row, (l - 1) * width + 2 * size] -= change * stage[l]
                if law.overlap_kind == LOGARITHM:
                    J[m_row, m_row] += change
    c0 = history.C[base]
    drift, drift_slope = polynomial(law.drift, m), polynomial(law.drift_slope, m)
    F[mu_row] = mu - law.temperature - multiplier - law.beta * polynomial(law.noise, c0) * c0 - drift * m
    if with_jacobian:
        J[mu_row, mu_row] += 1.0
        J[mu_row, row] -= law.beta * (polynomial(law.memory, c0) * c0 + polynomial(law.noise, c0))
    if law.overlap_kind == NO_SIGNAL:
        F[m_row] = variable
        if with_jacobian:
            J[m_row, m_row] = 1.0
        return
    rate = np.exp(-log_time(t, rule)) / rule.origin
    change = 0.0
    for l in range(q + 1):
        change += slope[i + 1, l] * history.overlap[block * (q + 1) + l]
        if with_jacobian and l > 0:
            J[m_row, (l - 1) * width + 2 * size] += rate * slope[i + 1, l]
    if law.overlap_kind == LOGARITHM:
        per_m = polynomial(law.drift[1:], m) if law.drift.size > 1 else 0.0
        F[m_row] = rate * change + mu - per_m - pull
        if with_jacobian:
            J[m_row, m_row] -= drift_slope - per_m
            J[m_row, mu_row] += 1.0
            J[mu_row, m_row] -= (drift_slope * m + drift) * m
    else:
        F[m_row] = rate * change + mu * m - drift - pull
        if with_jacobian:
            J[m_row, m_row] += mu - drift_slope
            J[m_row, mu_row] += m
            J[mu_row, m_row] -= drift_slope * m + drift


@compiled
def overlap_of(variable: float, law: Law) -> float:
    """``m`` from the variable that stands for it."""
    if law.overlap_kind == NO_SIGNAL:
        return 0.0
    return law.sign * np.exp(variable) if law.overlap_kind == LOGARITHM else variable


@compiled
def transport(
    rule: Rule,
    history: History,
    i: int,
    t: float,
    panel: int,
    j: int,
    slope: Floats,
    mu: float,
    with_jacobian: bool,
    F: Floats,
    J: Floats,
) -> None:
    """``d_t + mu`` at fixed ``t'``: ``d_t`` at a fixed node minus ``phi_t/phi_y d_y``; scaled R loses ``1/(scale + lag)``."""
    block, n, q = history.t.size - 1, rule.nodes.size, slope.shape[0] - 1
    grid = history.grid[block]
    size = history.grids[grid, 2] * (n - 1) + 1
    width, k = 2 * size + 2, panel * (n - 1) + j
    row, offset = i * width, history.offset[block]
    base = offset + (i + 1) * size
    _, lag, stretch, drift = position(grid, t, panel, rule.nodes[j], rule, history)
    speed, rate = drift / stretch, np.exp(-log_time(t, rule)) / rule.origin
    mu_r = mu - 1.0 / (rule.scale + lag)
    c, r = mu * history.C[base + k], mu_r * history.R[base + k]
    for l in range(q + 1):
        c += rate * slope[i + 1, l] * history.C[offset + l * size + k]
        r += rate * slope[i + 1, l] * history.R[offset + l * size + k]
    for z in range(n):
        c -= speed * rule.derivative[j, z] * history.C[base + panel * (n - 1) + z]
        r -= speed * rule.derivative[j, z] * history.R[base + panel * (n - 1) + z]
    F[row + k] += c
    F[row + size + k] += r
    if not with_jacobian:
        return
    for l in range(1, q + 1):
        J[row + k, (l - 1) * width + k] += rate * slope[i + 1, l]
        J[row + size + k, (l - 1) * width + size + k] += rate * slope[i + 1, l]
    for z in range(n):
        J[row + k, row + panel * (n - 1) + z] -= speed * rule.derivative[j, z]
        J[row + size + k, row + size + panel * (n - 1) + z] -= speed * rule.derivative[j, z]
    J[row + k, row + k] += mu
    J[row + size + k, row + size + k] += mu_r
    J[row + k, row + 2 * size + 1] += history.C[base + k]
    J[row + size + k, row + 2 * size + 1] += history.R[base + k]


@compiled
def source_of_signal_and_start(
    law: Law, rule: Rule, history: History, i: int, k: int, s: float, with_jacobian: bool, F: Floats, J: Floats
) -> None:
    """``g'(m(t)) m(t') + beta f'(C(t,0)) C(t',0)`` on the right of ``d_t C(t,t')``."""
    if law.overlap_kind == NO_SIGNAL and law.beta == 0.0:
        return
    block, n, q = history.t.size - 1, rule.nodes.size, rule.stages.size - 1
    size = history.grids[history.grid[block], 2] * (n - 1) + 1
    width = 2 * size + 2
    row = i * width
    stage = np.empty(q + 1)
    b = stage_weights(s, rule, history, stage)
    if law.overlap_kind != NO_SIGNAL:
        m = overlap_of(history.overlap[block * (q + 1) + i + 1], law)
        past = overlap_of(overlap_at(b, stage, history), law)
        drift = polynomial(law.drift, m)
        logarithm = law.overlap_kind == LOGARITHM
        F[row + k] -= drift * past
        if with_jacobian:
            J[row + k, row + 2 * size] -= polynomial(law.drift_slope, m) * past * (m if logarithm else 1.0)
            if b == block:
                for l in range(1, q + 1):
                    J[row + k, (l - 1) * width + 2 * size] -= drift * stage[l] * (past if logarithm else 1.0)
    if law.beta > 0.0:
        older = history.grids[history.grid[b], 2] * (n - 1) + 1
        c0, past = history.C[history.offset[block] + (i + 1) * size], 0.0
        for l in range(q + 1):
            past += stage[l] * history.C[history.offset[b] + l * older]
        F[row + k] -= law.beta * polynomial(law.noise, c0) * past
        if with_jacobian:
            J[row + k, row] -= law.beta * polynomial(law.memory, c0) * past
            if b == block:
                for l in range(1, q + 1):
                    J[row + k, (l - 1) * width] -= law.beta * polynomial(law.noise, c0) * stage[l]


@compiled
def integral_before(
    law: Law,
    rule: Rule,
    history: History,
    i: int,
    t: float,
    k: int,
    earlier: float,
    lag: float,
    with_jacobian: bool,
    F: Floats,
    J: Floats,
    memo: Floats,
) -> None:
    """``int_0^t' [f''(C(t,s)) R(t,s) C(t',s) + f'(C(t,s)) R(t',s)] ds`` on the nodes of the slice at ``t'``."""
    block, n, q = history.t.size - 1, rule.nodes.size, rule.stages.size - 1
    grid = history.grid[block]
    size = history.grids[grid, 2] * (n - 1) + 1
    width = 2 * size + 2
    row, base = i * width, history.offset[block] + (i + 1) * size
    stage, node = np.empty(q + 1), np.empty(n)
    b = stage_weights(earlier, rule, history, stage)
    panels = history.grids[history.grid[b], 2]
    older, offset = panels * (n - 1) + 1, history.offset[b]
    total = 0.0
    for panel in range(panels):
        for j in range(n):
            s, back, stretch, _ = position(history.grid[b], earlier, panel, rule.nodes[j], rule, history)
            w, z = rule.quadrature[j] * stretch, panel * (n - 1) + j
            per = 1.0 / (rule.scale + back)
            c_past, r_past = memo[panel * n + j]
            if with_jacobian or b == block:
                c_past = r_past = 0.0
                for l in range(q + 1):
                    c_past += stage[l] * history.C[offset + l * older + z]
                    r_past += stage[l] * history.R[offset + l * older + z]
                r_past *= per
                memo[panel * n + j] = c_past, r_past
            c, r, first = slice_point(t, s, lag + back, grid, base, rule, history, node)
            noise, memory = polynomial(law.noise, c), polynomial(law.memory, c)
            total += w * (memory * r * c_past + noise * r_past)
            if not with_jacobian:
                continue
            by_c = w * (polynomial(law.memory_slope, c) * r * c_past + memory * r_past)
            by_r = w * memory * c_past / (rule.scale + lag + back)
            for y in range(n):
                J[row + k, row + first + y] -= by_c * node[y]
                J[row + k, row + size + first + y] -= by_r * node[y]
            if b == block:
                for l in range(1, q + 1):
                    J[row + k, (l - 1) * width + z] -= w * memory * r * stage[l]
                    J[row + k, (l - 1) * width + size + z] -= w * noise * per * stage[l]
    F[row + k] -= total


@compiled
def integral_between(
    law: Law,
    rule: Rule,
    history: History,
    i: int,
    t: float,
    k: int,
    earlier: float,
    lag: float,
    with_jacobian: bool,
    F: Floats,
    J: Floats,
    memo: Floats,
) -> None:
    """``int_t'^t f''(C(t,s)) R(t,s) C(s,t') ds`` and ``... R(s,t') ds``: Gauss panels gathered, on a logarithmic
    scale, at both ends and at the anchors between them; ``s - t'`` and ``t - s`` never by subtraction of large times."""
    work = (np.empty(rule.nodes.size), np.empty(rule.nodes.size), np.empty(rule.stages.size))
    edges = np.empty(history.anchors.size + 2)
    edges[0], count = earlier, 1
    for anchor in history.anchors:
        if earlier < anchor < t:
            edges[count] = anchor
            count += 1
    edges[count] = t
    point = 0
    for e in range(count):
        length = lag if count == 1 else edges[e + 1] - edges[e]
        extent = np.log1p(0.5 * length / rule.scale)
        panels = max(int(np.ceil(extent / rule.width)), 1)
        for panel in range(panels):
            for j in range(rule.gauss.size):
                u = rule.scale * np.expm1(extent * (panel + 0.5 * (1.0 + rule.gauss[j])) / panels)
                w = rule.gauss_weights[j] * 0.5 * extent / panels * (rule.scale + u)
                s = edges[e] + u
                since, until = (u, lag - u) if e == 0 else (s - earlier, t - s)
                between_point(
                    law,
                    rule,
                    history,
                    i,
                    t,
                    k,
                    earlier,
                    lag,
                    s,
                    since,
                    until,
                    w,
                    *work,
                    with_jacobian,
                    F,
                    J,
                    memo[point],
                )
                s = edges[e + 1] - u
                since, until = (lag - u, u) if e == count - 1 else (s - earlier, t - s)
                between_point(
                    law,
                    rule,
                    history,
                    i,
                    t,
                    k,
                    earlier,
                    lag,
                    s,
                    since,
                    until,
                    w,
                    *work,
                    with_jacobian,
                    F,
                    J,
                    memo[point + 1],
                )
                point += 2


@compiled
def between_point(
    law: Law,
    rule: Rule,
    history: History,
    i: int,
    t: float,
    k: int,
    earlier: float,
    lag: float,
    s: float,
    since: float,
    until: float,
    w: float,
    node: Floats,
    older: Floats,
    stage: Floats,
    with_jacobian: bool,
    F: Floats,
    J: Floats,
    memo: Floats,
) -> None:
    """One point ``s`` of ``integral_between``: ``since = s - t'``, ``until = t - s``, quadrature weight ``w``."""
    block, n, q = history.t.size - 1, rule.nodes.size, rule.stages.size - 1
    grid = history.grid[block]
    size = history.grids[grid, 2] * (n - 1) + 1
    width = 2 * size + 2
    row, base = i * width, history.offset[block] + (i + 1) * size
    c, r, first = slice_point(t, s, until, grid, base, rule, history, node)
    per = (rule.scale + lag) / (rule.scale + since)
    c_past, r_past = memo
    if with_jacobian or s >= history.t[block]:
        c_past, r_past, b, old = two_time(s, earlier, since, rule, history, stage, older)
        r_past *= per
        memo[0], memo[1] = c_past, r_past
    memory = polynomial(law.memory, c)
    F[row + k] -= w * memory * r * c_past
    F[row + size + k] -= w * memory * r * r_past
    if not with_jacobian:
        return
    by_c, by_r = w * polynomial(law.memory_slope, c) * r, w * memory / (rule.scale + until)
    for y in range(n):
        J[row + k, row + first + y] -= by_c * c_past * node[y]
        J[row + size + k, row + first + y] -= by_c * r_past * node[y]
        J[row + k, row + size + first + y] -= by_r * c_past * node[y]
        J[row + size + k, row + size + first + y] -= by_r * r_past * node[y]
    if b == block:
        for l in range(1, q + 1):
            for y in range(n):
                change = w * memory * r * stage[l] * older[y]
                J[row + k, (l - 1) * width + old + y] -= change
                J[row + size + k, (l - 1) * width + size + old + y] -= change * per


@compiled
def energies(law: Law, rule: Rule, history: History, times: Floats, out: Floats) -> None:
    """``e = -g(m) - int_0^t f'(C) R ds - beta f(C(t,0))`` at the stages of the last block."""
    block, n = history.t.size - 1, rule.nodes.size
    grid = history.grid[block]
    panels = history.grids[grid, 2]
    size = panels * (n - 1) + 1
    for i in range(times.size):
        base = history.offset[block] + (i + 1) * size
        total = 0.0
        for panel in range(panels):
            for j in range(n):
                _, lag, stretch, _ = position(grid, times[i], panel, rule.nodes[j], rule, history)
                k = base + panel * (n - 1) + j
                total += (
                    rule.quadrature[j]
                    * stretch
                    * polynomial(law.noise, history.C[k])
                    * history.R[k]
                    / (rule.scale + lag)
                )
        m = overlap_of(history.overlap[block * (times.size + 1) + i + 1], law)
        out[i] = -polynomial(law.planted, m) - total - law.beta * polynomial(law.covariance, history.C[base])


@compiled
def evaluate(rule: Rule, history: History, t: Floats, s: Floats, lag: Floats, C: Floats, R: Floats) -> None:
    """``C(t, s)`` and ``R(t, s)`` at many points, ``lag = t - s``."""
    stage, node = np.empty(rule.stages.size), np.empty(rule.nodes.size)
    for i in range(t.size):
        c, r, _, _ = two_time(t[i], s[i], lag[i], rule, history, stage, node)
        C[i] = c
        R[i] = r / (rule.scale + lag[i])


@compiled
def resample(
    old: int, new: int, t: float, C: Floats, R: Floats, rule: Rule, history: History, C_new: Floats, R_new: Floats
) -> None:
    """Values of a slice on the nodes of another grid."""
    n = rule.nodes.size
    node = np.empty(n)
    for panel in range(history.grids[new, 2]):
        for j in range(n):
            s, lag, _, _ = position(new, t, panel, rule.nodes[j], rule, history)
            source, place = locate(old, t, s, lag, rule, history)
            interpolate(rule.nodes, rule.barycentric, place, node)
            k, first = panel * (n - 1) + j, source * (n - 1)
            C_new[k] = np.dot(node, C[first : first + n])
            R_new[k] = np.dot(node, R[first : first + n])
