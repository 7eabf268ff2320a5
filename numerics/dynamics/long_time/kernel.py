"""Compiled residual and Jacobian of one block of the two-time equations; every jitted function lives in this module.

A callee in another file would leave a stale binary of its caller in the cache. Polynomials come as coefficients, so
one cached binary serves every landscape. ``R`` is stored as ``(scale + t - t') R``, which varies slowly.
"""
# ruff: noqa: N803

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...machine_code import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

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


class System(NamedTuple):
    """``F = 0`` and its Jacobian, filled only if ``wanted``: in ``single`` or ``double`` precision, whichever has room,
    each row, summed in ``rows``, over its largest entry, which goes to ``scales``.

    A call that wants the Jacobian also leaves what does not depend on the unknowns in ``before`` and ``between``,
    a row for each quadrature point (``PAST_C`` and so on); calls without one start from there.
    """

    F: Floats
    single: NDArray[np.float32]
    double: Floats
    rows: Floats
    scales: Floats
    wanted: bool
    before: Floats
    between: Floats


PAST_C, PAST_R, PLACE, GAP, COLUMNS = range(5)
"""``C`` and ``R`` of the past times the quadrature weight (the weight itself and inf where they are unknowns); panel of
the slice at t plus the place in it, from 0 to 1 (-1 after the last point); a lag: in ``before`` ``t' - s``, in
``between`` ``s - t'`` or minus ``t - s``, the smaller of the two."""


class Stage(NamedTuple):
    """One stage of the last block: its time and ``mu``, first row, first value of its slice, and the sizes.

    ``nodes`` per slice, ``unknowns`` per stage: ``C``, scaled ``R``, the overlap variable, ``mu``, in this order.
    """

    number: int
    t: float
    mu: float
    block: int
    grid: int
    row: int
    base: int
    nodes: int
    unknowns: int


class Between(NamedTuple):
    """A quadrature point ``s`` between ``earlier`` and ``t = earlier + lag`` for a node of the slice.

    ``since = s - earlier`` and ``until = t - s`` without cancellation.
    """

    node: int
    point: int
    earlier: float
    lag: float
    s: float
    since: float
    until: float
    weight: float


@compiled
def polynomial(coefficients: Floats, x: float) -> float:
    """Horner."""
    value = coefficients[-1]
    for i in range(coefficients.size - 2, -1, -1):
        value = value * x + coefficients[i]
    return float(value)


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
    return max(int(np.searchsorted(history.t, t, side="right")) - 1, 0)


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
def slice_point(place: float, first: int, base: int, rule: Rule, history: History, node: Floats) -> tuple[float, float]:
    """``C`` and scaled ``R`` at a place of the panel that begins at node ``first`` of the slice stored at ``base``."""
    interpolate(rule.nodes, rule.barycentric, place, node)
    c = r = 0.0
    for j in range(node.size):
        c += node[j] * history.C[base + first + j]
        r += node[j] * history.R[base + first + j]
    return c, r


@compiled
def residual(law: Law, rule: Rule, history: History, times: Floats, slope: Floats, mu: Floats, system: System) -> None:
    """Collocation equations of the last block at its stage ``times``; ``slope`` differentiates in ``x``."""
    system.F[:] = 0.0
    system.rows[:] = 0.0
    block = history.t.size - 1
    grid = history.grid[block]
    panels, n = history.grids[grid, 2], rule.nodes.size
    nodes = panels * (n - 1) + 1
    for i in range(times.size):
        row, base = i * (2 * nodes + 2), history.offset[block] + (i + 1) * nodes
        stage = Stage(i, times[i], mu[i], block, grid, row, base, nodes, 2 * nodes + 2)
        multiplier_row(law, rule, history, stage, system)
        keep(0, stage.row + stage.unknowns - 1, system)
        overlap_row(law, rule, history, stage, slope, system)
        keep(0, stage.row + stage.unknowns - 2, system)
        diagonal_rows(rule, history, stage, system)
        for panel in range(panels):
            for j in range(n - 1):
                k = panel * (n - 1) + j
                earlier, lag, _, _ = position(grid, times[i], panel, rule.nodes[j], rule, history)
                transport(rule, history, stage, panel, j, slope, system)
                sources(law, rule, history, stage, k, earlier, system)
                if system.wanted:
                    integral_before(law, rule, history, stage, k, earlier, lag, system)
                    integral_between(law, rule, history, stage, k, earlier, lag, system)
                else:
                    before_again(law, rule, history, stage, k, earlier, lag, system)
                    between_again(law, rule, history, stage, k, earlier, lag, system)
                keep(0, row + k, system)
                keep(1, row + nodes + k, system)


