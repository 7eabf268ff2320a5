"""A threshold as an object: what it means, the equations that define it, its closed form, where it comes from."""

from dataclasses import dataclass
from typing import NamedTuple

from sympy import Eq, Expr, Symbol
from sympy.logic.boolalg import Boolean, false

from ..printing import Line, Printable


class Condition(NamedTuple):
    """Something that the free parameters must satisfy, and what it means when they do not."""

    holds: Boolean
    otherwise: str


@dataclass(frozen=True)
class Threshold(Printable):
    """The value of ``control`` at which something changes.

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
    """

    name: str
    meaning: str
    control: Symbol
    defining: tuple[Eq, ...]
    reference: str
    unknowns: tuple[Symbol, ...] = ()
    closed_form: Expr | None = None
    conditions: tuple[Condition, ...] = ()

    @property
    def equation(self) -> Eq:
        """The first defining equation."""
        return self.defining[0]

    @property
    def excluded(self) -> str:
        """Why it exists for no parameters at all; empty if it may exist."""
        return next((condition.otherwise for condition in self.conditions if condition.holds == false), "")

    def equations(self) -> list[Line]:
        """The defining equations and the closed form."""
        lines: list[Line] = [(equation.lhs, equation.rhs) for equation in self.defining]
        return lines if self.closed_form is None else [*lines, (self.control, self.closed_form)]
