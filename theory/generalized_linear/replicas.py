"""Threshold and ground states from the replica method at temperature 0, overlap 0 with the signal.

Inside a state a datum pays the Moreau envelope ``V(h) = min_u [l(u, y) + (u - h)^2/(2 chi)]`` of its loss, h being what
u would be without it (Gyorgyi, Reimann 2000; Franz, Parisi, Sevelev, Urbani, Zamponi 2017).
"""

from dataclasses import dataclass
from functools import cache, cached_property

from sympy import Eq, Expr, Rational, Symbol, diff, factor, log, pi, solve

from ..printing import Line, Printable
from .average import GivenSignal, Mean
from .spectrum import HessianSpectrum
from .symbols import ALPHA, CURVATURE, FIELD, FORCE, LOSS, RESOLVENT, RESPONSE, TILT
from .tilted import TiltedFunctional

CHI, S = RESPONSE, TILT
CAVITY = Symbol("h", real=True)
"""What u would be without the datum."""
LEAST_OVERLAP = Symbol("q_0", nonnegative=True)
"""The least overlap of two ground states."""


def along_field(expression: Expr) -> Expr:
    """Total derivative in u, with ``l -> l' -> D``."""
    chain = ((FIELD, 1), (LOSS, FORCE), (FORCE, CURVATURE))
    return sum(diff(expression, symbol) * slope for symbol, slope in chain)


@dataclass(frozen=True)
class ProximalMap:
    """``u = argmin [l + (u - h)^2/(2 chi)]`` by its inverse ``h = u + chi l'``; it jumps where h is not monotone."""

    @property
    def objective(self) -> Expr:
        """``l + (u - h)^2/(2 chi)``."""
        return LOSS + (FIELD - CAVITY) ** 2 / (2 * CHI)

    @cached_property
    def cavity_field(self) -> Expr:
        """``h = u + chi l'``."""
        return solve(along_field(self.objective), CAVITY)[0].expand()

    @cached_property
    def jacobian(self) -> Expr:
        """``dh/du = 1 + chi D``."""
        return along_field(self.cavity_field)

    @cached_property
    def envelope(self) -> Expr:
        """``V = l + chi l'^2/2`` at the minimum."""
        return self.objective.subs(CAVITY, self.cavity_field).expand()

    @cached_property
    def response_slope(self) -> Expr:
        """``dV/dchi = -l'^2/2`` at fixed h: the minimum does not move to first order."""
        return diff(self.objective, CHI).subs(CAVITY, self.cavity_field).expand()

    @cached_property
    def envelope_force(self) -> Expr:
        """``dV/dh = l'``."""
        return diff(self.objective, CAVITY).subs(CAVITY, self.cavity_field).expand()


@dataclass(frozen=True)
class OneStepRSB(Printable):
    """One step of replica symmetry breaking with ``q_0 = 0``, at temperature 0.

    ``s phi = -1/2 ln(1 + s/chi) - alpha E_y ln int Dh e^(-s V)``; ``Sigma = s (e - phi)`` states of energy e. Valid
    for an even loss, for which ``q_0 = 0`` is stationary.
    """

    @property
    def proximal(self) -> ProximalMap:
        """The map from h to u."""
        return ProximalMap()

    @cached_property
    def functional(self) -> TiltedFunctional:
        """``-s phi``, the law of u in place of h: ``Dh = e^(-h^2/2) dh/sqrt(2 pi)``, ``dh = (1 + chi D) du``."""
        map_ = self.proximal
        tilt = log(map_.jacobian) - map_.cavity_field**2 / 2 - S * map_.envelope - log(2 * pi) / 2
        return TiltedFunctional(log(1 + S / CHI) / 2, tilt)

    @cached_property
    def stationarity(self) -> Expr:
        """``alpha E[l'^2] - 1/(chi (chi + s)) = 0``: ``s phi`` is stationary in chi (at fixed h)."""
        explicit = factor(diff(self.functional.explicit, CHI) * 2 / S)
        return explicit - 2 * ALPHA * Mean(self.proximal.response_slope)

    @cached_property
    def marginality(self) -> Expr:
        """``1 - alpha E[(chi D/(1 + chi D))^2]``: zero where the bulk of the Hessian touches zero, at ``g = chi``."""
        return HessianSpectrum().stability.subs(RESOLVENT, CHI)

    @property
    def energy(self) -> Expr:
        """``e = alpha E[l]``, energy per dimension."""
        return ALPHA * Mean(LOSS)

    @cached_property
    def replicon(self) -> Expr:
        """``alpha (chi + s)^2 E[E[h l' | y]^2]``; above 1 the states themselves break into clusters.

        The derivative of ``f_0(h) = ln int Dh' e^(-s V(h + h'))/s`` twice at 0 is ``-E[h l' | y]`` (by parts); the
        replicon compares its square with ``1/lambda_0^2``, ``lambda_0 = chi + s``.
        """
        inner = GivenSignal((self.proximal.cavity_field * FORCE).expand())
        return ALPHA * (CHI + S) ** 2 * Mean(inner**2)

    @property
    def identity(self) -> Expr:
        """``mu = -alpha E[u l'] = 1/chi - alpha E[D/(1 + chi D)]``: by parts in h, whatever the loss."""
        return -ALPHA * Mean(FIELD * FORCE) - 1 / CHI + ALPHA * Mean(CURVATURE / self.proximal.jacobian)

    def equations(self) -> list[Line]:
        """Free energy, label law, and the equations of the marginal states."""
        tilt = self.functional.tilt + log(2 * pi) / 2
        return [
            (r"V(h)", r"\min_u\left[l(u, y) + \frac{(u - h)^2}{2\chi}\right]"),
            (r"s\,\phi", r"-\tfrac12\ln\left(1 + \tfrac{s}{\chi}\right) - \alpha\,\mathbb{E}_y\ln\int Dh\,e^{-sV(h)}"),
            (r"h", self.proximal.cavity_field),
            (r"\ln P(u|y) + \mathrm{const}", tilt),
            (r"\text{stationary}", Eq(self.stationarity, 0, evaluate=False)),
            (r"\text{marginal}", Eq(self.marginality, 0, evaluate=False)),
            (r"e", self.energy),
            (r"\Sigma", r"s(e - \phi)"),
            (r"\text{replicon}", self.replicon),
        ]


