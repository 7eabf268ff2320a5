"""The two-time equations of one block: residual and Jacobian, compiled, with the integrands of ``dynamics.integrands``.

Functions of the landscape come as coefficients, so one cached binary serves every landscape.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...machine_code import compiled
from .geometry import (
    LAG,
    SPEED,
    TIME,
    WEIGHT,
    Floats,
    History,
    Ints,
    Rule,
    at_node,
    at_place,
    one_time_at,
    summed,
    two_time,
)
from .integrands import (
    along_replica,
    along_signal,
    before,
    between,
    energy,
    local_energy,
    local_multiplier,
    multiplier,
    overlap,
    response,
    sources,
)
from .points import GAP, PAST_C, PAST_R, PLACE, Points, Stage, stage_of

FLOOR = 1e-4
"""Of the entries of a Jacobian, in units of rounding: smaller ones become noise of this size. The products of
exponentials that elimination makes would be subnormal numbers, a hundred times as slow as others."""
EPS, SINGLE_EPS = (float(np.finfo(kind).eps) for kind in (np.float64, np.float32))
NO_SIGNAL, LINEAR, LOGARITHM = 0, 1, 2
"""How the overlap is represented: not at all, as ``m``, or as ``ln |m|``."""


class Terms(NamedTuple):
    """The functions of the equations as ascending coefficients: ``f, f', f'', f'''`` and ``g, g', g''``; of the start
    ``beta`` and the overlaps ``replica`` of its replicas (0: there are none) and ``start`` with the signal; with a
    ``mass`` (0: none) the ``total`` energy at the start."""

    covariance: Floats
    noise: Floats
    memory: Floats
    memory_slope: Floats
    planted: Floats
    drift: Floats
    drift_slope: Floats
    beta: float
    replica: float
    start: float
    mass: float
    total: float
    overlap_kind: int
    sign: float


class Rows(NamedTuple):
    """``F = 0`` and its Jacobian, filled only if ``wanted``: in ``single`` or ``double`` precision, whichever has room,
    each row, summed in ``rows``, over its largest entry, which goes to ``scales``; ``bath`` and ``friction`` have T and
    gamma at each stage.

    Only the ``nodes`` of each slice that are asked for have rows; ``unknowns`` are the numbers of what is unknown among
    all values, and ``place`` tells which of the unknowns a value is.
    """

    F: Floats
    single: NDArray[np.float32]
    double: Floats
    rows: Floats
    scales: Floats
    nodes: Ints
    unknowns: Ints
    place: Ints
    bath: Floats
    friction: Floats
    wanted: bool


@compiled
def polynomial(coefficients: Floats, x: float) -> float:
    """Horner."""
    value = coefficients[-1]
    for i in range(coefficients.size - 2, -1, -1):
        value = value * x + coefficients[i]
    return float(value)


@compiled
def jet(law: Terms, c: float, wanted: bool) -> tuple[float, float, float]:
    """``f'(C), f''(C)`` and, if derivatives are wanted, ``f'''(C)``."""
    bend = polynomial(law.memory_slope, c) if wanted else 0.0
    return polynomial(law.noise, c), polynomial(law.memory, c), bend


@compiled
def local_jet(law: Terms, m: float, c: float, q: float) -> tuple[float, float, float, float, float, float, float]:
    """``g'(m), g''(m), f'(C), f''(C), f'(q), f''(q), beta``."""
    drift, drift_slope = polynomial(law.drift, m), polynomial(law.drift_slope, m)
    noise, memory = polynomial(law.noise, c), polynomial(law.memory, c)
    if law.replica == 0.0:
        return drift, drift_slope, noise, memory, 0.0, 0.0, law.beta
    return drift, drift_slope, noise, memory, polynomial(law.noise, q), polynomial(law.memory, q), law.beta


@compiled
def overlap_of(variable: float, law: Terms) -> float:
    """``m`` from the variable that stands for it."""
    if law.overlap_kind == NO_SIGNAL:
        return 0.0
    return law.sign * np.exp(variable) if law.overlap_kind == LOGARITHM else variable


