"""Functions typed by a user, read without evaluating anything; a polynomial is one of which more is asked."""

import ast
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from operator import add, mul, sub, truediv
from typing import Any

import sympy
from sympy import QQ, Expr, Poly, Rational, Symbol

from .naming import shortened
from .parsing import MAX_LENGTH, NUMBER, syntax_tree

NAMES = ("exp", "log", "sqrt", "sin", "cos", "tan", "atan", "sinh", "cosh", "tanh", "sech", "asinh", "erf", "erfc")
FUNCTIONS: dict[str, Callable[[Any], Any]] = {name: getattr(sympy, name) for name in NAMES} | {
    "sech": lambda x: 1 / sympy.cosh(x)  # which has machine code
}
KINKED: dict[str, Callable[..., Any]] = {
    "abs": sympy.Abs,
    "sign": sympy.sign,
    "heaviside": sympy.Heaviside,
    "relu": lambda x: sympy.Max(x, 0),
    "max": sympy.Max,
    "min": sympy.Min,
}
"""Functions with kinks and steps, read where a loss or a label is; ``max`` and ``min`` of any number of arguments."""
SEVERAL = ("max", "min")
COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: sympy.Lt,
    ast.LtE: sympy.Le,
    ast.Gt: sympy.Gt,
    ast.GtE: sympy.Ge,
}
BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: add,
    ast.Sub: sub,
    ast.Mult: mul,
    ast.Div: truediv,
}
LARGEST_DENOMINATOR = 1000
"""Of an exponent: algebra with roots of higher order does not end."""
LARGEST_NUMBER = 10**12
MAX_DEGREE, MAX_BITS = 64, 10_000
"""Of a polynomial and its numbers."""

PARAMETERS: ContextVar[tuple[str, ...]] = ContextVar("parameters", default=())
"""Names that stand for parameters in the coefficients of a polynomial: those of the axes of a diagram."""

Graded = tuple[Expr, int]
"""An expression and a bound on its degree, which limits what later algebra costs."""


def parse_expression(
    text: str, symbols: Mapping[str, Symbol], functions: Mapping[str, Callable[[Any], Any]] = FUNCTIONS
) -> Expr:
    """A function of the given symbols with exact numbers: ``parse_expression("log(1 + u**2)", {"u": u})``.

    Numbers, ``pi``, the symbols, ``+ - * /``, ``**`` (or ``^``) with a number as exponent, brackets, and ``functions``
    are read; nothing is evaluated, and length and degree are bounded. Raises ValueError for anything else, and for a
    number that is not real and finite, naming it.
    """
    return _read(_Reader, text, symbols, functions)


def parse_polynomial(text: str, symbol: Symbol) -> Expr:
    """A polynomial in one symbol, with exact rational coefficients: ``parse_polynomial("q**3/2 + q**4/4", q)``.

    Numbers, the symbol (``q``, ``m`` or ``x``), ``+ - * /``, ``**`` (or ``^``) and brackets are read; nothing is
    evaluated, and degree and size are bounded. Raises ValueError for anything else. Names in ``PARAMETERS`` are read as
    positive symbols.
    """
    free = {name: Symbol(name, positive=True) for name in PARAMETERS.get() if name != symbol.name}
    value = _read(_PolynomialReader, text, dict.fromkeys((symbol.name, "q", "m", "x"), symbol) | free, {})
    polynomial = Poly(value, symbol, domain=QQ[tuple(free.values())] if free else QQ)
    if max((_bits(x) for c in polynomial.all_coeffs() for x in c.atoms(Rational)), default=0) > MAX_BITS:
        raise ValueError(f"{shortened(text)!r} is too large: at most degree {MAX_DEGREE}, numbers of {MAX_BITS} bits")
    return polynomial.as_expr()


def _read(
    reader: "type[_Reader]", text: str, symbols: Mapping[str, Symbol], functions: Mapping[str, Callable[[Any], Any]]
) -> Expr:
    if len(text) > MAX_LENGTH:
        raise ValueError(f"{reader.kind} of {len(text)} characters is too long; at most {MAX_LENGTH}")
    try:
        return reader(text, symbols, functions).read()
    except (RecursionError, MemoryError) as error:
        example = reader.example.format(*symbols)
        raise ValueError(f"{shortened(text)!r} is nested too deeply; write it like {example}") from error


