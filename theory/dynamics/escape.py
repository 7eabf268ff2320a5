r"""Escape from a random start: an overlap of order ``N^(-1/2)``, to first order, with the noise that it meets.

``sqrt(N) m`` is one component of x, and obeys the effective process of all others (the same noise, memory and
multiplier), but for the force ``g''(0) sqrt(N) m`` of the signal. So ``x_* = x + g''(0) int R x_* ds``: what the
component would be without signal, and its response. Its own response ``R_*``, its correlation ``C_*`` with what it
would be, and its variance follow. A start with overlap ``m_0`` grows by ``C_*(t,0)``; noise along the way adds to it as
if the start had been another one. Once growth has amplified both, m is as from ``m_0 = kappa z/sqrt(N)``, z a standard
Gaussian, where a random start has ``z/sqrt(N)``; and the equations at finite m do the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Symbol

from ..landscape import GaussianLandscape
from ..printing import Line
from .growth import GrowthRate
from .notation import EARLIER, INNER, TIME, C, R, Terms, TwoTimeDisplay, function_of_time, integral, product

R_STAR, C_STAR = function_of_time("R_s", "R_{*}"), function_of_time("C_s", "C_{*}")
VARIANCE = function_of_time("V")
"""``V(t) = N <m(t)^2>``."""
WIDENING = Symbol("kappa", positive=True)


@dataclass(frozen=True)
class Escape(TwoTimeDisplay):
    """Assumes that N is large and m still small; any temperature. ``ValueError`` where ``GrowthRate`` has one.

    C and R are those without signal, from a start at random.
    """

    landscape: GaussianLandscape

    def __post_init__(self) -> None:
        GrowthRate(self.landscape)

    @property
    def response(self) -> Terms:
        """``R_*(t,t')``, to a force along the signal."""
        return self._with(R(TIME, EARLIER), EARLIER, R(INNER, EARLIER))

    @property
    def correlation(self) -> Terms:
        """``C_*(t,t')``, of the component at t with what it would be at t' without signal; ``C_*(t,0) = m(t)/m_0``."""
        return self._with(C(TIME, EARLIER), 0, C(INNER, EARLIER))

    @property
    def variance(self) -> Terms:
        """``V(t) = N <m^2>`` of random starts."""
        return self._with(C_STAR(TIME, TIME), 0, C_STAR(TIME, INNER))

    @property
    def widening(self) -> Expr:
        """``kappa^2``, the variance of the starts that would do without noise, times N."""
        return VARIANCE(TIME) / C_STAR(TIME, 0) ** 2

    def _with(self, without: Expr, lower: Expr | int, factor: Expr) -> Terms:
        """What there is without the force ``g''(0) x_*``, and what that adds."""
        strength = self.landscape.g(2, 0)
        return Terms(product(without), integral(lower, TIME, strength, R_STAR(TIME, INNER), factor))

    def equations(self) -> list[Line]:
        """``R_*``, ``C_*``, ``N <m^2>`` and ``kappa^2``."""
        return [
            (R_STAR(TIME, EARLIER), self.response),
            (C_STAR(TIME, EARLIER), self.correlation),
            (VARIANCE(TIME), self.variance),
            (WIDENING**2, self.widening),
        ]
