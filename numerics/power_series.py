"""Power-series coefficients of the functions of one overlap."""

from __future__ import annotations

import mpmath
import numpy as np
from sympy import Expr, Poly, Symbol

from .lowering import Array, lower_exact

LARGEST_DEGREE = 1000
REMAINDER = 1e-17
POINTS = (64, 128, 256, 512)


def coefficients(expression: Expr, symbol: Symbol, name: str = "function") -> Array:
    """``c_k`` of ``sum_k c_k x^k``, ascending: exact for a polynomial, else the Taylor series at 0.

    The remainder on [-1, 1] is below 1e-17 of ``sum |c_k|``. Raises ``ValueError`` when that takes more than 256
    terms, or a coefficient is not a finite number.
    """
    values = _polynomial(expression, symbol) if expression.is_polynomial(symbol) else _taylor(expression, symbol)
    if values is None or not np.all(np.isfinite(values)):
        raise ValueError(f"{name} = {expression}: no power series in {symbol} of at most 256 terms converges at 1")
    return values


def _polynomial(expression: Expr, symbol: Symbol) -> Array:
    polynomial = Poly(expression, symbol)
    if polynomial.degree() > LARGEST_DEGREE:
        raise ValueError(f"degree {polynomial.degree()} in {symbol}: expected at most {LARGEST_DEGREE}")
    return np.array([float(c) for c in reversed(polynomial.all_coeffs())], dtype=np.float64)


def _taylor(expression: Expr, symbol: Symbol) -> Array | None:
    function = lower_exact((symbol,), [expression])
    for points in POINTS:
        values = _fourier(lambda x: function(x)[0], points)
        if values is None:
            return None
        tails = np.cumsum(np.abs(values)[::-1])[::-1]
        count = int(np.searchsorted(-tails, -REMAINDER * tails[0]))
        if count <= points // 2:
            return values[: max(count, 1)]
    return None


def _fourier(function: object, points: int) -> Array | None:
    """``c_k = (1/n) sum_j F(z_j) z_j^-k`` on the unit circle, to 40 digits; angles avoid 1, where F may be 0/0."""
    with mpmath.workdps(40):
        roots = [mpmath.expjpi(mpmath.mpf(2 * j + 1) / points) for j in range(points // 2)]
        try:
            rest = [function(z) for z in roots]  # type: ignore[operator]
        except (ArithmeticError, ValueError):
            return None
        values = []
        for _ in range(points):
            values.append(float(2 * mpmath.fsum(mpmath.re(r) for r in rest) / points))
            rest = [r * mpmath.conj(z) for r, z in zip(rest, roots, strict=True)]
    return np.array(values)


def evaluate(series: Array, x: Array) -> Array:
    """``sum_k c_k x^k`` by Horner's rule, powers that all terms share taken out."""
    used = np.flatnonzero(series)
    if used.size == 0:
        return np.zeros_like(x)
    value = np.full_like(x, series[used[-1]])
    for coefficient in series[used[0] : used[-1]][::-1]:
        value *= x
        value += coefficient
    return value * x ** int(used[0]) if used[0] else value