@compiled
def unit_of(m: float, law: Terms) -> float:
    """The derivative of ``m`` by that variable."""
    return m if law.overlap_kind == LOGARITHM else 1.0


class Motion(NamedTuple):
    """How functions move: ``slope`` in ``x`` (all stages), ``rates`` ``dx/dt`` at the stages after the start, and, with
    a mass, ``d_t C`` and scaled ``d_t R`` at all stages, (stages, nodes)."""

    slope: Floats
    rates: Floats
    C: Floats
    R: Floats


@compiled
def residual(
    law: Terms,
    rule: Rule,
    history: History,
    points: Points,
    times: Floats,
    slope: Floats,
    mu: Floats,
    system: Rows,
) -> None:
    """Collocation equations of the last block at its stage ``times``; ``slope`` differentiates in ``x``."""
    system.F[:] = 0.0
    system.rows[:] = 0.0
    motion = Motion(slope, 1.0 / (rule.origin + times), np.empty((0, 0)), np.empty((0, 0)))
    for i in range(times.size):
        stage = stage_of(i, times[i], mu[i], rule, history)
        multiplier_row(law, rule, history, points, stage, system.bath[i], system)
        keep(0, stage.row + stage.unknowns - 1, system)
        overlap_row(law, rule, history, points, stage, motion, system)
        keep(0, stage.row + stage.unknowns - 2, system)
        if law.replica > 0.0:
            replica_row(law, rule, history, points, stage, motion, system)
            keep(0, stage.row + stage.unknowns - 3, system)
        diagonal_rows(law, rule, history, stage, system)
        for k in system.nodes:
            add_transport(rule, history, points, stage, k, slope[i + 1], system)
            add_sources(law, rule, history, points, stage, k, system)
            add_before(law, rule, history, points, stage, k, system)
            add_between(law, rule, history, points, stage, k, system)
            keep(0, stage.row + k, system)
            keep(1, stage.row + stage.nodes + k, system)


@compiled
def inertial_residual(
    law: Terms,
    rule: Rule,
    history: History,
    points: Points,
    times: Floats,
    slope: Floats,
    mu: Floats,
    system: Rows,
) -> None:
    """The same with a mass: ``M K`` for T, twice what is left of the total energy. By itself, so that runs without a
    mass need not compile it."""
    system.F[:] = 0.0
    system.rows[:] = 0.0
    motion = motion_of(law, rule, history, points, times, slope)
    for i in range(times.size):
        stage = stage_of(i, times[i], mu[i], rule, history)
        work_row(law, rule, history, points, stage, slope[i + 1], system)
        keep(0, stage.row + stage.unknowns - 4, system)
        thermal = 2.0 * (law.total - stage.work - energy_of(law, rule, history, points, stage, 2.0, system))
        system.rows[0, stage.row + stage.unknowns - 4] += 2.0 if system.wanted else 0.0
        multiplier_row(law, rule, history, points, stage, thermal, system)
        keep(0, stage.row + stage.unknowns - 1, system)
        overlap_row(law, rule, history, points, stage, motion, system)
        keep(0, stage.row + stage.unknowns - 2, system)
        if law.replica > 0.0:
            replica_row(law, rule, history, points, stage, motion, system)
            keep(0, stage.row + stage.unknowns - 3, system)
        diagonal_rows(law, rule, history, stage, system)
        for k in system.nodes:
            add_inertia(law, rule, history, points, stage, k, motion, system)
            add_sources(law, rule, history, points, stage, k, system)
            add_before(law, rule, history, points, stage, k, system)
            add_between(law, rule, history, points, stage, k, system)
            keep(0, stage.row + k, system)
            keep(1, stage.row + stage.nodes + k, system)


