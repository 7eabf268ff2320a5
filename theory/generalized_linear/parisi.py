"""Notation of Parisi's recursion: numbers of each level, functions of the cavity field h, their smoothing and means."""

from __future__ import annotations

from typing import Any, ClassVar

from sympy import Expr, Function, Rational, Symbol, diff

CAVITY = Symbol("h", real=True)
"""What u would be without the datum."""
LEVEL, LAST = (Symbol(name, integer=True) for name in "iK")
"""``i = 0 .. K``, from the least overlap of two states to the inside of one."""
PRIME = "'"


class LevelNumber(Function):  # type: ignore[misc]
    """A positive number of each level: ``q_i``."""

    nargs = 1
    letter: ClassVar[str]
    _diff_wrt = True

    def _eval_is_positive(self) -> bool:
        return True

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _powered(f"{self.letter}_{{{printer.doprint(self.args[0])}}}", exp)


class Overlap(LevelNumber):
    """``q_i``, of two states that part at level i."""

    letter = "q"


class Breaking(LevelNumber):
    """``x_i``, Parisi's parameter between ``q_(i-1)`` and ``q_i``, times beta."""

    letter = "x"


class Width(LevelNumber):
    """``lambda_i = chi + sum_(j>i) x_j (q_j - q_(j-1))``."""

    letter = r"\lambda"


class Spread(LevelNumber):
    """``A_i = alpha E[f_i'^2]``."""

    letter = "A"


class LevelFunction(Function):  # type: ignore[misc]
    """``f_i(h)`` or a derivative of it; arguments are level, field and how many derivatives."""

    nargs = 3
    letter: ClassVar[str]

    @classmethod
    def at(cls, level: Any, order: int = 0) -> Expr:
        """At the field h."""
        return cls(level, CAVITY, order)

    def fdiff(self, argindex: int = 2) -> Expr:
        """In the field."""
        level, field, order = self.args
        return type(self)(level, field, order + 1)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        level, field, order = self.args
        name = f"{self.letter}_{{{printer.doprint(level)}}}{PRIME * int(order)}"
        return _powered(f"{name}({printer.doprint(field)})", exp)


class FreeEnergy(LevelFunction):
    """``f_i(h)``, minus the energy of a datum whose field is known up to level i."""

    letter = "f"


class FieldLaw(LevelFunction):
    """``P_i(h)``, the law of the field at level i, given y."""

    letter = "P"


class Smoothed(Function):  # type: ignore[misc]
    """``G_v * X``: X(h) averaged over Gaussian shifts of variance v; in v it obeys the heat equation."""

    nargs = 2

    @classmethod
    def eval(cls, variance: Expr, function: Expr) -> Expr | None:
        """No shift at ``v = 0``."""
        return function if variance == 0 else None

    def _eval_derivative(self, symbol: Symbol) -> Expr:
        variance, function = self.args
        heat = Rational(1, 2) * diff(function, CAVITY, 2) * diff(variance, symbol)
        return Smoothed(variance, diff(function, symbol) + heat)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        variance, function = (printer.doprint(argument) for argument in self.args)
        body = rf"G_{{{variance}}} * \left[{function}\right]"
        return body if exp is None else _powered(rf"\left({body}\right)", exp)


class LevelMean(Function):  # type: ignore[misc]
    """``E_i[X] = E_y int dh P_i(h) X(h)``; arguments are i and X."""

    nargs = 2

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        level, function = (printer.doprint(argument) for argument in self.args)
        return _powered(rf"\mathbb{{E}}_{{{level}}}\left[{function}\right]", exp)


def _powered(body: str, exp: str | None) -> str:
    return body if exp is None else f"{body}^{{{exp}}}"
