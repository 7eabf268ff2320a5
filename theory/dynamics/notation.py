"""Times, two-time functions, and sums of integrals that print in the order in which they were derived."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import takewhile
from typing import Any

from sympy import Add, Basic, Expr, Integer, Integral, Mul, Symbol
from sympy.core.function import UndefinedFunction
from sympy.printing.pretty.stringpict import prettyForm, stringPict

from .. import course
from ..printing import Line, Printable, _joint, as_latex

TIME, EARLIER, INNER = course.TIME, Symbol("t'", real=True), Symbol("s", real=True)
"""``t``, ``t' < t``, and the time ``s`` that is integrated over."""
DELAY, INNER_DELAY = Symbol("tau", positive=True), Symbol("u", positive=True)
"""``tau = t - t'`` and the delay that is integrated over."""


@cache
def function_of_time(name: str, latex: str = "", derivative: Any = None) -> Any:
    """A function that prints as ``C(t,s)`` and ``C(t,s)^2``; of one variable, with another as its derivative."""

    def _latex(self: Any, printer: Any, exp: str | None = None) -> str:
        body = f"{latex or name}({','.join(printer._print(argument) for argument in self.args)})"
        return body if exp is None else f"{body}^{{{exp}}}"

    def _fdiff(self: Any, argindex: int = 1) -> Any:
        return derivative(*self.args)

    methods = {"_latex": _latex} | ({"fdiff": _fdiff} if derivative else {})
    return UndefinedFunction(name, __dict__=methods)


C, R = function_of_time("C"), function_of_time("R")
M, MU = function_of_time("m"), function_of_time("mu", r"\mu")
Q = function_of_time("q")
"""Overlap of ``x(t)`` with another configuration of equilibrium, of the same landscape."""
BATH = function_of_time("T")
"""Temperature of the bath: nothing in the derivation asks it to be constant."""


class Product(Basic):  # type: ignore[misc]
    """A product whose factors keep their order: ``-mu(t) C(t,t')``."""

    def as_expr(self) -> Expr:
        """As SymPy would order it."""
        return Mul(*self.args)

    def _latex(self, printer: Any) -> str:
        return _print_product(printer, *_numbered(self.args))


def _numbered(factors: Sequence[Expr]) -> tuple[Expr, list[Expr]]:
    """The numerical coefficient, and the factors without it."""
    pairs = [factor.as_coeff_Mul() for factor in factors]
    return Mul(*(number for number, _ in pairs)), [part for _, rest in pairs for part in _split(rest)]


def _print_product(printer: Any, coefficient: Expr, factors: list[Expr]) -> str:
    alone = len(factors) == 1 and coefficient == 1
    number = [] if abs(coefficient) == 1 and factors else [printer._print(abs(coefficient))]
    return ("-" if coefficient < 0 else "") + " ".join(
        number + [_bracketed(printer, factor, alone=alone) for factor in factors]
    )


def _split(factor: Expr) -> list[Expr]:
    """A product with a sum in it, by its factors; a fraction, or anything else, whole."""
    factors = Mul.make_args(factor)
    split = any(f.is_Add for f in factors) and not any(f.as_base_exp()[1].is_negative for f in factors)
    return [f for f in (factors if split else (factor,)) if f != 1]


def _bracketed(printer: Any, factor: Expr, *, alone: bool) -> str:
    text = printer._print(factor)
    return rf"\left[{text}\right]" if factor.is_Add and not alone else text


class TimeIntegral(Basic):  # type: ignore[misc]
    """``int_lower^upper product ds``; its arguments are the product, the variable and the limits."""

    def _parts(self) -> tuple[Expr, list[Expr], list[Expr]]:
        """Number, constant factors, and those that are integrated."""
        number, factors = _numbered(self.args[0].args)
        constant = list(takewhile(lambda factor: self.args[1] not in factor.free_symbols, factors))
        return number, constant, factors[len(constant) :]

    def as_expr(self) -> Expr:
        """A SymPy ``Integral`` times what is constant."""
        number, constant, rest = self._parts()
        return number * Mul(*constant) * Integral(Mul(*rest), self.args[1:])

    def _latex(self, printer: Any) -> str:
        number, constant, rest = self._parts()
        sign, number = "-" if number < 0 else "", abs(number)
        whole = not any(factor.is_Add for factor in constant)
        outside = _print_product(printer, *((number * Mul(*constant), []) if whole else (number, constant)))
        outside = "" if outside == "1" else f"{outside} "
        variable, lower, upper = (printer._print(part) for part in self.args[1:])
        inside = _print_product(printer, Integer(1), rest)
        return rf"{sign}{outside}\int_{{{lower}}}^{{{upper}}} d{variable}\, {inside}"


