"""Where spurious minima disappear: roots of the complexity of minima in the control parameter."""

from collections.abc import Callable
from functools import cache

import numpy as np
from sympy import Symbol, diff

from theory.kac_rice import Complexity, KacRice
from theory.symbols import SHIFT
from theory.symbols import SIGNAL_OVERLAP as M
from theory.thresholds import Family, Threshold
from theory.thresholds.trivialization import trivialization, trivialization_connected

from ..complexity import ROUNDING, ComplexityResult, evaluate
from ..lowering import Array, lower
from ..roots import Roots, above, between
from .located import Located

NODES = np.linspace(0, 1, 49)[1:-1] ** 2
"""Overlaps at which the search for the nearest local maximum looks for a change of slope (dense near zero)."""
MERGED = (
    "the local maximum at m = 0 merges with another band of minima before it vanishes; see trivialization_any_overlap"
)


class Minima:
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

    def uphill_maximum(self, control: Array, *free: Array) -> Array:
        """Overlap of the local maximum reached by climbing from m = 0."""
        start = self.slope(np.zeros_like(control), control, *free)
        side = np.sign(np.where(np.abs(start) > 1e-13, start, 0))
        if not side.any():
            return side
        nodes = side[..., None] * NODES
        slopes = side[..., None] * self.slope(nodes, control[..., None], *(x[..., None] for x in free))
        first = np.argmax(slopes < 0, axis=-1)
        ends = [np.take_along_axis(nodes, np.maximum(i, 0)[..., None], -1)[..., 0] for i in (first - 1, first)]
        roots = between(self.slope, np.where(first > 0, ends[0], 0.0), ends[1], control, *free)
        return np.where(side == 0, 0.0, roots.value)

    def at_uphill_maximum(self, control: Array, *free: Array) -> Array:
        """``Sigma_min`` there."""
        return self(self.uphill_maximum(control, *free), control, *free).sigma

    def at_zero(self, control: Array, *free: Array) -> Array:
        """``Sigma_min(0)``."""
        return self(np.zeros_like(control), control, *free).sigma


@cache
def minima(family: Family) -> Minima:
    """The same object for the same family: lowering is done once."""
    return Minima(family)


def _error(roots: Roots, function: Callable[..., Array], *free: Array) -> Array:
    """Half the final bracket plus rounding of the complexity divided by its slope at the root."""
    step = 1e-5 * roots.value
    slope = (function(roots.value + step, *free) - function(roots.value - step, *free)) / (2 * step)
    return roots.error + ROUNDING / np.abs(slope)


def _pieces(
    make: Callable[..., Threshold], family: Family, overlap: Array, roots: Roots, error: Array, *free: Array
) -> Located:
    """Each root with the equations of the analytic piece (outlier held back or not, edge or not) it lies on."""
    result = minima(family)(overlap, roots.value, *free)
    edge = result.t < 2 + 1e-9
    held = (result.theta > 1) & (result.t < result.theta + 1 / result.theta)
    y = (result.t + np.sqrt(np.maximum(result.t**2 - 4, 0))) / 2
    located: Located | None = None
    for held_back in (True, False):
        for at_edge in (True, False):
            mask = (held == held_back) & (edge == at_edge) & roots.found
            if not mask.any():
                continue
            piece = make(family.landscape, family.control, held_back=held_back, at_edge=at_edge)
            seeds = [y if unknown != M else overlap for unknown in piece.unknowns]
            found = Located.of(piece, roots.value, error, seeds)
            located = found if located is None else found.where(mask, located)
    absent = Located.absent(make(family.landscape, family.control), roots.value.shape, MERGED)
    return absent if located is None else located.where(roots.found, absent)


def at_zero_overlap(family: Family, start: Array, *free: Array) -> Located:
    """Reading (a), searched upwards from the gradient-flow line, where the complexity is still positive."""
    function = minima(family).at_zero
    roots = above(function, start, *free)
    return _pieces(trivialization, family, np.zeros_like(start), roots, _error(roots, function, *free), *free)


def connected(family: Family, start: Array, *free: Array) -> Located:
    """Reading (c), searched upwards from reading (a): the maximum is at least the value at zero."""
    theory = minima(family)
    roots = above(theory.at_uphill_maximum, start * (1 - 1e-9), *free, growth=1.02)
    overlap = theory.uphill_maximum(np.where(roots.found, roots.value, start), *free)
    error = _error(roots, theory.at_uphill_maximum, *free)
    return _pieces(trivialization_connected, family, overlap, roots, error, *free)


def any_overlap(family: Family, start: Array, connected_: Located, *free: Array) -> Located:
    """Reading (b): the later of reading (c) and the closing of the band around the point opposite to the signal."""
    opposite = family.thresholds["trivialization_any_overlap"]
    difference = lower((family.control, *family.free), [opposite.equation.lhs - opposite.equation.rhs])

    def function(x: Array, *args: Array) -> Array:
        return difference(x, *args)[0]

    roots = above(function, start, *free)
    has_band = function(start, *free) < 0
    value = np.where(has_band, roots.value, np.nan)
    band = Located.of(opposite, value, roots.error)
    later = has_band & roots.found & ~(connected_.value > roots.value)
    return band.where(later, connected_)
