"""All y that share a label: on nodes of y whose panels end where their number changes.

A label is monotone between its turning points, kinks and steps among them. Where y passes a preimage of a turning
point's label, two preimages are born or die, and posterior weights change like a square root or jump: panels shrink by
halves towards these places, towards the turning points themselves, and towards zero. Where a label is flat, all y of an
interval share it: an atom of the law of the labels.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from theory.generalized_linear import SIGNAL_FIELD, BayesChannel

from ..lowering import Array, lower
from ..roots import between
from .breaks import breaks, slope_between
from .extended import LARGEST, ROUNDING
from .quadrature import halving_panels

HALVINGS = 26
HALVINGS_AT_TURNS = 14
"""Fewer: at a distance d from a turning point, where all is smooth, rounding makes slopes wrong by 1e-16/d^2."""
REACH, SMALLEST = 9.5, 1e-9
"""Fields beyond have a probability of 1e-21; turning points of even labels this close to zero are zero."""
WIDEST, FEWEST = 0.5, 8
"""Panels and nodes to a panel on the coarsest grid; finer ones have half as wide panels and two more nodes."""
SAME = 12
"""Decimals to which labels of two intervals are the same."""
INSIDE = 1e-14
"""Distance from the end of a branch, relative, at which its label is read: there may be a step."""
FLAT = 1e-2
"""What rounding of the label moves y by, where the label is too flat to tell."""
MOST = 24
"""Turning points: more are refused, the nodes would be too many."""
NET = np.concatenate((np.linspace(-REACH, REACH, 8001), [s * x for s in (-1, 1) for x in np.geomspace(1e-9, 1e-2, 60)]))

Function = Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class Preimages:
    """Nodes ``y`` (n,) with weights of a standard Gaussian; ``points`` (K, n), the first row y itself, and the size of
    the label's slope there; nan where there are fewer.

    ``doubts`` (n,) bound the errors of the points by the rounding of labels; one, where all may be wrong.
    """

    y: Array
    weight: Array
    points: Array
    slope: Array
    doubts: Array
    atoms: tuple[Array, ...] = ()
    """Of each label that many y share, those y: intervals (k, 2)."""

    @property
    def doubt(self) -> float:
        """Of all nodes together."""
        return float(self.weight @ self.doubts)


@lru_cache(maxsize=32)
def preimages(channel: BayesChannel, level: int) -> Preimages:
    """On the grid of this level: -1, the coarsest, and up.

    Raises ValueError for a label that is not a number for some y, or turns too often.
    """
    label, slope = _lowered(channel)
    turning = _turning_points(slope, channel)
    if channel.even:  # the positive half, and its mirror image
        turning = np.append(0.0, turning[turning > SMALLEST])
    ends = np.concatenate(([] if channel.even else [-REACH], turning, [REACH]))
    branches = _branches(label, ends, np.array(breaks(channel.label, SIGNAL_FIELD)))
    atoms = _atoms(label, branches, even=channel.even)
    shown = 1 - sum(float(masses(intervals).sum()) for intervals in atoms)
    if branches.flat.all():
        none = np.empty((1, 0))
        return Preimages(none[0], none[0], none, none, none[0], atoms)
    y, width = _nodes(label, turning, branches, level)
    weight = width * np.exp(-(y**2) / 2)
    others = _others(label, branches, y)
    others = others[np.isfinite(others).any(axis=1)]
    doubts = np.where(_lost(label, slope, ends, y), 1.0, _doubts(label, slope, y, others))
    points = np.vstack((y, others))
    if channel.even:
        points = np.vstack((points, -points))
    return Preimages(y, shown * weight / weight.sum(), points, np.abs(slope(points)), doubts, atoms)


def masses(intervals: Array) -> Array:
    """Probability of each under a standard Gaussian."""
    low, high = np.where(intervals.mean(axis=1, keepdims=True) > 0, -intervals[:, ::-1], intervals).T
    return np.asarray(ndtr(high) - ndtr(low))


class Branches(NamedTuple):
    """Intervals between ``ends`` on which the label is monotone, or ``flat``: it is read from ``low`` to ``high``, just
    inside where it may step."""

    ends: Array
    low: Array
    high: Array
    flat: NDArray[np.bool_]


def _branches(label: Function, ends: Array, broken: Array) -> Branches:
    shift = np.where(np.isin(ends, broken), INSIDE * (1 + np.abs(ends)), 0.0)
    low, high = (ends + shift)[:-1], (ends - shift)[1:]
    values = label(np.linspace(low, high, 9))
    flat = np.ptp(values, axis=0) <= 8 * ROUNDING * np.abs(values).max(axis=0)
    return Branches(ends, low, high, flat)


def _atoms(label: Function, branches: Branches, *, even: bool) -> tuple[Array, ...]:
    """Intervals by their label; those that reach as far as we look have no end."""
    ends, flat = branches.ends, branches.flat
    reach = np.where(np.abs(ends) == REACH, np.copysign(np.inf, ends), ends)
    intervals = np.stack((reach[:-1], reach[1:]), axis=1)[flat]
    values = np.round(label(branches.low)[flat], SAME)
    atoms = [intervals[values == value] for value in np.unique(values)]
    return tuple(np.concatenate((-part[:, ::-1], part)) if even else part for part in atoms)


def _lost(label: Function, slope: Function, ends: Array, y: Array) -> NDArray[np.bool_]:
    """Where rounding leaves a flat label no different from that of a turning point elsewhere, which may have more."""
    branch, values = np.clip(np.searchsorted(ends, y) - 1, 0, len(ends) - 2), label(y)
    rounding, levels = 4 * ROUNDING * np.abs(values), label(ends)
    flat = rounding > FLAT * np.abs(slope(y))
    elsewhere = ~np.isin(np.arange(len(ends))[:, None] - branch, (0, 1))
    return flat & (elsewhere & (np.abs(levels[:, None] - values) <= rounding)).any(axis=0)


def _doubts(label: Function, slope: Function, y: Array, others: Array) -> Array:
    """How far rounding of the label may move the other points; mirror images are exact."""
    with np.errstate(all="ignore"):
        error = 4 * ROUNDING * np.abs(label(y)) / np.abs(slope(others))
    return np.asarray(np.minimum(1.0, np.nan_to_num(error, posinf=1.0).max(axis=0, initial=0.0)))


def _nodes(label: Function, turning: Array, branches: Branches, level: int) -> tuple[Array, Array]:
    """Nodes and weights of ``dy`` on panels that end at every turning point and at the other y with its label."""
    ends, sides = branches.ends, np.append(branches.low[1:], branches.high[:-1])
    levels = label(np.unique(np.append(sides, turning[np.isin(turning, ends[:1])])))
    born = [_on_branches(label, branches, np.array([value])).ravel() for value in levels]
    born = [*born, np.zeros(1)]
    halvings, at_turns = (HALVINGS, HALVINGS_AT_TURNS) if level >= 0 else (HALVINGS_AT_TURNS, HALVINGS_AT_TURNS // 2)
    places = dict.fromkeys(np.concatenate(born)[np.isfinite(np.concatenate(born))].tolist(), halvings)
    places |= dict.fromkeys(turning.tolist(), at_turns) | {float(ends[0]): halvings, float(ends[-1]): halvings}
    places_in_order = sorted(places)
    panels = (
        halving_panels((a, b), (places[a], places[b]), WIDEST / 2**level, FEWEST + 2 * level)
        for a, b in itertools.pairwise(places_in_order)
        if not branches.flat[np.searchsorted(ends, (a + b) / 2) - 1]
    )
    y, width = (np.concatenate(parts) for parts in zip(*panels, strict=True))
    return y, width


def _lowered(channel: BayesChannel) -> tuple[Function, Function]:
    """The label and its slope."""
    functions = lower((SIGNAL_FIELD,), [channel.label, slope_between(channel.label, SIGNAL_FIELD)])
    return lambda y: functions(y)[0], lambda y: functions(y)[1]


def _turning_points(slope: Function, channel: BayesChannel) -> Array:
    """Where the slope changes sign within reach, a net of spacing 0.0025 tells them apart; and where labels break."""
    broken = np.array(breaks(channel.label, SIGNAL_FIELD))
    broken = broken[np.abs(broken) < REACH]
    net = np.setdiff1d(NET, broken)
    values = slope(net)
    if not np.all(np.isfinite(values)):
        place = net[~np.isfinite(values)][0]
        raise ValueError(f"teacher = {channel.landscape.observed} has no finite slope at y = {place:.3g}")
    known = np.flatnonzero(values)
    signs = np.sign(values[known])
    turns = np.flatnonzero(signs[1:] != signs[:-1])
    if len(turns) > MOST:
        raise ValueError(
            f"teacher = {channel.landscape.observed} turns {len(turns)} times for |y| < {REACH:g}; "
            f"at most {MOST} turns are solved"
        )
    starts, ends = net[known[turns]], net[known[turns + 1]]
    smooth = np.searchsorted(broken, starts) == np.searchsorted(broken, ends)
    return np.unique(np.append(between(slope, starts[smooth], ends[smooth]).value, broken))


def _on_branches(label: Function, branches: Branches, values: Array) -> Array:
    """The point of each monotone branch (rows) with each of these labels; nan where there is none."""
    _, low, high, flat = branches
    levels = (label(low), label(high))
    points = np.full((len(low), len(values)), np.nan)

    def excess(y: Array, wanted: Array) -> Array:
        return np.clip(label(y) - wanted, -LARGEST, LARGEST)

    for branch, (a, b, start, end) in enumerate(zip(low, high, *levels, strict=True)):
        inside = (values > min(start, end)) & (values < max(start, end)) & ~flat[branch]
        points[branch, inside] = between(excess, a, b, values[inside]).value
    return points


def _others(label: Function, branches: Branches, y: Array) -> Array:
    """Points of the other branches with the label of each y."""
    points = _on_branches(label, branches, label(y))
    own = np.clip(np.searchsorted(branches.ends, y) - 1, 0, len(branches.low) - 1)
    points[own, np.arange(len(y))] = np.nan
    return points