@compiled
def keep(which: int, row: int, system: Rows) -> None:
    """Put a finished row of the Jacobian in its place."""
    if not system.wanted:
        return
    largest, into = 0.0, system.place[row]
    for column in system.unknowns:
        largest = max(largest, abs(system.rows[which, column]))
    system.scales[row] = largest
    floor = FLOOR * (EPS if system.double.size else SINGLE_EPS)
    random = 2 * row + 1
    for j in range(system.unknowns.size):
        value = system.rows[which, system.unknowns[j]] / largest
        random = (1103515245 * random + 12345) & 0x7FFFFFFF
        if abs(value) < floor:
            value = floor * (random / 0x40000000 - 1.0)
        if system.double.size:
            system.double[into, j] = value
        else:
            system.single[into, j] = value
    system.rows[which, :] = 0.0


@compiled
def diagonal_rows(law: Terms, rule: Rule, history: History, stage: Stage, system: Rows) -> None:
    """``C(t,t) = R(t,t) = 1``; with a mass R is 0 there."""
    row, last = stage.row + stage.nodes - 1, stage.base + stage.nodes - 1
    response = 0.0 if law.mass > 0.0 else rule.scale
    system.F[row], system.F[row + stage.nodes] = history.C[last] - 1.0, history.R[last] - response
    if system.wanted:
        system.rows[0, row] = system.rows[1, row + stage.nodes] = 1.0
        keep(0, row, system)
        keep(1, row + stage.nodes, system)


@compiled
def by_slice(which: int, first: int, weights: Floats, by_c: float, by_r: float, stage: Stage, system: Rows) -> None:
    """Derivatives, on the right of a row, by the ``C`` and ``R`` that the weights of a panel make of its nodes."""
    for y in range(weights.size):
        system.rows[which, stage.row + first + y] -= by_c * weights[y]
        system.rows[which, stage.row + stage.nodes + first + y] -= by_r * weights[y]


@compiled
def by_past(which: int, column: int, weights: Floats, by: float, stage: Stage, system: Rows) -> None:
    """The derivative by what the weights make of the values of one unknown at all stages."""
    for a in range(1, weights.size):
        system.rows[which, (a - 1) * stage.unknowns + column] -= by * weights[a]


@compiled
def multiplier_row(
    law: Terms, rule: Rule, history: History, points: Points, stage: Stage, thermal: float, system: Rows
) -> None:
    """``mu = T + g'(m) m + int_0^t R [f'(C) + f''(C) C] ds + beta [f'(C(t,0)) C(t,0) - f'(q) q]``, T or
    what stands for it given."""
    row, rows, nodes, total = stage.row + stage.unknowns - 1, system.rows, points.nodes[stage.number], 0.0
    for k in range(stage.nodes):
        w, per, c = nodes[WEIGHT, k], 1.0 / (rule.scale + nodes[LAG, k]), history.C[stage.base + k]
        value, by_c, by_r = multiplier(c, per * history.R[stage.base + k], *jet(law, c, system.wanted))
        total += w * value
        if system.wanted:
            rows[0, stage.row + k] -= w * by_c
            rows[0, stage.row + stage.nodes + k] -= w * per * by_r
    m, start = overlap_of(stage.variable, law), history.C[stage.base]
    q = stage.replica
    value, by_m, by_start, by_q = local_multiplier(m, start, q, *local_jet(law, m, start, q))
    system.F[row] = stage.mu - thermal - total - value
    if system.wanted:
        rows[0, row] += 1.0
        rows[0, row - 1] -= by_m * unit_of(m, law)
        rows[0, row - 2] -= by_q
        rows[0, stage.row] -= by_start