@compiled
def keep(which: int, row: int, system: System) -> None:
    """Put a finished row of the Jacobian in its place."""
    if not system.wanted:
        return
    largest = 0.0
    for column in range(system.F.size):
        largest = max(largest, abs(system.rows[which, column]))
    system.scales[row] = largest
    for column in range(system.F.size):
        if system.double.size:
            system.double[row, column] = system.rows[which, column] / largest
        else:
            system.single[row, column] = system.rows[which, column] / largest
        system.rows[which, column] = 0.0


@compiled
def diagonal_rows(rule: Rule, history: History, stage: Stage, system: System) -> None:
    """``C(t,t) = R(t,t) = 1``."""
    last = stage.nodes - 1
    for row, value in ((last, history.C[stage.base + last] - 1.0), (last + stage.nodes, history.R[stage.base + last])):
        system.F[stage.row + row] = value if row == last else value - rule.scale
        if system.wanted:
            system.rows[0, stage.row + row] = 1.0
            keep(0, stage.row + row, system)


@compiled
def multiplier_row(law: Law, rule: Rule, history: History, stage: Stage, system: System) -> None:
    """``mu = T + g'(m) m + int_0^t R [f'(C) + f''(C) C] ds + beta f'(C(t,0)) C(t,0)``."""
    n, row, rows = rule.nodes.size, stage.row + stage.unknowns - 1, system.rows
    total = 0.0
    for panel in range(history.grids[stage.grid, 2]):
        for j in range(n):
            k = panel * (n - 1) + j
            _, lag, stretch, _ = position(stage.grid, stage.t, panel, rule.nodes[j], rule, history)
            w, per = rule.quadrature[j] * stretch, 1.0 / (rule.scale + lag)
            c, r = history.C[stage.base + k], history.R[stage.base + k] * per
            noise, memory = polynomial(law.noise, c), polynomial(law.memory, c)
            total += w * r * (noise + memory * c)
            if system.wanted:
                rows[0, stage.row + k] -= w * r * (2.0 * memory + polynomial(law.memory_slope, c) * c)
                rows[0, stage.row + stage.nodes + k] -= w * per * (noise + memory * c)
    c0, m = history.C[stage.base], overlap_of(variable_of(stage, rule, history), law)
    noise, drift = polynomial(law.noise, c0), polynomial(law.drift, m)
    system.F[row] = stage.mu - law.temperature - total - law.beta * noise * c0 - drift * m
    if system.wanted:
        rows[0, row] += 1.0
        rows[0, stage.row] -= law.beta * (polynomial(law.memory, c0) * c0 + noise)
        slope = polynomial(law.drift_slope, m) * m + drift
        rows[0, row - 1] -= slope * (m if law.overlap_kind == LOGARITHM else 1.0)


@compiled
def overlap_row(law: Law, rule: Rule, history: History, stage: Stage, slope: Floats, system: System) -> None:
    """``d_t m = -mu m + g'(m) + int_0^t f''(C) R m ds``, or that equation over ``m`` for ``ln |m|``."""
    row, q, rows = stage.row + stage.unknowns - 2, rule.stages.size - 1, system.rows
    variable = variable_of(stage, rule, history)
    if law.overlap_kind == NO_SIGNAL:
        if system.wanted:  # F = 0: the variable stays as it is
            rows[0, row] = 1.0
        return
    m, rate = overlap_of(variable, law), np.exp(-log_time(stage.t, rule)) / rule.origin
    change = 0.0
    for a in range(q + 1):
        change += slope[stage.number + 1, a] * history.overlap[stage.block * (q + 1) + a]
        if system.wanted and a > 0:
            rows[0, a * stage.unknowns - 2] += rate * slope[stage.number + 1, a]
    pull = overlap_memory(law, rule, history, stage, variable, system)
    drift, drift_slope = polynomial(law.drift, m), polynomial(law.drift_slope, m)
    if law.overlap_kind == LOGARITHM:
        per_m = polynomial(law.drift[1:], m) if law.drift.size > 1 else 0.0
        system.F[row] = rate * change + stage.mu - per_m - pull
        if system.wanted:
            rows[0, row] -= drift_slope - per_m
            rows[0, row + 1] += 1.0
        return
    system.F[row] = rate * change + stage.mu * m - drift - pull
    if system.wanted:
        rows[0, row] += stage.mu - drift_slope
        rows[0, row + 1] += m


