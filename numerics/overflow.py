"""Expressions rewritten so that none of their parts overflows where the whole does not.

``log(cosh(z)) = |z| + log(1 + e^(-2|z|)) - log 2``; ``log(a + b e^z)`` with the larger term taken out; ``sinh/cosh =
tanh``; and ``e^(kz)/(a + b e^z)^m`` with as many powers of ``e^z`` divided out. What is left grows no faster than its
value. For compiled kernels, which have no second try in other arithmetic.
"""

from __future__ import annotations

import sympy
from sympy import Abs, Add, Expr, Max, Mul, Pow, Wild, cosh, exp, log, sinh, tanh
from sympy.codegen.cfunctions import log1p

ANGLE = Wild("z")
FIRST, SECOND = (Wild(name, properties=[lambda x: x.is_number and x.is_positive]) for name in "ab")
FUNCTIONS = (exp, cosh, sinh)


def without_overflow(expression: Expr) -> Expr:
    """The same function of real arguments; what has no exponentials comes back as it is."""
    if not expression.has(*FUNCTIONS):
        return expression
    # one spelling of each argument, so that factors are told to match
    plain = expression.replace(lambda e: isinstance(e, FUNCTIONS), lambda e: e.func(e.args[0].expand()))
    plain = plain.replace(log, _logarithm)
    if plain.has(cosh):
        plain = plain.replace(sinh, lambda z: tanh(z) * cosh(z))
    return plain.replace(lambda e: e.is_Mul, _quotient)


def _logarithm(argument: Expr) -> Expr:
    if isinstance(argument, cosh):
        z = argument.args[0]
        return Abs(z) + log1p(exp(-2 * Abs(z))) - log(2)
    found = _affine(argument)
    if found is None:
        return log(argument)
    a, b, z = found
    z = z + log(b / a)
    return log(a) + Max(z, 0) + log1p(exp(-Abs(z)))


def _affine(expression: Expr) -> tuple[Expr, Expr, Expr] | None:
    """``a, b, z`` of ``a + b e^z``, a and b positive numbers."""
    found = expression.match(FIRST + SECOND * exp(ANGLE)) if isinstance(expression, Add) else None
    if found is None or not found[ANGLE].free_symbols:
        return None
    return found[FIRST], found[SECOND], found[ANGLE]


def _quotient(product: Expr) -> Expr:
    """A product whose large factors meet the large denominators that they belong to."""
    if not product.is_Mul:
        return product
    factors = list(product.args)
    below = [i for i, factor in enumerate(factors) if _is_denominator(factor)]
    above = [i for i, factor in enumerate(factors) if factor.is_Add and factor.has(exp, cosh)]
    if below and above:
        rest = Mul(*factors[: above[0]], *factors[above[0] + 1 :])
        return Add(*(_quotient(term * rest) for term in factors[above[0]].args))
    for i in below:
        for j, other in enumerate(factors):
            divided = _divided(factors[i], other)
            if divided is not None:
                return _quotient(Mul(divided, *(factor for k, factor in enumerate(factors) if k not in (i, j))))
    return product


def _is_denominator(factor: Expr) -> bool:
    base, power = factor.as_base_exp()
    return bool(power.is_number and power.is_negative and base.has(exp, cosh))


def _divided(denominator: Expr, factor: Expr) -> Expr | None:
    """``(a + b e^z)^-m e^(kz) = (a e^-z + b)^-k (a + b e^z)^(k - m)`` for ``0 < k <= m``; None for other factors."""
    base, power = denominator.as_base_exp()
    found = _affine(base)
    if found is None or not isinstance(factor, exp):
        return None
    a, b, z = found
    count = sympy.cancel(factor.args[0] / z)
    if not (count.is_number and 0 < count <= -power):
        return None
    return Pow(a * exp(-z) + b, -count) * Pow(base, power + count)
