r"""Parisi's functional minimised over functions chi that are linear between the points of a grid.

Nothing is assumed about the order parameter. With ``w_j >= 0`` the growth of x/T at each point of the grid,

``chi(q) = chi(1) + sum_j w_j (1 - max(q, q_j))``, ``sum_j w_j = 1/T`` and ``chi(1) = 0`` at T > 0,

and the functional is convex in ``chi(1)`` and w. A primal-dual interior-point method (Wright 1997) finds its minimum.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from ..errors import ConvergenceError
from ..lowering import Array
from .covariance import UnitCovariance

ITERATIONS = 200
GAP, ACCEPTED = 1e-13, 1e-7
CENTRING = 0.1
SERIES = 0.03
"""Below it ``atanh(u)/u`` and its derivatives are summed as a series."""


class GridSolution(NamedTuple):
    """Overlaps q and chi there; growth w of ``x/T`` at each q; multipliers, ``G(q) - min G`` up to a factor."""

    q: Array
    chi: Array
    growth: Array
    multiplier: Array


@dataclass(frozen=True)
class _Problem:
    """``J = (1/2) (linear.X + sum_cells h/logmean(X_j, X_j+1))``, ``X = chi(q_j)``; T = 0: ``beta`` is infinite."""

    q: Array
    linear: Array
    beta: float

    @property
    def cold(self) -> bool:
        """T = 0: the last point is q = 1, where chi is unknown and nothing grows."""
        return bool(np.isinf(self.beta))

    @cached_property
    def kernel(self) -> Array:
        """dX/dw; at T = 0 the last column is that of ``chi(1)``."""
        full = 1 - np.maximum.outer(self.q, self.q)
        if self.cold:
            full[:, -1] = 1.0
        return full

    def gradient_and_hessian(self, x: Array) -> tuple[Array, Array]:
        """Of J in the columns of ``kernel``."""
        first, second, mixed = _inverse_log_mean(x[:-1], x[1:])
        h = np.diff(self.q) / 2
        gradient = self.linear / 2
        gradient[:-1] += h * first[0]
        gradient[1:] += h * first[1]
        curved = np.zeros_like(self.kernel)
        curved[:-1] += (h * second[0])[:, None] * self.kernel[:-1] + (h * mixed)[:, None] * self.kernel[1:]
        curved[1:] += (h * second[1])[:, None] * self.kernel[1:] + (h * mixed)[:, None] * self.kernel[:-1]
        return self.kernel.T @ gradient, self.kernel.T @ curved


def _inverse_log_mean(a: Array, b: Array) -> tuple[tuple[Array, Array], tuple[Array, Array], Array]:
    """First, second and mixed derivatives of ``ln(a/b)/(a - b) = g(u)/s``, u = (a - b)/(a + b), s = (a + b)/2."""
    s, u = (a + b) / 2, (a - b) / (a + b)
    g, g1, g2 = atanh_ratio(u)
    ua, ub = b / (2 * s**2), -a / (2 * s**2)
    uaa, ubb, uab = -b / (2 * s**3), a / (2 * s**3), (a - b) / (4 * s**3)

    def second(x: Array, y: Array, xy: Array) -> Array:
        return (g2 * x * y + g1 * xy) / s - g1 * (x + y) / (2 * s**2) + g / (2 * s**3)

    first = (g1 * ua / s - g / (2 * s**2), g1 * ub / s - g / (2 * s**2))
    return first, (second(ua, ua, uaa), second(ub, ub, ubb)), second(ua, ub, uab)


def atanh_ratio(u: Array) -> tuple[Array, Array, Array]:
    """``g(u) = atanh(u)/u`` with two derivatives."""
    small = np.abs(u) < SERIES
    v = np.where(small, 0.5, u)
    inverse = 1 / (1 - v**2)
    g = np.arctanh(v) / v
    g1 = (inverse - g) / v
    g2 = (2 * v * inverse**2 - 2 * g1) / v
    k = np.arange(8)
    powers = np.power.outer(np.where(small, u, 0.0), 2 * k)
    few = (
        powers @ (1 / (2 * k + 1)),
        (powers @ ((2 * k + 2) / (2 * k + 3))) * u,
        powers @ ((2 * k + 2) * (2 * k + 1) / (2 * k + 3)),
    )
    return np.where(small, few[0], g), np.where(small, few[1], g1), np.where(small, few[2], g2)


def minimise(f: UnitCovariance, temperature: float, q: Array) -> GridSolution:
    """The minimum on a grid from 0 to 1 (T = 0) or to the largest overlap allowed (T > 0), in units of ``f``.

    Raises ConvergenceError if the duality gap stays above 1e-7.
    """
    # above the landscape's own scale T is the unit: chi = beta Y, and beta J = (1/2) (beta^2 linear.Y + int 1/Y)
    beta = np.inf if temperature == 0 else 1 / temperature
    hot = min(beta, 1.0)
    problem = _Problem(q, hot**2 * _linear_part(f, q), beta / hot)
    v, z = _start(problem)
    gap = np.inf
    for _ in range(ITERATIONS):
        gap = float(v @ z)
        if gap < GAP:
            break
        try:
            v, z = _step(problem, v, z, CENTRING * gap / q.size)
        except LinAlgError:
            break
    if not gap < ACCEPTED:
        raise ConvergenceError(f"Parisi's functional: the interior-point method stopped at a gap of {gap:.1e}")
    count = q.size - problem.cold
    return GridSolution(q, hot * problem.kernel @ v, hot * v[:count], hot * z[:count])


def _linear_part(f: UnitCovariance, q: Array) -> Array:
    """Coefficients of ``f'(0) chi(0) + int f'' chi`` in the values of chi: exact for a chi that is linear in cells."""
    values = f(q)
    rise = np.diff(values[0]) / np.diff(q)
    coefficients = np.zeros_like(q)
    coefficients[:-1] += rise - values[1][:-1]
    coefficients[1:] += values[1][1:] - rise
    coefficients[0] += values[1][0]
    if q[-1] < 1:  # beyond, chi = beta (1 - q) falls to zero from its value at the last point
        coefficients[-1] += (float(f(1.0)[0]) - values[0][-1]) / (1 - q[-1]) - values[1][-1]
    return coefficients