@compiled
def overlap_memory(law: Law, rule: Rule, history: History, stage: Stage, variable: float, system: System) -> float:
    """``int_0^t f''(C(t,s)) R(t,s) m(s) ds``, over ``m(t)`` where the logarithm stands for it."""
    n, q, row, rows = rule.nodes.size, rule.stages.size - 1, stage.row + stage.unknowns - 2, system.rows
    logarithm = law.overlap_kind == LOGARITHM
    weights, total = np.empty(q + 1), 0.0
    for panel in range(history.grids[stage.grid, 2]):
        for j in range(n):
            k = panel * (n - 1) + j
            s, lag, stretch, _ = position(stage.grid, stage.t, panel, rule.nodes[j], rule, history)
            w, per = rule.quadrature[j] * stretch, 1.0 / (rule.scale + lag)
            c, r = history.C[stage.base + k], history.R[stage.base + k] * per
            b = stage_weights(s, rule, history, weights)
            past = overlap_at(b, weights, history)
            if logarithm:
                past = np.exp(past - variable)
            memory = polynomial(law.memory, c)
            total += w * memory * r * past
            if not system.wanted:
                continue
            rows[0, stage.row + k] -= w * polynomial(law.memory_slope, c) * r * past
            rows[0, stage.row + stage.nodes + k] -= w * per * memory * past
            change = w * memory * r * (past if logarithm else 1.0)
            if b == stage.block:
                for a in range(1, q + 1):
                    rows[0, a * stage.unknowns - 2] -= change * weights[a]
            if logarithm:
                rows[0, row] += change
    return total


@compiled
def variable_of(stage: Stage, rule: Rule, history: History) -> float:
    """The overlap variable at a stage."""
    return float(history.overlap[stage.block * rule.stages.size + stage.number + 1])


@compiled
def overlap_of(variable: float, law: Law) -> float:
    """``m`` from the variable that stands for it."""
    if law.overlap_kind == NO_SIGNAL:
        return 0.0
    return law.sign * np.exp(variable) if law.overlap_kind == LOGARITHM else variable


@compiled
def transport(rule: Rule, history: History, stage: Stage, panel: int, j: int, slope: Floats, system: System) -> None:
    """``d_t + mu`` at fixed ``t'``: ``d_t`` at a fixed node minus ``phi_t/phi_y d_y``; the scaled R loses
    ``1/(scale + lag)``."""
    n, q, rows = rule.nodes.size, rule.stages.size - 1, system.rows
    first, k = panel * (n - 1), panel * (n - 1) + j
    row_c, row_r = stage.row + k, stage.row + stage.nodes + k
    offset = stage.base - (stage.number + 1) * stage.nodes
    _, lag, stretch, drift = position(stage.grid, stage.t, panel, rule.nodes[j], rule, history)
    speed, rate = drift / stretch, np.exp(-log_time(stage.t, rule)) / rule.origin
    mu_r = stage.mu - 1.0 / (rule.scale + lag)
    c, r = stage.mu * history.C[stage.base + k], mu_r * history.R[stage.base + k]
    for a in range(q + 1):
        c += rate * slope[stage.number + 1, a] * history.C[offset + a * stage.nodes + k]
        r += rate * slope[stage.number + 1, a] * history.R[offset + a * stage.nodes + k]
    for z in range(n):
        c -= speed * rule.derivative[j, z] * history.C[stage.base + first + z]
        r -= speed * rule.derivative[j, z] * history.R[stage.base + first + z]
    system.F[row_c] += c
    system.F[row_r] += r
    if not system.wanted:
        return
    for a in range(1, q + 1):
        column = (a - 1) * stage.unknowns + k
        rows[0, column] += rate * slope[stage.number + 1, a]
        rows[1, column + stage.nodes] += rate * slope[stage.number + 1, a]
    for z in range(n):
        rows[0, stage.row + first + z] -= speed * rule.derivative[j, z]
        rows[1, stage.row + stage.nodes + first + z] -= speed * rule.derivative[j, z]
    rows[0, row_c] += stage.mu
    rows[1, row_r] += mu_r
    rows[0, stage.row + stage.unknowns - 1] += history.C[stage.base + k]
    rows[1, stage.row + stage.unknowns - 1] += history.R[stage.base + k]


