"""The march: block after block in ``ln t``, as wide as accuracy allows, with anchors where the state has jumped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...course import steps, value
from ...errors import ConvergenceError
from ...lowering import Array
from ..model import SAME, Model, first_kinetic, initial
from ..two_time import Reached
from ..units import fastest
from . import geometry, kernel, rest, store
from .block import Block, extrapolation, solve_block
from .geometry import LAG, TIME, History, Rule
from .kernel import LINEAR, LOGARITHM, NO_SIGNAL, Terms
from .rule import Resolution, derivative

FIRST_WIDTH, GROWTH = 0.3, 1.8
SHORTEST, PATIENCE = 1e-3, 3
"""Of ``origin``: a block that takes less time is not tried again; how often a narrower one may fail to be better."""
SLOW, STAGNANT = 1e3, 0.5
"""Beyond this time (of ``origin``), without a signal, nothing is fast; a tail that a narrower block leaves above
half is noise."""
SOFT = 0.5
"""Rounding of single precision times the condition number, from which on double precision is needed."""
NET = 65
"""Times at which it is seen whether the temperature changes."""
APART, TRIALS = 1.5, 3
"""Ratio of an anchor to the one before; how many widths are tried for a state at rest."""
COARSE = 30.0
"""Tail in t', in units of the tolerance, that asks for more nodes: what panels do not resolve grows."""
SHARP = 1.0
"""A change of m faster than this per unit of ln t leaves a feature in the memory that a logarithmic grid misses."""

FORGOTTEN, GONE = 1e-14, -1e3
"""Relative size of an overlap that is dropped, and the logarithm that stands for zero."""

COUNTS = ("blocks", "resting", "rejected", "iterations", "factorisations", "nodes", "restarts")


class CoarseError(ConvergenceError):
    """Panels that do not resolve the memory."""


