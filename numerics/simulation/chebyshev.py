r"""One step of the Runge-Kutta-Chebyshev method of order 2: with s stages it is stable to ``h rho = 0.65 s^2``.

At long times gradient flow follows slow directions while the Hessian keeps its whole spectrum, up to ``4 sqrt(f''(1))``
in a glass: an ordinary explicit method is bound to ``h rho ~ 3``, this one to a cost that grows as ``sqrt(h rho)``.
Source: Sommeijer, Shampine, Verwer (J. Comput. Appl. Math. 88, 315, 1998), equations (2.1)-(2.9).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..lowering import Array
from .sphere import Field, Point, Trial, on_sphere, rms
from .unseen import ConditionedLandscape

DAMPING = 2 / 13
MOST_STAGES = 250
"""Rounding grows as ``s^2``."""
ERROR_ORDER = 3
NUDGE = 1e-6
"""Displacement, in units of ``|x|``, that tells a Hessian-vector product."""


def stages_for(reach: Array) -> NDArray[np.int64]:
    """The least s that is stable at ``h rho = reach``, at least 2."""
    stages: NDArray[np.int64] = np.maximum(2, 1 + np.floor(np.sqrt(1 + 1.54 * reach))).astype(np.int64)
    return stages


LARGEST_REACH = ((MOST_STAGES - 1) ** 2 - 1) / 1.54
"""``h rho`` at which all stages are in use."""


def chebyshev(field: Field, start: Point, h: Array, stages: NDArray[np.int64]) -> Trial:
    """From ``start`` by h (starts,) in ``stages`` (starts,) gradients; a start with fewer of them waits for the others.

    The error is that of the local quadrature, ``0.8 (x_0 - x_1) + 0.4 h (F_0 + F_1)``.
    """
    step = h[:, None]
    table = np.zeros((4, int(np.max(stages)) + 1, stages.size))
    for s in np.unique(stages):
        table[:, : s + 1, stages == s] = _recurrence(int(s))[:, :, None]
    older, newer = start.x.copy(), start.x + step * table[2, 1][:, None] * start.force
    for j in range(2, table.shape[1]):
        on = np.flatnonzero(stages >= j)
        force = field.at(newer[on]).force
        mu, nu, new, first = (coefficient[:, None] for coefficient in table[:, j, on])
        stage = (1 - mu - nu) * start.x[on] + mu * newer[on] + nu * older[on]
        stage += step[on] * (new * force + first * start.force[on])
        older[on], newer[on] = newer[on], stage
    end = field.at(on_sphere(newer))
    error = 0.8 * (start.x - newer) + 0.4 * step * (start.force + end.force)
    return Trial(end, rms(error), np.zeros(h.size))


@lru_cache(maxsize=MOST_STAGES)
def _recurrence(s: int) -> Array:
    """``mu_j, nu_j, mu~_j, gamma~_j`` for j = 0 ... s, shape (4, s + 1)."""
    w0 = 1 + DAMPING / s**2
    value, slope, curvature = _chebyshev_polynomials(s, w0)
    w1 = slope[s] / curvature[s]
    b = np.empty(s + 1)
    b[2:] = curvature[2:] / slope[2:] ** 2
    b[0], b[1] = b[2], 1 / w0
    a = 1 - b * value
    table = np.zeros((4, s + 1))
    table[2, 1] = b[1] * w1
    table[0, 2:] = 2 * b[2:] * w0 / b[1:-1]
    table[1, 2:] = -b[2:] / b[:-2]
    table[2, 2:] = 2 * b[2:] * w1 / b[1:-1]
    table[3, 2:] = -a[1:-1] * table[2, 2:]
    return table


def _chebyshev_polynomials(s: int, w: float) -> tuple[Array, Array, Array]:
    """``T_j, T_j', T_j''`` at w for j = 0 ... s."""
    value, slope, curvature = np.zeros((3, s + 1))
    value[:2], slope[1] = (1, w), 1
    for j in range(2, s + 1):
        value[j] = 2 * w * value[j - 1] - value[j - 2]
        slope[j] = 2 * value[j - 1] + 2 * w * slope[j - 1] - slope[j - 2]
        curvature[j] = 4 * slope[j - 1] + 2 * w * curvature[j - 1] - curvature[j - 2]
    return value, slope, curvature


def spectral_radius(field: Field, at: Point, direction: Array, iterations: int) -> tuple[Array, Array]:
    """Largest rate of ``F`` at each point, by power iteration on differences, and the direction reached.

    It comes from below: leave a margin. A conditioned landscape, which cannot be asked without a trace, knows a bound.
    """
    if isinstance(field.sample, ConditionedLandscape):
        return field.sample.curvature / field.unit + np.abs(at.mu), direction
    rate = np.zeros(at.energy.size)
    for _ in range(iterations):
        direction = on_sphere(direction)
        direction = (field.at(at.x + NUDGE * direction).force - at.force) / NUDGE
        rate = rms(direction)
    return rate, direction
