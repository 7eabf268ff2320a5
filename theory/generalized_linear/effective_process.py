r"""Gradient descent at infinite size: the effective process of one datum and one coordinate, closed on each other.

Descent on the sphere in steps ``eta_t``, ``w(t+1) = b_t [w(t) - eta_t X^T l'(t)/sqrt N]``, b_t normalising. Two
cavities close it (Mignacco, Krzakala, Urbani, Zdeborova 2020, arXiv 2006.06098; Celentano, Cheng, Montanari 2021, arXiv
2112.07572).

*A datum*, left out of the sum, sees the Gaussian field ``zeta(t) = x.w(t)/sqrt N``; put back, it pushes w along
itself, and its own push comes back through the response G of a coordinate.

*A coordinate*, left out of every field, feels the Gaussian force ``xi`` of the data; put back, it moves their fields
(through zeta) and that of the signal (through y), and their forces answer linearly.

``zeta`` is the process of a coordinate, with y in the place of the signal. All runs forward in time: no iteration.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sympy import Derivative, Expr, Function, Integral, KroneckerDelta, Sum, Symbol, diff, sqrt
from sympy.core.function import AppliedUndef

from ..printing import Line, Printable
from .average import Mean
from .symbols import ALPHA, MULTIPLIER, SIGNAL_FIELD

T, S, K = (Symbol(name, integer=True, nonnegative=True) for name in "tsk")
"""Numbers of steps; in the limit of small steps, times."""
FIELD_AT, CAVITY_AT, LOSS_AT, FORCE_AT, CURVATURE_AT, NOISE_AT, THERMAL_AT = (
    Function(name, real=True) for name in ("u", "zeta", "l", "l'", "D", "xi", "phi")
)
"""What varies from datum to datum (the last two: from coordinate to coordinate) and from step to step."""
MOMENTUM, RIDGE = Symbol("beta", nonnegative=True), Symbol("lambda_R", nonnegative=True)
"""For the fields of ``EffectiveProcess``, where they are printed."""
ANSWER = Function("T", real=True)
"""``T(t, s) = du(t)/dzeta(s)``, of one datum."""
STEP, NORMALISER, OVERLAP_AT, SIGNAL_FORCE = (Function(name, real=True) for name in ("eta", "b", "m", "gamma"))
COVARIANCE, FRICTION, RESPONSE = (Function(name, real=True) for name in ("K", "Gamma", "G"))
SIGNAL_FRICTION, GROWTH = Function("Lambda", real=True), Function("A", real=True)
"""``A(t) = dm(t)/dm(0)`` at ``m = 0``."""
SIGNAL_RESPONSE, VARIANCE = Function("Psi", real=True), Function("V", real=True)
"""Response of m to a force along the signal, and ``N E m^2`` of starts at random."""
ENERGY_AT, MULTIPLIER_AT = Function("e", real=True), Function("mu", real=True)
Y = SIGNAL_FIELD


class ProcessMean(Mean):
    r"""``E`` over the effective process: everything with a time that varies from datum to datum, and y."""

    @classmethod
    def varying(cls, integrand: Any) -> tuple[Any, ...]:
        """The fields, forces and answers in an integrand, whatever their times."""
        kinds = (FIELD_AT, CAVITY_AT, LOSS_AT, FORCE_AT, CURVATURE_AT, NOISE_AT, THERMAL_AT, ANSWER)
        return (Y, *(f for f in integrand.atoms(AppliedUndef) if f.func in kinds))


def _sum(term: Any, last: Any) -> Expr:
    return Sum(term, (K, 0, last))


def _from(first: Any, expression: Expr) -> Expr:
    """Sums without their terms before ``first``, which vanish."""
    return expression.xreplace({old: Sum(old.function, (K, first, old.limits[0][2])) for old in expression.atoms(Sum)})


@dataclass(frozen=True)
class EffectiveProcess(Printable):
    """Descent with steps ``eta(t)``, for any loss: ``l(t) = l(u(t), y)`` and so on.

    With batches (Mignacco, Urbani, Zdeborova 2021, arXiv 2103.04902) ``l'`` and D bear the factor ``s(t)/b`` of the
    datum, s(t) = 1 where it is in the batch and 0 otherwise.

    ``momentum`` is Polyak's (the heavy ball; w rests at first), ``ridge`` the factor of the penalty ``|w|^2/2``,
    ``temperature`` that of Langevin's noise, ``sqrt(2 T eta) phi`` with independent standard Gaussians phi.
    """

    momentum: Any = 0
    ridge: Any = 0
    temperature: Any = 0

    @property
    def field(self) -> Expr:
        """``u(t) = zeta(t) - sum_{k<t} eta(k) G(t, k) l'(k)``."""
        return CAVITY_AT(T) - _sum(STEP(K) * RESPONSE(T, K) * FORCE_AT(K), T - 1)

    @property
    def answer(self) -> Expr:
        """``du(t)/dzeta(s)`` by the chain rule: ``dl'(k) = D(k) du(k)``; causal, so nothing before s moves."""
        moved = self.field.replace(CAVITY_AT, lambda time: KroneckerDelta(time, S))
        moved = moved.replace(FORCE_AT, lambda time: CURVATURE_AT(time) * ANSWER(time, S))
        return _from(S, moved)

    @property
    def force(self) -> Expr:
        """Force on a coordinate: noise, answer of the data's fields, that of the signal's field, and the penalty."""
        data = NOISE_AT(T) + _sum(FRICTION(T, K) * CAVITY_AT(K), T) + SIGNAL_FORCE(T) * Y
        return data + self.ridge * CAVITY_AT(T)

    @property
    def coordinate(self) -> Expr:
        """``zeta(t+1) = b(t) [zeta(t) - eta(t) (xi(t) + sum_{k<=t} Gamma(t, k) zeta(k) + gamma(t) y)]``.

        Besides, ``beta [zeta(t) - zeta(t-1)]``, ``zeta(-1) = zeta(0)``, and thermal noise.
        """
        going_on = self.momentum * (CAVITY_AT(T) - CAVITY_AT(T - 1))
        thermal = sqrt(2 * self.temperature * STEP(T)) * THERMAL_AT(T)
        return NORMALISER(T) * (CAVITY_AT(T) + going_on - STEP(T) * self.force + thermal)

    @property
    def response(self) -> Expr:
        """``G(t+1, s) = dzeta(t+1)/d(-eta(s) xi(s))``: 0 up to s, ``b(s)`` at ``t = s``."""
        kicked = self.coordinate.replace(CAVITY_AT, lambda time: RESPONSE(time, S)).subs({Y: 0, THERMAL_AT(T): 0})
        kicked = kicked.replace(NOISE_AT, lambda time: -KroneckerDelta(time, S) / STEP(time))
        return _from(S + 1, NORMALISER(T) * (kicked / NORMALISER(T)).expand())

    @property
    def covariance(self) -> Expr:
        """``K(t, s) = E xi(t) xi(s) = alpha E[l'(t) l'(s)]``."""
        return ALPHA * ProcessMean(FORCE_AT(T) * FORCE_AT(S))

    @property
    def friction(self) -> Expr:
        """``Gamma(t, s) = alpha E[dl'(t)/dzeta(s)] = alpha E[D(t) T(t, s)]``."""
        return ALPHA * ProcessMean(CURVATURE_AT(T) * ANSWER(T, S))

    @property
    def signal_pull(self) -> Expr:
        """``alpha E[y l'(t)] = gamma(t) + sum_k Gamma(t, k) m(k)``, by parts over the Gaussians y and zeta."""
        return ALPHA * ProcessMean(Y * FORCE_AT(T))

    @property
    def signal_force(self) -> Expr:
        """``gamma(t) = alpha E[dl'(t)/dy]`` at fixed zeta, from ``signal_pull``: no derivative in y is needed."""
        return self.signal_pull - _sum(FRICTION(T, K) * OVERLAP_AT(K), T)

    @property
    def overlap(self) -> Expr:
        """``m(t+1) = E[y zeta(t+1)] = b(t) [m(t) - eta(t) alpha E[y l'(t)]]``."""
        along = self.coordinate.replace(CAVITY_AT, OVERLAP_AT).subs({NOISE_AT(T): 0, THERMAL_AT(T): 0, Y: 1})
        averaged = along.xreplace({SIGNAL_FORCE(T): self.signal_force})
        return NORMALISER(T) * (averaged / NORMALISER(T)).expand()

    @property
    def signal_friction(self) -> Expr:
        """``Lambda(t, s) = alpha dE[y l'(t)]/dm(s) = alpha E[y^2 D(t) T(t, s)]`` at ``m = 0``.

        By parts in y, ``zeta = m y + (independent of y)``. Losses even in u, or in y, keep m = 0, and the law of the
        independent part, G and b are even in m: at first order none of them moves.
        """
        return self.signal_pull.replace(FORCE_AT, lambda time: Y * CURVATURE_AT(time) * ANSWER(time, S))

    @property
    def growth(self) -> Expr:
        """``A(t+1) = b(t) [A(t) - eta(t) sum_{k<=t} Lambda(t, k) A(k)]``, ``A(0) = 1``: linear, of first order in m."""
        pulled = _sum(SIGNAL_FRICTION(T, K) * GROWTH(K), T)
        return self.overlap.replace(OVERLAP_AT, GROWTH).xreplace({self.signal_pull / ALPHA: pulled / ALPHA})

    @property
    def signal_response(self) -> Expr:
        """``Psi(t+1, s)``: what the response is to a coordinate, to that along the signal, Lambda for Gamma."""
        return self.response.replace(RESPONSE, SIGNAL_RESPONSE).replace(FRICTION, SIGNAL_FRICTION)

    @property
    def variance(self) -> Expr:
        """``V(t) = N E m(t)^2`` of starts at random: what is left of the start, and the noise of the data and the bath.

        At first order ``sqrt(N) m`` is a coordinate that answers with Lambda and feels the noise ``sum y l'/sqrt N``,
        of covariance ``alpha E[y^2 l'(t) l'(s)]``, independent of the start.
        """
        moved = _sum(STEP(K) * SIGNAL_RESPONSE(T, K) * FORCE_AT(K), T - 1)
        warmed = 2 * self.temperature * _sum(STEP(K) * SIGNAL_RESPONSE(T, K) ** 2, T - 1)
        return GROWTH(T) ** 2 + ALPHA * ProcessMean((Y * moved) ** 2) + warmed

    @property
    def normaliser(self) -> Expr:
        """``b(t) = 1/sqrt E[(zeta(t) - eta(t) force)^2]`` keeps ``E zeta^2 = 1``; 1 without the sphere."""
        return 1 / sqrt(ProcessMean((self.coordinate / NORMALISER(T)) ** 2))

    @property
    def energy(self) -> Expr:
        """``e(t) = alpha E[l(t)]``, per spin, with the penalty."""
        return ALPHA * ProcessMean(LOSS_AT(T)) + self.ridge * ProcessMean(CAVITY_AT(T) ** 2) / 2

    @property
    def multiplier(self) -> Expr:
        """``mu(t) = T - alpha E[u(t) l'(t)]``: ``b = 1 - mu eta`` for short steps without momentum and penalty."""
        return self.temperature - ALPHA * ProcessMean(FIELD_AT(T) * FORCE_AT(T))

    def equations(self) -> list[Line]:
        """In the order in which a step computes them."""
        start = r"\zeta(0) = m_0\,y + \sqrt{1 - m_0^2}\,z, \quad y, z \sim N(0, 1); \qquad \xi \sim GP(0, K)"
        return [
            (r"\text{start}", start),
            (FIELD_AT(T), self.field),
            (ANSWER(T, S), self.answer),
            (COVARIANCE(T, S), self.covariance),
            (FRICTION(T, S), self.friction),
            (SIGNAL_FORCE(T), self.signal_force),
            (CAVITY_AT(T + 1), self.coordinate),
            (NORMALISER(T), self.normaliser),
            (RESPONSE(T + 1, S), self.response),
            (OVERLAP_AT(T + 1), self.overlap),
            (SIGNAL_FRICTION(T, S), self.signal_friction),
            (GROWTH(T + 1), self.growth),
            (SIGNAL_RESPONSE(T + 1, S), self.signal_response),
            (VARIANCE(T), self.variance),
            (ENERGY_AT(T), self.energy),
            (MULTIPLIER_AT(T), self.multiplier),
        ]


