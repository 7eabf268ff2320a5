"""All y that share a label: on nodes of y whose panels end where their number changes.

A smooth label is monotone between its turning points. Where y passes a preimage of a turning point's label, two
preimages are born or die, and posterior weights change like a square root or jump: panels shrink by halves towards
these places, towards the turning points themselves, and towards zero.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from sympy import diff

from theory.generalized_linear import SIGNAL_FIELD, BayesChannel

from ..lowering import Array, lower
from ..roots import between
from .extended import LARGEST, ROUNDING
from .quadrature import halving_panels

HALVINGS = 26
HALVINGS_AT_TURNS = 14
"""Fewer: at a distance d from a turning point, where all is smooth, rounding makes slopes wrong by 1e-16/d^2."""
REACH, SMALLEST = 9.5, 1e-9
"""Fields beyond have a probability of 1e-21; turning points of even labels this close to zero are zero."""
WIDEST, FEWEST = 0.5, 8
"""Panels and nodes to a panel on the coarsest grid; finer ones have half as wide panels and two more nodes."""
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
    y, width = _nodes(label, turning, ends, level)
    weight = width * np.exp(-(y**2) / 2)
    others = _others(label, ends, y)
    others = others[np.isfinite(others).any(axis=1)]
    doubts = np.where(_lost(label, slope, ends, y), 1.0, _doubts(label, slope, y, others))
    points = np.vstack((y, others))
    if channel.even:
        points = np.vstack((points, -points))
    return Preimages(y, weight / weight.sum(), points, np.abs(slope(points)), doubts)


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


def _nodes(label: Function, turning: Array, ends: Array, level: int) -> tuple[Array, Array]:
    """Nodes and weights of ``dy`` on panels that end at every turning point and at the other y with its label."""
    born = [_on_branches(label, ends, np.array([value])).ravel() for value in label(turning)]
    born = [*born, np.zeros(1)]
    halvings, at_turns = (HALVINGS, HALVINGS_AT_TURNS) if level >= 0 else (HALVINGS_AT_TURNS, HALVINGS_AT_TURNS // 2)
    places = dict.fromkeys(np.concatenate(born)[np.isfinite(np.concatenate(born))].tolist(), halvings)
    places |= dict.fromkeys(turning.tolist(), at_turns) | {float(ends[0]): halvings, float(ends[-1]): halvings}
    breaks = sorted(places)
    panels = (
        halving_panels((a, b), (places[a], places[b]), WIDEST / 2**level, FEWEST + 2 * level)
        for a, b in itertools.pairwise(breaks)
    )
    y, width = (np.concatenate(parts) for parts in zip(*panels, strict=True))
    return y, width


def _lowered(channel: BayesChannel) -> tuple[Function, Function]:
    """The label and its slope."""
    functions = lower((SIGNAL_FIELD,), [channel.label, diff(channel.label, SIGNAL_FIELD)])
    return lambda y: functions(y)[0], lambda y: functions(y)[1]


def _turning_points(slope: Function, channel: BayesChannel) -> Array:
    """Where the slope changes sign within reach; a net of spacing 0.0025 tells them apart."""
    net = np.unique(NET)
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
    return between(slope, net[known[turns]], net[known[turns + 1]]).value


def _on_branches(label: Function, ends: Array, values: Array) -> Array:
    """The point of each monotone branch (rows) with each of these labels; nan where there is none."""
    levels = label(ends)
    points = np.full((len(ends) - 1, len(values)), np.nan)

    def excess(y: Array, wanted: Array) -> Array:
        return np.clip(label(y) - wanted, -LARGEST, LARGEST)

    for branch, (a, b, start, end) in enumerate(zip(ends, ends[1:], levels, levels[1:], strict=False)):
        inside = (values > min(start, end)) & (values < max(start, end))
        points[branch, inside] = between(excess, a, b, values[inside]).value
    return points


def _others(label: Function, ends: Array, y: Array) -> Array:
    """Points of the other branches with the label of each y."""
    points = _on_branches(label, ends, label(y))
    own = np.clip(np.searchsorted(ends, y) - 1, 0, len(ends) - 2)
    points[own, np.arange(len(y))] = np.nan
    return points