def _start(problem: _Problem) -> tuple[Array, Array]:
    """Growth everywhere alike; multipliers of the same order."""
    count = problem.q.size
    v = np.full(count, (1.0 if problem.cold else problem.beta) / count)
    if problem.cold:
        v[-1] = 1.0
    z = np.full(count, 1 / count / v[0])
    if problem.cold:
        z[-1] = 0.0  # chi(1) is not bounded by a multiplier: the functional itself keeps it positive
    return v, z


def _step(problem: _Problem, v: Array, z: Array, target: float) -> tuple[Array, Array]:
    """Newton on ``grad J = z`` (up to a constant at T > 0, where sum v is kept) and ``v z = target``."""
    gradient, hessian = problem.gradient_and_hessian(problem.kernel @ v)
    bounded = np.ones(v.size, bool)
    bounded[-1] = not problem.cold
    hessian[np.diag_indices_from(hessian)] += np.where(bounded, z / v, 0.0)
    factor = cho_factor(hessian, check_finite=False)
    move = -cho_solve(factor, gradient - np.where(bounded, target / v, 0.0), check_finite=False)
    if not problem.cold:
        uniform = cho_solve(factor, np.ones(v.size), check_finite=False)
        move += (problem.beta - v.sum() - move.sum()) / uniform.sum() * uniform
    change = np.where(bounded, target / v - z - z / v * move, 0.0)
    return v + min(1.0, 0.99 * _room(v, move)) * move, z + min(1.0, 0.99 * _room(z, change)) * change


def _room(values: Array, change: Array) -> float:
    """How far along a change all stay positive."""
    falling = (change < 0) & (values > 0)
    return float(np.min(-values[falling] / change[falling])) if falling.any() else np.inf


def grid(temperature: float, points: int) -> Array:
    """Overlaps from 0 to 1 (T = 0), finer towards 1; at T > 0 to beyond the largest that the support can have."""
    if temperature == 0:
        return np.sin(np.pi / 2 * np.linspace(0, 1, points)) ** 1.5
    # f'(1) = 1 bounds 1 - q_EA from below by a multiple of T^2/(1 + T)^2
    least = 0.1 * temperature**2 / (1 + temperature) ** 2
    fine = 1 - np.geomspace(0.3, least, points // 2)
    return np.concatenate([np.linspace(0, fine[0], points - fine.size, endpoint=False), fine])
