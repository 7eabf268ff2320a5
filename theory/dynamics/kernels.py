r"""Kernels of the effective process, by variation of the averaged action.

At large N the order parameters concentrate at their saddle point, where the action of one spin is quadratic:
``delta/delta D`` gives the covariance of a Gaussian noise, ``delta/delta R^+`` the memory, ``delta/delta m~`` the drift
towards the signal. The variations with respect to C and m vanish by causality.

A start in equilibrium has the weight ``exp(-beta H(x_0))/Z``. ``1/Z`` is n - 1 further replicas of it, n -> 0, all with
the same overlap (replica symmetry), whose forces are that of ``x_0`` with ``q(t) = x(t).x_a/N`` in place of ``C(t,0)``.
Where replicas do not overlap they do nothing, and ``n = 1`` will do: a landscape planted around its start.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Literal

from sympy import DiracDelta, Expr, Integer, S, Symbol, diff, factor, powsimp

from ..landscape import GaussianLandscape
from ..printing import Line
from ..symbols import CORRELATION, OVERLAP, SIGNAL_OVERLAP
from .action import (
    ADVANCED,
    ENERGY,
    EQUILIBRIUM,
    FIELD_SIGNAL,
    FIELDS,
    FORCE,
    RESPONSE,
    F,
    G,
    covariance,
    mean,
    variation,
)
from .notation import (
    BATH,
    EARLIER,
    INNER,
    MU,
    TIME,
    C,
    M,
    Q,
    R,
    Terms,
    TwoTimeDisplay,
    function_of_time,
    integral,
    product,
)

Start = Literal["random", "planted", "equilibrium", "replicated"]
REPLICAS = Symbol("n")


@dataclass(frozen=True)
class Kernels(TwoTimeDisplay):
    """What the landscape does to one spin: functions of ``C = C(t,s)`` and of ``m = m(t)``.

    Attributes
    ----------
    noise
        ``f'(C)``: covariance of the Gaussian force at t and at s.
    memory
        ``f''(C)``: the force at t from the position at s is ``f''(C) R(t,s) x(s)``.
    drift
        ``g'(m)``: force along the signal.
    initial_noise
        ``beta f'(C(t,0))``: force along a start in equilibrium; zero for other starts.
    energy_noise, energy_drift, initial_energy
        ``e = -energy_drift(m) - int energy_noise(C) R ds - initial_energy(C(t,0)) - (n - 1) initial_energy(q(t))``.
    replicas
        n, of the start: 1, or 0.
    """

    noise: Expr
    memory: Expr
    drift: Expr
    initial_noise: Expr
    energy_noise: Expr
    energy_drift: Expr
    initial_energy: Expr
    replicas: Expr = S.One

    def at(self, landscape: GaussianLandscape) -> Kernels:
        """For the f and g of a landscape."""
        jet = {symbol: covariance_derivative(landscape, k, CORRELATION) for k, symbol in enumerate(F)}
        jet |= {symbol: landscape.g(k) for k, symbol in enumerate(G)}
        return Kernels(*(getattr(self, field.name).subs(jet) for field in fields(self)))

    def force(self, on: Probe) -> Terms:
        """The systematic force at t times the probe: memory, noise (by Novikov), drift and equilibrium start."""
        now = C(TIME, INNER)
        return Terms(
            product(-1, MU(TIME), on.overlap.subs(INNER, TIME)),
            integral(on.since, TIME, at(self.memory, now), R(TIME, INNER), on.overlap),
            integral(0, on.until, at(self.noise, now), on.response),
            product(at(self.drift, M(TIME)), on.signal),
            product(at(self.initial_noise, C(TIME, 0)), on.initial),
            product(at(self.initial_noise, Q(TIME)), on.others.subs(REPLICAS, self.replicas)),
        )

    @property
    def energy(self) -> Terms:
        """``e(t)``, energy per spin: the average of ``H(x(t))`` with the action's insertions."""
        now = C(TIME, INNER)
        return Terms(
            product(-1, at(self.energy_drift, M(TIME))),
            integral(0, TIME, -1, at(self.energy_noise, now), R(TIME, INNER)),
            product(-1, at(self.initial_energy, C(TIME, 0))),
            product(1 - self.replicas, at(self.initial_energy, Q(TIME))),
        )

    def equations(self) -> list[Line]:
        """The effective process of one spin, and the law of its noise."""
        thermal = product(2, BATH(TIME), DiracDelta(TIME - EARLIER))
        return [
            (r"\partial_t x(t)", Terms(*self.force(SPIN).args, product(function_of_time("eta", r"\eta")(TIME)))),
            (r"\langle \eta(t) \eta(t')\rangle", Terms(product(at(self.noise, C(TIME, EARLIER))), thermal)),
        ]