@compiled
def sources(law: Law, rule: Rule, history: History, stage: Stage, k: int, earlier: float, system: System) -> None:
    """``g'(m(t)) m(t') + beta f'(C(t,0)) C(t',0)`` on the right of ``d_t C(t,t')``."""
    if law.overlap_kind == NO_SIGNAL and law.beta == 0.0:
        return
    q, row, rows = rule.stages.size - 1, stage.row + k, system.rows
    weights = np.empty(q + 1)
    b = stage_weights(earlier, rule, history, weights)
    if law.overlap_kind != NO_SIGNAL:
        m = overlap_of(variable_of(stage, rule, history), law)
        past = overlap_of(overlap_at(b, weights, history), law)
        drift, logarithm = polynomial(law.drift, m), law.overlap_kind == LOGARITHM
        system.F[row] -= drift * past
        if system.wanted:
            column = stage.row + stage.unknowns - 2
            rows[0, column] -= polynomial(law.drift_slope, m) * past * (m if logarithm else 1.0)
            if b == stage.block:
                for a in range(1, q + 1):
                    rows[0, a * stage.unknowns - 2] -= drift * weights[a] * (past if logarithm else 1.0)
    if law.beta > 0.0:
        older = history.grids[history.grid[b], 2] * (rule.nodes.size - 1) + 1
        c0, past = history.C[stage.base], 0.0
        for a in range(q + 1):
            past += weights[a] * history.C[history.offset[b] + a * older]
        system.F[row] -= law.beta * polynomial(law.noise, c0) * past
        if system.wanted:
            rows[0, stage.row] -= law.beta * polynomial(law.memory, c0) * past
            if b == stage.block:
                for a in range(1, q + 1):
                    rows[0, (a - 1) * stage.unknowns] -= law.beta * polynomial(law.noise, c0) * weights[a]


@compiled
def integral_before(
    law: Law, rule: Rule, history: History, stage: Stage, k: int, earlier: float, lag: float, system: System
) -> None:
    """``int_0^t' [f''(C(t,s)) R(t,s) C(t',s) + f'(C(t,s)) R(t',s)] ds`` on the nodes of the slice at ``t'``."""
    memo = system.before[stage.number, k]
    memo[0, PLACE] = -1.0
    if earlier == 0.0:
        return
    n, q, row, rows = rule.nodes.size, rule.stages.size - 1, stage.row + k, system.rows
    weights, node = np.empty(q + 1), np.empty(n)
    b = stage_weights(earlier, rule, history, weights)
    grid, total = history.grid[b], 0.0
    panels = history.grids[grid, 2]
    for panel in range(panels):
        for j in range(n):
            s, back, stretch, _ = position(grid, earlier, panel, rule.nodes[j], rule, history)
            w, per, z = rule.quadrature[j] * stretch, 1.0 / (rule.scale + back), panel * (n - 1) + j
            c_past, r_past = past_slice(b, z, weights, rule, history)
            r_past *= per
            inside, place = locate(stage.grid, stage.t, s, lag + back, rule, history)
            first, per_lag = inside * (n - 1), 1.0 / (rule.scale + lag + back)
            memo[panel * n + j, PLACE], memo[panel * n + j, GAP] = inside + 0.5 * (1.0 + place), back
            memo[panel * n + j, PAST_C], memo[panel * n + j, PAST_R] = (
                (w, np.inf) if b == stage.block else (w * c_past, w * r_past)
            )
            c, r = slice_point(place, first, stage.base, rule, history, node)
            r *= per_lag
            noise, memory = polynomial(law.noise, c), polynomial(law.memory, c)
            total += w * (memory * r * c_past + noise * r_past)
            by_c = w * (polynomial(law.memory_slope, c) * r * c_past + memory * r_past)
            by_r = w * memory * c_past * per_lag
            for y in range(n):
                rows[0, stage.row + first + y] -= by_c * node[y]
                rows[0, stage.row + stage.nodes + first + y] -= by_r * node[y]
            if b == stage.block:
                for a in range(1, q + 1):
                    column = (a - 1) * stage.unknowns + z
                    rows[0, column] -= w * memory * r * weights[a]
                    rows[0, column + stage.nodes] -= w * noise * per * weights[a]
    memo[panels * n, PLACE] = -1.0
    system.F[row] -= total


