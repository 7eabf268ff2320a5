"""One block of time: predict it from the block before, then Newton on its collocation equations."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgWarning, lu_factor, lu_solve

from ...lowering import Array
from . import kernel, store
from .geometry import LAG, TIME, WEIGHT, History, Ints, Rule, panels_of
from .inertia import motion_at_start
from .kernel import LOGARITHM, NO_SIGNAL, Rows, Terms
from .points import COLUMNS, Points, prepare
from .rule import ORIGIN, derivative, last_coefficients

DIVERGED, SLOW, STALLED, LARGEST_COUNT, SHARE = 1e3, 0.1, 0.3, 12, 0.2
PATIENCE = 4
"""Steps with one Jacobian in single precision before a slow iteration gets a new one."""

ROUNDING = 2 * float(np.finfo(np.float64).eps)

PREDICTOR = 4
"""Degree of the extrapolation that starts Newton: higher ones go astray over a block as wide as the last."""


@dataclass(frozen=True, eq=False)
class Block:
    """A solved block: the history that ends with it, ``mu`` and ``e`` at its stages, and how well it is resolved.

    ``double``: it needed a Jacobian in double precision.

    ``time_tail`` and ``space_tail`` are the largest last coefficients of C, R (weighted by the interval that it acts
    on) and the overlap, in time and in t'.
    """

    history: History
    mu: Array
    energy: Array
    time_tail: float
    space_tail: float
    iterations: int
    factorisations: int
    double: bool


def solve_block(
    law: Terms,
    rule: Rule,
    guess: History,
    mu: Array,
    times: Array,
    bath: Array,
    tolerance: float,
    double: bool = False,
    alive: Callable[[], None] = lambda: None,
    resting: NDArray[np.bool_] | None = None,
) -> Block | None:
    """Newton from the guess held in the last block; None when it does not converge. ``alive`` is called as it goes on.

    ``bath`` has T and gamma at the ``times``, (2, times).

    Nodes that are ``resting`` stay as guessed; what their equations leave over joins the block's tail.

    Rounding in the residual moves the softest mode by ``eps`` times the condition number, of the order of t: steps
    with a Jacobian in double precision that have come down to that do not get shorter, and what is left of them joins
    the block's tail.
    """
    newton, last = Newton(law, rule, guess, mu.copy(), times, bath, double, resting), np.inf
    converged = left_over(tolerance)
    enough, rounding = 100 * converged, ROUNDING * float(times[-1]) / rule.origin
    for count in range(1, LARGEST_COUNT + 1):
        change = newton.step()
        alive()
        if not change < DIVERGED:
            return None
        contraction = change / last
        settled = count > 1 and change * min(contraction, 1.0) < converged
        slow, stalled = contraction > SLOW, newton.double and contraction > STALLED
        if settled or (change < enough and slow) or (change < rounding and stalled):
            return _measured(newton, count, 0.0 if settled or change < enough else change)
        if stalled or (slow and not newton.double and newton.age > PATIENCE):
            newton.renew()
        last = change
    return None


def left_over(tolerance: float) -> float:
    """What Newton's method may leave of an error, in the weights of a step."""
    return float(np.clip(4e-4 * tolerance, 1e-13, 1e-10))


