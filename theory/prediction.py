"""What theory says of a system: a number or a curve, where it holds, and the law from which it follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sympy import Eq, Expr, Symbol
from sympy.logic.boolalg import Boolean, false

from .laws import Explicit, Law, Roots
from .printing import Line, Printable


class Condition(NamedTuple):
    """Something that the free parameters must satisfy, and what it means when they do not."""

    holds: Boolean
    otherwise: str


class Prediction(Printable):
    """Base: ``name``, the key used in tables and files; ``meaning``, one sentence; ``reference``, where it comes from.

    It holds at parameters that satisfy all ``conditions``.
    """

    name: str
    meaning: str
    reference: str
    conditions: tuple[Condition, ...]

    @property
    def law(self) -> Law:
        """How it follows from its expressions."""
        raise NotImplementedError

    @property
    def excluded(self) -> str:
        """Why it exists for no parameters at all; empty if it may exist."""
        return next((condition.otherwise for condition in self.conditions if condition.holds == false), "")

    @property
    def heading(self) -> str:
        """Above its equations."""
        return f"{self.name}: {self.meaning}{f' Absent: {self.excluded}' if self.excluded else ''}"


@dataclass(frozen=True)
class Derived(Prediction):
    """A number or a curve that follows by a ``law``."""

    name: str
    meaning: str
    reference: str
    by: Law
    conditions: tuple[Condition, ...] = ()

    @property
    def law(self) -> Law:
        """The one given."""
        return self.by

    def equations(self) -> list[Line]:
        """Those of the law."""
        return self.by.equations(self.name)


@dataclass(frozen=True)
class Threshold(Prediction):
    """The value of ``control`` at which something changes: a prediction whose law are the defining equations.

    Attributes
    ----------
    name
        Key used in tables and files.
    meaning
        One sentence.
    control
        The parameter whose critical value is meant (``inverse_delta_2``, say).
    defining
        The defining equations, for ``control`` and the ``unknowns``; other symbols are free parameters.
    reference
        Where it comes from.
    unknowns
        Symbols to be eliminated (an overlap, a plateau).
    closed_form
        The solution, where there is one.
    conditions
        The threshold exists at parameters that satisfy all of them.
    within
        An interval of the control in which there is one root, if the equations have others.
    by
        A law that says more than the equations: in what they are averaged, say, or near what their roots are.
    """

    name: str
    meaning: str
    control: Symbol
    defining: tuple[Eq, ...]
    reference: str
    unknowns: tuple[Symbol, ...] = ()
    closed_form: Expr | None = None
    conditions: tuple[Condition, ...] = ()
    within: tuple[Expr, Expr] | None = None
    by: Law | None = None

    @property
    def law(self) -> Law:
        """The one given, the closed form, or the defining equations."""
        if self.by is not None:
            return self.by
        if self.closed_form is not None:
            return Explicit(self.closed_form)
        return Roots(self.defining, (self.control, *self.unknowns), self.within)

    @property
    def equation(self) -> Eq:
        """The first defining equation."""
        return self.defining[0]

    def equations(self) -> list[Line]:
        """The defining equations and the closed form."""
        lines: list[Line] = [(equation.lhs, equation.rhs) for equation in self.defining]
        return lines if self.closed_form is None else [*lines, (self.control, self.closed_form)]
