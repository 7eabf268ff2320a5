r"""The law of Marchenko and Pastur (1967): eigenvalues of ``X X^T/d``, X n x d of variance 1, ``gamma = n/d``.

A sum of d independent ``x x^T/d`` of rank one: each adds ``g/(1 - gamma g)`` to ``g z - 1``, g the resolvent's trace.
"""

from functools import cache

from sympy import Abs, And, Expr, Gt, Integer, Lt, Piecewise, Symbol, factor, pi, simplify, solve, sqrt, together

GAMMA = Symbol("gamma", positive=True)
RESOLVENT = Symbol("g")
Z = Symbol("z", real=True)


def place() -> Expr:
    """``z(g) = 1/g + 1/(1 - gamma g)``, the inverse function of ``g(z) = int rho(x)/(z - x) dx``."""
    return 1 / RESOLVENT + 1 / (1 - GAMMA * RESOLVENT)


@cache
def edges() -> tuple[Expr, Expr]:
    """``(1 - sqrt(gamma))^2`` and ``(1 + sqrt(gamma))^2``, where ``dz/dg = 0``."""
    root = Symbol("r", positive=True)
    inverse = place().subs(GAMMA, root**2)
    turning = solve(together(inverse.diff(RESOLVENT)).as_numer_denom()[0], RESOLVENT)
    ends = (factor(simplify(inverse.subs(RESOLVENT, g))) for g in turning)
    low, high = sorted(ends, key=lambda end: end.subs(root, 0.5))
    return low.subs(root, sqrt(GAMMA)), high.subs(root, sqrt(GAMMA))


@cache
def density() -> Expr:
    """``rho(z) = sqrt((z_+ - z)(z - z_-))/(2 pi gamma z)`` between the edges, from the discriminant of ``z(g) = z``."""
    quadratic = together(place() - Z).as_numer_denom()[0].as_poly(RESOLVENT)
    inside = sqrt(-quadratic.discriminant()) / (2 * pi * quadratic.LC())
    low, high = edges()
    return Piecewise((Abs(inside), And(Gt(Z, low), Lt(Z, high))), (0, True))


def atom() -> Expr:
    """Share of eigenvalues that are zero."""
    return Piecewise((1 - 1 / GAMMA, Gt(GAMMA, 1)), (Integer(0), True))


def smallest() -> Expr:
    """The smallest eigenvalue: the lower edge, or the atom."""
    return Piecewise((Integer(0), Gt(GAMMA, 1)), (edges()[0], True))
