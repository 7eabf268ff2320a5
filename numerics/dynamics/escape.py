r"""Spread of the overlaps of random starts that escape from ``m ~ N^(-1/2)``: ``theory.dynamics.Escape`` on a solution.

The equations at one t are linear in the row ``R_*(t, s)``. They are solved by the trapezoidal rule on three uniform
grids, each twice as fine as the one before, and extrapolated in powers of ``h^2`` (Romberg).
"""
# ruff: noqa: N803, N806

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from theory.dynamics import GrowthRate
from theory.landscape import GaussianLandscape

from ..errors import ConvergenceError
from ..lowering import Array
from .growth_rate import LongTimeLimit
from .solution import DynamicsSolution
from .solve import solve_dynamics
from .units import fastest

STEP, LEVELS, LARGEST = 0.35, 3, 600
"""Coarsest step in units of the fastest rate, grids, and steps of the coarsest at most."""
WORST = 0.1
"""Relative error beyond which there is no result."""


@dataclass(frozen=True, eq=False)
class Spread:
    """At time ``t``: ``amplification = m/m(0)`` of small overlaps, and ``widening``, kappa^2, with their errors.

    Overlaps of random starts are as from ``kappa z/sqrt(N)`` without noise, z a standard Gaussian.
    """

    t: float
    amplification: LongTimeLimit
    widening: LongTimeLimit


def escape(landscape: GaussianLandscape, t: float, *, temperature: float = 0.0, rtol: float = 1e-5) -> Spread:
    """From random starts, as N -> infinity, at time ``t > 0`` (units of ``dx/dt = -grad H - mu x``).

    ``landscape`` has a signal that attracts at m = 0 (``ValueError`` otherwise); ``temperature`` and ``rtol`` as in
    ``solve_dynamics``. ``ConvergenceError`` where t is too long for the finest grid.
    Source: theory.dynamics.Escape.
    """
    if not t > 0:
        raise ValueError(f"t = {t}: expected a time > 0; try 10")
    strength = float(GrowthRate(landscape).landscape.g(2, 0))
    without = GaussianLandscape(landscape.covariance)
    return spread_on(solve_dynamics(without, t, temperature=temperature, rtol=rtol), strength, t)


def spread_on(solution: DynamicsSolution, strength: float, t: float) -> Spread:
    """The same for a signal of strength ``g''(0)`` on a solution without one, ``t <= t_reached``."""
    rate = max(fastest(solution.model), strength)
    steps = 2 ** (LEVELS - 1) * min(LARGEST, max(4, int(np.ceil(t * rate / STEP))))
    C, R = _square(solution, t, steps + 1)
    rows = [_at_end(C[::k, ::k], R[::k, ::k], strength, t) for k in (2**level for level in range(LEVELS))]
    widenings = np.array([variance / grown**2 for variance, grown in rows])
    best, coarser = _romberg(widenings), _romberg(widenings[1:])
    if not abs(best - coarser) < WORST * best:
        raise ConvergenceError(f"t = {t:g}: the spread of the overlaps takes too many times; try a shorter time")
    logarithms = np.log([row[1] for row in rows])
    grown, less = float(np.exp(_romberg(logarithms))), float(np.exp(_romberg(logarithms[1:])))
    relative = _inherited(solution, strength, t, grown)
    if not relative < WORST:
        told = f"t = {t:g}: overlaps decay to {grown:.1g}, below the error of C(t,0)"
        raise ConvergenceError(f"{told}; try a smaller rtol")
    amplification = LongTimeLimit(grown, abs(grown - less) + relative * grown)
    return Spread(t, amplification, LongTimeLimit(best, abs(best - coarser) + 2 * relative * best))


def _inherited(solution: DynamicsSolution, strength: float, t: float, grown: float) -> float:
    """Relative error of the amplification from those of C and R: absolute ones, which grow with it where it grows."""
    errors = solution.two_time.error(np.array([t]))
    return float(errors.correlation[0] / min(1.0, grown) + strength * t * errors.response[0])


def _square(solution: DynamicsSolution, t: float, count: int) -> tuple[Array, Array]:
    """``C`` and ``R`` on a uniform grid of [0, t], R lower triangular."""
    s = np.linspace(0.0, t, count)
    later, earlier = np.tril_indices(count)
    C, R = np.zeros((2, count, count))
    C[later, earlier], R[later, earlier] = solution.two_time.evaluate(s[later], s[earlier])
    C[earlier, later] = C[later, earlier]
    return C, R


def _at_end(C: Array, R: Array, strength: float, t: float) -> tuple[float, float]:
    """``V(t)`` and ``C_*(t, 0)`` by the trapezoidal rule."""
    count = C.shape[0]
    step = strength * t / (count - 1)
    kernel = step * R
    kernel[-1] *= 0.5
    kernel[np.diag_indices(count)] *= 0.5
    kernel[-1, -1] = 0.0  # no time between t and itself
    with np.errstate(over="ignore", invalid="ignore"):
        pulled = step * solve_triangular((np.eye(count) - kernel).T, R[-1])
        pulled[[0, -1]] *= 0.5
        correlation = C[-1] + pulled @ C
        return float(correlation[-1] + pulled @ correlation), float(correlation[0])


def _romberg(values: Array) -> float:
    """At step 0, from those at steps ``h, 2h, 4h, ...``, whose errors are powers of ``h^2``."""
    for order in range(1, len(values)):
        values = values[:-1] + (values[:-1] - values[1:]) / (4**order - 1)
    return float(values[0])
