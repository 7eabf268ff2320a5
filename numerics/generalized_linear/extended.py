"""Expressions in arithmetic that does not overflow, each value with a bound on its rounding error.

A number is ``mantissa e^exponent``: ``log(cosh(10^6))`` and ``e^1000/(1 + e^1000)`` are what they are, and what
overflows in double precision is told from a true pole. Errors follow the operations to first order (running error
analysis: Higham 2002, Accuracy and Stability of Numerical Algorithms, section 3.3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import NamedTuple

import numpy as np
import sympy
from scipy.special import erf, erfc
from sympy import Expr, Symbol

from ..lowering import Array

ROUNDING = float(np.finfo(float).eps)
LARGEST = 1e150
"""What is larger in size is given as this: its square is still a number."""


class Extended(NamedTuple):
    """``mantissa e^exponent``; ``error`` bounds that of the mantissa (infinite: nothing is known)."""

    mantissa: Array
    exponent: Array
    error: Array

    def plain(self) -> tuple[Array, Array]:
        """Value, cut at ``LARGEST`` in size, and its error; nan and infinity where it is not a number."""
        scale = np.exp(np.minimum(self.exponent, 700))
        value = np.clip(np.nan_to_num(self.mantissa * scale, nan=np.nan), -LARGEST, LARGEST)
        error = np.where(np.isnan(value), np.inf, self.error * scale)
        beyond = (np.abs(value) >= LARGEST) & (self.error < np.abs(self.mantissa))
        return value, np.where(beyond, 0.0, np.nan_to_num(error, nan=np.inf))


def evaluate(expression: Expr, values: Mapping[Symbol, Array]) -> tuple[Array, Array]:
    """The expression at exact values of its symbols (arrays of one shape): value and error bound."""
    known: dict[Expr, Extended] = {}
    with np.errstate(all="ignore"):
        return _value(expression, values, known).plain()


def _value(node: Expr, values: Mapping[Symbol, Array], known: dict[Expr, Extended]) -> Extended:
    if node not in known:
        known[node] = _computed(node, values, known)
    return known[node]


def _computed(node: Expr, values: Mapping[Symbol, Array], known: dict[Expr, Extended]) -> Extended:
    like = next(iter(values.values()))
    if node in values:
        return Extended(values[node], np.zeros_like(like), np.zeros_like(like))
    if not node.free_symbols:
        number = float(node.evalf(20))
        exact = node.is_Rational and sympy.Rational(number) == node
        return _plain(np.full_like(like, number), np.full_like(like, 0.0 if exact else ROUNDING * abs(number)))
    if isinstance(node, sympy.Pow) and node.exp.is_number:
        return _power(_value(node.base, values, known), float(node.exp))
    if type(node) in REWRITTEN:
        return _value(REWRITTEN[type(node)](*node.args[:2]), values, known)
    if isinstance(node, sympy.Piecewise):
        return _chosen(node, values, known)
    operation = OPERATIONS.get(type(node))
    if operation is None:
        raise ValueError(f"{node} is not known here; losses are made of elementary functions")
    return operation(*(_value(part, values, known) for part in node.args))


def _chosen(node: sympy.Piecewise, values: Mapping[Symbol, Array], known: dict[Expr, Extended]) -> Extended:
    """The first branch whose condition holds."""
    *before, (last, _) = node.args
    chosen = _value(last, values, known)
    for value, relation in reversed(before):
        left, right = (_uncut(_value(side, values, known))[0] for side in (relation.lhs, relation.rhs))
        holds = COMPARED[type(relation)](left, right)
        branch = _value(value, values, known)
        chosen = Extended(*(np.where(holds, a, b) for a, b in zip(branch, chosen, strict=True)))
    return chosen


REWRITTEN: dict[type, Callable[..., Expr]] = {
    sympy.Pow: lambda base, exponent: sympy.exp(exponent * sympy.log(base), evaluate=False),
    sympy.sinh: lambda x: (sympy.exp(x) - sympy.exp(-x)) / 2,
    sympy.cosh: lambda x: (sympy.exp(x) + sympy.exp(-x)) / 2,
    sympy.tanh: lambda x: (sympy.exp(x) - sympy.exp(-x)) / (sympy.exp(x) + sympy.exp(-x)),
    sympy.sech: lambda x: 2 / (sympy.exp(x) + sympy.exp(-x)),
    sympy.tan: lambda x: sympy.sin(x) / sympy.cos(x),
    sympy.Heaviside: lambda x, _: (1 + sympy.sign(x)) / 2,
}


def _plain(value: Array, error: Array) -> Extended:
    return Extended(value, np.zeros_like(value), error)


def _sum(*terms: Extended) -> Extended:
    zero = np.full_like(terms[0].exponent, -np.inf)
    top = reduce(np.maximum, [np.where(t.mantissa == 0, zero, t.exponent) for t in terms])
    top = np.where(np.isneginf(top), 0.0, top)
    scales = [np.where(t.exponent == top, 1.0, np.exp(t.exponent - top)) for t in terms]
    parts = [np.where(t.mantissa == 0, 0.0, t.mantissa * s) for t, s in zip(terms, scales, strict=True)]
    total, size = sum(parts[1:], parts[0]), reduce(np.add, [np.abs(part) for part in parts])
    errors = [t.error * s for t, s in zip(terms, scales, strict=True)]
    return Extended(total, top, sum(errors[1:], errors[0]) + ROUNDING * size)


def _product(*factors: Extended) -> Extended:
    def pair(a: Extended, b: Extended) -> Extended:
        mantissa, exponent = a.mantissa * b.mantissa, a.exponent + b.exponent
        error = np.abs(a.mantissa) * b.error + np.abs(b.mantissa) * a.error + a.error * b.error
        error = error + ROUNDING * np.abs(mantissa) * (1 + np.abs(exponent))
        return _normal(Extended(mantissa, exponent, np.where(mantissa == 0, np.nan_to_num(error), error)))

    return reduce(pair, factors)


def _normal(number: Extended) -> Extended:
    """With a mantissa of moderate size."""
    size = np.abs(number.mantissa)
    off = ((size > 1e100) | (size < 1e-100)) & (size > 0) & np.isfinite(size)
    if not off.any():
        return number
    scale = np.where(off, size, 1.0)
    shift = np.where(off, np.log(scale), 0.0)
    error = number.error / scale + np.where(off, ROUNDING * np.abs(shift), 0.0)
    return Extended(number.mantissa / scale, number.exponent + shift, error)


def _power(base: Extended, exponent: float) -> Extended:
    mantissa = base.mantissa**exponent
    relative = np.where(base.error == 0, 0.0, base.error / np.abs(base.mantissa))
    # to first order; nothing is known where the base may be zero
    relative = np.where(relative < 0.5, abs(exponent) * relative * 2 ** abs(exponent), np.inf)
    shift = exponent * base.exponent
    error = np.abs(mantissa) * (relative + ROUNDING * (1 + np.abs(shift)))
    whole = exponent == int(exponent) and exponent > 0
    if whole:  # a power of zero with an error
        error = np.where(np.isfinite(error), error, (np.abs(base.mantissa) + base.error) ** exponent)
    return _normal(Extended(mantissa, shift, error))


def _exponential(argument: Extended) -> Extended:
    value, error = _uncut(argument)
    relative = np.expm1(error) + ROUNDING * np.abs(value)
    return Extended(np.ones_like(value), value, np.where(np.isneginf(value), 0.0, relative))


def _uncut(number: Extended) -> tuple[Array, Array]:
    scale = np.exp(number.exponent)
    return number.mantissa * scale, np.where(number.error == 0, 0.0, number.error * scale)


def _logarithm(argument: Extended) -> Extended:
    value = np.log(argument.mantissa) + argument.exponent
    relative = argument.error / argument.mantissa
    return _plain(value, np.where(relative < 0.5, 2 * relative, np.inf) + ROUNDING * np.abs(value))


def _of(function: Callable[[Array], Array], slope: float) -> Callable[[Extended], Extended]:
    """A function whose derivative is at most ``slope`` in size."""

    def apply(argument: Extended) -> Extended:
        value, error = _uncut(argument)
        result = np.asarray(function(value))
        return _plain(result, slope * error + 4 * ROUNDING * np.abs(result))

    return apply


def _sign(argument: Extended) -> Extended:
    """Unknown where the argument may vanish."""
    known = np.abs(argument.mantissa) > argument.error
    return _plain(np.sign(argument.mantissa), np.where(known, 0.0, np.inf))


def _extreme(function: Callable[[Array, Array], Array]) -> Callable[..., Extended]:
    """The largest or the smallest of several."""

    def apply(*arguments: Extended) -> Extended:
        values, errors = zip(*(_uncut(argument) for argument in arguments), strict=True)
        return _plain(reduce(function, values), reduce(np.maximum, errors))

    return apply


COMPARED: dict[type, Callable[[Array, Array], Array]] = {
    sympy.StrictLessThan: np.less,
    sympy.LessThan: np.less_equal,
    sympy.StrictGreaterThan: np.greater,
    sympy.GreaterThan: np.greater_equal,
}
OPERATIONS: dict[type, Callable[..., Extended]] = {
    sympy.Add: _sum,
    sympy.Mul: _product,
    sympy.exp: _exponential,
    sympy.log: _logarithm,
    sympy.sin: _of(np.sin, 1.0),
    sympy.cos: _of(np.cos, 1.0),
    sympy.atan: _of(np.arctan, 1.0),
    sympy.asinh: _of(np.arcsinh, 1.0),
    sympy.Abs: lambda x: x._replace(mantissa=np.abs(x.mantissa)),
    sympy.sign: _sign,
    sympy.Max: _extreme(np.maximum),
    sympy.Min: _extreme(np.minimum),
    sympy.erf: _of(erf, 1.2),
    sympy.erfc: _of(erfc, 1.2),
}
