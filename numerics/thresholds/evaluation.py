"""Every threshold of a family: over arrays in double precision, or at one point to any number of digits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from mpmath import mp, nstr
from numpy.typing import ArrayLike
from sympy import Expr, Rational, Symbol

from theory.symbols import ENERGY
from theory.thresholds import Family, Threshold

from ..lowering import lower_exact
from ..roots import polish
from . import bayes, trivialization
from .energies import lowest_energy
from .located import Located, closed_form

MAX_DIGITS = 1000


class Locator:
    """Thresholds of a family at arrays of its free parameters (which broadcast), each computed once."""

    def __init__(self, family: Family, *free: ArrayLike) -> None:
        shape = np.broadcast_shapes(*(np.shape(x) for x in free)) or (1,)
        self.family = family
        self.free = [np.broadcast_to(np.asarray(x, dtype=np.float64), shape) for x in free]
        self._lines: dict[str, Located] = {}

    def __call__(self, name: str) -> Located:
        """One threshold at all points. Raises ValueError for a name that the family does not have."""
        if name not in self.family.thresholds:
            raise ValueError(f"threshold = {name!r} is unknown; choose among {', '.join(self.family.thresholds)}")
        if name not in self._lines:
            self._lines[name] = self._locate(name)
        return self._lines[name]

    def _locate(self, name: str) -> Located:
        family, threshold = self.family, self.family.thresholds[name]
        if family.control == ENERGY and threshold.closed_form is None:
            return lowest_energy(family.landscape, index=int(name.split("_")[1]) if name.startswith("index") else 0)
        if name.startswith("trivialization") and not threshold.conditions:
            return self._trivialization(name)
        solver = SOLVERS.get(name)
        return solver(family, *self.free) if solver else closed_form(threshold, family, *self.free)

    def _trivialization(self, name: str) -> Located:
        start = self("gradient_flow").value
        if name == "trivialization":
            return trivialization.at_zero_overlap(self.family, start, *self.free)
        if name == "trivialization_connected":
            at_zero = self("trivialization")
            return trivialization.connected(self.family, np.where(at_zero.exists, at_zero.value, start), *self.free)
        return trivialization.any_overlap(self.family, start, self("trivialization_connected"), *self.free)


SOLVERS: Mapping[str, Callable[..., Located]] = {
    "dynamic_spinodal": bayes.dynamic_spinodal,
    "bayes_amp_jump": bayes.amp_jump,
    "information_theoretic": bayes.information_theoretic,
}


@dataclass(frozen=True)
class ThresholdValue:
    """One threshold at one point: a value to ``digits`` digits and a bound on its error, or the reason for none."""

    threshold: Threshold
    equation: str
    value: Any = None
    error: Any = None
    digits: int = 15
    reason: str = ""

    @property
    def exists(self) -> bool:
        """Whether there is a value."""
        return self.value is not None

    def text(self) -> str:
        """The value with its digits."""
        return (
            ""
            if self.value is None
            else str(nstr(self.value, self.digits, strip_zeros=False, min_fixed=-30, max_fixed=30))
        )


Point = Mapping[Symbol, Expr]


def evaluate_thresholds(
    family: Family, parameters: Point, digits: int = 15, only: Iterable[str] = ()
) -> dict[str, ThresholdValue]:
    """All thresholds (or those in ``only``) at exact values of the free parameters.

    Closed forms are evaluated directly; the others are bracketed in double precision and polished with Newton's method
    in mpmath on the equations of the analytic piece they lie on. Raises ConvergenceError where that fails.
    """
    return evaluate_table(family, [parameters], digits, only)[0]


def evaluate_table(
    family: Family, points: Sequence[Point], digits: int = 15, only: Iterable[str] = ()
) -> list[dict[str, ThresholdValue]]:
    """``evaluate_thresholds`` at many points, bracketed all at once."""
    if not (isinstance(digits, int) and 1 <= digits <= MAX_DIGITS):
        raise ValueError(f"digits = {digits!r} must be a whole number from 1 to {MAX_DIGITS}")
    names = list(only) or list(family.thresholds)
    locator = Locator(family, *([float(point[symbol]) for point in points] for symbol in family.free))
    return [
        {name: _at_point(family, name, locator(name), i, point, digits) for name in names}
        for i, point in enumerate(points)
    ]


def _at_point(family: Family, name: str, located: Located, i: int, parameters: Point, digits: int) -> ThresholdValue:
    threshold, piece = family.thresholds[name], located.piece[i]
    equation = "; ".join(f"{e.lhs} = {e.rhs}" for e in piece.defining)
    if not located.exists[i]:
        return ThresholdValue(threshold, equation, digits=digits, reason=str(located.reason[i]))
    values = [parameters[symbol] for symbol in family.free]
    with mp.workdps(digits + 15):
        exact = [mp.mpf(value.p) / value.q for value in map(Rational, values)]
        if piece.closed_form is not None:
            (value,) = lower_exact(family.free, [piece.closed_form])(*exact)
        else:
            seeds = (float(located.value[i]), *located.seeds[i])
            value = polish(_residuals(family, piece, exact), seeds, digits)[0]
        value = mp.mpf(value)
        return ThresholdValue(threshold, equation, value, abs(value) * mp.mpf(10) ** (-digits), digits)


def _residuals(family: Family, piece: Threshold, free: Sequence[Any]) -> Callable[..., list[Any]]:
    """Left minus right sides as functions of the control and the unknowns; compiled once for all parameters."""
    arguments = (*family.free, family.control, *piece.unknowns)
    function = lower_exact(arguments, [equation.lhs - equation.rhs for equation in piece.defining])
    return lambda *unknowns: function(*free, *unknowns)