@compiled
def overlap_row(
    law: Terms, rule: Rule, history: History, points: Points, stage: Stage, motion: Motion, system: Rows
) -> None:
    """``d_t m = -mu m + int_0^t f''(C) R m ds + g'(m) + beta [f'(C(t,0)) - f'(q)] m(0)``, or that over ``m`` for
    ``ln |m|``, where nothing pulls towards the start."""
    row, rows = stage.row + stage.unknowns - 2, system.rows
    if law.overlap_kind == NO_SIGNAL:
        if system.wanted:  # F = 0: the variable stays as it is
            rows[0, row] = 1.0
        return
    m, start, q = overlap_of(stage.variable, law), history.C[stage.base], stage.replica
    logarithm = law.overlap_kind == LOGARITHM
    pull = overlap_memory(law, rule, history, points, stage, history.overlap, stage.unknowns - 2, logarithm, system)
    weights = np.empty(rule.stages.size)
    moving = motion_of_one(law, stage, history.overlap, points.changing[0], motion, system, weights)
    if logarithm and law.mass > 0.0:
        moving += curved(law, stage, history.overlap, motion, weights)
    force, bend, by_start, by_q = along_signal(law.start, *local_jet(law, m, start, q))
    unit, off = m, stage.mu
    if logarithm:
        unit, force = 1.0, polynomial(law.drift[1:], m) if law.drift.size > 1 else 0.0
        by_start, by_q, off = 0.0, 0.0, force
    system.F[row] = moving + stage.mu * unit - force - pull
    if system.wanted:
        by_past(0, stage.unknowns - 2, weights, -1.0, stage, system)
        rows[0, row] -= bend - off
        rows[0, row + 1] += unit
        rows[0, row - 1] -= by_q
        rows[0, stage.row] -= by_start


@compiled
def overlap_memory(
    law: Terms,
    rule: Rule,
    history: History,
    points: Points,
    stage: Stage,
    values: Floats,
    column: int,
    logarithm: bool,
    system: Rows,
) -> float:
    """``int_0^t f''(C(t,s)) R(t,s) m(s) ds`` of the overlap whose ``values`` are the unknowns of a ``column``, m or q;
    over ``m(t)`` where its logarithm stands for it."""
    row, rows, nodes, total = stage.row + column, system.rows, points.nodes[stage.number], 0.0
    for k in range(stage.nodes):
        w, per, c = nodes[WEIGHT, k], 1.0 / (rule.scale + nodes[LAG, k]), history.C[stage.base + k]
        b, weights = points.blocks[stage.number, k], points.weights[stage.number, k]
        past = one_time_at(b, weights, values)
        if logarithm:
            past = np.exp(past - stage.variable)
        _, memory, bend = jet(law, c, system.wanted)
        value, by_c, by_r, by_m = overlap(per * history.R[stage.base + k], past, memory, bend)
        total += w * value
        if system.wanted:
            rows[0, stage.row + k] -= w * by_c
            rows[0, stage.row + stage.nodes + k] -= w * per * by_r
            change = w * by_m * (past if logarithm else 1.0)
            if b == stage.block:
                by_past(0, column, weights, change, stage, system)
            if logarithm:
                rows[0, row] += change
    return total


@compiled
def replica_row(
    law: Terms, rule: Rule, history: History, points: Points, stage: Stage, motion: Motion, system: Rows
) -> None:
    """``d_t q = -mu q + int_0^t f''(C) R q ds + g'(m) m(0) + beta f'(C(t,0)) q(0) + beta f'(q) [1 - 2 q(0)]``."""
    row, rows = stage.row + stage.unknowns - 3, system.rows
    m, start, q = overlap_of(stage.variable, law), history.C[stage.base], stage.replica
    changes = np.empty(rule.stages.size)
    moving = motion_of_one(law, stage, history.replica, points.changing[1], motion, system, changes)
    pull = overlap_memory(law, rule, history, points, stage, history.replica, stage.unknowns - 3, False, system)
    force, by_m, by_start, by_q = along_replica(law.start, law.replica, *local_jet(law, m, start, q))
    system.F[row] = moving + stage.mu * q - force - pull
    if system.wanted:
        by_past(0, stage.unknowns - 3, changes, -1.0, stage, system)
        rows[0, row] += stage.mu - by_q
        rows[0, row + 1] -= by_m * unit_of(m, law)
        rows[0, row + 2] += q
        rows[0, stage.row] -= by_start


