"""Spinodals and the first-order line of Bayes-optimal inference, along the curve of fixed points."""

from functools import cache

import numpy as np
from sympy import Symbol, diff

from theory.symbols import SIGNAL_OVERLAP as M
from theory.thresholds import Family, Threshold
from theory.thresholds.bayes import ALREADY, CONTINUOUS, BayesTransitions

from ..lowering import Array, lower
from ..roots import Roots, between
from .lines import Located, closed_form, common_shape

NEAR_ONE = 1 - 1e-12
EPS = float(np.finfo(np.float64).eps)


class FixedPoints:
    """``control(m)`` and the free entropy of a family as functions of arrays."""

    def __init__(self, family: Family) -> None:
        self.family = family
        self.theory = BayesTransitions(family.landscape, family.control)
        arguments: tuple[Symbol, ...] = (M, *family.free)
        self._curve = lower(arguments, [self.theory.curve, self.theory.slope])
        entropy = self.theory.theory.free_entropy
        self._entropy = lower((family.control, *arguments), [entropy, diff(entropy, family.control)])
        self.peak = float(self.theory.tricritical_overlap) if family.free else 0.0

    def curve(self, m: Array, *free: Array) -> Array:
        """Control parameter at which m is a fixed point."""
        return self._curve(m, *free)[0]

    def slope(self, m: Array, *free: Array) -> Array:
        """Its derivative."""
        return self._curve(m, *free)[1]

    def entropy(self, m: Array, control: Array, *free: Array) -> Array:
        """``Phi_RS``."""
        return self._entropy(control, m, *free)[0]

    def rounding(self, strong: Array, weak: Array, control: Array, *free: Array) -> Array:
        """What it leaves of the control parameter at which two overlaps have equal entropies.

        Both are stationary, so that only the entropies matter, with ``ln(1 - m)`` in them, over how fast they part.
        """
        strongly, weakly = (self._entropy(control, m, *free)[1] for m in (strong, weak))
        return np.asarray(8 * EPS * (1 / np.abs(strongly - weakly) + np.abs(control)))

    def spinodal(self, *free: Array) -> Roots:
        """Larger root of the slope: where the strong fixed point appears."""
        shape = common_shape(*free)
        return between(self.slope, np.full(shape, max(self.peak, 1e-9)), np.full(shape, NEAR_ONE), *free)

    def jump(self, *free: Array) -> Roots:
        """Smaller root of the slope: where the weak fixed point ends (only when the peak is away from zero)."""
        shape = common_shape(*free)
        return between(self.slope, np.full(shape, 1e-12), np.full(shape, self.peak), *free)

    def strong(self, control: Array, *free: Array) -> Array:
        """The strong fixed point at a given control parameter."""
        start = self.spinodal(*free).value
        return self._fixed_point(start, np.full_like(start, NEAR_ONE), control, *free)

    def weak(self, control: Array, *free: Array) -> Array:
        """The weak fixed point (control above 1)."""
        end = self.jump(*free).value
        return self._fixed_point(np.full_like(end, 1e-12), end, control, *free)

    def _fixed_point(self, lower_end: Array, upper_end: Array, control: Array, *free: Array) -> Array:
        """The overlap between the ends whose control parameter is the one given."""
        return between(lambda m, c, *x: self.curve(m, *x) - c, lower_end, upper_end, control, *free).value


@cache
def fixed_points(family: Family) -> FixedPoints:
    """The same object for the same family: lowering is done once."""
    return FixedPoints(family)


def _positive(located: Located, threshold: Threshold) -> Located:
    """Values at or below zero mean that the threshold is passed without this channel."""
    absent = Located.absent(threshold, located.value.shape, ALREADY)
    return located.where(~(located.value <= 0), absent)


def _on_curve(threshold: Threshold, family: Family, roots: Roots, *free: Array) -> Located:
    theory = fixed_points(family)
    value = theory.curve(roots.value, *free)
    error = 8 * np.spacing(np.abs(value)) + np.abs(theory.slope(roots.value, *free)) * roots.error + roots.error**2
    found = Located.of(threshold, value, error, (roots.value,), CONTINUOUS)
    return _positive(found.restricted(threshold.conditions, family, *free), threshold)


