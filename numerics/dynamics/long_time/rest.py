"""A state at rest: what is older than a window of lags no longer changes and acts on nothing.

Once m, mu and ``C(t,t')`` at old t' have settled, ``C`` and ``R`` at small lags depend on the lag alone and R has died
out within a window. Then only the window is unknown in the next block; all else stays as it is, which its own equations
confirm afterwards (``Newton.unrest``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...lowering import Array
from . import geometry, store
from .block import reach
from .geometry import LAG, TIME, History, Rule

QUIET, ROOM, AGE = 0.1, 1.25, 2.0
"""What is left of R and of the change of C, in units of the tolerance; the window over the lag at which R has died
out; the time over the window from which on it is looked for."""


class Window(NamedTuple):
    """Of C and R at time ``t``: they depend on nothing but the lag, and beyond ``lag`` R is 0; nothing has changed
    from time ``since`` on."""

    t: float
    lag: float
    since: float


def window(rule: Rule, history: History, tolerance: float) -> Window | None:
    """At the end of a history, if the last block left C and R as they were."""
    grid, begun, t = int(history.grid[-1]), *(float(rule.origin * np.expm1(x)) for x in history.x[-2:])
    C, R, *_ = store.block(history, history.t.size - 1, rule.stages.size - 1)  # noqa: N806
    slices = np.empty((4, C.shape[1]))
    geometry.slice_at(grid, t, rule, history, slices)
    acting = slices[LAG][np.abs(R[-1]) * reach(slices[LAG], t, rule) > QUIET * tolerance]
    lag = ROOM * float(acting.max())
    if lag > begun / AGE:
        return None
    recent = slices[LAG] <= lag
    lags = np.append(slices[LAG][recent], lag)
    (c, r), (before, earlier) = (values_at(rule, history, time, lags) for time in (t, begun))
    weight, flat = reach(lags, t, rule) * (rule.scale + lags), c[lags >= lag / ROOM]
    changed = max(np.abs(c - before).max(), np.abs((r - earlier) * weight).max(), np.ptp(flat))
    return Window(t, lag, begun - lag) if changed <= tolerance else None


def values_at(rule: Rule, history: History, t: float, lags: Array) -> tuple[Array, Array]:
    """``C(t, t - lag)`` and ``R(t, t - lag)``."""
    c, r = np.ones((2, lags.size))
    geometry.evaluate(rule, history, np.full(lags.size, t), t - lags, lags, c, r)
    return c, r


def at_rest(
    rule: Rule, history: History, grid: int, times: Array, now: Window
) -> tuple[Array, Array, NDArray[np.bool_]]:
    """``C`` and scaled ``R`` at ``now.t`` and the later ``times`` if nothing changes, (times + 1, nodes); who rests."""
    nodes = store.nodes(history, grid, rule)
    C, R = np.ones((2, times.size + 1, nodes))  # noqa: N806
    slices = np.empty((4, nodes))
    for k, t in enumerate([now.t, *times]):
        geometry.slice_at(grid, float(t), rule, history, slices)
        s, lags = slices[TIME], slices[LAG]
        recent, old = lags <= now.lag, s <= now.t - now.lag
        if k == 0:
            resting = ~recent
            resting[0] = False  # acts on all later times where the start was in equilibrium
        places = np.where(recent, lags, np.where(old, now.t - s, now.lag))
        C[k], response = values_at(rule, history, now.t, places)
        R[k] = np.where(recent, response, 0.0) * (rule.scale + lags)
    return C, R, resting
