"""Where spurious minima disappear: roots of the complexity of minima in the control parameter."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from sympy import Symbol, diff

from theory.kac_rice import Complexity, KacRice
from theory.symbols import SHIFT
from theory.symbols import SIGNAL_OVERLAP as M
from theory.thresholds import Family, Threshold
from theory.thresholds.trivialization import (
    closing_band,
    trivialization,
    trivialization_any_overlap,
    trivialization_connected,
)

from ..complexity import ROUNDING, ComplexityResult, evaluate, outside_coordinate
from ..lowering import Array, lower
from ..roots import Roots, above, between, slope_at
from .lines import Located

NEAR_ZERO = np.linspace(0, 1, 49)[1:-1] ** 2
"""Overlaps at which the climb from m = 0 looks for a change of slope (dense near zero)."""
EVERYWHERE = np.sin(np.linspace(-1, 1, 141) * np.pi / 2)[1:-1]
"""Overlaps among which the highest local maximum is sought before it is refined."""
BEYOND = np.array([1.001, 1.03, 1.2, 1.7, 4.0, 20.0, 200.0])
"""Multiples of a candidate for the last zero at which no minima may be left."""
REACH = 1e4
"""Multiple of reading (a) up to which the others are sought."""
NEGLIGIBLE = 1e-12
"""Complexities below are rounding errors of zero."""

FLAT = "not resolved: along its zero the complexity of minima is too flat for double precision"
RESOLVED = 1e-4
"""Relative error of a root above which it is not one."""
MERGED = (
    "the band around m = 0 merges with another, or closes on a point aligned with the signal, before its complexity "
    "changes sign; see trivialization_any_overlap"
)
SURVIVES = "a band of minima survives at every strength of the signal, where its pull g'(m) vanishes"
Mask = NDArray[np.bool_]


class MinimaComplexity:
    """Complexity of minima of a family as a function of (overlap, control, free parameters)."""

    def __init__(self, family: Family) -> None:
        self.family = family
        self.action: Complexity = KacRice(family.landscape).complexity()
        self.arguments: tuple[Symbol, ...] = (M, family.control, *family.free)
        self._slope = lower((SHIFT, *self.arguments), [diff(self.action.sigma(0), M)])

    def __call__(self, overlap: Array, control: Array, *free: Array) -> ComplexityResult:
        """Complexity, shift and spike of the dominant minima."""
        return evaluate(self.action, 0, self.arguments, overlap, control, *free)

    def slope(self, overlap: Array, control: Array, *free: Array) -> Array:
        """``d Sigma_min/dm``: the dominant t is stationary or sits at the edge, so only the explicit m counts."""
        t = self(overlap, control, *free).t
        return self._slope(t, overlap, control, *free)[0]

    def at_zero(self, control: Array, *free: Array) -> Array:
        """``Sigma_min(0)``."""
        return self(np.zeros_like(control), control, *free).sigma

    def uphill(self, control: Array, *free: Array) -> Array:
        """Overlap of the local maximum reached by climbing from m = 0 (the higher one where m = 0 is a minimum)."""
        start = self.slope(np.zeros_like(control), control, *free)
        side = np.sign(np.where(np.abs(start) > 1e-13, start, 0))
        near = self.slope(np.full_like(control, NEAR_ZERO[0]), control, *free)
        minimum = (side == 0) & (near > 1e-13)
        reached = self._climb(np.where(minimum, 1.0, side), control, *free)
        if not minimum.any():
            return reached
        other = self._climb(np.where(minimum, -1.0, side), control, *free)
        higher = self(other, control, *free).sigma > self(reached, control, *free).sigma
        return np.where(higher, other, reached)

    def _climb(self, side: Array, control: Array, *free: Array) -> Array:
        """First zero of the slope on one side of m = 0; 0 where ``side`` is 0."""
        if not side.any():
            return side
        nodes = side[..., None] * NEAR_ZERO
        slopes = side[..., None] * self.slope(nodes, control[..., None], *(x[..., None] for x in free))
        first = np.argmax(slopes < 0, axis=-1)
        ends = [_take(nodes, np.maximum(i, 0)) for i in (first - 1, first)]
        roots = between(self.slope, np.where(first > 0, ends[0], 0.0), ends[1], control, *free)
        return np.where(side == 0, 0.0, roots.value)

    def highest(self, control: Array, *free: Array) -> Array:
        """Overlap of the highest complexity of minima that are not the isolated ones aligned with the signal.

        Those have t > 2 without holding back an outlier, and complexity zero.
        """
        wide = (control[..., None], *(x[..., None] for x in free))
        result = self(EVERYWHERE, *wide)
        top = np.argmax(np.where(_isolated(result), -np.inf, result.sigma), axis=-1)
        ends = [EVERYWHERE[np.clip(top + step, 0, EVERYWHERE.size - 1)] for step in (-1, 1)]
        roots = between(self.slope, *ends, control, *free)
        return np.where(roots.found, roots.value, EVERYWHERE[top])

    def at_uphill(self, control: Array, *free: Array) -> Array:
        """``Sigma_min`` at the maximum reached from m = 0."""
        return self(self.uphill(control, *free), control, *free).sigma

    def at_highest(self, control: Array, *free: Array) -> Array:
        """The largest ``Sigma_min`` away from isolated minima."""
        return self(self.highest(control, *free), control, *free).sigma


@cache
def minima(family: Family) -> MinimaComplexity:
    """The same object for the same family: lowering is done once."""
    return MinimaComplexity(family)


def _take(nodes: Array, index: NDArray[np.int64]) -> Array:
    return np.take_along_axis(nodes, index[..., None], -1)[..., 0]


def _held_back(result: ComplexityResult) -> Mask:
    """Where the Hessian's outlier is kept from being negative."""
    with np.errstate(divide="ignore"):
        return (result.theta > 1) & (result.t < result.theta + 1 / result.theta)