@dataclass(eq=False)
class Newton:
    """Newton's iteration on a block, which it changes in place; the Jacobian is kept while it serves.

    It is factored in single precision. Late in a run (condition number of the order of t) a step then holds noise
    along the softest mode; the next one, from a residual in double precision, takes it out, and if the factors get
    that mode wrong, secants of the steps put it right (Anderson 1965; Walker, Ni, SIAM J. Numer. Anal. 49, 1715, 2011).
    """

    law: Terms
    rule: Rule
    history: History
    mu: Array
    times: Array
    bath: Array
    double: bool = False
    resting: NDArray[np.bool_] | None = None
    factors: Any = None
    factorisations: int = 0
    age: int = 0
    secants: list[tuple[Array, Array]] = field(default_factory=list)

    def __post_init__(self) -> None:
        history, count = self.history, self.times.size
        self.C, self.R, self.overlap, self.replica, self.work = store.block(history, history.t.size - 1, count)
        nodes = self.C.shape[1]
        self.slope = 2 / (history.x[-1] - history.x[-2]) * derivative(self.rule.stages)
        self.points = _points(self.law, self.rule, history, self.times, nodes)
        self.lags = self.points.nodes[:, LAG]
        weight = np.ones((self.times.size, 2 * nodes + 4))
        weight[:, nodes : 2 * nodes] = reach(self.lags, self.times[:, None], self.rule)
        weight[:, 2 * nodes + 2] = signal_weight(self.law, history, self.overlap)
        weight[:, [2 * nodes, 2 * nodes + 3]] = self.rule.origin / ORIGIN
        resting = np.zeros(nodes, dtype=bool) if self.resting is None else self.resting
        others = [self.law.mass > 0, self.law.replica > 0, True, True]
        unknown = np.tile(np.concatenate([~resting, ~resting, others]), self.times.size)
        self.awake, self.asleep = np.flatnonzero(~resting[:-1]), np.flatnonzero(resting)
        self.unknowns, self.place = np.flatnonzero(unknown), np.cumsum(unknown) - 1
        self.weight, self.scales = weight.ravel()[self.unknowns], np.ones(weight.size)

    def renew(self) -> None:
        """A new Jacobian, in double precision, at the next step."""
        self.factors, self.double = None, True

    def step(self) -> float:
        """One iteration; the largest change, that of R weighted by the interval it acts on.

        Infinite where there is none: a singular Jacobian, or numbers beyond double precision.
        """
        fresh = self.factors is None
        jacobian = self._room(self.unknowns.size if fresh else 0)
        F = self._residual(self.awake, jacobian, fresh)  # noqa: N806
        if not np.all(np.isfinite(F)):
            return np.inf
        if fresh and not self._factor(jacobian):
            if self.double:
                return np.inf
            self.renew()
            return self.step()
        self.age += 1
        with np.errstate(over="ignore", invalid="ignore"):
            right = (-F / self.scales)[self.unknowns].astype(jacobian.dtype)
        step = lu_solve(self.factors, right, trans=1, check_finite=False).astype(np.float64)
        if not self._change(step) < DIVERGED:
            return np.inf
        step = self._accelerated(step)
        change = self._change(step)
        if change < DIVERGED:
            self._move(step)
        return change

    def _room(self, size: int) -> Any:
        """For a Jacobian in the precision in which it is factored."""
        return np.empty((size, size), np.float64 if self.double else np.float32)

    def _residual(self, nodes: Ints, jacobian: Any, wanted: bool) -> Array:
        """``F`` in the rows of those nodes, and the Jacobian if it is wanted."""
        F, rows = np.empty(self.scales.size), np.empty((2, self.scales.size))  # noqa: N806
        single: Any = np.empty((0, 0), np.float32) if self.double else jacobian
        double: Any = jacobian if self.double else np.empty((0, 0))
        places = (self.scales, nodes, self.unknowns, self.place)
        system = Rows(F, single, double, rows, *places, self.bath[0], self.bath[1], wanted)
        equations = kernel.residual if self.law.mass == 0 else kernel.inertial_residual
        equations(self.law, self.rule, self.history, self.points, self.times, self.slope, self.mu, system)
        return F

    def unrest(self) -> float:
        """What the equations of the resting nodes ask them to change by, the largest, weighted as in a step.

        A slow change of ``C(t,t')`` or ``R(t,t')`` at old t' dies at the rate ``mu - int f''(C) R ds``.
        """
        if not self.asleep.size:
            return 0.0
        n, F = self.C.shape[1], self._residual(self.asleep, self._room(0), False)  # noqa: N806
        C, R, slices = self.C[1:], self.R[1:], self.points.nodes  # noqa: N806
        memory = np.polynomial.polynomial.polyval(C, self.law.memory) * R / (self.rule.scale + self.lags)
        rate = float(np.min(self.mu - np.sum(slices[:, WEIGHT] * memory, axis=1)))
        left = np.abs(F.reshape(self.times.size, -1)[:, np.concatenate([self.asleep, n + self.asleep])])
        left[:, self.asleep.size :] *= reach(self.lags, self.times[:, None], self.rule)[:, self.asleep]
        return float(left.max()) / rate if rate > 0 else np.inf

    def _change(self, step: Array) -> float:
        return float(np.max(np.abs(step * self.weight)))

    def _move(self, step: Array) -> None:
        whole, nodes = np.zeros(self.scales.size), self.C.shape[1]
        whole[self.unknowns] = step
        step = whole.reshape(self.times.size, -1)
        self.C[1:] += step[:, :nodes]
        self.R[1:] += step[:, nodes : 2 * nodes]
        self.work[1:] += step[:, 2 * nodes]
        self.replica[1:] += step[:, 2 * nodes + 1]
        self.overlap[1:] += step[:, 2 * nodes + 2]
        self.mu += step[:, 2 * nodes + 3]

    def _factor(self, jacobian: Any) -> bool:
        """Whether it could be factored."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LinAlgWarning)
            # the transpose of a C-ordered matrix is what LAPACK factors in place
            factors = lu_factor(jacobian.T, overwrite_a=True, check_finite=False)
        self.factorisations += 1
        if not np.all(np.isfinite(np.diag(factors[0])) & (np.diag(factors[0]) != 0)):
            return False
        self.factors, self.age, self.secants = factors, 0, []
        return True

    def _accelerated(self, step: Array) -> Array:
        """The step less its least-squares fit by the differences of steps; ``secants`` holds (step, what was done).

        The first with new factors stays out: it is noise where they matter.
        """
        done = step
        if self.secants:
            steps = np.array([s for s, _ in self.secants] + [step])
            changes, moves = np.diff(steps, axis=0), np.array([d for _, d in self.secants])
            share = np.linalg.lstsq((self.weight * changes).T, self.weight * step, rcond=1e-10)[0]
            done = step - share @ (changes + moves)
        if self.age > 1:
            self.secants.append((step, done))
        return done


def _points(law: Terms, rule: Rule, history: History, times: Array, nodes: int) -> Points:
    """The quadrature points of the last block."""
    q, before = times.size, int(history.grids[:, 2].max()) * (rule.nodes.size - 1) + 2
    between = (history.anchors.size + 1) * panels_of(float(times[-1]), rule) * rule.gauss.size + 1
    shapes = ((4, nodes), (nodes, q + 1), (nodes, before, COLUMNS), (nodes, between, COLUMNS))
    slices, *tables = (np.empty((q, *shape)) for shape in shapes)
    weights, earlier, later = tables
    motion = motion_at_start(law, rule, history)
    points = Points(slices, np.empty((q, nodes), np.int64), weights, earlier, later, *motion)
    prepare(rule, history, times, points)
    return points


def reach(lags: Array, times: Array | float, rule: Rule) -> Array:
    """Interval around ``t'`` that a node stands for, over ``scale + lag``: weighs an error of the scaled R.

    In units where R itself counts ``SHARE`` at ``t' = t``, whatever the landscape's own time.
    """
    return weight(np.minimum(lags, times - lags), lags, rule)


def weight(interval: Array, lags: Array, rule: Rule) -> Array:
    """That of an interval."""
    return np.asarray(SHARE / rule.scale * (rule.scale + interval) / (rule.scale + lags))


def _measured(newton: Newton, count: int, left: float) -> Block:
    """The block with its energies and its tails; ``left`` is what Newton's method left over."""
    rule, n, energy = newton.rule, newton.rule.nodes.size, np.empty(newton.times.size)
    kernel.energies(newton.law, rule, newton.history, newton.points, newton.times, energy)
    functions = (newton.C, newton.R * reach(newton.lags[-1], newton.times[-1], rule))
    span = store.span(newton.history, int(newton.history.grid[-1]), newton.points.nodes[-1, TIME], newton.lags[-1])
    last = (newton.C[-1], newton.R[-1] * weight(span, newton.lags[-1], rule))
    in_time, in_space = last_coefficients(rule.stages, 1), last_coefficients(rule.nodes, 2)
    signal = float(np.abs(in_time @ newton.overlap).max()) * signal_weight(newton.law, newton.history, newton.overlap)
    work = newton.work * rule.origin / ORIGIN
    in_blocks = (float(np.abs(in_time @ values).max()) for values in (*functions, newton.replica, work))
    time_tail = max(left, newton.unrest(), signal, *in_blocks)
    panels = np.arange(0, newton.C.shape[1] - 1, n - 1)[:, None] + np.arange(n)
    space_tail = max(float(np.abs(values[panels] @ in_space.T).max()) for values in last)
    return Block(newton.history, newton.mu, energy, time_tail, space_tail, count, newton.factorisations, newton.double)


def signal_weight(law: Terms, history: History, overlap: Array) -> float:
    """What an error of the overlap variable counts: of ``ln |m|``, relative to its change since the start (an error of
    the time scale), and less once ``|m|`` has fallen from its largest value."""
    if law.overlap_kind != LOGARITHM:
        return float(law.overlap_kind != NO_SIGNAL)
    fallen = min(0.0, float(overlap.max() - history.overlap.max()))
    return float(np.exp(fallen) / max(1.0, np.abs(overlap - history.overlap[0]).max()))


def extrapolation(stages: Array, ratio: float) -> Array:
    """Rows that continue values at ``stages`` of one block to those of the next, ``ratio`` times as wide.

    A polynomial of degree ``PREDICTOR`` through the end, fitted to the rest.
    """
    degrees = np.arange(1, min(PREDICTOR, stages.size - 1) + 1)
    fit = np.linalg.pinv((stages[:-1, None] - 1) ** degrees)
    beyond = (ratio * (stages[:, None] + 1)) ** degrees @ fit
    return np.hstack([beyond, 1 - beyond.sum(axis=1, keepdims=True)])
