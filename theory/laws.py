"""How a prediction follows from its expressions. There is one solver for each law."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Eq, Expr, Symbol, sympify
from sympy.core.function import AppliedUndef

from .printing import Line


class Law:
    """Base of all laws."""

    def equations(self, name: str) -> list[Line]:
        """Lines of a display that define what is called ``name``."""
        raise NotImplementedError


@dataclass(frozen=True)
class Explicit(Law):
    """The value itself."""

    value: Expr

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", sympify(self.value))

    def equations(self, name: str) -> list[Line]:
        """``name = value``."""
        return [(rf"\text{{{name.replace('_', ' ')}}}", self.value)]

    @property
    def symbols(self) -> set[Symbol]:
        """Of the value."""
        return set(self.value.free_symbols)


@dataclass(frozen=True)
class Roots(Law):
    """The ``unknowns``, the one asked for first, solve as many ``sides``, equations each.

    ``within`` is an interval of the only unknown in which there is one root; with several, ``start`` is near them, so
    that Newton's method finds each within half of its size, or of 1.
    """

    sides: tuple[Eq, ...]
    unknowns: tuple[Symbol, ...]
    within: tuple[Expr, Expr] | None = None
    start: tuple[Expr, ...] = ()

    def equations(self, name: str) -> list[Line]:
        """As they are."""
        del name
        return [(equation.lhs, equation.rhs) for equation in self.sides]

    @property
    def symbols(self) -> set[Symbol]:
        """Those that are not unknown."""
        parts = (*self.sides, *(self.within or ()), *self.start)
        return {symbol for part in parts for symbol in sympify(part).free_symbols} - set(self.unknowns)


@dataclass(frozen=True)
class Flow(Law):
    """``d rho(x, tau)/d tau = rate``, with ``rho(x, 0) = start``, for a function of a variable x in an interval.

    The rate may contain integrals over x of expressions in rho. ``observables`` are such expressions, by name.
    """

    unknown: AppliedUndef
    variable: Symbol
    interval: tuple[Expr, Expr]
    time: Symbol
    rate: Expr
    start: Expr
    observables: tuple[tuple[str, Expr], ...] = ()

    def equations(self, name: str) -> list[Line]:
        """The rate, the start, and what is observed."""
        del name
        initial = self.unknown.subs(self.time, 0)
        lines: list[Line] = [(self.unknown.diff(self.time), self.rate), (initial, self.start)]
        return lines + [(rf"\text{{{key.replace('_', ' ')}}}", value) for key, value in self.observables]
