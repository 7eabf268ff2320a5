"""The semicircle law on [-2, 2] and its logarithmic potential.

Outside the bulk everything is rational in the Joukowski coordinate ``y >= 1`` of ``t = y + 1/y``.
"""

from functools import cache

from sympy import Abs, Expr, I, Piecewise, Rational, Symbol, acos, exp, im, integrate, limit, log, oo, pi, solve, sqrt

from ..symbols import SHIFT as T

Y = Symbol("y", positive=True)
"""Joukowski coordinate of the outside of the bulk: ``t = y + 1/y``, ``y >= 1``."""


def joukowski(t: Expr = T) -> Expr:
    """``y = (t + sqrt(t^2 - 4))/2`` for ``t >= 2``."""
    return (t + sqrt(t**2 - 4)) / 2


@cache
def stieltjes() -> Expr:
    """``G = int rho(x)/(t - x) dx`` as a function of y: the root of ``G = 1/(t - G)`` (Wigner) that decays as 1/t."""
    g = Symbol("G")
    roots = solve(g * (Y + 1 / Y - g) - 1, g)
    return next(root for root in roots if limit(root, Y, oo) == 0)


@cache
def density() -> Expr:
    """``rho(t) = -Im G(t + i0)/pi = sqrt(4 - t^2)/(2 pi)`` on [-2, 2], where ``y = exp(i phi)``, ``t = 2 cos phi``."""
    angle = Symbol("phi", positive=True)
    profile = -im(stieltjes().subs(Y, exp(I * angle))) / pi
    return Piecewise((profile.subs(angle, acos(T / 2)), Abs(T) <= 2), (0, True))


@cache
def potential_outside() -> Expr:
    """``int rho(x) ln(t - x) dx`` for ``t >= 2`` as a function of y: G integrated from infinity, where it is ln t."""
    primitive = integrate((stieltjes() * (1 - 1 / Y**2)).expand(), Y)
    return primitive - limit(primitive - log(Y + 1 / Y), Y, oo)


@cache
def phi_outside() -> Expr:
    """``Phi`` for ``|t| >= 2`` as a function of y: the potential plus 1/2."""
    return potential_outside() + Rational(1, 2)


@cache
def phi_bulk() -> Expr:
    """``Phi`` for ``|t| <= 2``: its slope there is ``Re G = t/2``; continuous at the edge."""
    primitive = integrate(T / 2, T)
    return primitive + phi_outside().subs(Y, 1) - primitive.subs(T, 2)


@cache
def phi() -> Expr:
    """``Phi(t) = 1/2 + int rho(x) ln|x - t| dx``, even in t, ``Phi(2) = 1``: rate of ``E|det(GOE - t)|``."""
    return Piecewise((phi_bulk(), Abs(T) <= 2), (phi_outside().subs(Y, joukowski(Abs(T))), True))
