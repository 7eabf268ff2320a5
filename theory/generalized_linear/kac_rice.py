r"""Complexity of minima by the Kac-Rice formula, as an action over a few scalars (Maillard, Ben Arous, Biroli 2020).

The number of minima whose data follow the law ``P(u, y)`` has three exponential rates: the volume of the sphere at
overlap q with the density of the gradient at zero, the determinant of the Hessian, and the entropy of P. All but the
entropy are linear in P once their duals are introduced, so P is a tilted Gaussian.
"""

from dataclasses import dataclass
from functools import cached_property

from sympy import Eq, Expr, Integer, Rational, log, pi

from ..kac_rice.average import DEFINITION
from ..printing import Line, Printable
from .average import Mean
from .spectrum import HessianSpectrum
from .symbols import (
    ALPHA,
    CURVATURE,
    EDGE_DUAL,
    FIELD,
    FORCE,
    FORCE_DUAL,
    LOSS,
    PLANTED_OVERLAP,
    POSITION,
    RESOLVENT,
    SIGNAL_DUAL,
    SIGNAL_FIELD,
    TILT,
)
from .tilted import TiltedFunctional, tilted

G, C, XI, THETA, S, Q = RESOLVENT, FORCE_DUAL, EDGE_DUAL, SIGNAL_DUAL, TILT, PLANTED_OVERLAP
HALF = Rational(1, 2)


@dataclass(frozen=True)
class KacRiceAction(Printable):
    """``Sigma(q) = ext [explicit + alpha ln E e^tilt] + s e`` over ``g, c, theta``; s is the slope of Sigma in e.

    Annealed over the inputs; over the labels quenched or annealed (``tilted``).
    ``xi > 0`` holds the edge of the bulk at zero (``alpha E[t^2] = 1``); where the bulk ends above zero by itself
    ``xi = 0``, and the action is that of ``OneStepRSB`` with ``g = chi``, ``c = chi (chi + s)``. Held at zero all the
    same, by ``xi < 0``, the edge leaves the marginal minima alone: fewer than those with a gap.
    """

    @property
    def multiplier(self) -> Expr:
        """``mu = -alpha E[u l']``: the radial part of the gradient."""
        return -ALPHA * Mean(FIELD * FORCE)

    @property
    def spectrum(self) -> HessianSpectrum:
        """The Hessian of these minima."""
        return HessianSpectrum(multiplier=self.multiplier, overlap=Q)

    @cached_property
    def gradient(self) -> Expr:
        """Volume of the sphere at overlap q, and density at zero of a gradient of variance ``alpha E[l'^2]``.

        ``1/2 ln(2 pi e (1 - q^2)) - 1/2 ln(2 pi alpha E[l'^2])``, linear in P with its dual c; along the signal
        theta imposes ``E[l'(y - q u)] = 0``.
        """
        density = HALF * log(C) - HALF * C * ALPHA * Mean(FORCE**2) + HALF
        return HALF * log(1 - Q**2) + HALF + density + THETA * ALPHA * Mean(FORCE * (SIGNAL_FIELD - Q * FIELD))

    @cached_property
    def determinant(self) -> Expr:
        """``int rho(x) ln x dx = ext_g [alpha E ln(1 + gD) - ln g + g mu - 1]``: stationary where ``z(g) = 0``."""
        return ALPHA * Mean(log(1 + G * CURVATURE)) - log(G) + G * self.multiplier - 1

    @cached_property
    def position_at_zero(self) -> Expr:
        """``z(g)``, which vanishes where g is the resolvent at zero."""
        return self.spectrum.position.subs(POSITION, 0)

    @cached_property
    def volume(self) -> tuple[Expr, Expr]:
        """What does not depend on the kind of critical point: the gradient with the tilt by the energy, and the
        exponent of the law of u given y, ``N(q y, 1 - q^2)``."""
        base = -((FIELD - Q * SIGNAL_FIELD) ** 2) / (2 * (1 - Q**2)) - log(2 * pi * (1 - Q**2)) / 2
        return self.gradient - S * ALPHA * Mean(LOSS), base

    @cached_property
    def functional(self) -> TiltedFunctional:
        """All of it, with the constraint ``z(g) = 0``; P is a tilted ``N(q y, 1 - q^2)``."""
        volume, base = self.volume
        return tilted(volume + self.determinant + XI * self.position_at_zero, base)

    @property
    def force_equation(self) -> Expr:
        """``1/c - alpha E[l'^2]``."""
        return 2 * self.functional.derivative(C)

    @property
    def position_equation(self) -> Expr:
        """``z(g) = 0``: the resolvent g is that at zero."""
        return self.functional.derivative(XI)

    @property
    def signal_equation(self) -> Expr:
        """``alpha E[l'(y - q u)] = 0``."""
        return self.functional.derivative(THETA)

    @property
    def edge_equation(self) -> Expr:
        """``xi (1 - alpha E[t^2]) = 0``: stationary in g where ``z(g) = 0``."""
        return XI * self.spectrum.stability

    @property
    def marginality(self) -> Eq:
        """``alpha E[t^2] = 1`` at ``z(g) = 0``: g is the resolvent at the edge, and the edge is at zero."""
        return self.spectrum.edge

    @property
    def energy(self) -> Expr:
        """``e = alpha E[l]``."""
        return ALPHA * Mean(LOSS)

    def equations(self) -> list[Line]:
        """The action and its stationarity."""
        functional = self.functional
        lines: list[Line] = [
            (r"\Sigma", DEFINITION),
            (r"\Sigma(q)", r"\mathcal{S} + \alpha\,\mathbb{E}_y\ln\int du\,e^{\mathcal{T}} + s\,e"),
            (r"\mathcal{S}", functional.explicit),
            (r"\mathcal{T}", functional.tilt),
            (r"e", self.energy),
        ]
        equations = (self.force_equation, self.position_equation, self.edge_equation, self.signal_equation)
        names = ("c", "g", r"\xi", r"\theta")
        zero = Integer(0)
        return [
            *lines,
            *((rf"\text{{from }} {n}", Eq(e, zero, evaluate=False)) for n, e in zip(names, equations, strict=True)),
            (r"\text{marginal, } \xi \text{ of either sign}", self.marginality),
        ]
