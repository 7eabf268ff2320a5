"""Peaks that a quadrature can miss: integrals compared with plain sums over very many points.

Tanh-sinh quadrature with more digits takes the same first points, and so says nothing of what lies between them. A sum
over 2^18 points sees peaks down to some 1e-5 of the interval; where the two differ, the integral is refused. The ends
are left out: there the quadrature has points enough, and integrands may be singular.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from mpmath import mp
from sympy import Expr, Integral, Rational, Symbol, oo

from .errors import ConvergenceError
from .lowering import Array, lower, lower_exact

POINTS = 1 << 18
FIRST, LAST = Rational(1, 50), Rational(49, 50)
"""Of the interval, from 0 to 1."""
SAME = 0.01
"""Largest difference, relative to the integral of the absolute value."""
U = Symbol("u", positive=True)


def require_seen(expression: Expr, at: Mapping[Symbol, Any] | None = None) -> None:
    """Raise ``ConvergenceError`` for an integral of the expression with a peak that the quadrature does not see.

    Of an expression of numbers, or of symbols ``at`` values; integrals over one variable, of functions that double
    precision can take.
    """
    for integral in expression.atoms(Integral):
        if len(integral.limits) == 1 and len(integral.limits[0]) == 3 and not integral.function.has(Integral):
            _compare(integral, at or {})


def _compare(integral: Integral, at: Mapping[Symbol, Any]) -> None:
    x, low, high = integral.limits[0]
    free = sorted(integral.free_symbols, key=str)
    if not at.keys() >= set(free):
        return
    given = [float(at[symbol]) for symbol in free]
    place, width = _place(low, high), float(LAST - FIRST)
    u = float(FIRST) + width * (np.arange(POINTS) + 0.5) / POINTS
    try:
        values: Array = lower((U, *free), [integral.function.subs(x, place) * place.diff(U)])(u, *given)[0] * width
    except (TypeError, NameError, ValueError):  # a function that NumPy lacks
        return
    inside = Integral(integral.function, (x, place.subs(U, FIRST), place.subs(U, LAST)))
    with mp.workdps(15):
        value = float(lower_exact(free, [inside])(*map(mp.mpf, given))[0])
    total, size = float(np.mean(values)), float(np.mean(np.abs(values)))
    if np.isfinite(size) and abs(total - value) > SAME * max(size, abs(value)):
        both = f"{value:.3g} by quadrature, {total:.3g} by a sum over {POINTS} points"
        raise ConvergenceError(f"an integral over {x} is {both}: it has a narrow peak; split its interval there")


def _place(low: Expr, high: Expr) -> Expr:
    """The variable as a function of one in (0, 1)."""
    if low == -oo and high == oo:
        return (2 * U - 1) / (1 - (2 * U - 1) ** 2)
    if high == oo:
        return low + U / (1 - U)
    if low == -oo:
        return high - U / (1 - U)
    return low + (high - low) * U