def _isolated(result: ComplexityResult) -> Mask:
    """Single minima aligned with the signal: complexity zero at a local maximum with t > 2 and nothing held back."""
    return (result.t > 2 + 1e-9) & ~_held_back(result)


def _zeros(function: Callable[..., Array], roots: Roots, *free: Array) -> Roots:
    """Roots at which the function is zero (a jump through zero is none), with the rounding of the complexity."""
    slope, here = slope_at(function, roots.value, *free), function(roots.value, *free)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = roots.error + ROUNDING / slope
        found = roots.found & (np.abs(here) < NEGLIGIBLE + 10 * slope * roots.error) & (error < RESOLVED * roots.value)
    return Roots(np.where(found, roots.value, np.nan), np.where(found, error, np.nan), found)


def _pieces(
    make: Callable[..., Threshold], family: Family, overlap: Array, roots: Roots, reason: str, *free: Array
) -> Located:
    """Each root with the equations of the analytic piece (outlier held back or not, edge or not) it lies on."""
    located = Located.absent(make(family.landscape, family.control), roots.value.shape, reason)
    result = minima(family)(np.nan_to_num(overlap), np.where(roots.found, roots.value, 1.0), *free)
    edge, held = result.t < 2 + 1e-9, _held_back(result)
    y = outside_coordinate(result.t)
    for held_back in (True, False):
        for at_edge in (True, False):
            mask = (held == held_back) & (edge == at_edge) & roots.found
            if mask.any():
                piece = make(family.landscape, family.control, held_back=held_back, at_edge=at_edge)
                seeds = [overlap if unknown == M else y for unknown in piece.unknowns]
                located = Located.of(piece, roots.value, roots.error, seeds, reason).where(mask, located)
    return located


def at_zero_overlap(family: Family, start: Array, *free: Array) -> Located:
    """Reading (a), searched upwards from where the complexity is still positive (the gradient-flow line)."""
    function = minima(family).at_zero
    roots = _zeros(function, above(function, start, *free), *free)
    return _pieces(trivialization, family, np.zeros_like(start), roots, FLAT, *free)