@compiled
def add_transport(
    rule: Rule, history: History, points: Points, stage: Stage, k: int, slope: Floats, system: Rows
) -> None:
    """``d_t + mu`` at fixed ``t'``: ``d_t`` at a fixed node minus ``phi_t/phi_y d_y``; the scaled R loses
    ``1/(scale + lag)``."""
    n, nodes, rows = rule.nodes.size, points.nodes[stage.number], system.rows
    j, here, initial = k % (n - 1), stage.base + k, stage.base + k - (stage.number + 1) * stage.nodes
    speed, rate = nodes[SPEED, k], 1.0 / (rule.origin + stage.t)
    mu_r = stage.mu - 1.0 / (rule.scale + nodes[LAG, k])
    c_t, r_t = summed(slope, initial, stage.nodes, history)
    c_y, r_y = summed(rule.derivative[j], here - j, 1, history)
    system.F[stage.row + k] += stage.mu * history.C[here] + rate * c_t - speed * c_y
    system.F[stage.row + stage.nodes + k] += mu_r * history.R[here] + rate * r_t - speed * r_y
    if system.wanted:
        by_past(0, k, slope, -rate, stage, system)
        by_past(1, stage.nodes + k, slope, -rate, stage, system)
        by_slice(0, k - j, rule.derivative[j], speed, 0.0, stage, system)
        by_slice(1, k - j, rule.derivative[j], 0.0, speed, stage, system)
        rows[0, stage.row + k] += stage.mu
        rows[1, stage.row + stage.nodes + k] += mu_r
        rows[0, stage.row + stage.unknowns - 1] += history.C[here]
        rows[1, stage.row + stage.unknowns - 1] += history.R[here]


@compiled
def moved(values: Floats, stage: Stage, k: int, rule: Rule, points: Points, motion: Motion) -> float:
    """``d_t`` at fixed ``t'`` of a function given at all stages and nodes, (stages, nodes)."""
    i, j = stage.number, k % (rule.nodes.size - 1)
    along = across = 0.0
    for a in range(values.shape[0]):
        along += motion.slope[i + 1, a] * values[a, k]
    for y in range(rule.nodes.size):
        across += rule.derivative[j, y] * values[i + 1, k - j + y]
    return float(motion.rates[i] * along - points.nodes[i, SPEED, k] * across)


@compiled
def motion_of(law: Terms, rule: Rule, history: History, points: Points, times: Floats, slope: Floats) -> Motion:
    """Velocities: at the start of the block they are known, at ``t' = t`` they are 0 and ``1/M``."""
    rates = 1.0 / (rule.origin + times)
    stage = stage_of(0, times[0], 0.0, rule, history)
    q, n, first = times.size + 1, stage.nodes, stage.base - stage.nodes
    values = history.C[first : first + q * n].copy().reshape(q, n)
    scaled = history.R[first : first + q * n].copy().reshape(q, n)
    motion = Motion(slope, rates, np.empty((q, n)), np.empty((q, n)))
    motion.C[0], motion.R[0] = points.moving[0], points.moving[1]
    for i in range(times.size):
        stage = stage_of(i, times[i], 0.0, rule, history)
        for k in range(n - 1):
            per = 1.0 / (rule.scale + points.nodes[i, LAG, k])
            motion.C[i + 1, k] = moved(values, stage, k, rule, points, motion)
            motion.R[i + 1, k] = moved(scaled, stage, k, rule, points, motion) - per * scaled[i + 1, k]
        motion.C[i + 1, n - 1], motion.R[i + 1, n - 1] = 0.0, rule.scale / law.mass
    return motion


@compiled
def motion_of_one(
    law: Terms, stage: Stage, values: Floats, changing: float, motion: Motion, system: Rows, weights: Floats
) -> float:
    """``x'``, or ``M x'' + gamma x'``, of a function of one time at a stage; its slope by all stages in ``weights``."""
    i, q, rate = stage.number, weights.size, motion.rates[stage.number]
    for b in range(q):
        weights[b] = (system.friction[i] if law.mass > 0.0 else 1.0) * rate * motion.slope[i + 1, b]
    known = 0.0
    if law.mass > 0.0:
        known = law.mass * rate * motion.slope[i + 1, 0] * changing
        for a in range(1, q):
            for b in range(q):
                weights[b] += law.mass * rate * motion.slope[i + 1, a] * motion.rates[a - 1] * motion.slope[a, b]
    return one_time_at(stage.block, weights, values) + known


