"""Maximum-likelihood AMP and the minimum that is aligned with the signal."""

from dataclasses import dataclass

from sympy import Eq, Expr, Symbol, expand, powsimp, sqrt

from ..landscape import GaussianLandscape
from ..printing import Line, Printable
from ..symbols import SIGNAL_OVERLAP as M


@dataclass(frozen=True)
class MaximumLikelihood(Printable):
    """State evolution of AMP for the minimum of H (Sarao Mannelli et al. 2019, 1902.00139).

    The field on each spin is ``g'(m) x* + sqrt(f'(1)) z``, z standard Gaussian; it is projected on the sphere.
    """

    landscape: GaussianLandscape

    @property
    def signal(self) -> Expr:
        """``g'(m)``."""
        return self.landscape.g(1)

    @property
    def noise(self) -> Expr:
        """``f'(1)``."""
        return self.landscape.f(1)

    @property
    def curvature(self) -> Expr:
        """``f''(1)``."""
        return self.landscape.f(2)

    @property
    def state_evolution(self) -> Expr:
        """``m <- g'(m)/sqrt(g'(m)^2 + f'(1))``."""
        return self.signal / sqrt(self.signal**2 + self.noise)

    @property
    def stability(self) -> Expr:
        """``g''(0)/sqrt(f'(1))``: m = 0 is stable while this is below 1 (when ``g'(0) = 0``)."""
        return self.landscape.g(2, 0) / sqrt(self.noise)

    @property
    def fixed_point(self) -> Eq:
        """``f'(1) = (g'(m)/m)^2 (1 - m^2)``: state evolution at rest, m = 0 divided out."""
        return Eq(self.noise, powsimp(expand(self.signal / M)) ** 2 * (1 - M**2), evaluate=False)

    @property
    def multiplier(self) -> Expr:
        """``mu = g'(m)/m + m f''(1)/g'(m)``: spherical constraint at the informative minimum."""
        return self.signal / M + M * self.curvature / self.signal

    @property
    def energy(self) -> Expr:
        """``E = -g(m) - m f'(1)/g'(m)`` at the informative minimum."""
        return -self.landscape.mean - M * self.noise / self.signal

    @property
    def marginal(self) -> Eq:
        """``g'(m)/m = sqrt(f''(1))``: there the bulk of the Hessian of the aligned point touches zero."""
        return Eq(powsimp(expand(self.signal / M)), sqrt(self.curvature), evaluate=False)

    def marginal_overlap(self, sign: int) -> Expr:
        """``m = +-sqrt(1 - f'(1)/f''(1))``: overlap at which the aligned point can be marginal."""
        return sign * sqrt(1 - self.noise / self.curvature)

    def equations(self) -> list[Line]:
        """State evolution and the informative minimum."""
        mu = Symbol("mu")
        return [
            (r"m_{k+1}", self.state_evolution),
            (self.fixed_point.lhs, self.fixed_point.rhs),
            (mu, self.multiplier),
            (r"E", self.energy),
        ]