def connected(family: Family, start: Array, *free: Array) -> Located:
    """Reading (c), searched upwards from reading (a): the maximum is at least the value at zero."""
    theory = minima(family)
    bracketed = above(theory.at_uphill, start * (1 - 1e-9), *free, growth=1.02, reach=REACH)
    at_root = np.where(bracketed.found, bracketed.value, start)
    overlap = theory.uphill(at_root, *free)
    zeros = _zeros(theory.at_uphill, bracketed, *free)
    # once the maximum is an isolated minimum its complexity is zero for good: no change of sign
    result = theory(overlap, at_root, *free)
    isolated = _isolated(result)
    crossing = zeros.found & ~isolated
    roots = Roots(np.where(crossing, zeros.value, np.nan), np.where(crossing, zeros.error, np.nan), crossing)
    located = _pieces(trivialization_connected, family, overlap, roots, MERGED, *free)
    jump = np.abs(result.sigma) > 1e-9
    flat = bracketed.found & ~zeros.found & ~isolated & ~jump
    survives = ~bracketed.found & (theory.at_uphill(start * REACH, *free) > NEGLIGIBLE)
    for mask, reason in ((flat, FLAT), (survives, SURVIVES)):
        located = replace(located, reason=np.where(mask, reason, located.reason))
    return located


def any_overlap(family: Family, start: Array, at_zero: Located, connected_: Located, *free: Array) -> Located:
    """Reading (b): the last of reading (c), the closings of bands on aligned points, and any further band's zero."""
    last = _rename(connected_, family)
    for sign in (-1, 1):
        closing = _closing(family, sign, start, *free)
        # which of them is the last is known to their errors only
        closing = replace(closing, error=np.fmax(closing.error, connected_.error))
        last = closing.where(closing.exists & ~(last.value > closing.value), last)
    candidate = np.where(last.exists, last.value, np.where(at_zero.exists, at_zero.value, start))
    theory = minima(family)
    flat = (connected_.reason == FLAT) | (at_zero.reason == FLAT)
    last = Located.absent(trivialization_any_overlap(family.landscape, family.control), flat.shape, FLAT).where(
        flat, last
    )
    left = theory.at_highest(candidate[:, None] * BEYOND, *(x[:, None] for x in free)) > NEGLIGIBLE
    left &= ~flat[:, None]
    if not left.any():
        return last
    return _further_band(family, candidate, left, *free).where(np.asarray(left.any(axis=1)), last)


def _rename(located: Located, family: Family) -> Located:
    """Reading (c) as an answer to reading (b)."""
    threshold = trivialization_any_overlap(family.landscape, family.control)
    return located.where(located.exists, Located.absent(threshold, located.value.shape, FLAT))


def _closing(family: Family, sign: int, start: Array, *free: Array) -> Located:
    """Where the band around the point aligned with ``sign x*`` closes, above the gradient-flow line."""
    threshold = closing_band(family.landscape, family.control, sign)
    difference = lower((family.control, *family.free), [threshold.equation.lhs - threshold.equation.rhs])

    def function(x: Array, *args: Array) -> Array:
        return difference(x, *args)[0]

    roots = above(function, start, *free)
    value = np.where((function(start, *free) < 0) & roots.found, roots.value, np.nan)
    return Located.of(threshold, value, roots.error, reason=FLAT)


def _further_band(family: Family, candidate: Array, left: Mask, *free: Array) -> Located:
    """The zero of a band that outlives the candidate; absent where it outlives every strength."""
    theory = minima(family)
    last = left.shape[1] - 1 - np.argmax(left[:, ::-1], axis=1)
    outlives = last == BEYOND.size - 1
    ends = [candidate * BEYOND[np.minimum(last + step, BEYOND.size - 1)] for step in (0, 1)]
    roots = _zeros(theory.at_highest, between(theory.at_highest, *ends, *free), *free)
    roots = Roots(roots.value, roots.error, roots.found & ~outlives)
    overlap = theory.highest(np.where(roots.found, roots.value, candidate), *free)
    return _pieces(trivialization_any_overlap, family, overlap, roots, SURVIVES, *free)