@compiled
def curved(law: Terms, stage: Stage, values: Floats, motion: Motion, weights: Floats) -> float:
    """``M z'^2`` of ``z = ln |m|``, which ``m''/m`` has besides ``z''``; its slope joins the ``weights``."""
    i, rate, speed = stage.number, motion.rates[stage.number], 0.0
    for b in range(weights.size):
        speed += rate * motion.slope[i + 1, b] * values[stage.block * weights.size + b]
    for b in range(weights.size):
        weights[b] += 2.0 * law.mass * speed * rate * motion.slope[i + 1, b]
    return float(law.mass * speed**2)


@compiled
def add_inertia(
    law: Terms, rule: Rule, history: History, points: Points, stage: Stage, k: int, motion: Motion, system: Rows
) -> None:
    """``M d_t^2 + gamma d_t + mu`` at fixed ``t'``; ``d_t`` of the scaled R is less by ``1/(scale + lag)`` of it."""
    i, here, gamma = stage.number, stage.base + k, system.friction[stage.number]
    per, c, r = 1.0 / (rule.scale + points.nodes[i, LAG, k]), motion.C[i + 1, k], motion.R[i + 1, k]
    c_t, r_t = moved(motion.C, stage, k, rule, points, motion), moved(motion.R, stage, k, rule, points, motion)
    system.F[stage.row + k] += law.mass * c_t + gamma * c + stage.mu * history.C[here]
    system.F[stage.row + stage.nodes + k] += law.mass * (r_t - per * r) + gamma * r + stage.mu * history.R[here]
    if system.wanted:
        j, rows = k % (rule.nodes.size - 1), system.rows
        for which in range(2):
            by_velocity(which, i + 1, k, gamma - which * law.mass * per, rule, points, stage, motion, system)
            for a in range(1, motion.slope.shape[0]):
                by = law.mass * motion.rates[i] * motion.slope[i + 1, a]
                by_velocity(which, a, k, by, rule, points, stage, motion, system)
            for y in range(rule.nodes.size):
                by = -law.mass * points.nodes[i, SPEED, k] * rule.derivative[j, y]
                by_velocity(which, i + 1, k - j + y, by, rule, points, stage, motion, system)
        rows[0, stage.row + k] += stage.mu
        rows[1, stage.row + stage.nodes + k] += stage.mu
        rows[0, stage.row + stage.unknowns - 1] += history.C[here]
        rows[1, stage.row + stage.unknowns - 1] += history.R[here]


@compiled
def by_velocity(
    which: int, a: int, p: int, by: float, rule: Rule, points: Points, stage: Stage, motion: Motion, system: Rows
) -> None:
    """The derivative of a row by ``d_t C`` (0) or ``d_t R`` (1) at node p of stage a, where that is unknown."""
    if p == stage.nodes - 1:
        return
    rows, j, offset = system.rows, p % (rule.nodes.size - 1), which * stage.nodes
    for b in range(1, motion.slope.shape[0]):
        rows[which, (b - 1) * stage.unknowns + offset + p] += by * motion.rates[a - 1] * motion.slope[a, b]
    place = (a - 1) * stage.unknowns + offset
    for y in range(rule.nodes.size):
        rows[which, place + p - j + y] -= by * points.nodes[a - 1, SPEED, p] * rule.derivative[j, y]
    if which == 1:
        rows[which, place + p] -= by / (rule.scale + points.nodes[a - 1, LAG, p])