@dataclass(frozen=True)
class FlowProcess(Printable):
    """Its limit of small steps: ``dw = (-X^T l'/sqrt N - mu w) dt + sqrt(2T) dW``; sums become integrals.

    ``b = 1 - mu eta``; momentum stays with steps.

    ``T(t, s)`` is 1 at ``s = t`` and of order ``eta(s)`` before; its density is ``T`` here, and Gamma is a local part
    ``alpha E[D(t)]`` and the memory of it.
    """

    discrete: EffectiveProcess = EffectiveProcess()

    @property
    def field(self) -> Expr:
        """``u(t) = zeta(t) - int_0^t G(t, s) l'(s) ds``."""
        return _integrated(self.discrete.field)

    @cached_property
    def answer(self) -> Expr:
        """Density of ``du(t)/dzeta(s)``, ``s < t``: its term ``k = s``, where ``T = 1``, stands apart."""
        total = self.discrete.answer.subs(KroneckerDelta(T, S), 0)
        (chain,) = total.atoms(Sum)
        local = chain.function.subs(K, S).subs({ANSWER(S, S): 1, STEP(S): 1})
        return total.coeff(chain) * (local + Integral(chain.function.subs(STEP(K), 1), (K, S, T)))

    @property
    def local_friction(self) -> Expr:
        """``alpha E[D(t)]``: the part of Gamma at equal times, where ``T = 1``."""
        return _local(self.discrete.friction)

    @cached_property
    def coordinate(self) -> Expr:
        """``dzeta/dt``, phi white noise of ``E phi(t) phi(s) = delta(t - s)``."""
        quiet = self.discrete.coordinate.subs(THERMAL_AT(T), 0)
        thermal = sqrt(2 * self.discrete.temperature) * THERMAL_AT(T)
        return _with_memory(quiet, self.local_friction * CAVITY_AT(T)) + thermal

    @cached_property
    def response(self) -> Expr:
        """``dG(t, s)/dt``, with ``G(s, s) = 1``."""
        kicked = self.discrete.response.subs(KroneckerDelta(T, S), 0)
        return _with_memory(kicked, self.local_friction * RESPONSE(T, S))

    @property
    def overlap(self) -> Expr:
        """``dm/dt = -mu m - alpha E[y l']``."""
        return _velocity(self.discrete.overlap)

    @property
    def growth(self) -> Expr:
        """``dA/dt``, with ``alpha E[y^2 D(t)]`` the local part of Lambda."""
        return _with_memory(self.discrete.growth, _local(self.discrete.signal_friction) * GROWTH(T))

    @cached_property
    def signal_response(self) -> Expr:
        """``dPsi(t, s)/dt``, with ``Psi(s, s) = 1``."""
        kicked = self.discrete.signal_response.subs(KroneckerDelta(T, S), 0)
        return _with_memory(kicked, _local(self.discrete.signal_friction) * SIGNAL_RESPONSE(T, S))

    @property
    def variance(self) -> Expr:
        """``V(t)``."""
        return _integrated(self.discrete.variance)

    def equations(self) -> list[Line]:
        """Of the flow."""
        mean = self.discrete
        return [
            (FIELD_AT(T), self.field),
            (ANSWER(T, S), self.answer),
            (COVARIANCE(T, S), mean.covariance),
            (FRICTION(T, S), mean.friction),
            (SIGNAL_FORCE(T), mean.signal_pull - self.local_friction * OVERLAP_AT(T) - _memory(OVERLAP_AT(K))),
            (Derivative(CAVITY_AT(T), T), self.coordinate),
            (Derivative(RESPONSE(T, S), T), self.response),
            (Derivative(OVERLAP_AT(T), T), self.overlap),
            (SIGNAL_FRICTION(T, S), mean.signal_friction),
            (Derivative(GROWTH(T), T), self.growth),
            (Derivative(SIGNAL_RESPONSE(T, S), T), self.signal_response),
            (VARIANCE(T), self.variance),
            (MULTIPLIER, mean.multiplier),
        ]


