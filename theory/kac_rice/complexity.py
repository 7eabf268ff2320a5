r"""Annealed complexity of the critical points of a Gaussian landscape, assembled from the Kac-Rice formula.

``E #{x: grad H = 0} = int dx p_grad(0) E|det Hess|``: each factor contributes its exponential rate per N.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Literal

from sympy import (
    Abs,
    Expr,
    ImmutableMatrix,
    Integer,
    Piecewise,
    Rational,
    Symbol,
    expand_log,
    log,
    oo,
    pi,
    simplify,
)

from ..landscape import GaussianLandscape
from ..printing import Line, Printable, as_latex
from ..random_matrices.index_cost import index_cost, regions
from ..random_matrices.semicircle import Y, phi, phi_bulk, phi_outside
from ..symbols import ENERGY
from ..symbols import SHIFT as T
from ..symbols import SIGNAL_OVERLAP as M
from ..symbols import SPIKE as THETA
from .average import DEFINITION
from .gaussian_law import GaussianLaw
from .hessian import hessian_law, hessian_of
from .local_law import GRADIENT, GRADIENT_SIGNAL, F, G, H, N, W, local_law

Kind = Literal["total"] | int
"""Which critical points: all of them, or those with a given number of negative directions (0: minima)."""


@cache
def entropy() -> Expr:
    """``S0(m)``: volume of the sphere at overlap m, density of the gradient at zero, scale of the determinant.

    ``Phi`` carries a 1/2 so that the constants cancel.
    """
    law = local_law()
    variance = law.covariance_of(GRADIENT, GRADIENT)
    volume = (log(2 * pi) + 1) / 2 + log(1 - M**2) / 2
    density = -log(2 * pi * variance) / 2 - law.mean_of(GRADIENT_SIGNAL) ** 2 / (2 * N * variance)
    determinant = log(hessian_law().scale) - Rational(1, 2)
    return expand_log(volume + density + determinant, force=True)


@cache
def energy_shift_law() -> GaussianLaw:
    """Law of ``(H/N, w)`` times N, at a vanishing gradient (which is independent of both)."""
    law = local_law().conditional((H, W), {GRADIENT_SIGNAL: 0, GRADIENT: 0})
    return GaussianLaw((ENERGY, W), law.mean, (law.covariance * N).applyfunc(lambda entry: entry.expand()))


@dataclass(frozen=True)
class Complexity(Printable):
    """``Sigma(m, t) = S0 + Phi(t) - cost(theta, t) - offset - (t - shift_mean)^2/(2 shift_variance)``.

    The law of the Hessian's shift t is Gaussian at speed N; with ``shift_variance = 0`` it is fixed at its mean.
    ``energy`` is the energy per spin of the critical points at shift t. All are SymPy expressions in m, the
    landscape's parameters and the energies held fixed.
    """

    landscape: GaussianLandscape
    entropy: Expr
    spike: Expr
    offset: Expr
    shift_mean: Expr
    shift_variance: Expr
    energy: Expr
    fixed: tuple[Symbol, ...] = ()

    def sigma(self, kind: Kind = "total") -> Expr:
        """The complexity of one kind of critical points at shift t."""
        cost = Integer(0) if kind == "total" else index_cost(kind).subs(THETA, self.spike)
        deviation = (T - self.shift_mean) ** 2 / (2 * self.shift_variance) if self.shift_variance != 0 else Integer(0)
        return self.entropy + phi() - cost - self.offset - deviation

    def outside(self, cost: Expr) -> Expr:
        """The complexity for ``t = y + 1/y >= 2`` as a function of y, on a region where the cost is that of y.

        With ``shift_variance = 0`` the shift is not a variable: y is that of ``shift_mean``.
        """
        sigma = self.entropy + phi_outside() - cost.subs(THETA, self.spike) - self.offset
        if self.shift_variance == 0:
            return sigma
        return sigma - (Y + 1 / Y - self.shift_mean) ** 2 / (2 * self.shift_variance)

    def equations(self) -> list[Line]:
        """The landscape, and the complexity of all critical points and of minima with every ingredient."""
        return [*self.landscape.equations(), *self.ingredients()]

    def ingredients(self) -> list[Line]:
        """Complexity of all critical points and of minima, and every ingredient."""
        fixed = "".join(f", {as_latex(symbol)}" for symbol in self.fixed)
        if self.shift_variance != 0:
            total = r"\sup_t \left[S_0 + \Phi(t) - r - \frac{(t - \bar t)^2}{2 v}\right]"
            minima = r"\sup_{t \geq 2} \left[S_0 + \Phi(t) - L(\theta, t) - r - \frac{(t - \bar t)^2}{2 v}\right]"
        else:
            total, minima = r"S_0 + \Phi(\bar t) - r", r"S_0 + \Phi(\bar t) - L(\theta, \bar t) - r"
        return [
            (r"\Sigma", DEFINITION),
            (rf"\Sigma_{{\rm tot}}(m{fixed})", total),
            (rf"\Sigma_{{\rm min}}(m{fixed})", minima),
            (r"S_0", self.entropy),
            (r"\theta", self.spike),
            (r"r", self.offset),
            (r"\bar t", self.shift_mean),
            (r"v", self.shift_variance),
            (r"E(t)", self.energy),
            (r"y", r"\tfrac12\left(t + \sqrt{t^2 - 4}\right)"),
            (r"\Phi(t)", Piecewise((phi_bulk(), Abs(T) <= 2), (phi_outside(), True))),
            (r"L(\theta, t)", Piecewise((oo, T < 2), *((r.cost, r.condition) for r in regions(0)))),
        ]


@dataclass(frozen=True)
class KacRice(Printable):
    """Kac-Rice formula of one landscape: ``complexity()`` with the energy free, or resolved by it."""

    landscape: GaussianLandscape

    @cached_property
    def jet(self) -> dict[Symbol, Expr]:
        """Values of ``f, f', f''`` at 1 and of ``g, g', g''`` at m."""
        jet = jet_of(self.landscape)
        if not jet[F[2]].is_positive and jet[F[2]].is_number:
            raise ValueError(
                f"covariance = {self.landscape.covariance}: f''(1) = {jet[F[2]]} gives no Hessian; add q**2"
            )
        return jet

    def complexity(self) -> Complexity:
        """Energy integrated out: t has the law of ``-w/sqrt(f''(1))``, ``E(t)`` is the most likely energy."""
        return _derived(self.landscape, ())

    def at_energy(self) -> Complexity:
        """Resolved by the energy per spin (symbol E)."""
        return _derived(self.landscape, ("energy",))

    def at_channel_energies(self, *labels: str) -> Complexity:
        """Resolved by the energies ``epsilon_c`` of the named channels (all of them by default)."""
        names = self.channel_symbols()
        unknown = set(labels) - set(names)
        if unknown:
            raise ValueError(f"no random channel {sorted(unknown)[0]!r}; channels: {', '.join(names)}")
        return _derived(self.landscape, labels or tuple(names))

    def channel_symbols(self) -> dict[str, Symbol]:
        """``epsilon_c`` of every channel that is random, by label."""
        labels = [channel.label for channel in self.landscape.channels if channel.covariance != 0]
        return {label: Symbol(f"epsilon_{label}", real=True) for label in labels}

    def channel_law(self, names: Mapping[str, Symbol]) -> GaussianLaw:
        """Law of (E, w, epsilon_1, epsilon_2, ...): channels are independent and add up."""
        law = energy_shift_law()
        parts = {
            c.label: at_jet(law, jet_of(GaussianLandscape(c.covariance, c.mean)))
            for c in self.landscape.channels
            if c.covariance != 0
        }
        total = at_jet(law, self.jet)
        chosen = [parts[label] for label in names]
        mean = [*total.mean, *(part.mean[0] for part in chosen)]
        size = 2 + len(chosen)

        def entry(i: int, j: int) -> Expr:
            if i < 2 and j < 2:
                return total.covariance[i, j]
            if i >= 2 and j >= 2:
                return chosen[i - 2].covariance[0, 0] if i == j else Integer(0)
            channel = chosen[max(i, j) - 2]
            return channel.covariance[0, min(i, j)]

        return GaussianLaw((ENERGY, W, *names.values()), ImmutableMatrix(mean), ImmutableMatrix(size, size, entry))

    def equations(self) -> list[Line]:
        """The landscape, its derivatives, and the complexity with the energy integrated out in terms of them."""
        general = _assemble(self.landscape, energy_shift_law(), {}, {})
        derivatives = [(symbol, value) for symbol, value in self.jet.items() if symbol != G[0]]
        return [*self.landscape.equations(), *derivatives, *general.ingredients()]


def _assemble(
    landscape: GaussianLandscape, law: GaussianLaw, jet: Mapping[Symbol, Expr], fixed: Mapping[Symbol, Expr]
) -> Complexity:
    law, hessian = at_jet(law, jet), hessian_of(jet)
    free = [name for name in (ENERGY, W) if name not in fixed]
    given = law.conditional(free, fixed)
    variance = simplify(given.covariance_of(W, W))
    energy: Expr = ENERGY
    if ENERGY in free:
        slope = simplify(given.covariance_of(ENERGY, W) / variance) if variance != 0 else Integer(0)
        energy = given.mean_of(ENERGY) + slope * (T / hessian.shift_per_w - given.mean_of(W))
    return Complexity(
        landscape=landscape,
        entropy=entropy().subs(jet),
        spike=hessian.spike,
        offset=law.rate(fixed) if fixed else Integer(0),
        shift_mean=hessian.shift_per_w * given.mean_of(W),
        shift_variance=hessian.shift_per_w**2 * variance,
        energy=energy,
        fixed=tuple(fixed),
    )


@lru_cache(maxsize=256)
def _derived(landscape: GaussianLandscape, resolution: tuple[str, ...]) -> Complexity:
    """The complexity of a landscape resolved by nothing, by the energy, or by the energies of some channels."""
    kac_rice = KacRice(landscape)
    if resolution in ((), ("energy",)):
        return _assemble(landscape, energy_shift_law(), kac_rice.jet, {ENERGY: ENERGY} if resolution else {})
    names = kac_rice.channel_symbols()
    fixed = {names[label]: names[label] for label in resolution}
    return _assemble(landscape, kac_rice.channel_law(names), kac_rice.jet, fixed)


def jet_of(landscape: GaussianLandscape) -> dict[Symbol, Expr]:
    """Derivatives of f at 1 and of g at m, by the symbols of the local law."""
    values = {symbol: landscape.f(k) for k, symbol in enumerate(F[:3])}
    return values | {symbol: landscape.g(k) for k, symbol in enumerate(G)}


def at_jet(law: GaussianLaw, jet: Mapping[Symbol, Expr]) -> GaussianLaw:
    """The law at given derivatives of f and g."""
    return GaussianLaw(law.names, law.mean.subs(jet), law.covariance.subs(jet))