@compiled
def energy_of(law: Terms, rule: Rule, history: History, points: Points, stage: Stage, by: float, system: Rows) -> float:
    """``e = -g(m) - int_0^t f'(C) R ds - beta [f(C(t,0)) - f(q)]``; a row gets ``by`` times its derivatives."""
    nodes, rows = points.nodes[stage.number], system.rows
    m, start, q = overlap_of(stage.variable, law), history.C[stage.base], stage.replica
    total, by_m, by_start, by_q = local_energy(
        polynomial(law.planted, m), polynomial(law.drift, m), polynomial(law.covariance, start),
        polynomial(law.noise, start), polynomial(law.covariance, q), polynomial(law.noise, q), law.beta,
    )  # fmt: skip
    for k in range(stage.nodes):
        w, per, c = nodes[WEIGHT, k], 1.0 / (rule.scale + nodes[LAG, k]), history.C[stage.base + k]
        noise, memory, _ = jet(law, c, False)
        value, by_c, by_r = energy(per * history.R[stage.base + k], noise, memory)
        total += w * value
        if system.wanted:
            rows[0, stage.row + k] += by * w * by_c
            rows[0, stage.row + stage.nodes + k] += by * w * per * by_r
    if system.wanted:
        rows[0, stage.row + stage.unknowns - 2] += by * by_m * unit_of(m, law)
        rows[0, stage.row + stage.unknowns - 3] += by * by_q
        rows[0, stage.row] += by * by_start
    return float(total)


@compiled
def work_row(
    law: Terms, rule: Rule, history: History, points: Points, stage: Stage, slope: Floats, system: Rows
) -> None:
    """``d_t W = gamma (K - T/M)``: what friction takes, less what the bath gives; ``M K/2 + e + W`` is constant."""
    row, rate = stage.row + stage.unknowns - 4, 1.0 / (rule.origin + stage.t)
    by = system.friction[stage.number] / law.mass
    left = law.total - stage.work - energy_of(law, rule, history, points, stage, 2.0 * by, system)
    change = rate * one_time_at(stage.block, slope, history.work)
    system.F[row] = change - by * (2.0 * left - system.bath[stage.number])
    if system.wanted:
        by_past(0, stage.unknowns - 4, slope, -rate, stage, system)
        system.rows[0, row] += 2.0 * by


@compiled
def add_sources(law: Terms, rule: Rule, history: History, points: Points, stage: Stage, k: int, system: Rows) -> None:
    """``g'(m(t)) m(t') + beta [f'(C(t,0)) C(t',0) - f'(q(t)) q(t')]`` on the right of ``d_t C(t,t')``."""
    if law.overlap_kind == NO_SIGNAL and law.beta == 0.0:
        return
    b, weights = points.blocks[stage.number, k], points.weights[stage.number, k]
    m, start, q = overlap_of(stage.variable, law), history.C[stage.base], stage.replica
    past_m, past_q = overlap_of(one_time_at(b, weights, history.overlap), law), one_time_at(b, weights, history.replica)
    past_start, _ = at_node(b, 0, weights, rule, history)
    value, by_m, by_start, by_q, by_past_m, by_past_start, by_past_q = sources(
        past_m, past_start, past_q, *local_jet(law, m, start, q)
    )
    system.F[stage.row + k] -= value
    if system.wanted:
        system.rows[0, stage.row + stage.unknowns - 2] -= by_m * unit_of(m, law)
        system.rows[0, stage.row + stage.unknowns - 3] -= by_q
        system.rows[0, stage.row] -= by_start
        if b == stage.block:
            by_past(0, stage.unknowns - 2, weights, by_past_m * unit_of(past_m, law), stage, system)
            by_past(0, stage.unknowns - 3, weights, by_past_q, stage, system)
            by_past(0, 0, weights, by_past_start, stage, system)


