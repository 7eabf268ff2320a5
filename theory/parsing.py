"""Polynomials typed by a user, read without evaluating anything."""

import ast
import re
import warnings
from collections.abc import Callable
from operator import add, mul, sub
from typing import Any

from sympy import QQ, Expr, Poly, Rational, Symbol

from .naming import shortened

BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {ast.Add: add, ast.Sub: sub, ast.Mult: mul}
SIGNS: dict[type[ast.unaryop], int] = {ast.UAdd: 1, ast.USub: -1}
NUMBER = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
"""A number without its sign, in the digits 0 to 9."""
MAX_DEGREE = 64
MAX_LENGTH = 1000
"""Characters of a number or a polynomial."""
MAX_BITS = 10_000
LARGEST = Rational(10**9)
"""Largest size of a parameter typed by a user; the inverse is the smallest."""


def parse_polynomial(text: str, symbol: Symbol) -> Expr:
    """A polynomial in one symbol, with exact rational coefficients: ``parse_polynomial("q**3/2 + q**4/4", q)``.

    Numbers, the symbol (``q``, ``m`` or ``x``), ``+ - * /``, ``**`` (or ``^``) and brackets are read; nothing is
    evaluated, and degree and size are bounded. Raises ValueError for anything else.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(f"polynomial of {len(text)} characters is too long; at most {MAX_LENGTH}")
    try:
        return _Reader(text, symbol).read().as_expr()
    except (RecursionError, MemoryError) as error:
        raise ValueError(f"{shortened(text)!r} is nested too deeply; write it like {_example(symbol)}") from error


def syntax_tree(text: str, example: str) -> tuple[ast.expr, str]:
    """The tree of a formula, and its text on one line with ``**`` for ``^``; ValueError for what is no formula."""
    line = " ".join(text.split()).replace("^", "**")
    try:
        # the text of a comment would be dropped in silence
        if "#" in line:
            raise SyntaxError
        with warnings.catch_warnings(action="ignore"):
            return ast.parse(line, mode="eval").body, line
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"cannot read {shortened(text)!r}; write it like {example}") from error


def read_number(text: str) -> Rational | None:
    """A real number as an exact fraction (``0.5``, ``-1e-30``, ``2/3``); None for anything else."""
    parts = text.strip().split("/")
    unsigned = [re.sub("^[+-]", "", parts[0]), *parts[1:]]
    if len(text) > MAX_LENGTH or len(parts) > 2 or not all(NUMBER.fullmatch(part) for part in unsigned):
        return None
    numerator, divisor = Rational(parts[0]), Rational(parts[1] if len(parts) == 2 else 1)
    return None if divisor == 0 else numerator / divisor


def parse_number(name: str, text: str) -> Rational:
    """A parameter as an exact fraction, so that any number of digits can follow: ``0.1`` is ``1/10``."""
    value = read_number(text)
    if value is None:
        raise ValueError(f"{name} = {shortened(text)!r} is not a number; try {name} = {3 if name == 'p' else 0.5}")
    if value != 0 and not 1 / LARGEST <= abs(value) <= LARGEST:
        raise ValueError(f"{name} = {shortened(text)} is out of range: between 1e-9 and 1e9 in size; try {name} = 1")
    return value


class _Reader:
    """Walks a syntax tree and builds a bounded polynomial."""

    def __init__(self, text: str, symbol: Symbol) -> None:
        self.symbol = symbol
        self.tree, self.text = syntax_tree(text, _example(symbol))

    def read(self) -> Poly:
        names = {node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)}
        if len(names) > 1:
            named = shortened(", ".join(sorted(names)))
            raise ValueError(f"{shortened(self.text)!r} has more than one variable, {named}; use {self.symbol} alone")
        return self._node(self.tree)

    def _node(self, node: ast.expr) -> Poly:
        match node:
            case ast.Constant():
                segment = self._source(node)
                if NUMBER.fullmatch(segment):
                    return Poly(Rational(segment), self.symbol, domain=QQ)
            case ast.Name(id=name) if name in {self.symbol.name, "q", "m", "x"}:
                return Poly(self.symbol, self.symbol, domain=QQ)
            case ast.UnaryOp(op=operator) if type(operator) in SIGNS:
                return SIGNS[type(operator)] * self._node(node.operand)
            case ast.BinOp(op=ast.Pow()):
                return self._power(self._node(node.left), node.right)
            case ast.BinOp(op=ast.Div()):
                return self._bounded(self._node(node.left) * self._inverse(node.right))
            case ast.BinOp(op=operator) if type(operator) in BINARY:
                return self._bounded(BINARY[type(operator)](self._node(node.left), self._node(node.right)))
        raise ValueError(
            f"{shortened(self.text)!r}: only numbers, {self.symbol} and + - * / ** are read, "
            f"got {shortened(self._source(node))!r}; "
            f"write it like {_example(self.symbol)}"
        )

    def _power(self, base: Poly, node: ast.expr) -> Poly:
        source = self._source(node)
        exponent = Rational(source) if NUMBER.fullmatch(source) else Rational(-1)
        if not (exponent.is_integer and 0 <= exponent <= MAX_DEGREE):
            raise ValueError(
                f"{shortened(self.text)!r}: exponents are whole numbers from 0 to {MAX_DEGREE}, got {shortened(source)}"
            )
        exponent = int(exponent)
        self._check(base.degree() * exponent, _bits(base) * exponent)
        return self._bounded(base**exponent)

    def _inverse(self, node: ast.expr) -> Poly:
        divisor = self._node(node)
        if not divisor.is_ground or divisor.is_zero:
            what = shortened(self._source(node))
            raise ValueError(f"{shortened(self.text)!r}: division is by non-zero numbers only, got {what}")
        return Poly(1 / divisor.LC(), self.symbol, domain=QQ)

    def _bounded(self, polynomial: Poly) -> Poly:
        self._check(polynomial.degree(), _bits(polynomial))
        return polynomial

    def _check(self, degree: Any, bits: int) -> None:
        if degree > MAX_DEGREE or bits > MAX_BITS:
            what = shortened(self.text)
            raise ValueError(f"{what!r} is too large: at most degree {MAX_DEGREE}, numbers of {MAX_BITS} bits")

    def _source(self, node: ast.expr) -> str:
        return ast.get_source_segment(self.text, node) or ""


def _bits(polynomial: Poly) -> int:
    """Size of the largest coefficient in bits."""
    return max(int(max(abs(c.p), c.q)).bit_length() for c in polynomial.all_coeffs())


def _example(symbol: Symbol) -> str:
    return f"'{symbol}**3/2 + {symbol}**4/4'"