@compiled
def past_slice(b: int, node: int, weights: Floats, rule: Rule, history: History) -> tuple[float, float]:
    """``C`` and scaled ``R`` at a node of the slice in block ``b`` that the weights pick."""
    older = history.grids[history.grid[b], 2] * (rule.nodes.size - 1) + 1
    c = r = 0.0
    for a in range(weights.size):
        c += weights[a] * history.C[history.offset[b] + a * older + node]
        r += weights[a] * history.R[history.offset[b] + a * older + node]
    return c, r


@compiled
def before_again(
    law: Law, rule: Rule, history: History, stage: Stage, k: int, earlier: float, lag: float, system: System
) -> None:
    """``integral_before`` at new values of the unknowns."""
    memo, n, panels = system.before[stage.number, k], rule.nodes.size, history.grids[stage.grid, 2]
    weights, node, total, point = np.empty(rule.stages.size), np.empty(n), 0.0, 0
    current = earlier >= history.t[stage.block]
    b = stage_weights(earlier, rule, history, weights)
    while memo[point, PLACE] >= 0.0:
        c_past, r_past = memo[point, PAST_C], memo[point, PAST_R]
        if current:
            w = c_past
            c_past, r_past = past_slice(b, point // n * (n - 1) + point % n, weights, rule, history)
            c_past, r_past = w * c_past, w * r_past / (rule.scale + memo[point, GAP])
        inside = min(int(memo[point, PLACE]), panels - 1)
        place = 2.0 * (memo[point, PLACE] - inside) - 1.0
        c, r = slice_point(place, inside * (n - 1), stage.base, rule, history, node)
        r /= rule.scale + lag + memo[point, GAP]
        total += polynomial(law.memory, c) * r * c_past + polynomial(law.noise, c) * r_past
        point += 1
    system.F[stage.row + k] -= total


@compiled
def integral_between(
    law: Law, rule: Rule, history: History, stage: Stage, k: int, earlier: float, lag: float, system: System
) -> None:
    """``int_t'^t f''(C(t,s)) R(t,s) C(s,t') ds`` and ``... R(s,t') ds``.

    Gauss panels gathered, on a logarithmic scale, at both ends and at the anchors between them; ``s - t'`` and
    ``t - s`` never come from subtracting large times.
    """
    work = (np.empty(rule.nodes.size), np.empty(rule.nodes.size), np.empty(rule.stages.size))
    edges = np.empty(history.anchors.size + 2)
    edges[0], count = earlier, 1
    for anchor in history.anchors:
        if earlier < anchor < stage.t:
            edges[count] = anchor
            count += 1
    edges[count] = stage.t
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
                since, until = (u, lag - u) if e == 0 else (s - earlier, stage.t - s)
                place = Between(k, point, earlier, lag, s, since, until, w)
                between_point(law, rule, history, stage, place, work, system)
                s = edges[e + 1] - u
                since, until = (lag - u, u) if e == count - 1 else (s - earlier, stage.t - s)
                place = Between(k, point + 1, earlier, lag, s, since, until, w)
                between_point(law, rule, history, stage, place, work, system)
                point += 2
    system.between[stage.number, k, point, PLACE] = -1.0


@compiled
def between_point(
    law: Law,
    rule: Rule,
    history: History,
    stage: Stage,
    between: Between,
    work: tuple[Floats, Floats, Floats],
    system: System,
) -> None:
    """One point ``s`` of ``integral_between``."""
    n, q, rows = rule.nodes.size, rule.stages.size - 1, system.rows
    row_c, row_r = stage.row + between.node, stage.row + stage.nodes + between.node
    node, older, weights = work
    inside, place = locate(stage.grid, stage.t, between.s, between.until, rule, history)
    first, per_lag = inside * (n - 1), 1.0 / (rule.scale + between.until)
    c, r = slice_point(place, first, stage.base, rule, history, node)
    r *= per_lag
    per = (rule.scale + between.lag) / (rule.scale + between.since)
    c_past, r_past, b, old = two_time(between.s, between.earlier, between.since, rule, history, weights, older)
    r_past *= per
    w = between.weight
    memo = system.between[stage.number, between.node, between.point]
    memo[PLACE] = inside + 0.5 * (1.0 + place)
    memo[GAP] = between.since if between.since < between.until else -between.until
    memo[PAST_C], memo[PAST_R] = (w, np.inf) if b == stage.block else (w * c_past, w * r_past)
    memory = polynomial(law.memory, c)
    system.F[row_c] -= w * memory * r * c_past
    system.F[row_r] -= w * memory * r * r_past
    by_c, by_r = w * polynomial(law.memory_slope, c) * r, w * memory * per_lag
    for y in range(n):
        column = stage.row + first + y
        rows[0, column] -= by_c * c_past * node[y]
        rows[1, column] -= by_c * r_past * node[y]
        rows[0, column + stage.nodes] -= by_r * c_past * node[y]
        rows[1, column + stage.nodes] -= by_r * r_past * node[y]
    if b == stage.block:
        for a in range(1, q + 1):
            for y in range(n):
                change = w * memory * r * weights[a] * older[y]
                column = (a - 1) * stage.unknowns + old + y
                rows[0, column] -= change
                rows[1, column + stage.nodes] -= change * per


@compiled
def between_again(
    law: Law, rule: Rule, history: History, stage: Stage, k: int, earlier: float, lag: float, system: System
) -> None:
    """``integral_between`` at new values of the unknowns."""
    memo, n, panels = system.between[stage.number, k], rule.nodes.size, history.grids[stage.grid, 2]
    node, older, weights = np.empty(n), np.empty(n), np.empty(rule.stages.size)
    by_c, by_r, point, start = 0.0, 0.0, 0, history.t[stage.block]
    while memo[point, PLACE] >= 0.0:
        c_past, r_past, gap = memo[point, PAST_C], memo[point, PAST_R], memo[point, GAP]
        since, until = (gap, lag - gap) if gap >= 0.0 else (lag + gap, -gap)
        if np.isinf(r_past):
            s = earlier + since if gap >= 0.0 else stage.t - until
            w = c_past
            c_past, r_past, _, _ = two_time(max(s, start), earlier, since, rule, history, weights, older)
            c_past, r_past = w * c_past, w * r_past * (rule.scale + lag) / (rule.scale + since)
        inside = min(int(memo[point, PLACE]), panels - 1)
        place = 2.0 * (memo[point, PLACE] - inside) - 1.0
        c, r = slice_point(place, inside * (n - 1), stage.base, rule, history, node)
        change = polynomial(law.memory, c) * r / (rule.scale + until)
        by_c += change * c_past
        by_r += change * r_past
        point += 1
    system.F[stage.row + k] -= by_c
    system.F[stage.row + stage.nodes + k] -= by_r


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


def ready() -> bool:
    """Whether a run need not compile: by what is loaded, or by what numba's cache holds."""
    dispatcher: Any = residual
    folder = dispatcher.stats.cache_path
    if dispatcher.signatures or not folder:
        return bool(dispatcher.signatures)
    source = Path(__file__).stat().st_mtime
    return any(index.stat().st_mtime >= source for index in Path(folder).glob("kernel.residual-*.nbi"))
