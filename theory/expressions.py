"""Smooth functions typed by a user, read without evaluating anything."""

import ast
from collections.abc import Callable, Mapping
from operator import add, mul, sub, truediv
from typing import Any

import sympy
from sympy import Expr, Rational, Symbol

from .naming import shortened
from .parsing import MAX_LENGTH, NUMBER, syntax_tree

NAMES = ("exp", "log", "sqrt", "sin", "cos", "tan", "atan", "sinh", "cosh", "tanh", "sech", "asinh", "erf", "erfc")
FUNCTIONS: dict[str, Callable[[Any], Any]] = {name: getattr(sympy, name) for name in NAMES} | {
    "sech": lambda x: 1 / sympy.cosh(x)  # which has machine code
}
BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: add,
    ast.Sub: sub,
    ast.Mult: mul,
    ast.Div: truediv,
}
LARGEST_DEGREE = 32
LARGEST_DENOMINATOR = 1000
"""Of an exponent: algebra with roots of higher order does not end."""
LARGEST_NUMBER = 10**12
EXAMPLE = "'(u**2 - y**2)**2/(1 + y**2)'"

Graded = tuple[Expr, int]
"""An expression and a bound on its degree, which limits what later algebra costs."""


def parse_expression(text: str, symbols: Mapping[str, Symbol]) -> Expr:
    """A function of the given symbols with exact numbers: ``parse_expression("log(1 + u**2)", {"u": u})``.

    Numbers, ``pi``, the symbols, ``+ - * /``, ``**`` (or ``^``) with a number as exponent, brackets, and ``FUNCTIONS``
    are read; nothing is evaluated, and length and degree are bounded. Raises ValueError for anything else, and for a
    number that is not real and finite, naming it.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(f"expression of {len(text)} characters is too long; at most {MAX_LENGTH}")
    try:
        value = _Reader(text, symbols).read()
    except (RecursionError, MemoryError) as error:
        raise ValueError(f"{shortened(text)!r} is nested too deeply; write it like {EXAMPLE}") from error
    return value


class _Reader:
    """Walks a syntax tree and builds an expression of bounded degree."""

    def __init__(self, text: str, symbols: Mapping[str, Symbol]) -> None:
        self.tree, self.text = syntax_tree(text, EXAMPLE)
        self.symbols = symbols

    def read(self) -> Expr:
        return self._node(self.tree)[0]

    def _node(self, node: ast.expr) -> Graded:
        match node:
            case ast.Constant() | ast.Name():
                return self._leaf(node)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                value, degree = self._node(node.operand)
                return (-value if isinstance(node.op, ast.USub) else value), degree
            case ast.BinOp(op=ast.Pow()):
                return self._power(node)
            case ast.BinOp(op=operator) if type(operator) in BINARY:
                return self._binary(node)
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
                value, degree = self._node(argument)
                self._require_small(value)
                return self._real(FUNCTIONS[name](value), node), max(degree, 1)
        raise self._unknown(node)

    def _leaf(self, node: ast.Constant | ast.Name) -> Graded:
        if isinstance(node, ast.Constant):
            return self._number(node), 0
        if node.id in self.symbols:
            return self.symbols[node.id], 1
        if node.id == "pi":
            return sympy.pi, 0
        raise self._unknown(node)

    def _unknown(self, node: ast.expr) -> ValueError:
        return ValueError(
            f"{self.text!r}: only numbers, pi, {', '.join(self.symbols)}, + - * / ** and {' '.join(FUNCTIONS)} are "
            f"read, got {ast.unparse(node)!r}; write it like {EXAMPLE}"
        )

    def _require_small(self, argument: Expr) -> None:
        if not argument.free_symbols and not (argument.is_finite and abs(argument.evalf()) <= 100):
            raise ValueError(f"{self.text!r}: a function of {argument}, a number of more than 100 in size, is not read")

    def _real(self, value: Expr, node: ast.expr) -> Expr:
        """The value, if it is real and finite wherever it is a number."""
        infinite = value.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo)
        if infinite or value.has(sympy.I) or not (value.free_symbols or value.is_Rational or value.evalf(20).is_real):
            raise ValueError(f"{self.text!r}: {ast.unparse(node)} is not a finite real number; write it like {EXAMPLE}")
        return value

    def _number(self, node: ast.Constant) -> Rational:
        segment = ast.get_source_segment(self.text, node) or ""
        if not NUMBER.fullmatch(segment) or not _moderate(Rational(segment)):
            raise ValueError(f"{self.text!r}: {segment} is not a number from 1e-12 to 1e12 in size")
        return Rational(segment)

    def _binary(self, node: ast.BinOp) -> Graded:
        (left, first), (right, second) = self._node(node.left), self._node(node.right)
        if isinstance(node.op, ast.Div) and right == 0:
            raise ValueError(f"{self.text!r} divides by zero")
        degree = first + second if isinstance(node.op, (ast.Mult, ast.Div)) else max(first, second)
        return self._bounded(BINARY[type(node.op)](left, right), degree)

    def _power(self, node: ast.BinOp) -> Graded:
        (base, degree), (exponent, _) = self._node(node.left), self._node(node.right)
        if not exponent.is_Rational or abs(exponent) > LARGEST_DEGREE or exponent.q > LARGEST_DENOMINATOR:
            raise ValueError(
                f"{shortened(self.text)!r}: exponents are numbers up to {LARGEST_DEGREE} in size, of three decimals, "
                f"got {ast.unparse(node.right)!r}; for others write exp(...)"
            )
        if base == 0 and exponent < 0:
            raise ValueError(f"{self.text!r} divides by zero")
        return self._bounded(self._real(base**exponent, node), int(sympy.ceiling(max(degree, 1) * abs(exponent))))

    def _bounded(self, value: Expr, degree: int) -> Graded:
        if degree > LARGEST_DEGREE or (value.is_Rational and not _moderate(value)):
            raise ValueError(
                f"{self.text!r} is too large: at most degree {LARGEST_DEGREE}, numbers from 1e-12 to 1e12 in size"
            )
        return value, degree


def _moderate(value: Rational) -> bool:
    return bool(value == 0 or (abs(value) <= LARGEST_NUMBER and abs(value) * LARGEST_NUMBER >= 1))
