"""The closed equations for correlation, response, overlap, multiplier and energy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sympy import Add, Expr, Integer, Rational, Symbol, collect, expand, powsimp
from sympy.logic.boolalg import false

from ..landscape import GaussianLandscape, exact
from ..prediction import Condition
from ..printing import Line
from ..symbols import CORRELATION, INVERSE_TEMPERATURE, TEMPERATURE, value_at_zero
from .kernels import FIELD, POSITION, REPLICA, SAME_POSITION, SIGNAL, Kernels, Start, kernels
from .notation import INNER, MU, TIME, C, Product, R, Terms, TimeIntegral, TwoTimeDisplay, integral, product

STARTS: tuple[Start, ...] = ("random", "planted", "equilibrium", "replicated")


@dataclass(frozen=True)
class DynamicalEquations(TwoTimeDisplay):
    r"""``d_t C(t,t') = -mu C + int f''(C) R C ds + int f'(C) R ds + g'(m) m(t')``, and those for R, m, mu, e.

    Crisanti, Horner, Sommers (1993); Cugliandolo, Kurchan (1993); with a signal Sarao Mannelli et al. (2018,
    arXiv 1812.09066); from equilibrium Barrat, Burioni, Mezard (1996).

    Parameters
    ----------
    landscape
        Any Gaussian landscape.
    start
        "random" (no overlap with the signal), "planted" (overlap m_0), or "equilibrium" at inverse temperature beta:
        a configuration planted with weight ``exp(-beta H(x_0))``, which is one of equilibrium as long as its replicas
        have zero overlap: without field (``conditions``), and above ``statics.transitions.static_transition``.
        "replicated": equilibrium whose replicas overlap by q_0, in a field or where the signal is found (m_0); both are
        those of ``statics.replica_symmetric``, which has to be stable.
    temperature
        Of the noise: a symbol, a number >= 0 or a function of t (``notation.BATH``); at 0, gradient flow. Only the
        multiplier sees it: for t > t' the noise at t is independent of ``x(t')`` and ``x~(t')``.

    ``kernels`` has what these are made of: ``f'``, ``f''``, ``g'``, ..., functions of ``theory.symbols.CORRELATION``
    and of ``theory.SIGNAL_OVERLAP``.
    """

    landscape: GaussianLandscape
    start: Start = "random"
    temperature: Any = TEMPERATURE

    def __post_init__(self) -> None:
        if self.start not in STARTS:
            raise ValueError(f"start = {self.start!r} must be one of {', '.join(STARTS)}")
        temperature = exact(self.temperature)
        known = temperature.has(TIME) or temperature.is_nonnegative is True
        if not known or temperature.is_finite is False:
            raise ValueError(f"temperature = {self.temperature} must be a number >= 0; try temperature = 0")
        object.__setattr__(self, "temperature", temperature)

    @cached_property
    def kernels(self) -> Kernels:
        """The kernels of the effective process, from the averaged action."""
        return kernels(self.start).at(self.landscape)

    @property
    def correlation_rate(self) -> Terms:
        """``d_t C(t,t')`` for t > t': the effective process times ``x(t')`` (later thermal noise averages to zero)."""
        return self.kernels.force(POSITION)

    @property
    def response_rate(self) -> Terms:
        """``d_t R(t,t')`` for t > t': the effective process times ``x~(t')``."""
        return self.kernels.force(FIELD)

    @property
    def overlap_rate(self) -> Terms:
        """``d_t m(t)``: the effective process times ``x*``."""
        return self.kernels.force(SIGNAL)

    @property
    def replica_rate(self) -> Terms:
        """``d_t q(t)``: the effective process times another replica of the start."""
        return self.kernels.force(REPLICA)

    @cached_property
    def multiplier(self) -> Terms:
        """``mu(t)``, such that ``d_t C(t,t) = 0``.

        The effective process times ``x(t)``, whose thermal part is ``2T R(t,t)`` with ``R(t,t) = 1/2`` (Ito: T).
        """
        return Terms(product(2 * self.temperature * Rational(1, 2)), *self.pull)

    @cached_property
    def pull(self) -> tuple[Any, ...]:
        """The forces of the landscape times ``x(t)``."""
        force = self.kernels.force(SAME_POSITION)
        constraint, others = force.args[0], force.args[1:]
        if constraint != product(-1, MU(TIME), C(TIME, TIME)):
            raise ValueError(f"the constraint enters as {constraint}")
        integrals = [term for term in others if isinstance(term, TimeIntegral)]
        local = [term for term in others if not isinstance(term, TimeIntegral)]
        return (*_merged(integrals), *(_signed(_tidy(term.as_expr())) for term in local))

    @property
    def energy(self) -> Terms:
        """``e(t)``, energy per spin."""
        return self.kernels.energy

    @property
    def initial_overlap(self) -> Expr:
        """``m(0)``."""
        return Integer(0) if self.start == "random" else Symbol("m_0", real=True)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What the equations take for granted: at ``C = 0`` nothing pulls towards the start."""
        field = value_at_zero(self.kernels.initial_noise, CORRELATION)
        reason = f"beta f'(0) = {field}: in a random field replicas of equilibrium overlap"
        return () if field == 0 or self.start == "replicated" else (Condition(false, reason),)

    def equations(self) -> list[Line]:
        """Correlation, response, overlap (if there is a signal), multiplier, energy, boundary values."""
        signal, overlapping = self.landscape.mean != 0, self.start == "replicated"
        return [
            (r"\partial_t C(t,t')", self.correlation_rate),
            (r"\partial_t R(t,t')", self.response_rate),
            *([(r"\partial_t m(t)", self.overlap_rate)] if signal else []),
            *([(r"\partial_t q(t)", self.replica_rate)] if overlapping else []),
            (r"\mu(t)", self.multiplier),
            (r"e(t)", self.energy),
            (r"C(t,t) = R(t^+,t)", Integer(1)),
            *([(r"m(0)", self.initial_overlap)] if signal else []),
            *([(r"q(0)", Symbol("q_0", real=True))] if overlapping else []),
        ]


def _merged(integrals: list[TimeIntegral]) -> list[TimeIntegral]:
    """``int R [f'(C) + f''(C) C] ds``: integrals over [0, t] with the response as their common factor."""
    if not integrals:
        return []
    response = R(TIME, INNER)
    weight = sum(term.args[0].as_expr() / response for term in integrals)
    return [integral(0, TIME, _tidy(weight), response)]


def _signed(expression: Expr) -> Product:
    """``-beta [q^3 + q^2]``, not ``+ beta [-q^3 - q^2]``."""
    negative = all(term.could_extract_minus_sign() for term in Add.make_args(expand(expression)))
    return product(-1, _tidy(-expression)) if negative else product(expression)


def _tidy(expression: Expr) -> Expr:
    """``beta (C^3/Delta_3 + C^2/Delta_2)``."""
    return collect(powsimp(expand(expression)), INVERSE_TEMPERATURE)
