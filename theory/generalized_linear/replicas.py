"""Threshold and ground states from the replica method at temperature 0, overlap 0 with the signal.

Inside a state a datum pays the Moreau envelope ``V(h) = min_u [l(u, y) + (u - h)^2/(2 chi)]`` of its loss, h being what
u would be without it (Gyorgyi, Reimann 2000; Franz, Parisi, Sevelev, Urbani, Zamponi 2017).
"""

from dataclasses import dataclass
from functools import cached_property

from sympy import DiracDelta, Eq, Expr, Rational, Sum, Symbol, diff, exp, factor, log, pi, solve

from ..printing import Line, Printable, as_latex
from .average import GivenSignal, Mean
from .parisi import CAVITY, LAST, LEVEL, Breaking, FieldLaw, FreeEnergy, LevelMean, Overlap, Smoothed, Spread, Width
from .spectrum import HessianSpectrum
from .symbols import ALPHA, CURVATURE, FIELD, FORCE, LOSS, RESOLVENT, RESPONSE, TILT
from .tilted import TiltedFunctional

CHI, S = RESPONSE, TILT


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


@dataclass(frozen=True)
class FullRSB(Printable):
    """K steps of replica symmetry breaking, ``0 <= q_0 < q_1 < ... < q_K = 1``; its limit is Parisi's full one.

    ``f_K = -V``, ``e^(x_i f_(i-1)) = G_(q_i - q_(i-1)) * e^(x_i f_i)``; the law of h widens from ``P_0 = N(0, q_0)``
    by ``P_i = e^(x_i f_i) G * [P_(i-1) e^(-x_i f_(i-1))]``; ``A_i = alpha E[f_i'^2]``; ``chi = lambda_K``. ``q_0 = 0``
    for an even loss; K = 0, ``q_0 = 1`` is replica symmetry.
    """

    @property
    def level(self) -> tuple[Expr, ...]:
        """``(lambda_(i-1), x_i, A_i, A_(i-1), lambda_i)``."""
        return Width(LEVEL - 1), Breaking(LEVEL), Spread(LEVEL), Spread(LEVEL - 1), Width(LEVEL)

    @property
    def gap(self) -> Expr:
        """``q_i - q_(i-1)``: variance of the field between two levels."""
        return Overlap(LEVEL) - Overlap(LEVEL - 1)

    @cached_property
    def free_energy(self) -> Expr:
        """``f_(i-1)(h)``; its derivatives in h are those of the recursion."""
        x = Breaking(LEVEL)
        return log(Smoothed(self.gap, exp(x * FreeEnergy.at(LEVEL)))) / x

    @cached_property
    def flow(self) -> Expr:
        """``-df/dq = (f'' + x f'^2)/2``: the recursion over a short step (Parisi 1980)."""
        step = Symbol("delta", positive=True)
        return diff(self.free_energy.subs(self.gap, step), step).subs(step, 0).doit().expand()

    @cached_property
    def law(self) -> Expr:
        """``P_i(h)`` from ``P_(i-1)``."""
        x, before = Breaking(LEVEL), LEVEL - 1
        smoothed = Smoothed(self.gap, FieldLaw.at(before) * exp(-x * FreeEnergy.at(before)))
        return exp(x * FreeEnergy.at(LEVEL)) * smoothed

    @cached_property
    def spread(self) -> Expr:
        """``A_i = alpha E[f_i'^2]``; ``dA/dq = alpha E[f''^2]`` by the flow of f and the adjoint one of P."""
        return ALPHA * LevelMean(LEVEL, FreeEnergy.at(LEVEL, 1) ** 2)

    @cached_property
    def marginality(self) -> Expr:
        """``1 - alpha lambda_i^2 E[f_i''^2] = 0``: over a short step ``d(1/lambda) = x dq/lambda^2 = x dA``."""
        return 1 - ALPHA * Width(LEVEL) ** 2 * LevelMean(LEVEL, FreeEnergy.at(LEVEL, 2) ** 2)

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
        return ALPHA * LevelMean(LAST, LOSS)

    @cached_property
    def layer(self) -> Expr:
        """``1/(2 x_i) ln(lambda_(i-1)/lambda_i)``, what level i costs: ``1/2 int dq/lambda(q)`` over its overlaps."""
        before, x, _, _, after = self.level
        return log(before / after) * Rational(1, 2) / x

    @cached_property
    def common(self) -> Expr:
        """``q_0/(2 lambda_0)``, the same over overlaps below ``q_0``, where ``x = 0``."""
        return Overlap(0) / (2 * Width(0))

    @cached_property
    def functional(self) -> Expr:
        """``e_0 = -q_0/(2 lambda_0) - sum_i 1/(2 x_i) ln(lambda_(i-1)/lambda_i) - alpha E_0[f_0]``, stationary in every
        q and x: the maximum over non-decreasing ``x(q) >= 0`` and ``chi >= 0``."""
        return -self.common - Sum(self.layer, (LEVEL, 1, LAST)) - ALPHA * LevelMean(0, FreeEnergy.at(0))

    def equations(self) -> list[Line]:
        """The recursions up and down, Parisi's equation, those of the overlaps, and the energy."""
        return [
            (FreeEnergy.at(LAST), rf"-\min_u\left[{as_latex(ProximalMap().objective)}\right]"),
            (FreeEnergy.at(LEVEL - 1), self.free_energy),
            (r"-\partial_q f_i(h)", self.flow),
            (FieldLaw.at(0), Smoothed(Overlap(0), DiracDelta(CAVITY))),
            (FieldLaw.at(LEVEL), self.law),
            (r"\mathbb{E}_i[X]", r"\mathbb{E}_y\int dh\,P_i(h)\,X(h, y)"),
            (Spread(LEVEL), self.spread),
            (1 / Width(LEVEL), self.inverse_width),
            (self.gap, self.overlap_step),
            (CHI, Width(LAST)),
            (Spread(0), Overlap(0) / Width(0) ** 2),
            (r"\text{marginal}", Eq(self.marginality, 0, evaluate=False)),
            (r"e_0", self.functional),
            (r"e", self.energy),
        ]