def at(kernel: Expr, order_parameter: Expr) -> Expr:
    """A kernel at ``C(t,s)`` or ``m(t)``, whether f and g are given (``3 C``) or not (``f'(C)``)."""
    variable, jet = (SIGNAL_OVERLAP, G) if order_parameter.func == M else (CORRELATION, F)
    functions = {symbol: function_of_time(symbol.name.partition("(")[0])(order_parameter) for symbol in jet}
    return kernel.subs(functions).subs(variable, order_parameter)


def covariance_derivative(landscape: GaussianLandscape, k: int, overlap: Expr) -> Expr:
    """``f^(k)`` at an overlap, a tidy power ``(p - 1) C^(p-2)`` from each channel."""
    parts = (diff(channel.covariance, OVERLAP, k) for channel in landscape.channels)
    return sum((powsimp(factor(part)) for part in parts), start=Integer(0)).subs(OVERLAP, overlap)


@dataclass(frozen=True)
class Probe:
    """What the equation of motion at t is multiplied by: its overlaps with the rest, per N.

    ``overlap`` is that with ``x(s)``, zero before ``since``; ``response`` that with ``x~(s)``, zero after ``until``;
    ``signal`` and ``initial`` are those with x* and x(0), ``others`` the sum of those with the further replicas.
    """

    overlap: Expr
    signal: Expr
    initial: Expr
    others: Expr = S.Zero
    response: Expr = S.Zero
    since: Expr = S.Zero
    until: Expr = S.Zero


_SPIN, _FURTHER = function_of_time("x"), REPLICAS - 1
SPIN = Probe(_SPIN(INNER), Symbol("x_*"), _SPIN(0), _FURTHER * Symbol("x_a"))
"""Nothing: the effective process itself."""
POSITION = Probe(C(INNER, EARLIER), M(EARLIER), C(EARLIER, 0), _FURTHER * Q(EARLIER), R(EARLIER, INNER), until=EARLIER)
"""``x(t')``: Novikov's theorem gives ``<eta(t) x(t')> = int_0^t' f'(C(t,s)) R(t',s) ds``."""
SAME_POSITION = Probe(C(TIME, INNER), M(TIME), C(TIME, 0), _FURTHER * Q(TIME), R(TIME, INNER), until=TIME)
"""``x(t)``: the same at ``t' = t``."""
FIELD = Probe(R(INNER, EARLIER), Integer(0), Integer(0), since=EARLIER)
"""``x~(t')``: nothing before t' responds to it, and ``D = m~ = 0``."""
SIGNAL = Probe(M(INNER), Integer(1), M(0), _FURTHER * M(0))
"""``x*``: it responds to nothing."""
REPLICA = Probe(Q(INNER), M(0), Q(0), 1 + (REPLICAS - 2) * Q(0))
"""Another replica of the start: one of the further ones is itself."""


@cache
def kernels(start: Start = "random") -> Kernels:
    """The kernels in terms of f, g and their derivatives, derived from the averaged action."""
    pair, field = covariance(FORCE, FORCE), covariance(ENERGY, FORCE)
    made = Kernels(
        noise=variation(pair, FIELDS),
        memory=variation(pair, ADVANCED) / RESPONSE,
        drift=variation(mean(FORCE), FIELD_SIGNAL),
        initial_noise=variation(covariance(FORCE, EQUILIBRIUM), ADVANCED),
        energy_noise=-variation(field, RESPONSE),
        energy_drift=-mean(ENERGY),
        initial_energy=-covariance(ENERGY, EQUILIBRIUM),
    )
    for density, parameter in ((pair, CORRELATION), (mean(FORCE), SIGNAL_OVERLAP)):
        if variation(density, parameter) != 0:
            raise ValueError(f"causality fails: {parameter} has the conjugate {variation(density, parameter)}")
    if start == "equilibrium":
        return made
    if start == "replicated":
        return replace(made, replicas=Integer(0))
    return Kernels(**(vars(made) | dict.fromkeys(("initial_noise", "initial_energy"), Integer(0))))
