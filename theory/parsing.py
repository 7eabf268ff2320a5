"""Polynomials typed by a user, read without evaluating anything."""

import ast
import re
from collections.abc import Callable
from operator import add, mul, neg, pos, sub
from typing import Any

from sympy import QQ, Expr, Poly, Rational, Symbol

BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {ast.Add: add, ast.Sub: sub, ast.Mult: mul}
UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {ast.UAdd: pos, ast.USub: neg}
NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
MAX_DEGREE = 64
MAX_LENGTH = 1000
MAX_BITS = 20_000
LARGEST = Rational(10**9)
"""Largest size of a number typed by a user; the inverse is the smallest."""


def parse_polynomial(text: str, symbol: Symbol) -> Expr:
    """A polynomial in one symbol, with exact rational coefficients: ``parse_polynomial("q**3/2 + q**4/4", q)``.

    Numbers, the symbol (``q``, ``m`` or ``x``), ``+ - * /``, ``**`` (or ``^``) and brackets are read; nothing is
    evaluated, and degree and size are bounded. Raises ValueError for anything else.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(f"polynomial of {len(text)} characters is too long; at most {MAX_LENGTH}")
    try:
        return _Reader(text, symbol).read().as_expr()
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"cannot read the polynomial {text!r}; write it like {_example(symbol)}") from error


def parse_number(name: str, text: str) -> Rational:
    """A real number as an exact fraction, so that any number of digits can follow: ``0.1`` is ``1/10``."""
    parts = text.strip().removeprefix("+").split("/")
    digits = [part.removeprefix("-") if i == 0 else part for i, part in enumerate(parts)]
    if (
        len(parts) > 2
        or not all(NUMBER.fullmatch(part) for part in digits)
        or (len(parts) == 2 and Rational(digits[1]) == 0)
    ):
        raise ValueError(f"{name} = {text!r} is not a number; try {name} = {3 if name == 'p' else 0.5}")
    value = Rational(parts[0]) / (Rational(parts[1]) if len(parts) == 2 else 1)
    if value != 0 and not 1 / LARGEST <= abs(value) <= LARGEST:
        raise ValueError(f"{name} = {text} is out of range: between 1e-9 and 1e9 in size; try {name} = 1")
    return value


class _Reader:
    """Walks a syntax tree and builds a bounded polynomial."""

    def __init__(self, text: str, symbol: Symbol) -> None:
        self.text = text.strip().replace("^", "**")
        self.symbol = symbol

    def read(self) -> Poly:
        return self._node(ast.parse(self.text, mode="eval").body)

    def _node(self, node: ast.expr) -> Poly:
        match node:
            case ast.Constant():
                segment = ast.get_source_segment(self.text, node) or ""
                if NUMBER.fullmatch(segment):
                    return Poly(Rational(segment), self.symbol, domain=QQ)
            case ast.Name(id=name) if name in {self.symbol.name, "q", "m", "x"}:
                return Poly(self.symbol, self.symbol, domain=QQ)
            case ast.UnaryOp(op=operator) if type(operator) in UNARY:
                return UNARY[type(operator)](self._node(node.operand))
            case ast.BinOp(op=ast.Pow()):
                return self._power(self._node(node.left), node.right)
            case ast.BinOp(op=ast.Div()):
                return self._bounded(self._node(node.left) * self._inverse(node.right))
            case ast.BinOp(op=operator) if type(operator) in BINARY:
                return self._bounded(BINARY[type(operator)](self._node(node.left), self._node(node.right)))
        raise ValueError(
            f"{self.text!r}: only numbers, {self.symbol} and + - * / ** are read, got {ast.unparse(node)!r}; "
            f"write it like {_example(self.symbol)}"
        )

    def _power(self, base: Poly, node: ast.expr) -> Poly:
        exponent = node.value if isinstance(node, ast.Constant) else None
        if type(exponent) is not int or not 0 <= exponent <= MAX_DEGREE:
            raise ValueError(
                f"{self.text!r}: exponents are whole numbers from 0 to {MAX_DEGREE}, got {ast.unparse(node)}"
            )
        self._check(base.degree() * exponent, _bits(base) * exponent)
        return self._bounded(base**exponent)

    def _inverse(self, node: ast.expr) -> Poly:
        divisor = self._node(node)
        if not divisor.is_ground or divisor.is_zero:
            raise ValueError(f"{self.text!r}: division is by non-zero numbers only, got {ast.unparse(node)}")
        return Poly(1 / divisor.LC(), self.symbol, domain=QQ)

    def _bounded(self, polynomial: Poly) -> Poly:
        self._check(polynomial.degree(), _bits(polynomial))
        return polynomial

    def _check(self, degree: Any, bits: int) -> None:
        if degree > MAX_DEGREE or bits > MAX_BITS:
            raise ValueError(f"{self.text!r} is too large: at most degree {MAX_DEGREE}, numbers of {MAX_BITS} bits")


def _bits(polynomial: Poly) -> int:
    """Size of the largest coefficient in bits."""
    return max(int(max(abs(c.p), c.q)).bit_length() for c in polynomial.all_coeffs())


def _example(symbol: Symbol) -> str:
    return f"'{symbol}**3/2 + {symbol}**4/4'"
