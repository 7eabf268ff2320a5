"""The lowest eigenvalue of a GOE one row of which has another mean and variance."""

from __future__ import annotations

from functools import cache

from sympy import Expr, Piecewise, Symbol, diff, discriminant, numer, simplify, solve, together

from .semicircle import Y, stieltjes

CENTRE = Symbol("a", real=True)
SHARE = Symbol("delta", nonnegative=True)
"""Mean of the entry on the diagonal, and variance of the others of that row over that of the rest; bulk on [-2, 2]."""


@cache
def outside() -> Expr:
    """The Joukowski coordinate y of the eigenvalue ``z = -(y + 1/y)`` beneath the bulk, which is there where ``y > 1``.

    It is the root of ``z = a + delta G(z)`` (Schur's complement); beneath the bulk ``G(-t) = -G(t)``. 0 where there is
    no real one.
    """
    y = Symbol("y", real=True)
    quadratic = numer(together((Y + 1 / Y + CENTRE - SHARE * stieltjes()).subs(Y, y)))
    larger = max(solve(quadratic, y), key=lambda root: root.subs({CENTRE: -3, SHARE: 1}))
    return Piecewise((larger, discriminant(quadratic, y) >= 0), (0, True))


@cache
def isolated() -> tuple[Expr, Expr]:
    """As functions of y: the eigenvalue, and the squared overlap of its eigenvector with the direction of the row."""
    slope = diff(stieltjes(), Y) / diff(Y + 1 / Y, Y)
    return -(Y + 1 / Y), simplify(1 / (1 - SHARE * slope))
