r"""States of a spherical mixture at temperature T: minima of the free energy of Thouless, Anderson and Palmer.

A state is a magnetization m, ``|m|^2 = N q``. The configurations around it, ``m + sqrt(1 - q) s`` with s across m, have
the volume ``(1 - q)^(N/2)`` and what is left of the landscape once the force at m is balanced: the covariance
``f(q + (1 - q) s) - f(q) - (1 - q) f'(q) s``, whose free energy is that of no order, minus its value at ``s = 1`` over
2T. On the sphere of radius ``sqrt(N q)`` H is a landscape of covariance ``f(q s)``, so that the states are counted by
the Kac-Rice formula at given energy and given radial force, the one that balances the rest:

``F(m)/N = H(m)/N - (T/2) ln(1 - q) - [f(1) - f(q) - (1 - q) f'(q)]/(2T)``.

That force shifts the Hessian by ``t = y + 1/y``, ``y = T/((1 - q) sqrt(f''(q)))``: states are marginal where
``T^2 = (1 - q)^2 f''(q)`` (de Almeida, Thouless; Plefka 1982), and ``y > 1`` for those with a meaning.

Assumed: nothing planted, no random field, and states that share no direction: the average is annealed, and typical
where replicas stay apart (``breaking``). Crisanti, Sommers 1995 (J. Phys. I 5, 805); Kurchan, Parisi, Virasoro 1993.
"""

from dataclasses import dataclass
from functools import cached_property

from sympy import Eq, Expr, Integer, Symbol, diff, log, simplify, solve, sqrt

from ..landscape import GaussianLandscape
from ..printing import Line, Printable
from ..random_matrices.semicircle import Y, stieltjes
from ..symbols import ENERGY, OVERLAP, SIGNAL_OVERLAP, TEMPERATURE
from .average import pure
from .complexity import KacRice
from .hessian import hessian_of
from .local_law import GRADIENT, OBSERVABLES, F, H, N, Observable, W, local_law

SELF_OVERLAP = Symbol("q_EA", positive=True)
"""``q = |m|^2/N``: overlap of two configurations of one state."""
RADIAL = Observable(Symbol(r"\partial_{nn} H"), (0, 0), Integer(1))
MIXED = Observable(Symbol(r"\partial_{nu} H"), (0, 2), Integer(1))


@dataclass(frozen=True)
class TAPStates(Printable):
    """Of one landscape, as functions of ``SELF_OVERLAP``, ``ENERGY`` (``H(m)/N``) and ``TEMPERATURE``."""

    landscape: GaussianLandscape

    @cached_property
    def on_sphere(self) -> GaussianLandscape:
        """``f(q s)``: H on the sphere of radius ``sqrt(N q)``, stretched to that of radius ``sqrt(N)``."""
        return GaussianLandscape(self.landscape.f(0, SELF_OVERLAP * OVERLAP).expand(), 0)

    @cached_property
    def _kac_rice(self) -> KacRice:
        return KacRice(self.on_sphere)

    def _f(self, k: int) -> Expr:
        return self.landscape.f(k, SELF_OVERLAP)

    @cached_property
    def left(self) -> Expr:
        """``f(1) - f(q) - (1 - q) f'(q)``: variance, over N, of the energy within a state."""
        return self.landscape.f(0) - self._f(0) - (1 - SELF_OVERLAP) * self._f(1)

    @cached_property
    def rest(self) -> Expr:
        """``(F - H)/N`` at m: minus T times the entropy of the volume, and the free energy of what is left."""
        return -TEMPERATURE * log(1 - SELF_OVERLAP) / 2 - self.left / (2 * TEMPERATURE)

    @cached_property
    def mean_energy(self) -> Expr:
        """Of the configurations of a state, ``d(F/T)/d(1/T)`` at fixed m."""
        beta = Symbol("beta", positive=True)
        free = (beta * (ENERGY + self.rest).subs(TEMPERATURE, 1 / beta)).expand()
        return diff(free, beta).subs(beta, 1 / TEMPERATURE)

    @cached_property
    def force(self) -> Expr:
        """``w = m.grad H/N`` where F is stationary along m: ``w/(2q) + d rest/dq = 0``."""
        return -2 * SELF_OVERLAP * diff(self.rest, SELF_OVERLAP)

    @cached_property
    def shift(self) -> Expr:
        """Of the Hessian: t of that force."""
        return simplify(hessian_of(self._kac_rice.jet).shift_per_w * self.force)

    @cached_property
    def depth(self) -> Expr:
        """y of that t, 1 for marginal states."""
        return TEMPERATURE / ((1 - SELF_OVERLAP) * sqrt(self._f(2)))

    @cached_property
    def sigma(self) -> Expr:
        """The complexity of states of that q and H(m)."""
        action = self._kac_rice.at_energy()
        return action.outside(Integer(0)).subs(SIGNAL_OVERLAP, 0).subs(Y, self.depth)

    @cached_property
    def tied_energy(self) -> Expr | None:
        """H(m)/N of a pure model, whose radial force is its degree times that; None for a mixture."""
        action = self._kac_rice.at_energy()
        if not pure(self.landscape):
            return None
        return solve(action.shift_mean.subs(SIGNAL_OVERLAP, 0) - self.shift, ENERGY)[0]

    @cached_property
    def stiffness(self) -> Expr:
        """Curvature of F along m, transverse directions following: a state is a minimum where it is positive.

        ``d_nn H + 2 phi' + 4 phi''`` less what the row ``d_nu H`` takes, with the mean resolvent of the rest at zero;
        ``phi(|x|^2/N)`` the rest of F at ``m = sqrt(q) x``.
        """
        law = local_law((*OBSERVABLES, RADIAL, MIXED))
        known = {W: self.force} if pure(self.landscape) else {H: ENERGY, W: self.force}
        scale = hessian_of(self._kac_rice.jet).scale
        jet = self._kac_rice.jet | {symbol: self.on_sphere.f(k) for k, symbol in enumerate(F)}
        mean = simplify(law.conditional((RADIAL.name,), known).mean_of(RADIAL.name)).subs(jet)
        row = N * law.conditional((MIXED.name,), {GRADIENT: 0}).covariance_of(MIXED.name, MIXED.name).subs(jet)
        own = -self.force + 4 * SELF_OVERLAP**2 * diff(self.rest, SELF_OVERLAP, 2)
        return mean + own - row * stieltjes().subs(Y, self.depth) / scale

    def equations(self) -> list[Line]:
        """The free energy, the shift, and the complexity."""
        marginal = Eq(TEMPERATURE**2, (1 - SELF_OVERLAP) ** 2 * self._f(2), evaluate=False)
        return [
            (r"F/N", ENERGY + self.rest),
            (r"\text{energy}", self.mean_energy),
            (r"t", self.shift),
            (r"y", self.depth),
            (r"\Sigma", self.sigma),
            (r"\text{marginal}", marginal),
        ]
