r"""Ageing after a quench from a random start (Cugliandolo and Kurchan 1993): the closed equations at long times.

Two sectors of time: near the diagonal C falls from 1 to the plateau q with ``R = d_t' C/T``; far from it C falls from q
to 0 slowly, with ``R_ag = (X/T) d_t' C_ag``. Time derivatives vanish, and integrals over s split: where one factor is
fast and the others are slow it is integrated alone,

``int f''(C) R ds = [f'(1) - f'(q)]/T`` near ``s = t``, ``int R ds = (1 - q)/T`` near ``s = t'``.

One ratio X for the whole slow sector is exact for pure models. Assumed elsewhere: no random field, ``f'(0) = 0``; a
slow correlation that is not arrested on its way down, ``stable_at_zero_temperature`` (``slow_sectors`` has what there
is otherwise); and no memory of the start, which a mixture may keep (Folena, Franz, Ricci-Tersenghi 2020).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import cache, cached_property

from sympy import (
    Expr,
    Lt,
    Mul,
    S,
    Symbol,
    expand,
    factor,
    factorial,
    limit,
    numer,
    simplify,
    solve,
    sqrt,
    symbols,
    together,
)

from ..kac_rice.local_law import F as F_AT_ONE
from ..landscape import GaussianLandscape
from ..printing import Line
from ..symbols import CORRELATION
from ..symbols import OVERLAP as Q
from ..symbols import TEMPERATURE as T
from .equations import DynamicalEquations
from .notation import EARLIER, INNER, MU, TIME, C, R, Terms, TimeIntegral, TwoTimeDisplay, function_of_time, product
from .plateau import F0_Q, F1_Q, F2_Q, at_plateau
from .stationary import without_signal

F0, F1, F2 = F_AT_ONE[:3]
F0_ZERO = Symbol("f(0)", nonnegative=True)
MULTIPLIER, RATIO = symbols("mu_oo X", real=True)
C_AG, R_AG = function_of_time("C_ag", r"C_{\rm ag}"), function_of_time("R_ag", r"R_{\rm ag}")

FAST_MEMORY = (F1 - F1_Q) / T
"""``int f''(C) R ds`` from q to 1, where ``R ds = dC/T``."""
FAST_RESPONSE = (1 - Q) / T
"""``int R ds`` from q to 1."""


@dataclass(frozen=True)
class AgeingLaw:
    """Multiplier, ratio, energy, and the square of the temperature at which the plateau is q.

    In terms of f and its derivatives at q and at 1; or, for T -> 0, at 1 alone, with ``X/T`` as the ratio.
    """

    multiplier: Expr
    ratio: Expr
    energy: Expr
    temperature_squared: Expr

    def at(self, landscape: GaussianLandscape) -> AgeingLaw:
        """For a landscape."""
        ends = {symbol: landscape.f(k) for k, symbol in enumerate((F0, F1, F2))} | {F0_ZERO: landscape.f(0, 0)}
        return self._map(lambda value: at_plateau(value, landscape).subs(ends))

    def _map(self, change: Callable[[Expr], Expr]) -> AgeingLaw:
        return AgeingLaw(*(change(getattr(self, field.name)) for field in fields(self)))


@cache
def ageing_law() -> AgeingLaw:
    """Solve the equations for C and R at the upper end of the slow sector, ``C_ag = q``, with the one for mu.

    ``slow = int_0^t R_ag [f'(C) + f''(C) C] ds = (X/T) int_0^q d[C f'(C)]``.
    """
    slow = RATIO / T * Q * F1_Q
    correlation = (FAST_MEMORY - MULTIPLIER) * Q + FAST_RESPONSE * F1_Q + slow
    response = FAST_MEMORY - MULTIPLIER + FAST_RESPONSE * F2_Q
    constraint = T + (F1 - Q * F1_Q) / T + slow - MULTIPLIER
    solution = solve([correlation, constraint], [MULTIPLIER, RATIO])
    marginal = solve(numer(together(response.subs(solution))), F2_Q)[0]
    squared = _with_factor((1 - Q) ** 2, solve(F2_Q - marginal, T**2)[0])
    ratio = _with_factor(1 - Q, solution[RATIO].expand().subs(T**2, squared))
    energy = -(F0 - F0_Q) / T - RATIO / T * (F0_Q - F0_ZERO)
    return AgeingLaw(FAST_MEMORY + FAST_RESPONSE * F2_Q, ratio, energy, squared)


@cache
def zero_temperature_law() -> AgeingLaw:
    """``T = epsilon sqrt(f''(q))``, ``q = 1 - epsilon -> 1``: ``mu = 2 sqrt(f''(1))`` and a finite ``X/T``."""
    law, epsilon = ageing_law(), Symbol("epsilon", positive=True)
    jet = {
        symbol: sum(F_AT_ONE[k + j] * (Q - 1) ** j / factorial(j) for j in range(3))
        for k, symbol in enumerate((F0_Q, F1_Q, F2_Q))
    }
    temperature = sqrt(law.temperature_squared)

    def at_zero(value: Expr) -> Expr:
        near = value.subs({RATIO: law.ratio, T: temperature}).subs(jet).subs(Q, 1 - epsilon)
        return simplify(limit(near, epsilon, 0))

    return AgeingLaw(at_zero(law.multiplier), at_zero(law.ratio / T), at_zero(law.energy), S.Zero)


def _with_factor(factor_: Expr, expression: Expr) -> Expr:
    """Factorised, with ``1 - q`` rather than ``q - 1``."""
    return factor_ * factor(expression / factor_)


@dataclass(frozen=True)
class Ageing(TwoTimeDisplay):
    """``mu, q, X, e`` at long times after a quench to temperature T, and the equations of the slow sector.

    ``law`` is in the plateau q (``theory.OVERLAP``) and T, tied by ``T^2 = (1 - q)^2 f''(q)``, with X as a symbol in
    the energy; ``zero_temperature`` is in the landscape's parameters alone. At zero overlap with a signal.
    """

    landscape: GaussianLandscape

    @property
    def law(self) -> AgeingLaw:
        """Below the temperature of arrest."""
        return ageing_law().at(self.landscape)

    @property
    def zero_temperature(self) -> AgeingLaw:
        """Gradient flow: the threshold states, ``theory.energies.threshold_energy``."""
        return zero_temperature_law().at(self.landscape)._map(simplify)

    @property
    def stable_at_zero_temperature(self) -> Expr:
        """``f'(C) < C/(chi(0) [chi(0) - x C])`` for ``0 < C < 1``: no other plateau on the slow branch, ``x = X/T``.

        ``chi(0) = 1/sqrt(f''(1)) + x`` is the response of all times. Next to 0 it is ``f''(0) f''(1) <= f'(1)^2``.
        """
        ratio = self.zero_temperature.ratio
        total = simplify(1 / sqrt(self.landscape.f(2)) + ratio)
        bound = simplify(CORRELATION / (total * (total - ratio * CORRELATION)))
        return Lt(self.landscape.f(1, CORRELATION), bound, evaluate=False)

    @cached_property
    def correlation_equation(self) -> Terms:
        """What vanishes for ``C_ag(t,t')``."""
        return self._slow(DynamicalEquations(without_signal(self.landscape)).correlation_rate)

    @cached_property
    def response_equation(self) -> Terms:
        """What vanishes for ``R_ag(t,t')``; its first term does by itself at ``C_ag = q`` (marginality)."""
        return self._slow(DynamicalEquations(without_signal(self.landscape)).response_rate)

    def _slow(self, rate: Terms) -> Terms:
        """``d_t = 0``: the slow integrals, and each fast factor integrated alone."""
        constraint, *integrals = rate.args
        local = constraint.as_expr() + sum(fast for term in integrals for fast in _fast(term))
        at_rest = local.subs(MU(TIME), ageing_law().multiplier).replace(C, C_AG).replace(R, R_AG)
        unknown = R_AG(TIME, EARLIER)
        weight = expand(simplify(at_rest / FAST_RESPONSE))
        bracket = [expand(weight / unknown), unknown] if weight.has(unknown) else [weight]
        return Terms(product(FAST_RESPONSE, *bracket), *(term.replace(C, C_AG).replace(R, R_AG) for term in integrals))

    def equations(self) -> list[Line]:
        """The slow sector, the values at temperature T, and their limits T -> 0."""
        law, limits = ageing_law(), self.zero_temperature
        return [
            (r"R_{\rm ag}(t,t')", r"X\, \partial_{t'} C_{\rm ag}(t,t')/T"),
            (S.Zero, self.correlation_equation),
            (S.Zero, self.response_equation),
            *((symbol, at_plateau(symbol, self.landscape)) for symbol in (F0_Q, F1_Q, F2_Q)),
            (r"T^2", law.temperature_squared),
            (r"X", law.ratio),
            (r"\mu_\infty", law.multiplier),
            (r"e_\infty", Terms(product(-1, (F0 - F0_Q) / T), product(-1, RATIO / T, F0_Q - self.landscape.f(0, 0)))),
            (r"\lim_{T \to 0} X/T", limits.ratio),
            (r"\lim_{T \to 0} \mu_\infty", limits.multiplier),
            (r"\lim_{T \to 0} e_\infty", limits.energy),
            (r"\text{one ratio at } T = 0, \text{ if for } 0 < C < 1", self.stable_at_zero_temperature),
        ]


def _fast(term: TimeIntegral) -> Iterator[Expr]:
    """``int f''(C) R(t,s) ds`` alone near ``s = t``; ``int R(t',s) ds`` or ``int R(s,t') ds`` alone near ``s = t'``."""
    kernel, *others = term.args[0].args
    for response in (other for other in others if other.func == R):
        rest = Mul(*(other for other in others if other != response))
        end = next(time for time in response.args if time != INNER)
        alone = FAST_MEMORY * rest if end == TIME else FAST_RESPONSE * kernel * rest
        yield alone.subs(INNER, end)
