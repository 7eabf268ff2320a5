"""Averages over the data, as symbols: one datum is a pair ``(u, y)`` drawn from the label law ``P(u, y)``."""

from __future__ import annotations

from typing import Any

from sympy import Expr, Function, Symbol, diff, sympify

from .symbols import RANDOM, SIGNAL_FIELD


class Mean(Function):  # type: ignore[misc]
    r"""``E[integrand]`` over the label law. Constants come out; derivatives are taken at a fixed law."""

    nargs = 1
    given = ""

    @classmethod
    def eval(cls, integrand: Any) -> Expr | None:
        """``E[c X] = c E[X]``, ``E[c] = c`` for what does not vary from datum to datum."""
        constant, varying = sympify(integrand).as_independent(*cls.varying(integrand), as_Add=False)
        if varying == 1 or constant == 0:
            return constant
        return None if constant == 1 else constant * cls(varying)

    @classmethod
    def varying(cls, integrand: Any) -> tuple[Any, ...]:
        """What the average runs over; a conditional average inside counts as a function of y."""
        return (*RANDOM, *sympify(integrand).atoms(GivenSignal))

    def _eval_derivative(self, symbol: Symbol) -> Expr:
        return type(self)(diff(self.args[0], symbol))

    def _latex(self, printer: Any, exp: Any = None) -> str:
        body = rf"\mathbb{{E}}\left[{printer.doprint(self.args[0])}{self.given}\right]"
        return body if exp is None else rf"{body}^{{{exp}}}"


class GivenSignal(Mean):
    r"""``E[integrand | y]``, a function of y."""

    given = r"\,\middle|\,y"

    @classmethod
    def varying(cls, integrand: Any) -> tuple[Any, ...]:
        """All but y."""
        del integrand
        return tuple(symbol for symbol in RANDOM if symbol != SIGNAL_FIELD)

    def _eval_is_real(self) -> bool:
        return True


def integrands(expression: Expr) -> tuple[Mean, ...]:
    """The averages in an expression, outermost only, in a fixed order."""
    found: set[Mean] = set()
    pending = [expression]
    while pending:
        part = pending.pop()
        if type(part) is Mean:
            found.add(part)
        else:
            pending.extend(part.args)
    return tuple(sorted(found, key=str))