@cache
def _level() -> tuple[Symbol, ...]:
    names = ("lambda_i-1", "x_i", "A_i", "A_i-1", "lambda_i")
    return tuple(Symbol(name, positive=True) for name in names)


@dataclass(frozen=True)
class FullRSB(Printable):
    """K steps of replica symmetry breaking, ``0 <= q_0 < q_1 < ... < q_K = 1``; its limit is Parisi's full one.

    ``f_K = -V``, ``e^(x_i f_(i-1)) = G_(q_i - q_(i-1)) * e^(x_i f_i)``; the law of h widens from ``P_0 = N(0, q_0)``
    by ``P_i = e^(x_i f_i) G * [P_(i-1) e^(-x_i f_(i-1))]``; ``A_i = alpha E[f_i'^2]``; ``chi = lambda_K``. ``q_0 = 0``
    for an even loss; K = 0, ``q_0 = 1`` is replica symmetry.
    """

    @property
    def level(self) -> tuple[Symbol, ...]:
        """``(lambda_(i-1), x_i, A_i, A_(i-1), lambda_i)``."""
        return _level()

    @cached_property
    def inverse_width(self) -> Expr:
        """``1/lambda_i = 1/lambda_(i-1) + x_i (A_i - A_(i-1))``."""
        before, x, a, a_before, _ = self.level
        return 1 / before + x * (a - a_before)

    @cached_property
    def overlap_step(self) -> Expr:
        """``q_i - q_(i-1) = (lambda_(i-1) - lambda_i)/x_i``."""
        before, x, _, _, after = self.level
        return (before - after) / x

    @cached_property
    def energy(self) -> Expr:
        """``e = alpha E[l]`` under ``P_K``."""
        return ALPHA * Mean(LOSS)

    @cached_property
    def layer(self) -> Expr:
        """``1/(2 x_i) ln(lambda_(i-1)/lambda_i)``, what level i costs: ``1/2 int dq/lambda(q)`` over its overlaps.

        ``e_0 = -q_0/(2 lambda_0) - sum_i 1/(2 x_i) ln(lambda_(i-1)/lambda_i) - alpha E f_0`` under ``P_0``, stationary
        in every q and x: the maximum over non-decreasing ``x(q) >= 0`` and ``chi >= 0``.
        """
        before, x, _, _, after = self.level
        return log(before / after) * Rational(1, 2) / x

    @cached_property
    def common(self) -> Expr:
        """``q_0/(2 lambda_0)``, the same over overlaps below ``q_0``, where ``x = 0``."""
        return LEAST_OVERLAP / (2 * self.level[0])

    def equations(self) -> list[Line]:
        """The recursions up and down, and the equations of the overlaps."""
        after, layers = self.level[-1], r"\sum_i \frac{1}{2 x_i}\ln\frac{\lambda_{i-1}}{\lambda_i}"
        return [
            (r"f_K(h)", r"-\min_u\left[l(u, y) + \frac{(u - h)^2}{2\chi}\right]"),
            (r"f_{i-1}", r"\frac{1}{x_i}\ln\left(G_{q_i - q_{i-1}} * e^{x_i f_i}\right)"),
            (r"P_i", r"e^{x_i f_i}\, G_{q_i - q_{i-1}} * \left[P_{i-1} e^{-x_i f_{i-1}}\right], \quad P_0 = G_{q_0}"),
            (r"A_i", r"\alpha\,\mathbb{E}_y\int dh\,P_i(h)\,f_i'(h)^2"),
            (1 / after, self.inverse_width),
            (r"q_i - q_{i-1}", self.overlap_step),
            (r"\chi", r"\lambda_K"),
            (r"A_0", r"q_0/\lambda_0^2"),
            (r"e_0", rf"-\frac{{q_0}}{{2\lambda_0}} - {layers} - \alpha\,\mathbb{{E}} f_0"),
        ]
