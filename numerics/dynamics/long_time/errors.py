"""How wrong a long run is: what each block cuts off, and how long that is remembered.

Every block leaves tails: the last coefficients in time of mu, C(t,0) and m, and those in t' of the integrand of mu.
They act on what comes after as small kicks. Kicks die: as ``1/t^2``, faster than the motion along an ageing trajectory
(``t^(-5/3)``), and with the motion itself where that comes to rest. An error of ``ln |m|`` is one of the clock, which
stays as long as m grows or decays and ends with that: the time of a jump is uncertain, the state after it is not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...lowering import Array
from ...power_series import evaluate
from ..model import Model
from ..two_time import Errors
from ..units import fastest
from . import geometry, store
from .geometry import LAG, History, Rule
from .geometry import TIME as TIME_OF_NODE
from .kernel import LINEAR, LOGARITHM, NO_SIGNAL
from .rule import derivative, last_coefficients

ROUNDING, NOISE, LAST, REST, RECENT = 1e-12, 1e-13, 2e-15, 1e-12, 4.0
"""Of a time; of a result, and of the temperature in mu; motion per unit of ln t below which nothing moves; times of
``origin`` with full memory."""
TIME, ACTING, ANYWHERE, CLOCK, TAME = 1.6, 0.3, 0.03, 5.0, 6
"""Factors that cover, two or three times over, the differences to runs to 1e-10 of pure, mixed and planted landscapes
at several temperatures, and those of 99 in 100 random ones to runs with three more digits: of tails in time, in t' and
of all of them for mu, of the clock; and the order of the interactions up to which that of all of them holds."""
SIGNAL, AT_REST, GROWING, FIRST, SHIFT, FIELD = 1.6, 0.7, 0.02, 0.05, 0.05, 0.1
"""The same for m: of its own tails; of kicks where it is at rest and where it grows; of the first kicks and of the
clock, which change it by a factor as long as it grows; of kicks where there is a field."""
RESPONSE = 3.5
"""Of all tails, for R: at the tightest tolerances twice was exceeded by half, at lags of one or two."""
START, START_KICK, START_FIRST, START_SHIFT = 0.8, 0.3, 0.05, 0.1
"""The same for C(t,0)."""


@dataclass(frozen=True, eq=False)
class Run:
    """What the estimate needs of a run: the history, its rule and, one row for each block, ``mu`` and m at all stages,
    starts included, and the tails in time and in t' that were measured on the way; ``noise``: what Newton may leave."""

    model: Model
    kind: int
    rule: Rule
    history: History
    mu: Array
    m: Array
    measured: Array
    noise: float


@dataclass(frozen=True, eq=False)
class Tails:
    """Of each block: its end ``t``; the kick it gives to mu and the one to the clock (``kick, clock``); the tails in
    time of m and C(t,0) (``signal, start``); all its tails (``anywhere``); motion of mu, m, C(t,0) and of ``ln |m|``
    per unit of ln t, the largest from it on (``moving, growing``); the largest ``|m|`` up to it. ``recent`` is a few of
    the landscape's own times, ``noise`` what every result has."""

    t: Array
    kick: Array
    clock: Array
    signal: Array
    start: Array
    anywhere: Array
    moving: Array
    growing: Array
    largest: Array
    recent: float
    noise: float

    def remembered(self, kicks: Array, t: Array, motion: Array, power: float) -> Array:
        """The largest kick so far, each weaker by what the motion has lost, and by ``(t_b/t)^power``, with ``recent``
        added to both times: nothing is forgotten at once."""
        block = self.block(t)
        weaker = np.minimum(1.0, (motion[block, None] + REST) / (motion + REST))
        weaker *= np.minimum(1.0, (self.recent + self.t) / (self.recent + t[:, None])) ** power
        past = np.arange(kicks.size) <= block[:, None]
        return np.asarray(np.max(np.where(past, kicks * weaker, 0.0), axis=1))

    def block(self, t: Array) -> Array:
        """Index of the block of each time."""
        return np.clip(np.searchsorted(self.t, t * (1 - ROUNDING), side="left"), 0, self.t.size - 1)


def tails(run: Run) -> Tails:
    """What a run leaves behind."""
    widths = np.diff(run.history.x)
    q = run.rule.stages.size - 1
    starts = np.array([store.block(run.history, b, q)[0][:, 0] for b in range(widths.size)])
    rows = (run.mu / pull(run), run.m, starts, run.history.replica.reshape(-1, q + 1))
    moving = np.max([motion(x, run.rule, widths) for x in rows], axis=0)
    variable = run.history.overlap.reshape(-1, q + 1)
    growing = motion(variable, run.rule, widths) if run.kind == LOGARITHM else np.zeros(widths.size)
    time = np.array([np.abs(x @ last_coefficients(run.rule.stages, 1)[0]) for x in rows])
    ends, measured = run.rule.origin * np.expm1(run.history.x[1:]), run.measured.sum(axis=1)
    acting = np.array([acting_tail(run, b, float(t)) for b, t in enumerate(ends)])
    return Tails(
        ends,
        TIME * time.max(axis=0) + ACTING * acting + ANYWHERE * sharpness(run.model) * measured,
        CLOCK * (run.measured[:, 0] + acting) * np.minimum(1.0, 3 * growing),
        time[1],
        time[2],
        measured,
        onwards(moving),
        onwards(growing),
        np.maximum.accumulate(np.abs(run.m).max(axis=1)),
        RECENT * run.rule.origin,
        NOISE + run.noise,
    )