@compiled
def add_before(law: Terms, rule: Rule, history: History, points: Points, stage: Stage, k: int, system: Rows) -> None:
    """``int_0^t' [f''(C(t,s)) R(t,s) C(t',s) + f'(C(t,s)) R(t',s)] ds`` on the right of ``d_t C(t,t')``."""
    known, lag = points.before[stage.number, k], points.nodes[stage.number, LAG, k]
    b, weights = points.blocks[stage.number, k], points.weights[stage.number, k]
    node, total, z = np.empty(rule.nodes.size), 0.0, 0
    while known[z, PLACE] >= 0.0:
        w, past_c, past_r, back = known[z, PAST_C], known[z, PAST_C], known[z, PAST_R], known[z, GAP]
        per, per_now = 1.0 / (rule.scale + back), 1.0 / (rule.scale + lag + back)
        if b == stage.block:
            past_c, past_r = at_node(b, z, weights, rule, history)
            past_c, past_r = w * past_c, w * per * past_r
        c, r, first = at_place(known[z, PLACE], stage.grid, stage.base, rule, history, node)
        jets = jet(law, c, system.wanted)
        value, by_c, by_r, by_past_c, by_past_r = before(per_now * r, past_c, past_r, *jets)
        total += value
        if system.wanted:
            by_slice(0, first, node, by_c, per_now * by_r, stage, system)
            if b == stage.block:
                by_past(0, z, weights, w * by_past_c, stage, system)
                by_past(0, stage.nodes + z, weights, w * per * by_past_r, stage, system)
        z += 1
    system.F[stage.row + k] -= total


@compiled
def add_between(law: Terms, rule: Rule, history: History, points: Points, stage: Stage, k: int, system: Rows) -> None:
    """``int_t'^t f''(C(t,s)) R(t,s) C(s,t') ds`` and ``... R(s,t') ds`` on the right of ``d_t C`` and ``d_t R``."""
    known, n, begun = points.between[stage.number, k], rule.nodes.size, history.t[stage.block]
    earlier, lag = points.nodes[stage.number, TIME, k], points.nodes[stage.number, LAG, k]
    node, older, weights = np.empty(n), np.empty(n), np.empty(rule.stages.size)
    total_c, total_r, point, old = 0.0, 0.0, 0, 0
    while known[point, PLACE] >= 0.0:
        w, past_c, past_r, gap = known[point, PAST_C], known[point, PAST_C], known[point, PAST_R], known[point, GAP]
        since, until = (gap, lag - gap) if gap >= 0.0 else (lag + gap, -gap)
        per, per_now, current = (rule.scale + lag) / (rule.scale + since), 1.0 / (rule.scale + until), np.isinf(past_r)
        if current:
            s = earlier + since if gap >= 0.0 else stage.t - until
            past_c, past_r, old = two_time(max(s, begun), earlier, since, rule, history, weights, older)
            past_c, past_r = w * past_c, w * per * past_r
        c, r, first = at_place(known[point, PLACE], stage.grid, stage.base, rule, history, node)
        _, memory, bend = jet(law, c, system.wanted)
        of_c, of_r = between(per_now * r, past_c, memory, bend), response(per_now * r, past_r, memory, bend)
        total_c += of_c[0]
        total_r += of_r[0]
        if system.wanted:
            by_slice(0, first, node, of_c[1], per_now * of_c[2], stage, system)
            by_slice(1, first, node, of_r[1], per_now * of_r[2], stage, system)
            for y in range(n if current else 0):
                by_past(0, old + y, weights, w * of_c[3] * older[y], stage, system)
                by_past(1, stage.nodes + old + y, weights, w * per * of_r[3] * older[y], stage, system)
        point += 1
    system.F[stage.row + k] -= total_c
    system.F[stage.row + stage.nodes + k] -= total_r


@compiled
def energies(law: Terms, rule: Rule, history: History, points: Points, times: Floats, out: Floats) -> None:
    """``e = -g(m) - int_0^t f'(C) R ds - beta [f(C(t,0)) - f(q)]`` at the stages of the last block."""
    nothing, none = np.empty(0), np.empty(0, np.int64)
    system = Rows(
        nothing, np.empty((0, 0), np.float32), np.empty((0, 0)), np.empty((0, 0)), nothing, none, none, none, nothing,
        nothing, False,
    )  # fmt: skip
    for i in range(times.size):
        stage = stage_of(i, times[i], 0.0, rule, history)
        out[i] = energy_of(law, rule, history, points, stage, 0.0, system)


def ready() -> bool:
    """Whether a run need not compile: by what is loaded, or by what the cache holds."""
    kernel: Any = residual
    return bool(kernel.signatures) or getattr(kernel._cache, "filled", False)