class Terms(Basic):  # type: ignore[misc]
    """A sum of products and integrals in the order given; terms with a factor zero are dropped."""

    def __new__(cls, *terms: Any) -> Terms:
        """Keep what is not zero."""
        made: Terms = Basic.__new__(cls, *(term for term in terms if term.as_expr() != 0))
        return made

    def as_expr(self) -> Expr:
        """As SymPy would order it, with ``Integral`` for the integrals."""
        return Add(*(term.as_expr() for term in self.args))

    def _latex(self, printer: Any) -> str:
        return _joined([printer._print(term) for term in self.args]) or "0"

    def _pretty(self, printer: Any) -> Any:
        rows: list[list[Expr]] = [[]]
        for term in (term.as_expr() for term in self.args):
            if rows[-1] and _print_row(printer, [*rows[-1], term]).width() > TERMINAL_WIDTH:
                rows.append([])
            rows[-1].append(term)
        if len(rows) == 1:
            return _print_row(printer, rows[0] or [Integer(0)])
        printed = [_print_row(printer, row, first=i == 0) for i, row in enumerate(rows)]
        width = max(row.width() for row in printed)
        return prettyForm(*stringPict.stack(*(prettyForm(*row.right(" " * (width - row.width()))) for row in printed)))


def _print_row(printer: Any, terms: list[Expr], *, first: bool = True) -> Any:
    """Terms beside one another; a later row starts with its sign."""
    several = len(terms) > 1
    row = printer._print_Add(Add(*terms, evaluate=False), order="none") if several else printer._print(terms[0])
    return row if first or terms[0].could_extract_minus_sign() else prettyForm(*row.left("+ "))


def product(*factors: Any) -> Product:
    """The product of factors in this order."""
    return Product(*(Integer(f) if isinstance(f, int) else f for f in factors))


def integral(lower: Any, upper: Any, *factors: Any, variable: Symbol = INNER) -> Product | TimeIntegral:
    """``int_lower^upper ds`` of a product; zero over an empty range."""
    if lower == upper:
        return product(0)
    return TimeIntegral(product(*factors), variable, *product(lower, upper).args)


def _joined(printed: Sequence[str]) -> str:
    return "".join(
        text if i == 0 else f" - {text[1:]}" if text.startswith("-") else f" + {text}" for i, text in enumerate(printed)
    )


TERMINAL_WIDTH = 70
WIDTH = 92
"""Characters of one printed line, roughly; a longer sum goes on in the next."""


class TwoTimeDisplay(Printable):
    """Mix-in: equations whose long sums are broken between terms and aligned."""

    def latex(self) -> str:
        """An ``align`` environment, ready for a paper; one number for each equation."""
        rows = " \\\\\n".join(_wrapped(line) for line in self.equations())
        return f"\\begin{{align}}\n{rows}\n\\end{{align}}"


def _wrapped(line: Line) -> str:
    left, right = line
    if not isinstance(right, Terms):
        return f"{as_latex(left)} {_joint(right)} {as_latex(right)}"
    rows: list[list[str]] = [[]]
    for text in (as_latex(term) for term in right.args):
        if rows[-1] and _width("".join(rows[-1]) + text) > WIDTH:
            rows.append([])
        rows[-1].append(text)
    first, *others = [_joined(row) for row in rows]
    going_on = [row if row.startswith("-") else f"+ {row}" for row in others]
    return " \\nonumber \\\\\n&\\quad ".join([f"{as_latex(left)} &= {first or '0'}", *going_on])


def _width(latex: str) -> int:
    """Letters that remain on paper."""
    return len(re.sub(r"\\(left|right|frac|int|quad|rm|,)|[{}\\^_ ]", "", latex))
