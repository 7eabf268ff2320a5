"""Spectrum of the Hessian ``(1/N) sum_mu D_mu x_mu x_mu^T + mu`` for any law of the labels: bulk, outlier, BBP.

A resolvent entry in a direction e is that of a scalar in a bath (cavity over one coordinate):

``1/G_e = mu - z + alpha E[v_e^2 D/(1 + g D)]``,

where ``v_e`` is the datum's component along e. Nearly all directions have ``v_e`` independent of D, of variance 1, and
resolvent g: that is the bulk. The direction of the signal has ``v = (y - q u)/sqrt(1 - q^2)``, on which D depends: a
pole of its resolvent outside the bulk is the outlier.
"""

from dataclasses import dataclass
from functools import cached_property

from sympy import Eq, Expr, Integer, S, diff, expand_mul, solve, sqrt

from ..printing import Line, Printable
from .average import Mean
from .symbols import ALPHA, CURVATURE, FIELD, MULTIPLIER, POSITION, RESOLVENT, SIGNAL_FIELD

G = RESOLVENT


@dataclass(frozen=True)
class HessianSpectrum(Printable):
    """Bulk and outlier below it, as functions of the resolvent ``g > 0`` (Marchenko, Pastur 1967; Lu, Li 2017).

    ``curvature`` is D (any function of u and y), ``multiplier`` the shift mu, ``overlap`` that of w with the signal.
    The axis below the bulk is ``z(g)``, ``0 < g < g_edge``; there ``1 + g D > 0`` for every datum.
    """

    curvature: Expr = CURVATURE
    multiplier: Expr = MULTIPLIER
    overlap: Expr = S.Zero

    @property
    def component(self) -> Expr:
        """``v``: the datum's component along the signal, orthogonal to w."""
        return (SIGNAL_FIELD - self.overlap * FIELD) / sqrt(1 - self.overlap**2)

    def inverse(self, weight: Expr) -> Expr:
        """``1/G_e`` at z in a direction with ``v_e^2 = weight``."""
        return self.multiplier - POSITION + ALPHA * Mean(weight * self.curvature / (1 + G * self.curvature))

    @cached_property
    def position(self) -> Expr:
        """``z(g) = mu - 1/g + alpha E[D/(1 + gD)]``."""
        return solve(self.inverse(Integer(1)) - 1 / G, POSITION)[0].expand(deep=False)

    @cached_property
    def stability(self) -> Expr:
        """``A = g^2 dz/dg = 1 - alpha E[t^2]``, ``t = gD/(1 + gD)``: positive below the bulk, zero at its edge."""
        return (G**2 * diff(self.position, G)).expand(deep=False)

    @property
    def edge(self) -> Eq:
        """``A = 0``."""
        return Eq(self.stability, 0, evaluate=False)

    @cached_property
    def attraction(self) -> Expr:
        """``b = alpha E[(1 - v^2) t]``; an outlier is where ``b = 1``."""
        along = self.inverse(self.component**2).subs(POSITION, self.position)
        return 1 - expand_mul(G * along, deep=False)

    @property
    def outlier(self) -> Eq:
        """``b = 1``: pole of the signal's resolvent, at ``z(g)`` with ``g < g_edge``."""
        return Eq(self.attraction, 1, evaluate=False)

    @cached_property
    def overlap_squared(self) -> Expr:
        """``A/(A + B)``, ``B = alpha E[v^2 t^2]``: the residue of the pole, squared overlap of the eigenvector."""
        inverse = self.inverse(self.component**2)
        slope = diff(inverse, POSITION) + diff(inverse, G) / diff(self.position, G)
        return -1 / slope

    def equations(self) -> list[Line]:
        """Bulk, its edge, outlier and overlap; the BBP transition is ``b = 1`` at the edge."""
        return [
            (r"z(g)", self.position),
            (r"A = g^2 \frac{dz}{dg}", self.stability),
            (r"\text{edge } g_e", r"\min\{g : A(g) = 0\}"),
            (r"b(g)", self.attraction),
            (r"\text{outlier at } z(g_s)", self.outlier),
            (r"\langle v, w^\ast\rangle^2/N", self.overlap_squared),
            (r"\text{BBP}", r"b(g_e) = 1"),
        ]
