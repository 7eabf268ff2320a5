"""How a prediction follows from its expressions. There is one solver for each law."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sympy import Derivative, Eq, Expr, Matrix, Symbol, latex, sympify
from sympy.core.function import AppliedUndef

from .printing import Line


class Law:
    """Base of all laws."""

    def equations(self, name: str) -> list[Line]:
        """Lines of a display that define what is called ``name``."""
        raise NotImplementedError


def free_symbols(*parts: Any) -> set[Symbol]:
    """Of expressions, equations and numbers together."""
    return {symbol for part in parts for symbol in sympify(part).free_symbols}


@dataclass(frozen=True)
class Explicit(Law):
    """The value itself, and a ``note`` that is printed beside it."""

    value: Expr
    note: str = ""

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
        return free_symbols(*self.sides, *(self.within or ()), *self.start) - set(self.unknowns)


@dataclass(frozen=True, kw_only=True)
class Eigenvalue(Roots):
    """One of ``A x = lambda B x``, where the unknowns solve the sides: number ``place`` from below, the first is 0.

    ``pencil`` makes A and B, symmetric, and B positive, of the unknowns as numbers. A ``note`` as of ``Explicit``.
    """

    pencil: Callable[..., tuple[Matrix, Matrix]]
    place: int
    note: str = ""


@dataclass(frozen=True)
class Iteration(Law):
    """``value`` after the ``unknown`` has gone by ``step`` from ``start``, so many ``times``."""

    unknown: Symbol
    step: Expr
    start: Expr
    times: Expr
    value: Expr

    def equations(self, name: str) -> list[Line]:
        """The step, the start and the value."""
        following, first, last = (rf"{latex(self.unknown)}_{{{place}}}" for place in ("l + 1", "0", latex(self.times)))
        value = self.value.subs(self.unknown, Symbol(last))
        return [(following, self.step), (first, self.start), (rf"\text{{{name.replace('_', ' ')}}}", value)]

    @property
    def symbols(self) -> set[Symbol]:
        """Those that are given."""
        return free_symbols(self.step, self.start, self.times, self.value) - {self.unknown}


class Evolution(Law):
    """Base of the laws in a ``time``, which starts at 0; ``logarithmic`` where decades of it are of interest."""

    time: Symbol
    logarithmic: bool = False


@dataclass(frozen=True)
class Trajectory(Evolution):
    """``du_k/dt = rate_k(u, t)`` for a few ``unknowns``, with ``u_k(0) = start_k``.

    ``observables`` are expressions in the unknowns and the time, by name.
    """

    unknowns: tuple[Symbol, ...]
    time: Symbol
    rates: tuple[Expr, ...]
    starts: tuple[Expr, ...]
    observables: tuple[tuple[str, Expr], ...] = ()
    logarithmic: bool = False

    def equations(self, name: str) -> list[Line]:
        """The rates, the starts, and what is observed."""
        del name
        rates: list[Line] = [
            (Derivative(u, self.time), rate) for u, rate in zip(self.unknowns, self.rates, strict=True)
        ]
        starts = [(rf"{latex(u)}(0)", start) for u, start in zip(self.unknowns, self.starts, strict=True)]
        return rates + starts + [(rf"\text{{{key.replace('_', ' ')}}}", value) for key, value in self.observables]

    @property
    def symbols(self) -> set[Symbol]:
        """Those that are given."""
        observed = (value for _, value in self.observables)
        return free_symbols(*self.rates, *self.starts, *observed) - {*self.unknowns, self.time}


@dataclass(frozen=True)
class Flow(Evolution):
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
