"""Large deviations, at speed N, of the extreme eigenvalues of ``GOE + theta e e^T`` (Maida 2007).

Everything follows from the semicircle's potential: the Coulomb-gas cost of one eigenvalue outside the bulk, tilted by
the rank-one spherical integral (Guionnet and Maida 2005). Functions of y have ``t = y + 1/y``, ``t >= 2``.
"""

from functools import cache

from sympy import Expr, Rational, log

from ..symbols import SHIFT as T
from ..symbols import SPIKE as THETA
from .bbp import BBPTransition
from .semicircle import Y, joukowski, phi_outside


@cache
def goe_cost() -> Expr:
    """``I_1(t) = t^2/4 - Phi(t) = 1/2 int_2^t sqrt(x^2 - 4) dx``: one eigenvalue of the GOE held at t (in y)."""
    return ((Y + 1 / Y) ** 2 / 4 - phi_outside()).expand()


@cache
def spherical_integral() -> Expr:
    """``J(theta, t) = lim (1/N) ln E exp(N theta <e, X e>/2)`` with the largest eigenvalue stuck at t (in y).

    The saddle ``v`` of ``theta v - 1 - ln theta - int ln(v - x)`` cannot pass below the largest eigenvalue.
    """
    potential = phi_outside() - Rational(1, 2)
    return (THETA * (Y + 1 / Y) - 1 - log(THETA) - potential) / 2


@cache
def free_spherical_integral() -> Expr:
    """``J = theta^2/4``: the saddle at its own place, ``G(v) = theta`` or ``y = 1/theta``."""
    return spherical_integral().subs(Y, 1 / THETA).expand().subs(log(1 / THETA), -log(THETA)).expand()


@cache
def tilted_cost() -> Expr:
    """``I_theta(t) = I_1 - J(theta, t) + theta^2/4``: the largest eigenvalue of ``GOE + theta e e^T`` at t (in y)."""
    return (goe_cost() - spherical_integral() + free_spherical_integral()).expand()


def outlier_position() -> Expr:
    """``theta + 1/theta``: zero of the tilted cost, where the eigenvalue goes by itself when ``theta > 1``."""
    return BBPTransition().position


def in_shift(expression: Expr) -> Expr:
    """A function of y written in ``t``."""
    return expression.subs(Y, joukowski(T))


@cache
def outlier_rate() -> Expr:
    """``I_theta(t)`` as a function of t."""
    return in_shift(tilted_cost())