class _Reader:
    """Walks a syntax tree and builds an expression of bounded degree."""

    kind, example, degree = "expression", "'(u**2 - y**2)**2/(1 + y**2)'", 32
    constants: Mapping[str, Expr] = {"pi": sympy.pi}

    def __init__(self, text: str, symbols: Mapping[str, Symbol], functions: Mapping[str, Callable[[Any], Any]]) -> None:
        self.example = self.example.format(*symbols)
        self.tree, self.text = syntax_tree(text, self.example)
        self.symbols, self.functions = symbols, functions

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
            case ast.Call(func=ast.Name(id=name), args=[_, *_], keywords=[]):
                return self._call(name, node)
        raise self._unknown(node)

    def _call(self, name: str, node: ast.Call) -> Graded:
        if name == "Piecewise" and "max" in self.functions:
            branches = [self._branch(argument, node) for argument in node.args]
            if branches[-1][0][1] is True:
                return self._real(sympy.Piecewise(*(pair for pair, _ in branches)), node), max(d for _, d in branches)
        elif name in self.functions and (len(node.args) > 1) == (name in SEVERAL):
            parts = [self._node(argument) for argument in node.args]
            for value, _ in parts:
                self._require_small(value)
            return self._real(self.functions[name](*(v for v, _ in parts)), node), max(1, *(d for _, d in parts))
        raise self._unknown(node)

    def _branch(self, node: ast.expr, whole: ast.Call) -> tuple[tuple[Expr, Any], int]:
        """``(value, u < y)``, or ``(value, True)`` for the last."""
        match node:
            case ast.Tuple(elts=[value, ast.Constant(value=True)]):
                expression, degree = self._node(value)
                return (expression, True), degree
            case ast.Tuple(elts=[value, ast.Compare(left=left, ops=[operator], comparators=[right])]):
                if type(operator) in COMPARISONS:
                    expression, degree = self._node(value)
                    relation = COMPARISONS[type(operator)](self._node(left)[0], self._node(right)[0])
                    return (expression, relation), degree
        raise self._unknown(whole)

    def _leaf(self, node: ast.Constant | ast.Name) -> Graded:
        if isinstance(node, ast.Constant):
            return self._number(node), 0
        if node.id in self.symbols:
            return self.symbols[node.id], 1
        if node.id in self.constants:
            return self.constants[node.id], 0
        raise self._unknown(node)

    def _unknown(self, node: ast.expr) -> ValueError:
        known = ", ".join(["numbers", *self.constants, *self.symbols])
        return ValueError(
            f"{shortened(self.text)!r}: only {known}, + - * / ** and {' '.join(self.functions)} are "
            f"read, got {shortened(ast.unparse(node))!r}; write it like {self.example}"
        )

    def _require_small(self, argument: Expr) -> None:
        if not argument.free_symbols and not (argument.is_finite and abs(argument.evalf()) <= 100):
            what = f"a function of {argument}, a number of more than 100 in size"
            raise ValueError(f"{self.text!r}: {what}, is not read")

    def _real(self, value: Expr, node: ast.expr) -> Expr:
        """The value, if it is real and finite wherever it is a number."""
        infinite = value.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo)
        if infinite or value.has(sympy.I) or not (value.free_symbols or value.is_Rational or value.evalf(20).is_real):
            what = f"{ast.unparse(node)} is not a finite real number"
            raise ValueError(f"{self.text!r}: {what}; write it like {self.example}")
        return value

    def _number(self, node: ast.Constant) -> Rational:
        segment = self._source(node)
        if not NUMBER.fullmatch(segment) or not self._moderate(Rational(segment)):
            raise ValueError(f"{self.text!r}: {segment} is not a number from 1e-12 to 1e12 in size")
        return Rational(segment)

    def _binary(self, node: ast.BinOp) -> Graded:
        (left, first), (right, second) = self._node(node.left), self._node(node.right)
        if isinstance(node.op, ast.Div):
            self._require_divisor(right, node.right)
        degree = first + second if isinstance(node.op, (ast.Mult, ast.Div)) else max(first, second)
        return self._bounded(BINARY[type(node.op)](left, right), degree)

    def _require_divisor(self, divisor: Expr, node: ast.expr) -> None:
        del node
        if divisor == 0:
            raise ValueError(f"{self.text!r} divides by zero")

    def _power(self, node: ast.BinOp) -> Graded:
        (base, degree), (exponent, _) = self._node(node.left), self._node(node.right)
        if not exponent.is_Rational or abs(exponent) > self.degree or exponent.q > LARGEST_DENOMINATOR:
            raise ValueError(
                f"{shortened(self.text)!r}: exponents are numbers up to {self.degree} in size, of three decimals, "
                f"got {ast.unparse(node.right)!r}; for others write exp(...)"
            )
        if base == 0 and exponent < 0:
            raise ValueError(f"{self.text!r} divides by zero")
        return self._bounded(self._real(base**exponent, node), int(sympy.ceiling(max(degree, 1) * abs(exponent))))

    def _bounded(self, value: Expr, degree: int) -> Graded:
        if degree > self.degree or (value.is_Rational and not self._moderate(value)):
            raise self._too_large("numbers from 1e-12 to 1e12 in size")
        return value, degree

    def _too_large(self, numbers: str) -> ValueError:
        return ValueError(f"{shortened(self.text)!r} is too large: at most degree {self.degree}, {numbers}")

    def _moderate(self, value: Rational) -> bool:
        return bool(value == 0 or (abs(value) <= LARGEST_NUMBER and abs(value) * LARGEST_NUMBER >= 1))

    def _source(self, node: ast.expr) -> str:
        return ast.get_source_segment(self.text, node) or ""