@dataclass
class March:
    """A run so far: its history, rows at all stages, tails of each block, and where the next block starts.

    ``finer`` is the resolution with which it may be started again.
    """

    model: Model
    resolution: Resolution
    history: History = field(default_factory=store.empty)
    mu: list[Array] = field(default_factory=list)
    energy: list[Array] = field(default_factory=list)
    tails: list[tuple[float, float]] = field(default_factory=list)
    anchors: list[float] = field(default_factory=list)
    width: float = FIRST_WIDTH
    double: bool = False
    fruitless: int = 0
    crawl: int = 0
    restless: float = 0.0
    finer: Resolution | None = None
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))

    def __post_init__(self) -> None:
        self.law, self.rule = lowered(self.model), self.resolution.rule(self.model)

    @property
    def x(self) -> float:
        """Edge reached, in logarithmic time."""
        return float(self.history.x[-1])

    @property
    def t(self) -> float:
        """Time reached."""
        return float(time_of(self.x, self.rule))

    def run(self, t_max: float, reached: Reached) -> None:
        """Go on to ``t_max``. Raises ``ConvergenceError`` where the tolerance is lost, keeping what there is."""
        changes = np.union1d(steps(self.model.schedule, t_max), steps(self.model.friction, t_max))
        for stop in (*changes, t_max):
            goal = float(np.log1p(stop / self.rule.origin))
            while self.x < goal * (1 - 1e-14):
                self._begin()
                self.step(goal, lambda: reached(self.t))
                reached(self.t)

    def _begin(self) -> None:
        """At a step of the temperature all is fast again, and what came before ends at an anchor."""
        if self._stepped and self.t > max(self.anchors, default=0.0):
            self.anchors.append(self.t)
            self.width = min(self.width, FIRST_WIDTH * np.exp(-self.x))

    @property
    def _stepped(self) -> bool:
        """Whether the temperature steps, or begins to change, at the edge."""
        start, _ = self.model.piece(self.t)
        return start > 0 and abs(self.t - start) <= SAME * start

    def step(self, goal: float, alive: Callable[[], None] = lambda: None) -> None:
        """One accepted block, from this edge towards ``goal``."""
        tolerance, q, widest = self.resolution.tolerance, self.resolution.stages, self.resolution.reach
        if self._rest(goal, alive):
            return
        before, self.fruitless = np.inf, 0
        while True:
            width = self._width(goal)
            solved = self._attempt(width, alive)
            tail = np.inf if solved is None else max(solved.time_tail, 1e-3 * tolerance)
            if solved is not None and tail <= (12 if self._slow else 3) * tolerance:
                break
            self.counts["rejected"] += 1
            self.crawl += 1
            self._require_progress(width, tail, before)
            self.width, before = width * (0.4 if solved is None else self._narrower(tail)), tail
            widest = self.width
        self._accept(solved)
        self.crawl = 0 if width > 0.5 * self.resolution.reach else self.crawl
        grown = width * min(GROWTH, max(1.0 if self._slow else 0.4, 0.85 * (tolerance / tail) ** (1 / q)))
        # the last block before t_max may be short; what comes after a rejection must not grow at once
        self.width = min(max(grown, self.width if width < self.width else 0.0), widest)

    def _rest(self, goal: float, alive: Callable[[], None]) -> bool:
        """A block as wide as accuracy allows if the state is at rest and stays so.

        Where the nodes would move across what is remembered, an anchor since when nothing has changed holds them.
        """
        now = rest.window(self.rule, self.history, self.resolution.tolerance) if self._settled else None
        if now is None:
            return False
        width, held = min(self.resolution.reach, goal - self.x), now.since > APART * max(self.anchors, default=0.0)
        for _ in range(TRIALS):
            best = np.inf
            for anchors in (self.anchors, [*self.anchors, now.since])[: 1 + held]:
                solved = self._at_rest(now, anchors, width, alive)
                best = best if solved is None else min(best, solved.time_tail)
                if solved is not None and best <= 3 * self.resolution.tolerance:
                    self.anchors, self.width = anchors, self.resolution.reach
                    self._accept(solved)
                    self.counts["resting"] += 1
                    return True
            width *= self._narrower(best)
        self.restless = 2 * self.t
        return False

    def _at_rest(self, now: rest.Window, anchors: list[float], width: float, alive: Callable[[], None]) -> Block | None:
        """A block of that width in which only the window is unknown."""
        times, history, grid = self._next(width, anchors)
        C, R, resting = rest.at_rest(self.rule, history, grid, times, now)  # noqa: N806
        one = store.still(history, self.rule.stages.size)
        guess = store.with_block(history, self.t, self.x + width, grid, C, R, *one)
        return self._solved(guess, np.full(times.size, self.mu[-1][-1]), times, alive, resting)

    @property
    def _settled(self) -> bool:
        """The last block changed neither mu nor the overlaps, no block was tried in vain lately, and the temperature
        stays what it is; without a mass."""
        if self.law.mass > 0 or not self.mu or self.t < self.restless or self._stepped or not self._even:
            return False
        last = (values[-self.rule.stages.size :] for values in (self.history.overlap, self.history.replica))
        return bool(max(np.ptp(self.mu[-1]) / fastest(self.model), *map(np.ptp, last)) <= self.resolution.tolerance)

    @property
    def _even(self) -> bool:
        """Whether the temperature is constant until its next step."""
        start, end = self.model.piece(self.t)
        net = np.linspace(self.t, end, NET) if end < np.inf else self.t * np.geomspace(1, 1e6, NET)
        return bool(np.ptp(self.model.bath(net, start, end)) == 0)

    @property
    def _slow(self) -> bool:
        """Nothing fast can come before the next step of the temperature."""
        start, _ = self.model.piece(self.t)
        return self.law.overlap_kind == NO_SIGNAL and self.t - start > max(SLOW * self.rule.origin, start)

    @property
    def _soft(self) -> bool:
        """The clock may be so soft, with a condition number of the order of t, that single precision misses it."""
        return self._slow and kernel.SINGLE_EPS * self.t > SOFT * self.rule.origin

    def _width(self, goal: float) -> float:
        """The next block's, without leaving a sliver before ``goal``."""
        left = goal - self.x
        return left if left < 1.1 * self.width else self.width

    def _require_progress(self, width: float, tail: float, before: float) -> None:
        """Narrower blocks must help: what they do not resolve is noise of the memory, which they make grow.

        A block shorter than the fastest relaxation resolves all that there is, even where ln t makes it narrow; where
        nothing fast is left, one rejection after another is a collapse.
        """
        self.fruitless += np.isfinite(tail) and tail > STAGNANT * before
        shortest = width < SHORTEST * np.exp(-self.x)
        hopeless = self.fruitless > (0 if self._slow else PATIENCE)
        collapsed = self._slow and (self.crawl > PATIENCE or width < 0.1 * self.resolution.reach)
        if shortest or hopeless or collapsed:
            raise ConvergenceError(self._reason(min(tail, before)))

    def _reason(self, tail: float) -> str:
        """What keeps the tolerance from being reached."""
        tolerance = self.resolution.tolerance
        if not np.isfinite(tail):
            return f"Newton's method does not converge, however narrow the blocks; the tolerance is {tolerance:g}"
        return (
            f"narrower blocks no longer reach the tolerance {tolerance:g}; "
            f"the noise of the memory, which grows with t, is {tail:.1g}"
        )

    def _attempt(self, width: float, alive: Callable[[], None]) -> Block | None:
        """Predict and solve a block of that width."""
        self._forget()
        times, history, grid = self._next(width, self.anchors)
        predicted = self._unchanged(history, grid, times) if self._stepped else self._prediction(history, grid, width)
        values, mu = predicted
        guess = store.with_block(history, self.t, self.x + width, grid, *values)
        return self._solved(guess, mu, times, alive)

    def _next(self, width: float, anchors: Sequence[float]) -> tuple[Array, History, int]:
        """The stages of a block of that width, the history with its grid, and which grid that is."""
        times = time_of(self.x + 0.5 * width * (1 + self.rule.stages[1:]), self.rule)
        segments = store.Segments.at(float(times[-1]), anchors, self.rule)
        return times, *store.with_grid(self.history, segments, anchors)

    def _solved(
        self,
        guess: History,
        mu: Array,
        times: Array,
        alive: Callable[[], None],
        resting: NDArray[np.bool_] | None = None,
    ) -> Block | None:
        """A guess solved; what that cost and the precision that it needed are kept."""
        tolerance, piece = self.resolution.tolerance, self.model.piece(self.t)
        bath = np.array([self.model.bath(times, *piece), value(self.model.friction, times, *piece)])
        double = self.double or (resting is None and self._soft)
        solved = solve_block(self.law, self.rule, guess, mu, times, bath, tolerance, double, alive, resting)
        if solved is not None:
            self.double = solved.double
            self.counts["iterations"] += solved.iterations
            self.counts["factorisations"] += solved.factorisations
        return solved

    def _narrower(self, tail: float) -> float:
        """The factor by which to narrow a block that left that tail."""
        return float(np.clip(0.8 * (self.resolution.tolerance / tail) ** (1 / self.resolution.stages), 0.2, 0.8))

    def _forget(self) -> None:
        """An overlap that has fallen to ``FORGOTTEN`` of its largest value is zero from then on."""
        overlap = self.history.overlap
        if self.law.overlap_kind == LOGARITHM and overlap.size and overlap[-1] < overlap.max() + np.log(FORGOTTEN):
            self.law = self.law._replace(overlap_kind=NO_SIGNAL)

    def _prediction(self, history: History, grid: int, width: float) -> tuple[tuple[Array, ...], Array]:
        """``C``, scaled ``R``, the overlap variable, q and the work at all stages and ``mu`` at the unknown ones."""
        q, rule = self.resolution.stages, self.rule
        if not self.mu:
            ones = np.ones((q + 1, store.nodes(history, grid, rule)))
            one = (np.full(q + 1, x) for x in (first_overlap(self.model, self.law), self.model.replica, 0.0))
            response = rule.scale * ones if self.law.mass == 0 else 0 * ones
            return (ones, response, *one), np.full(q, initial(self.model)[1])
        C, R, overlap, *others = store.block(history, history.t.size - 1, q)  # noqa: N806
        if history.grid[-1] != grid:
            C, R = self._resampled(history, grid)  # noqa: N806
        matrix = extrapolation(rule.stages, width / float(history.x[-1] - history.x[-2]))
        start = self.mu[-2][-1] if len(self.mu) > 1 else initial(self.model)[1]
        mu = np.concatenate([[start + self.model.jump(float(history.t[-1]))], self.mu[-1]])
        variable = matrix @ overlap if self.law.overlap_kind != NO_SIGNAL else np.full(q + 1, GONE)
        return (matrix @ C, matrix @ R, variable, *(matrix @ x for x in others)), (matrix @ mu)[1:]

    def _unchanged(self, history: History, grid: int, times: Array) -> tuple[tuple[Array, ...], Array]:
        """The same where the temperature has stepped: functions of the lag as they were, ``mu`` with the step."""
        nodes, now = store.nodes(history, grid, self.rule), self.t
        C, R = np.ones((2, times.size + 1, nodes))  # noqa: N806
        slices = np.empty((4, nodes))
        for k, t in enumerate([now, *times]):
            geometry.slice_at(grid, float(t), self.rule, history, slices)
            C[k], response = rest.values_at(self.rule, history, now, np.minimum(slices[LAG], now))
            R[k] = response * (self.rule.scale + slices[LAG])
        mu = np.full(times.size, self.mu[-1][-1] + self.model.jump(now))
        return (C, R, *store.still(history, times.size + 1)), mu

    def _resampled(self, history: History, grid: int) -> tuple[Array, Array]:
        """The last block on the nodes of another grid."""
        rule, nodes = self.rule, store.nodes(history, grid, self.rule)
        c, r = np.ones((2, rule.stages.size, nodes))
        slices, width = np.empty((4, nodes)), history.x[-1] - history.x[-2]
        for k, place in enumerate(rule.stages):
            t = float(time_of(history.x[-2] + 0.5 * width * (1 + place), rule))
            geometry.slice_at(grid, t, rule, history, slices)
            if t > 0.0:
                geometry.evaluate(rule, history, np.full(nodes, t), slices[TIME], slices[LAG], c[k], r[k])
            r[k] *= rule.scale + slices[LAG]
        return c, r

    def _accept(self, solved: Block) -> None:
        if not all(np.all(np.isfinite(values)) for values in (solved.mu, solved.energy, solved.history.C)):
            raise ConvergenceError("the solution is no longer finite")
        self.mu.append(solved.mu)
        self.energy.append(solved.energy)
        self.tails.append((solved.time_tail, solved.space_tail))
        self.history = solved.history  # last: an interrupt before it leaves whole blocks
        self.counts["blocks"] += 1
        nodes = store.nodes(self.history, int(self.history.grid[-1]), self.rule)
        self.counts["nodes"] = max(self.counts["nodes"], nodes)
        if self.coarsest > COARSE and self.finer is not None:
            raise CoarseError(
                f"the nodes leave {solved.space_tail:.1g} at a tolerance of {self.resolution.tolerance:g}"
            )
        self._anchor()

    @property
    def coarsest(self) -> float:
        """The largest tail in t', in units of the tolerance."""
        return max((space for _, space in self.tails), default=0.0) / self.resolution.tolerance

    def _anchor(self) -> None:
        """Once a jump of m is over, let two segments of the grid meet where it was steepest."""
        if self.law.overlap_kind == NO_SIGNAL:
            return
        t, rates = overlap_rates(self)
        after = t > (self.anchors[-1] * 1.5 if self.anchors else 2 * self.rule.origin)
        if not np.any(after):
            return
        steepest = int(np.argmax(np.where(after, rates, 0.0)))
        # the last block, from which the next one is predicted, has to lie beyond
        begun = float(time_of(self.history.x[-2], self.rule))
        over = begun >= t[steepest] and self.t - t[steepest] > 0.25 * t[steepest] / rates[steepest]
        if rates[steepest] > SHARP and over:
            self.anchors.append(float(t[steepest]))