def _memory(what: Expr) -> Expr:
    return Integral(FRICTION(T, K) * what, (K, 0, T))


def _integrated(expression: Expr) -> Expr:
    """``sum_k eta(k) f(k)`` as ``int f dk`` up to t."""
    table = {old: Integral(old.function.subs(STEP(K), 1), (K, old.limits[0][1], T)) for old in expression.atoms(Sum)}
    return expression.xreplace(table)


def _local(kernel: Expr) -> Expr:
    """A kernel at equal times, where ``T = 1``."""
    return kernel.subs(S, T).replace(ANSWER, lambda *_: 1).doit()


def _with_memory(stepped: Expr, local: Expr) -> Expr:
    """First order in the step, with the local part of a kernel apart from its memory."""
    rate = _velocity(stepped)
    (chain,) = rate.atoms(Sum)
    memory = Integral(chain.function, (K, chain.limits[0][1].subs(S + 1, S), T))
    return rate.subs(chain, local + memory)


def _velocity(stepped: Expr) -> Expr:
    """``(x(t+1) - x(t))/eta`` at ``eta -> 0``, ``b = 1 - mu eta``."""
    eta = Symbol("eta", positive=True)
    small = stepped.subs({NORMALISER(T): 1 - MULTIPLIER * eta, STEP(T): eta})
    return diff(small, eta).subs(eta, 0).expand(deep=False)
