r"""The rate at which an infinitesimal overlap grows, extrapolated to infinite time.

``lambda(t)`` follows the friction: ``lambda + mu`` settles within a few ``1/lambda``, while ``mu`` ages, as a power of
time (2/3 for pure landscapes, less for mixtures, drifting over decades). Each is extrapolated by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from theory.dynamics import GrowthRate
from theory.landscape import GaussianLandscape

from ..lowering import Array
from ..progress import Progress, silent
from .growth import STAGES, linear_growth
from .model import Model
from .solution import DynamicsSolution
from .solve import solve_dynamics

STRIDE, DECADE = 3, 5
"""Panels between the values of an extrapolation (a factor of 4.5 in time), and about a decade before its repetition."""
SHORTEST = 300.0
CLEAR, FOLDS = 3.0, 10.0
"""Growth is called exponential when the rate exceeds its error, and the inverse of the time, that many times."""


class LongTimeLimit(NamedTuple):
    """A value at infinite time and its estimated error."""

    value: float
    error: float


@dataclass(frozen=True, eq=False)
class OverlapGrowth:
    r"""``lambda(t) = d_t ln m`` for ``m(0) -> 0`` and its limit.

    Attributes
    ----------
    t, log_overlap, rate, friction
        ``ln(m/m(0))``, ``lambda`` and ``mu`` over ``t``.
    strength
        ``g''(0)``.
    limit
        ``lambda(t -> inf)`` from the dynamics alone: ``lim (lambda + mu) - lim mu``.
    marginal
        The same with ``lim mu`` of ``theory.end_states``, ``2 sqrt(f''(1))`` where they are marginal, in place of the
        extrapolated one, a thousand times more precise; nan at ``T > 0``.
    friction_limit
        ``mu(t -> inf)`` as extrapolated.
    """

    t: Array
    log_overlap: Array
    rate: Array
    friction: Array
    strength: float
    limit: LongTimeLimit
    marginal: LongTimeLimit
    friction_limit: LongTimeLimit

    @property
    def exponent(self) -> Array:
        """``d ln m/d ln t = t lambda(t)``: settles where growth is algebraic."""
        return self.t * self.rate

    @property
    def exponential(self) -> bool:
        """Whether ``limit`` is clearly positive, and seen over many of its own times."""
        return self.limit.value > max(CLEAR * self.limit.error, FOLDS / float(self.t[-1]))

    @property
    def relaxation_time(self) -> LongTimeLimit:
        """``tau = 1/lambda``; infinite where growth is not exponential."""
        if not self.exponential:
            return LongTimeLimit(np.inf, np.nan)
        return LongTimeLimit(1 / self.limit.value, self.limit.error / self.limit.value**2)

    def __repr__(self) -> str:
        rate, t = self.limit, self.t[-1]
        if self.exponential:
            return f"m grows exponentially: lambda = {rate.value:.6g} +- {rate.error:.1g}"
        return f"m grows no faster than a power of t: d ln m/d ln t = {self.exponent[-1]:.4g} at t = {t:g}"


def growth_rate(
    landscape: GaussianLandscape,
    *,
    t_max: float = 1e4,
    rtol: float = 1e-6,
    temperature: float = 0.0,
    parameters: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> OverlapGrowth:
    r"""``lambda(t) = -mu(t) + g''(0) + int_0^t f''(C) R m(s)/m(t) ds`` from a random start, for ``m(0) -> 0``.

    Parameters
    ----------
    landscape
        With a signal that attracts at m = 0: ``g'(0) = 0 < g''(0)``.
    t_max
        At least 300, in units of ``dx/dt = -grad H - mu x``; the error of the limit falls like ``t_max**-0.5``.
    rtol, temperature, parameters, progress
        As in ``solve_dynamics``.

    On threshold states ``lambda = sigma (theta + 1/theta - 2)``, ``sigma = sqrt(f''(1))``, ``theta = g''(0)/sigma``
    (``theory.dynamics.GrowthRate``, with what it is in a strong random field), which this does not use.
    Raises ``ValueError`` for a bad argument, ``ConvergenceError`` where a solver stops.
    Source: Sarao Mannelli, Biroli, Cammarota, Krzakala, Zdeborova (2019).
    """
    if not (np.isfinite(t_max) and t_max >= SHORTEST):
        raise ValueError(f"t_max = {t_max}: expected a finite time >= {SHORTEST:g} to extrapolate from; try 1e4")
    numbers = landscape.subs(parameters) if parameters else landscape
    strength = float(GrowthRate(numbers).landscape.g(2, 0))
    solution = solve_dynamics(numbers, t_max, temperature=temperature, rtol=rtol, method="long-time", progress=progress)
    return rate_on(solution, strength)


def rate_on(solution: DynamicsSolution, strength: float) -> OverlapGrowth:
    """The growth that a signal of strength ``g''(0)`` would have on a solution without one."""
    grown = linear_growth(solution, strength)
    mu = solution.two_time.one_time(grown.t).mu
    solver = float(solution.two_time.error(grown.t[-1:]).mu[0])
    settled, friction = extrapolated(grown.rate + mu), extrapolated(mu)
    marginal = end_friction(solution.model) if solution.model.temperature == 0 else np.nan
    return OverlapGrowth(
        *(grown.t, grown.log_overlap, grown.rate, mu, strength),
        limit=LongTimeLimit(settled.value - friction.value, settled.error + friction.error + solver),
        marginal=LongTimeLimit(settled.value - marginal, settled.error + solver),
        friction_limit=LongTimeLimit(friction.value, friction.error + solver),
    )


def end_friction(equations: Model) -> float:
    """``mu = 1/chi + f''(1) chi``, ``1/chi^2 = max(f'(1), f''(1))``: ``theory.end_states.friction`` of the series."""
    curvature = float(equations.memory.sum())
    stiffness = float(np.sqrt(max(float(equations.noise.sum()), curvature)))
    return stiffness + curvature / stiffness


def extrapolated(values: Array) -> LongTimeLimit:
    """LongTimeLimit of a quantity given at the stages, by a power of time through its last two decades.

    The error is the larger of the change since a decade earlier and a tenth of the distance extrapolated.
    """
    ends = values[::-1][::STAGES]
    now, before = _power(ends), _power(ends[DECADE:])
    return LongTimeLimit(now, max(abs(now - before), 0.1 * abs(now - ends[0])))


def _power(ends: Array) -> float:
    """``v_0 - d^2/(d - d')`` with the last two differences (Aitken): exact for ``v + c t^-nu``."""
    last, earlier = ends[0] - ends[STRIDE], ends[STRIDE] - ends[2 * STRIDE]
    ratio = last / earlier if earlier != 0 else 0.0
    if not 0 < ratio < 0.9:
        return float(ends[0])
    return float(ends[0] + last * ratio / (1 - ratio))