def dynamic_spinodal(family: Family, *free: Array) -> Located:
    """The larger root of ``d control/dm = 0``."""
    threshold = family.thresholds["dynamic_spinodal"]
    if threshold.closed_form is not None:
        return _positive(closed_form(threshold, family, *free), threshold)
    return _on_curve(threshold, family, fixed_points(family).spinodal(*free), *free)


def amp_jump(family: Family, *free: Array) -> Located:
    """The smaller root of ``d control/dm = 0``."""
    return _on_curve(family.thresholds["bayes_amp_jump"], family, fixed_points(family).jump(*free), *free)


def information_theoretic(family: Family, *free: Array) -> Located:
    """Equal free entropies: against m = 0 as long as it is stable, against the weak fixed point beyond."""
    theory, threshold = fixed_points(family), family.thresholds["information_theoretic"]
    spinodal = theory.spinodal(*free)

    def against_zero(m: Array, *args: Array) -> Array:
        return theory.entropy(m, theory.curve(m, *args), *args)

    roots = between(against_zero, spinodal.value, np.full_like(spinodal.value, NEAR_ONE), *free)
    value, m = theory.curve(roots.value, *free), roots.value
    error = roots.error * np.abs(theory.slope(m, *free)) + theory.rounding(m, np.zeros_like(m), value, *free)
    if theory.peak == 0:
        value, error, m = _next_to_zero(value, error, m, theory.curve(spinodal.value, *free), spinodal.value)
    located = Located.of(threshold, value, error, (m,), CONTINUOUS)
    if theory.peak > 0:
        located = located.where(value <= 1, _against_weak(family, spinodal, *free))
    first_order = _positive(located.restricted(threshold.conditions, family, *free), threshold)
    # where there is no first-order transition the overlap departs from zero at the linear instability
    continuous = closed_form(family.thresholds["bayes_amp"], family, *free)
    return continuous.where(first_order.reason == CONTINUOUS, first_order)


def _next_to_zero(value: Array, error: Array, m: Array, lowest: Array, spinodal: Array) -> tuple[Array, Array, Array]:
    """Next to a tricritical point at m = 0 the line is known best by its bounds, the spinodal and 1: its equation is a
    difference of order ``m^4``. The overlap is 4/3 of the spinodal's, as for ``a m^2 - m^3 + m^4``."""
    half = (1 - lowest) / 2
    unresolved = ~(error < half) & (half > 0)
    return (
        np.where(unresolved, lowest + half, value),
        np.where(unresolved, half + 8 * EPS, error),
        np.where(unresolved, 4 / 3 * spinodal, m),
    )


def _against_weak(family: Family, spinodal: Roots, *free: Array) -> Located:
    """The window of noises where the line lies above the linear instability (p >= 4)."""
    theory = fixed_points(family)

    def difference(control: Array, *args: Array) -> Array:
        strong, weak = theory.strong(control, *args), theory.weak(control, *args)
        return theory.entropy(strong, control, *args) - theory.entropy(weak, control, *args)

    lower_end = np.maximum(theory.curve(spinodal.value, *free), 1.0) * (1 + 1e-12)
    upper_end = theory.curve(theory.jump(*free).value, *free) * (1 - 1e-12)
    roots = between(difference, lower_end, upper_end, *free)
    # next to the tricritical point the two ends bound the line better than its equation determines it
    value = np.where(roots.found, roots.value, (lower_end + upper_end) / 2)
    strong, weak = theory.strong(value, *free), theory.weak(value, *free)
    rounding = theory.rounding(strong, weak, value, *free)
    bounds = np.abs(upper_end - lower_end) / 2 + 1e-12
    error = np.where(roots.found, np.minimum(roots.error + rounding, bounds), bounds)
    return Located.of(theory.theory.information_theoretic_above_weak_recovery, value, error, (strong, weak), CONTINUOUS)