class _PolynomialReader(_Reader):
    """One variable under any of its names, whole exponents, no division but by numbers, numbers of any size."""

    kind, example, degree = "polynomial", "'{0}**3/2 + {0}**4/4'", MAX_DEGREE
    constants: Mapping[str, Expr] = {}

    def read(self) -> Expr:
        names = {node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)} - {*PARAMETERS.get()}
        if len(names) > 1:
            named, own = shortened(", ".join(sorted(names))), next(iter(self.symbols))
            raise ValueError(f"{shortened(self.text)!r} has more than one variable, {named}; use {own} alone")
        return super().read()

    def _unknown(self, node: ast.expr) -> ValueError:
        return ValueError(
            f"{shortened(self.text)!r}: only numbers, {next(iter(self.symbols))} and + - * / ** are read, "
            f"got {shortened(self._source(node))!r}; write it like {self.example}"
        )

    def _number(self, node: ast.Constant) -> Rational:
        segment = self._source(node)
        if not NUMBER.fullmatch(segment):
            raise self._unknown(node)
        return Rational(segment)

    def _require_divisor(self, divisor: Expr, node: ast.expr) -> None:
        if not (divisor.is_Rational and divisor != 0):
            what = shortened(self._source(node))
            raise ValueError(f"{shortened(self.text)!r}: division is by non-zero numbers only, got {what}")

    def _power(self, node: ast.BinOp) -> Graded:
        (base, degree), source = self._node(node.left), self._source(node.right)
        exponent = Rational(source) if NUMBER.fullmatch(source) else Rational(-1)
        if not (exponent.is_integer and 0 <= exponent <= MAX_DEGREE):
            whole = f"exponents are whole numbers from 0 to {MAX_DEGREE}, got {shortened(source)}"
            raise ValueError(f"{shortened(self.text)!r}: {whole}")
        if max(map(_bits, base.atoms(Rational)), default=0) * exponent > MAX_BITS:
            raise self._too_large(f"numbers of {MAX_BITS} bits")
        return self._bounded(base ** int(exponent), degree * int(exponent))

    def _moderate(self, value: Rational) -> bool:
        return _bits(value) <= MAX_BITS


def _bits(number: Any) -> int:
    """Size of a fraction."""
    exact = Rational(number)
    return max(int(abs(exact.p)), int(exact.q)).bit_length()
