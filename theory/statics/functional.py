r"""Parisi's functional of a spherical model, in one form for every temperature.

``-F = min_chi 1/2 { f'(0) chi(0) + int_0^1 f''(q) chi(q) dq + int_0^1 dq/chi(q) }``

over functions ``chi(q) = beta int_q^1 x(s) ds``, x(q) the probability that two replicas overlap by at most q: chi does
not increase and is concave. At T = 0 its end ``chi(1) > 0`` is free and F is the energy of the ground state
(Chen, Sen 2017; Jagannath, Tobasco 2017). At T > 0 it ends as ``chi = beta (1 - q)``, and of the last integral only
``int_0^q_EA dq/chi + T ln(1 - q_EA)`` is kept (Crisanti, Sommers 1992; Talagrand 2006; Chen 2013). The functional is
convex, so that a stationary chi is the minimum. Without the condition that chi is concave the minimum at T = 0 is the
energy that algorithms reach (Subag 2021; Huang, Sellke 2022).

Assumes: a covariance with non-negative Taylor coefficients (which every landscape here has); nothing planted, or a
fixed overlap with the signal (``theory.statics.restricted``). ``f'(0) > 0`` is a random field.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sympy import Expr, Function, Integral, Rational, expand, expand_log, integrate, simplify, sqrt, symbols

from ..dynamics.kernels import covariance_derivative
from ..landscape import GaussianLandscape
from ..printing import Line, Printable
from ..symbols import OVERLAP as Q
from ..symbols import value_at_zero

CHI = Function("chi", positive=True)
"""``chi(q) = beta int_q^1 x(s) ds``: response summed over the states within overlap q of each other."""
INNER, VALUE, LENGTH = symbols("s v h", positive=True)
LEFT, RIGHT = symbols("chi_a chi_b", positive=True)


@dataclass(frozen=True)
class ParisiFunctional(Printable):
    """The functional of one landscape, and the two functions that tell whether a chi is its minimum."""

    landscape: GaussianLandscape

    @property
    def functional(self) -> Expr:
        """``-F`` at T = 0, as a functional of chi."""
        curvature = covariance_derivative(self.landscape, 2, Q)
        field = value_at_zero(covariance_derivative(self.landscape, 1, Q), Q)
        integrand = curvature * CHI(Q) + 1 / CHI(Q)
        return Rational(1, 2) * (field * CHI(0) + Integral(integrand, (Q, 0, 1)))

    @property
    def slope(self) -> Expr:
        """``K(q) - f'(q)``, ``K = int_0^q ds/chi(s)^2``: zero wherever x grows."""
        return Integral(1 / CHI(INNER) ** 2, (INNER, 0, Q)) - covariance_derivative(self.landscape, 1, Q)

    def equations(self) -> list[Line]:
        """The functional, its variation, and the minimum."""
        return [
            (r"-e_{\rm gs}", self.functional),
            (r"\chi(q)", r"\lim_{T \to 0} \tfrac{1}{T} \int_q^1 x(s)\, ds"),
            (r"G'(q)", self.slope),
            (r"dx(q) > 0 \Rightarrow G(q)", r"\min_u G(u), \quad G'(q) = 0"),
            (r"x \text{ continuous} \Rightarrow \chi(q)", 1 / sqrt(covariance_derivative(self.landscape, 2, Q))),
        ]


@cache
def line_integrals() -> tuple[Expr, Expr, Expr]:
    """Over a stretch of length h where x is constant, chi linear: ``int 1/chi``, ``int 1/chi^2``, ``int (K - K_a)``.

    By ``dq = h dchi/(chi_b - chi_a)``; in the last, ``K - K_a`` is the second up to chi.
    """
    jacobian = LENGTH / (RIGHT - LEFT)
    growth = simplify(jacobian * integrate(1 / VALUE**2, (VALUE, LEFT, INNER)))
    inverse, weighted = (
        expand_log(simplify(jacobian * integrate(expand(part), (INNER, LEFT, RIGHT))), force=True)
        for part in (1 / INNER, growth)
    )
    return inverse, growth.subs(INNER, RIGHT), weighted


def over_line(index: int, left: Expr, right: Expr, length: Expr) -> Expr:
    """One of ``line_integrals`` between two points; where chi is constant, its limit."""
    if left == right:
        return (length / left, length / left**2, length**2 / (2 * left**2))[index]
    return line_integrals()[index].subs({LEFT: left, RIGHT: right, LENGTH: length}, simultaneous=True)