def lowered(model: Model) -> Terms:
    """The model as the kernel wants it; ``ln |m|`` stands for m unless m can change its sign, or the start pulls it."""
    linear = model.drift[0] != 0 or (model.beta > 0 and model.overlap != 0)
    kind = LINEAR if linear else LOGARITHM if model.overlap != 0 else NO_SIGNAL
    named = {name: getattr(model, name) for name in Terms._fields if hasattr(model, name)}
    total = initial(model)[2] + model.mass * first_kinetic(model) / 2
    sign = -1.0 if model.overlap < 0 else 1.0
    return Terms(**named, start=model.overlap, total=total, overlap_kind=kind, sign=sign)


def first_overlap(model: Model, law: Terms) -> float:
    """The overlap variable at t = 0."""
    if law.overlap_kind == NO_SIGNAL:
        return GONE
    return float(np.log(abs(model.overlap))) if law.overlap_kind == LOGARITHM else model.overlap


def time_of(x: float | Array, rule: Rule) -> Array:
    """``t = origin (e^x - 1)``."""
    return np.asarray(rule.origin * np.expm1(x))


def overlap_rates(march: March) -> tuple[Array, Array]:
    """Times of the stages and ``|dm/dx|`` there."""
    q, rule, history = march.resolution.stages, march.rule, march.history
    values = history.overlap.reshape(-1, q + 1)
    m = np.vectorize(lambda v: kernel.overlap_of(v, march.law))(values)
    widths = np.diff(history.x)
    rates = np.abs(m @ derivative(rule.stages).T) * 2 / widths[:, None]
    t = time_of(history.x[:-1, None] + 0.5 * widths[:, None] * (1 + rule.stages), rule)
    return t[:, 1:].ravel(), rates[:, 1:].ravel()
