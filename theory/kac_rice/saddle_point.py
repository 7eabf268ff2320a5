r"""Exact maximum over the Hessian's shift t, region by region.

Outside the bulk, within a region, ``Phi - cost - (t - mean)^2/(2 v)`` is concave and its derivative in t is rational in
y (``t = y + 1/y``) with a numerator of degree two: the maximum is the larger root, or an end of the region. Inside the
bulk it is a parabola, concave for ``v < 2`` (``f''(1) > f'(1)``); otherwise its maximum is at an end, which the
neighbouring regions share.
"""

from dataclasses import dataclass
from functools import cache

from sympy import Eq, Expr, Integer, Piecewise, Poly, Symbol, diff, numer, oo, sqrt, together

from ..random_matrices.index_cost import regions
from ..random_matrices.semicircle import Y, phi_bulk, phi_outside
from ..symbols import SHIFT as T

MEAN = Symbol("tbar", real=True)
VARIANCE = Symbol("v", positive=True)
"""Mean of the Gaussian law of t, and N times its variance."""


@dataclass(frozen=True)
class Candidate:
    """The best t of one region, once clipped to ``[lower, upper]``; a function of mean, variance and theta."""

    stationary: Expr
    lower: Expr
    upper: Expr


def _stationary_outside(cost: Expr) -> Expr:
    """``t >= 2`` at which the action with this cost is stationary; 2 where it only decreases."""
    slope = diff(phi_outside() - cost, Y) / diff(Y + 1 / Y, Y) - (Y + 1 / Y - MEAN) / VARIANCE
    polynomial = Poly(numer(together(slope)), Y)
    content = Poly(polynomial.quo(Poly(Y**2 - 1, Y)).as_expr(), Y) if polynomial.degree() > 2 else polynomial
    a, b, c = content.all_coeffs()
    discriminant = b**2 - 4 * a * c
    # a < 0: the derivative falls through zero at the larger root
    y = (-b - sqrt(discriminant)) / (2 * a)
    return Piecewise((2, discriminant < 0), (2, y < 1), (y + 1 / y, True))


@cache
def index_candidates(index: int) -> tuple[Candidate, ...]:
    """Candidates for critical points with ``index`` negative directions."""
    return tuple(Candidate(_stationary_outside(r.cost), r.lower, r.upper) for r in regions(index))


@cache
def total_candidates() -> tuple[Candidate, ...]:
    """Candidates for all critical points: right of the bulk, inside it, left of it (by reflection)."""
    right = _stationary_outside(Integer(0))
    slope = Poly(diff(phi_bulk(), T) - (T - MEAN) / VARIANCE, T)
    a, b = slope.all_coeffs()
    # at a = 0 (all degrees 2) the action is linear: any t does where it is flat
    inside = Piecewise((0, Eq(b, 0)), (-b / a, True))
    left = -right.subs(MEAN, -MEAN)
    return (
        Candidate(right, Integer(2), oo),
        Candidate(inside, Integer(-2), Integer(2)),
        Candidate(left, -oo, Integer(-2)),
    )
