"""What thresholds evaluate to, for every system: a value with its error or the reason for none; all by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from mpmath import mpf, nstr
from numpy.typing import ArrayLike
from sympy import Symbol

from theory.prediction import Threshold
from theory.printing import as_latex
from theory.symbols import ENERGY

from .provenance import Record
from .quantity import NONE, Axis, Quantity, with_error
from .rounding import half_unit, rounded_up
from .solution import Solution, remarks
from .storage import Format
from .table import Mathematics, Table

PRINTED = 6
"""Digits of a table for a paper."""
NAMED = 3
"""Controls that head a column of values."""


@dataclass(frozen=True, repr=False)
class ThresholdValue(Quantity):
    """The critical ``value`` of the parameter ``control``, or why there is none.

    Attributes
    ----------
    error
        A bound or an estimate, as the solver says; that of an mpmath number covers the value as ``text`` prints
        it, rounding included.
    control, equation, closed_form, reference
        What is critical, the equations that define it, their solution where there is one, and where it comes from.
    digits
        To which an mpmath number is known.
    state
        What else is known there (an overlap, ``chi``, ``Sigma``, ...), by the theory's names.
    derivatives
        Derivatives with respect to parameters, by name, where they were asked for.
    """

    control: str = ""
    equation: str = ""
    closed_form: str | None = None
    reference: str = ""
    digits: int = 15
    state: Mapping[str, float] = field(default_factory=dict)
    derivatives: Mapping[str, Quantity] = field(default_factory=dict)

    @classmethod
    def unknown(cls, threshold: Threshold, piece: Threshold | None = None, digits: int = 15) -> ThresholdValue:
        """What is known of a threshold beforehand; its value lies on one analytic piece."""
        return cls(
            meaning=threshold.meaning,
            control="energy" if threshold.control == ENERGY else str(threshold.control),
            equation="; ".join(f"{side.lhs} = {side.rhs}" for side in (piece or threshold).defining),
            closed_form=None if threshold.closed_form is None else str(threshold.closed_form),
            reference=threshold.reference,
            digits=digits,
        )

    def text(self) -> str:
        """The value to ``digits`` digits; empty where there is none."""
        if not self.exists:
            return ""
        number = self.value if self._exact else mpf(self.value)  # a conversion would round
        return str(nstr(number, self.digits, strip_zeros=False, min_fixed=-30, max_fixed=30)).removesuffix(".")

    def error_text(self) -> str:
        """The error of that text to three digits, rounded up."""
        if self.error is None:
            return ""
        return rounded_up(self.error if self._exact else self.error + half_unit(self.value, self.digits))

    def cells(self, columns: Iterable[str]) -> list[str]:
        """Texts of its ``error``, ``meaning`` or ``reference``; why there is no value in place of its meaning."""
        known = {
            "error": self.error_text(),
            "meaning": self.meaning if self.exists else self.reason,
            "reference": self.reference,
        }
        return [known[column] for column in columns]

    @property
    def _exact(self) -> bool:
        """Known to more digits than a double has."""
        return isinstance(self.value, mpf)

    def record(self) -> Record:
        """For JSON: the value under the name of the control, as text where it has more digits than a double."""
        return {
            "control": self.control,
            self.control: self.text() if self._exact else self.value,
            "error": self.error_text() if self._exact else self.error,
            "exists": self.exists,
            "reason": self.reason,
            "note": self.note,
            "meaning": self.meaning,
            "equation": self.equation,
            "closed_form": self.closed_form,
            "reference": self.reference,
            "state": {name: float(number) for name, number in self.state.items()},
            **(
                {"derivatives": {name: _derivative(q) for name, q in self.derivatives.items()}}
                if self.derivatives
                else {}
            ),
        }


@dataclass(frozen=True, eq=False, repr=False)
class Thresholds(Solution, Mapping[str, ThresholdValue]):
    """Thresholds of one system by name, in the order of evaluation; a mapping."""

    values_by_name: Mapping[str, ThresholdValue]
    settings: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""
    form: ClassVar[Format] = Format("ruggedflow thresholds", 1, "Thresholds.save")
    parts: ClassVar[tuple[type, ...]] = (ThresholdValue, Quantity)

    def __getitem__(self, name: str) -> ThresholdValue:
        return self.values_by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_by_name)

    def __len__(self) -> int:
        return len(self.values_by_name)

    @property
    def axes(self) -> dict[str, Axis]:
        """None."""
        return {}

    @property
    def quantities(self) -> Mapping[str, Quantity]:
        """The values."""
        return self.values_by_name

    def table(self, places: ArrayLike | None = None) -> Table:
        """Name, value with all its digits, error, and the meaning or why there is none; ``places`` must be None."""
        if places is not None:
            return super().table(places)
        over = next((list(q.derivatives) for q in self.values()), [])
        rows = [
            (
                name,
                q.text() or NONE,
                q.error_text(),
                *(_shown(q, x) for x in over),
                remarks(q),
            )
            for name, q in self.items()
        ]
        controls = list(dict.fromkeys(q.control for q in self.values()))
        value = " or ".join(controls) if len(controls) <= NAMED else "value"
        derivatives = [f"d/d {x}" for x in over]
        return Table(("threshold", value, "error", *derivatives, "meaning; remarks"), rows)

    def latex(self, columns: Sequence[str] = (), digits: int = PRINTED) -> str:
        """A table for a paper: name, value to that many digits at most, and ``columns``, for the package booktabs.

        These are among ``error``, ``meaning`` and ``reference``; without any it fits into one column of a journal. What
        does not exist has a dash.
        """
        over = next((list(q.derivatives) for q in self.values()), [])
        controls = ", ".join(dict.fromkeys(_letters(value.control) for value in self.values()))
        rows = [
            (
                name.replace("_", " "),
                replace(q, digits=min(digits, q.digits)).text() or NONE,
                *(_coarser(q.derivatives[x], digits) if q.exists else NONE for x in over),
                *q.cells(columns),
            )
            for name, q in self.items()
        ]
        slopes = [f"derivative in {x.replace('_', ' ')}" for x in over]
        return Table(("threshold", Mathematics(controls), *slopes, *columns), rows)._repr_latex_()

    def record(self) -> Record:
        """For JSON, by name: see ``ThresholdValue.record``."""
        return {name: value.record() for name, value in self.items()}


def _shown(value: ThresholdValue, x: str) -> str:
    """The derivative of what there is, to as many digits as are known of those that were asked for."""
    if not value.exists:
        return NONE
    number, digits = value.derivatives[x], value.digits
    if not number.exists:
        return str(number)
    return with_error(nstr(number.value, digits + 5), nstr(number.error, 5), digits)


def _coarser(number: Quantity, digits: int) -> Quantity:
    """Known to that many digits at most."""
    if not number.exists:
        return number
    return replace(number, error=max(number.error, half_unit(number.value, digits)))


def _derivative(number: Quantity) -> Record:
    value, error = (None if part is None else float(part) for part in (number.value, number.error))
    return {"value": value, "error": error, "reason": number.reason}


def _letters(control: str) -> str:
    """Its LaTeX; a word stays one."""
    typeset = as_latex(Symbol(control))
    return f"${typeset}$" if len(control) == 1 or typeset.startswith("\\") else control.replace("_", " ")
