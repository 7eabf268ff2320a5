"""The closed equations with a mass: the action has ``-int x~.(M x'' + gamma x') + int gamma T x~.x~``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import Expr, Rational, Symbol, expand

from ..printing import Line
from ..symbols import INVERSE_TEMPERATURE
from .equations import DynamicalEquations
from .kernels import at
from .notation import BATH, INNER, TIME, C, M, Q, R, Terms, function_of_time, integral, product

MASS = Symbol("M", positive=True)
WARMTH, DRAG = BATH(TIME), function_of_time("gamma", r"\gamma")(TIME)
KINETIC = function_of_time("K")
"""``K = x'.x'/N = d_t d_t' C(t,t')`` at ``t' = t``."""
C_RATE = function_of_time("C_t", r"\partial_t C")
R_RATE = function_of_time("R_t", r"\partial_t R")
M_RATE = function_of_time("m_t", r"\partial_t m")
Q_RATE = function_of_time("q_t", r"\partial_t q")


@dataclass(frozen=True)
class InertialEquations(DynamicalEquations):
    r"""``M d_t^2 C + gamma d_t C = -mu C + ...``: the landscape's part is that of first order, kernel by kernel.

    The noise has covariance ``2 gamma T delta(t - t')`` and acts on velocities: ``C`` is smooth at ``t = t'``, and R is
    0 there with slope ``1/M``. As M -> 0, ``M K -> T``: the equations of first order.
    """

    temperature: Any = WARMTH
    mass: Any = MASS
    friction: Any = DRAG

    @property
    def multiplier(self) -> Terms:
        """``mu = M K + ...``: the process times ``x(t)``; ``<x x''> = -K``, ``<x x'> = 0`` and ``<x noise> = 0``."""
        return Terms(product(self.mass, KINETIC(TIME)), *self.pull)

    @property
    def power(self) -> Terms:
        """``-d_t e = <x'.force>``: the process times ``x'(t)``; the constraint does no work."""
        k, now = self.kernels, C(TIME, INNER)
        memory, noise = at(k.memory, now), at(k.noise, now)
        return Terms(
            integral(0, TIME, memory, R(TIME, INNER), C_RATE(TIME, INNER)),
            integral(0, TIME, noise, R_RATE(TIME, INNER)),
            product(at(k.drift, M(TIME)), M_RATE(TIME)),
            product(at(k.initial_noise, C(TIME, 0)), C_RATE(TIME, 0)),
            product(k.replicas - 1, at(k.initial_noise, Q(TIME)), Q_RATE(TIME)),
        )

    @property
    def kinetic_rate(self) -> Terms:
        """``M K'/2``: power, friction, and half the noise's ``2 gamma T d_t R(t,t)``, as for T in first order."""
        heat = expand(2 * self.friction * self.temperature / self.mass * Rational(1, 2))
        return Terms(*self.power.args, product(-1, self.friction, KINETIC(TIME)), product(heat))

    @property
    def initial_kinetic(self) -> Expr:
        """``K(0)``: at rest, or thermal."""
        warm = self.start in ("equilibrium", "replicated")
        return 1 / (INVERSE_TEMPERATURE * self.mass) if warm else Rational(0)

    def equations(self) -> list[Line]:
        """As those of first order, and the kinetic energy."""
        signal, overlapping = self.landscape.mean != 0, self.start == "replicated"
        return [
            (r"M \partial_t^2 C(t,t') + \gamma(t) \partial_t C(t,t')", self.correlation_rate),
            (r"M \partial_t^2 R(t,t') + \gamma(t) \partial_t R(t,t')", self.response_rate),
            *([(r"M \partial_t^2 m(t) + \gamma(t) \partial_t m(t)", self.overlap_rate)] if signal else []),
            *([(r"M \partial_t^2 q(t) + \gamma(t) \partial_t q(t)", self.replica_rate)] if overlapping else []),
            (r"\mu(t)", self.multiplier),
            (r"M \partial_t K(t)/2", self.kinetic_rate),
            (r"C(t,t) = M \partial_t R(t^+,t)", Rational(1)),
            (r"\partial_t C(t,t) = R(t,t)", Rational(0)),
            (r"K(0)", self.initial_kinetic),
        ]
