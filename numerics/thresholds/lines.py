"""Thresholds found in double precision at many parameters at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sympy import Abs, Add

from theory.thresholds import Condition, Family, Threshold

from ..complexity import ROUNDING
from ..lowering import Array, lower
from ..quantity import Quantity


@dataclass(frozen=True, eq=False)
class Located:
    """One threshold at an array of parameters.

    ``value`` and ``error`` are nan where the threshold does not exist; ``reason`` says why. ``piece`` holds, for each
    point, the threshold whose analytic equations are satisfied there, and ``seeds`` the values of its unknowns.
    """

    value: Array
    error: Array
    piece: NDArray[Any]
    seeds: NDArray[Any]
    reason: NDArray[Any]

    @property
    def exists(self) -> NDArray[np.bool_]:
        """Where the threshold exists."""
        return np.isfinite(self.value)

    def quantity(self, meaning: str, axis: str) -> Quantity:
        """Values, errors and reasons along one parameter."""
        return Quantity(self.value, self.error, meaning, over=(axis,), notes=tuple(map(str, self.reason)))

    @classmethod
    def of(
        cls, threshold: Threshold, value: Array, error: Array, seeds: Sequence[Array] = (), reason: str = ""
    ) -> Located:
        """A threshold with one set of equations; ``reason`` holds wherever the value is nan."""
        shape = np.shape(value)
        pieces, packed, reasons = np.empty(shape, object), np.empty(shape, object), np.full(shape, "", object)
        for i in np.ndindex(shape):
            pieces[i], packed[i] = threshold, tuple(float(seed[i]) for seed in seeds)
        reasons[~np.isfinite(value)] = reason
        return cls(np.asarray(value), np.asarray(error), pieces, packed, reasons)

    @classmethod
    def absent(cls, threshold: Threshold, shape: tuple[int, ...], reason: str) -> Located:
        """A threshold that exists nowhere on the array, and why."""
        if not reason:
            raise ValueError(f"{threshold.name}: a threshold that does not exist needs a reason")
        nothing = np.full(shape, np.nan)
        return cls.of(threshold, nothing, nothing, reason=reason)

    def where(self, mask: NDArray[np.bool_], other: Located) -> Located:
        """This where ``mask`` holds, the other elsewhere."""
        pairs = [(getattr(self, name), getattr(other, name)) for name in ("value", "error", "piece", "seeds", "reason")]
        return Located(*(np.where(mask, a, b) for a, b in pairs))

    def restricted(self, conditions: Sequence[Condition], family: Family, *free: Array) -> Located:
        """Absent wherever a condition on the free parameters fails, with its explanation."""
        result = self
        for condition in conditions:
            (holds,) = lower(family.free, [condition.holds])(*free)
            mask = np.broadcast_to(holds, self.value.shape) > 0
            result = result.where(mask, Located.absent(self.piece.flat[0], self.value.shape, condition.otherwise))
        return result


def common_shape(*arrays: ArrayLike) -> tuple[int, ...]:
    """The shape to which parameters broadcast; one point where there are none or only numbers."""
    return np.broadcast_shapes(*(np.shape(x) for x in arrays)) or (1,)


def closed_form(threshold: Threshold, family: Family, *free: Array) -> Located:
    """A threshold with a closed form, or one that its conditions exclude."""
    shape = common_shape(*free)
    if threshold.closed_form is None:
        return Located.absent(threshold, shape, threshold.excluded)
    terms = Add.make_args(threshold.closed_form.expand())
    value, magnitude = lower(family.free, [threshold.closed_form, Add(*map(Abs, terms))])(*free)
    value, error = (np.array(np.broadcast_to(x, shape)) for x in (value, ROUNDING * magnitude))
    return Located.of(threshold, value, error).restricted(threshold.conditions, family, *free)
