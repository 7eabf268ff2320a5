"""What a diagram draws: thresholds as functions of one parameter, x; their critical values are y."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from sympy import Expr, Integral, Symbol
from sympy.core.function import AppliedUndef

from theory.prediction import Threshold
from theory.thresholds import Family, Made

from ..continuation import Equations
from ..errors import ConvergenceError
from ..lowering import Array
from ..threshold_values import ThresholdValue
from ..thresholds import Locator


class Samples(NamedTuple):
    """Of one line: ``value`` and ``error`` (k,), nan where it does not exist, and why it does not."""

    value: Array
    error: Array
    reasons: tuple[str, ...]

    @property
    def exists(self) -> Array:
        """(k,), boolean."""
        return np.isfinite(self.value)


Traceable = tuple[Equations, Array]
"""What a line solves in x, y and further unknowns, and a point of it."""


class Source(ABC):
    """Lines by name, with the ``meanings`` of all.

    ``at_once`` places cost little more than one; ends are located to within ``closest``, in sizes of the box. ``whole``
    says that x takes whole numbers only.
    """

    meanings: Mapping[str, str]
    at_once: int = 1
    closest: float = 1e-9
    whole: bool = False

    @abstractmethod
    def at(self, x: Array, names: Sequence[str]) -> dict[str, Samples]:
        """The lines of these names at x (k,)."""

    def equations(self, name: str, x: float) -> Traceable | None:
        """Of a line at a place where it exists, if they are known and no integrals."""
        del name, x
        return None


class FamilyLines(Source):
    """Of Gaussian landscapes that depend on x and on the control: all points at once, in double precision."""

    at_once = 64
    closest = 1e-11

    def __init__(self, family: Family) -> None:
        if len(family.free) != 1:
            raise ValueError(f"the family has {[str(s) for s in family.free]} for free parameters: expected one")
        self.family = family
        self.meanings = Made({name: partial(self._meaning, name) for name in family.thresholds})

    def _meaning(self, name: str) -> str:
        return self.family.thresholds[name].meaning

    def at(self, x: Array, names: Sequence[str]) -> dict[str, Samples]:
        """By the solvers of all thresholds of such families."""
        locate = Locator(self.family, x)
        found = {name: locate(name) for name in names}
        return {name: Samples(f.value, f.error, tuple(map(str, f.reason))) for name, f in found.items()}

    def equations(self, name: str, x: float) -> Traceable | None:
        """Of the analytic piece there."""
        located = Locator(self.family, [x])(name)
        piece, seeds = located.piece[0], located.seeds[0]
        if piece.closed_form is not None or len(seeds) != len(piece.unknowns):
            return None
        return _traceable(piece, self.family.free[0], np.array([x, located.value[0], *seeds]))


class SystemLines(Source):
    """Of any system: ``thresholds(x, names)`` computes those of the system with that x, one place at a time.

    ``symbolic`` are the thresholds of the system with x left out, if it can be.
    """

    def __init__(
        self,
        thresholds: Callable[[float, Sequence[str]], Mapping[str, ThresholdValue]],
        meanings: Mapping[str, str],
        symbolic: Mapping[str, Threshold],
        x: Symbol,
        whole: bool = False,
    ) -> None:
        self.whole = whole
        self.meanings, self.symbolic, self.x, self._thresholds = meanings, symbolic, x, thresholds
        self._known: dict[tuple[float, str], ThresholdValue] = {}

    def at(self, x: Array, names: Sequence[str]) -> dict[str, Samples]:
        """Each place is computed once; one at which nothing can be computed has the reason."""
        for place in map(float, x):
            missing = [name for name in names if (place, name) not in self._known]
            if missing:
                self._known |= {(place, name): value for name, value in self._there(place, missing).items()}
        return {name: _samples([self._known[float(place), name] for place in x]) for name in names}

    def _there(self, place: float, names: Sequence[str]) -> Mapping[str, ThresholdValue]:
        try:
            return self._thresholds(place, names)
        except (ValueError, ConvergenceError, ArithmeticError) as failure:
            return {name: ThresholdValue(note=str(failure)) for name in names}

    def equations(self, name: str, x: float) -> Traceable | None:
        """Where the value alone solves them."""
        threshold = self.symbolic.get(name)
        if threshold is None or threshold.closed_form is not None or threshold.unknowns:
            return None
        return _traceable(threshold, self.x, np.array([x, self.at(np.array([x]), [name])[name].value[0]]))


class Inverse(Source):
    """Lines of another source in one over what they are in there."""

    def __init__(self, source: Source) -> None:
        self._source, self.meanings, self.whole = source, source.meanings, source.whole
        self.at_once, self.closest = source.at_once, source.closest

    def at(self, x: Array, names: Sequence[str]) -> dict[str, Samples]:
        """``1/value``, which is nowhere where the value is 0."""
        return {name: self._inverse(samples) for name, samples in self._source.at(x, names).items()}

    @staticmethod
    def _inverse(samples: Samples) -> Samples:
        value = np.where(samples.value == 0, np.nan, samples.value)
        reasons = (
            "at infinity" if zero else reason for zero, reason in zip(samples.value == 0, samples.reasons, strict=True)
        )
        return Samples(1 / value, samples.error / value**2, tuple(reasons))

    def equations(self, name: str, x: float) -> Traceable | None:
        """The same, with one over the second unknown."""
        known = self._source.equations(name, x)
        if known is None:
            return None
        (equations, start), y = known, known[0].unknowns[1]
        sides = [side.subs(y, 1 / y) for side in equations.sides]
        return Equations(sides, equations.unknowns), np.array([start[0], 1 / start[1], *start[2:]])


def _samples(values: Sequence[ThresholdValue]) -> Samples:
    numbers = [(float(v.value), float(v.error or 0.0)) if v.exists else (np.nan, np.nan) for v in values]
    value, error = np.array(numbers).T
    return Samples(value, error, tuple(v.reason for v in values))


def _traceable(threshold: Threshold, x: Symbol, start: Array) -> Traceable | None:
    sides: list[Expr] = [equation.lhs - equation.rhs for equation in threshold.defining]
    unknowns = (x, threshold.control, *threshold.unknowns)
    if any(side.has(AppliedUndef, Integral) or side.free_symbols - set(unknowns) for side in sides):
        return None
    return Equations(sides, unknowns), start
