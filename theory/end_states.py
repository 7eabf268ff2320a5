r"""The states in which gradient flow from a random start ends at zero overlap: response, and shift of the Hessian.

At rest the response to a constant field, ``chi``, is the resolvent of the Hessian at zero, so that
``mu = 1/chi + f''(1) chi`` (Wigner; ``dynamics.growth.resolvent``), and an overlap with a signal that attracts by
``g''(0)`` grows where ``g''(0) chi > 1``. There are two phases:

- marginal states, the bulk of the Hessian touches zero: ``chi = 1/sqrt(f''(1))``, ``mu = 2 sqrt(f''(1))``, t = 2;
- a single minimum, in a random field (``f'(0) > 0``) with ``f''(1) <= f'(1)``: a displacement answers the field of
  variance f'(1), ``f'(1) chi^2 = 1``, and ``t = s + 1/s >= 2`` with ``s^2 = f'(1)/f''(1)``.

Without field ``f''(1) >= f'(1)`` always: ``chi`` is the smaller of the two. The first holds for every way to age, with
any number of slow sectors, with field and without (``dynamics.slow_sectors``): it is the equation for the response next
to C = 1. Assumed: zero temperature, zero overlap, ``g'(0) = 0``.
"""

from sympy import Expr, Max, diff, powsimp, simplify, sqrt

from .landscape import GaussianLandscape
from .symbols import OVERLAP, value_at_zero


def random_field(landscape: GaussianLandscape) -> Expr:
    """``f'(0)``, the variance of a random field; powers with a symbolic exponent count as zero there."""
    return value_at_zero(powsimp(diff(landscape.covariance, OVERLAP)), OVERLAP)


def stiffness(landscape: GaussianLandscape) -> Expr:
    """``1/chi = sqrt(f''(1))``, or ``max(sqrt(f'(1)), sqrt(f''(1)))`` in a field: least ``g''(0)`` at which m grows."""
    marginal = sqrt(landscape.f(2))
    return marginal if random_field(landscape) == 0 else Max(sqrt(landscape.f(1)), marginal)


def friction(landscape: GaussianLandscape) -> Expr:
    """``mu = 1/chi + f''(1) chi``: ``2 sqrt(f''(1))`` for marginal states."""
    return stiffness(landscape) + landscape.f(2) / stiffness(landscape)


def single_minimum(landscape: GaussianLandscape) -> bool:
    """Whether it is known that ``f''(1) < f'(1)``, which takes a field; False where parameters decide."""
    return bool(simplify(landscape.f(2) - landscape.f(1)).is_negative)