def motion(rows: Array, rule: Rule, widths: Array) -> Array:
    """Largest ``|d/d ln t|`` at the stages of each block."""
    return np.asarray(np.abs(rows @ derivative(rule.stages).T).max(axis=1) * 2 / widths)


def onwards(values: Array) -> Array:
    """The largest from each block on."""
    return np.maximum.accumulate(values[::-1])[::-1]


def acting_tail(run: Run, block: int, t: float) -> float:
    """Last two coefficients in t' of ``R [f'(C) + f''(C) C]`` times the interval of a node, over the pull."""
    rule, n = run.rule, run.rule.nodes.size
    C, R, *_ = store.block(run.history, block, rule.stages.size - 1)  # noqa: N806
    slices = np.empty((4, C.shape[1]))
    geometry.slice_at(run.history.grid[block], t, rule, run.history, slices)
    lags = slices[LAG]
    noise, memory = evaluate(run.model.noise, C[-1]), evaluate(run.model.memory, C[-1])
    integrand = R[-1] / (rule.scale + lags) * (noise + memory * C[-1])
    integrand *= rule.scale + store.span(run.history, int(run.history.grid[block]), slices[TIME_OF_NODE], lags)
    panels = np.arange(0, lags.size - 1, n - 1)[:, None] + np.arange(n)
    return float(np.abs(integrand[panels] @ last_coefficients(rule.nodes, 2).T).max() / pull(run))


def estimated(run: Run, left: Tails, t: Array, m: Array) -> Errors:
    """Errors at times ``t``, where the overlap is m.

    Those of mu and e scale with the pull, e by its share; the clock moves them with ``m^2``.
    """
    kick, clock = kicks(left, t)
    anywhere = np.maximum.accumulate(left.anywhere)[left.block(t)] + clock + left.noise
    response = RESPONSE * (left.remembered(left.anywhere, t, left.moving, 1.0) + clock) + left.noise
    mu, rounding = pull(run) * (kick + m**2 * clock), LAST * run.model.temperature
    signal = estimated_of_signal(run.kind, left, t, np.abs(m))
    return Errors(signal, mu + rounding, energy_share(run) * mu, anywhere, response)


def estimated_of_signal(kind: int, left: Tails, t: Array, m: Array) -> Array:
    """Error of m, given ``|m|``."""
    (kick, clock), block = kicks(left, t), left.block(t)
    if kind == NO_SIGNAL:
        return 0 * kick
    own, factor = SIGNAL * left.remembered(left.signal, t, left.moving, 2.0), FIRST * first(left, t)
    if kind == LINEAR:
        return own + factor * m + FIELD * kick + left.noise
    grows = np.minimum(1.0, 3 * left.growing[block])
    share = AT_REST * (1 - grows) + GROWING
    return np.asarray(own + left.largest[block] * (share * kick + left.noise) + (factor * grows + SHIFT * clock) * m)


def estimated_at_start(left: Tails, t: Array, m: Array, correlation: Array) -> Array:
    """Error of ``C(t,0)``, given it and m."""
    kick, clock = kicks(left, t)
    own = START * left.remembered(left.start, t, left.moving, 2.0) + START_FIRST * first(left, t) * np.abs(correlation)
    return np.asarray(own + START_KICK * kick + START_SHIFT * m**2 * clock + left.noise)


def first(left: Tails, t: Array) -> Array:
    """The largest kick so far."""
    return np.asarray(np.maximum.accumulate(left.kick)[left.block(t)])


def kicks(left: Tails, t: Array) -> tuple[Array, Array]:
    """What acts on mu at times t of all the kicks so far, and on the clock."""
    kick = left.remembered(left.kick, t, left.moving, 2.0) + left.noise
    return kick, left.remembered(left.clock, t, left.growing, 0.0)


def pull(run: Run) -> float:
    """What C and R of order one amount to in ``mu - T``: the fastest rate, unless the bath is hot."""
    model, rate = run.model, fastest(run.model)
    noise, memory = (float(np.abs(series).sum()) for series in (model.noise, model.memory))
    return min(rate, (noise + memory) / rate + drift(run) + model.beta * (noise + memory))


def drift(run: Run) -> float:
    """The largest pull of the signal, ``g'(1)`` times the largest ``|m|``."""
    return float(np.abs(run.model.drift).sum() * np.abs(run.m).max())


def sharpness(model: Model) -> float:
    """How much more an error of C moves the forces than it does up to the order ``TAME``: by ``f'''/f''``, or 1."""
    memory, slope = (float(np.abs(series).sum()) for series in (model.memory, model.memory_slope))
    return max(1.0, slope / ((TAME - 2) * memory)) if memory > 0 else 1.0


def energy_share(run: Run) -> float:
    """Of the integrand of mu, what is that of e: ``(f' + g')/(f' + f'' + g')`` at 1, ``g'`` times the fastest rate."""
    noise, memory = (float(np.abs(series).sum()) for series in (run.model.noise, run.model.memory))
    both = noise + fastest(run.model) * drift(run)
    return both / (both + memory)
