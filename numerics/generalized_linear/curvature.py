"""The lowest curvature of a loss over all fields, which bounds the Hessian's bulk, and the size of a loss."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize

from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape

from ..errors import ConvergenceError
from ..lowering import Array, lower
from .extended import LARGEST, evaluate
from .field_law import require_slope
from .loss import loss_functions
from .quadrature import gaussian, graded_axis

REACHES = (1e3, 1e6, 1e9)
"""The infimum is looked for at fields (and distances from valleys) up to these, and down to their inverses."""
NEAR = 1e2
"""An infimum at fields up to this is attained, and no limit."""
VALLEY = 1e6
"""Labels up to here are looked at next to valleys: beyond it ``u - y`` is lost in rounding."""
UNBOUNDED = 0.05
"""Relative fall of the infimum from one reach to the next that speaks for none: ``-ln u`` falls by a third."""
DEEPENING = 0.3
"""The same along a valley."""
SLOW, SETTLED = 0.1, 1e-9
"""Ratio of successive falls below which a limit is extrapolated; relative fall below which it is reached."""


class Floor(NamedTuple):
    """Infimum of ``D = l''`` (``-inf``: none), and whether it is a limit at infinity that no data attain.

    There ``D - infimum ~ |field|^(-decay)``.
    """

    value: float
    decay: float = 0.0


def curvature_floor(landscape: GeneralizedLinearLandscape) -> float:
    """Infimum of ``D = l''`` over the plane, limits at infinity included; ``-inf`` where it is unbounded.

    Only values whose rounding error is known count. Raises ConvergenceError where a limit is approached too slowly to
    be told.
    """
    return floor_of(landscape).value


@lru_cache(maxsize=64)
def floor_of(landscape: GeneralizedLinearLandscape) -> Floor:
    """The infimum of the curvature, and how it is approached."""
    require_slope(landscape)
    points = [_Points.of(landscape, *fields) for fields in _places(landscape)]
    inside = _polished(landscape, points, NEAR)
    near, far, farthest = (min(inside, *(part.least(reach) for part in points)) for reach in REACHES)
    if not np.isfinite(farthest):
        raise ConvergenceError(f"l'' of the loss {landscape.loss} is lost in rounding wherever it was looked at")
    if farthest >= 0:
        return Floor(farthest if far - farthest <= SETTLED * farthest else 0.0)
    deepens = any(part.deepens for part in points if part.valley)
    if deepens or farthest <= -LARGEST / 1e6 or far - farthest > UNBOUNDED * abs(farthest):
        return Floor(-np.inf)
    if far - farthest <= SETTLED * abs(farthest):
        value = min(farthest, _polished(landscape, points, REACHES[-1]))
        if inside <= value + SETTLED * abs(value):
            return Floor(value)
    elif far - farthest <= SLOW * (near - far):
        ratio = (far - farthest) / (near - far)
        value = farthest - (far - farthest) * ratio / (1 - ratio)
    else:
        raise ConvergenceError(
            f"the infimum of l'' is approached too slowly to be told: {near:.6g}, {far:.6g} and {farthest:.6g} for "
            f"fields up to 1e3, 1e6 and 1e9"
        )
    return Floor(value, _decay(points, value))


def _decay(points: list[_Points], floor: float) -> float:
    """The power of the field with which the infimum is approached."""
    gaps = [min(part.least(reach) for part in points) - floor for reach in (NEAR, 10 * NEAR)]
    return float(np.log10(gaps[0] / gaps[1])) if 0 < gaps[1] < gaps[0] else 0.0


def _polished(landscape: GeneralizedLinearLandscape, points: list[_Points], reach: float) -> float:
    """The least value downhill from the best point within reach, if that is within ten times the reach."""
    best = min(points, key=lambda part: part.least(reach))
    return best.polished(landscape, reach)


class _Points(NamedTuple):
    """Upper bounds of D at points of the plane, and how far out (or in) each is: in a ``valley``, up to 1e6."""

    u: Array
    y: Array
    bound: Array
    reach: Array
    valley: bool

    @classmethod
    def of(cls, landscape: GeneralizedLinearLandscape, u: Array, y: Array, reach: Array, valley: bool) -> _Points:
        """Evaluated at these fields, which broadcast."""
        u, y, reach = (np.ascontiguousarray(part).ravel() for part in np.broadcast_arrays(u, y, reach))
        value, error = evaluate(landscape.curvature, {FIELD: u, SIGNAL_FIELD: y})
        bound = np.where(np.isfinite(value + error), value + error, np.inf)
        return cls(u, y, bound, reach, valley)

    def least(self, reach: float) -> float:
        """The least bound within that reach."""
        return float(np.min(self.bound, where=self.reach <= reach * 1.01, initial=np.inf))

    @property
    def deepens(self) -> bool:
        """Whether the least bound falls without end, as far as labels in a valley go."""
        near, far = self.least(REACHES[0]), self.least(REACHES[1])
        return near - far > DEEPENING * abs(far)

    def polished(self, landscape: GeneralizedLinearLandscape, reach: float) -> float:
        """The least value downhill from the best point within reach; infinite where that leads ten times further."""
        curvature = lower((FIELD, SIGNAL_FIELD), [landscape.curvature])
        at = int(np.argmin(np.where(self.reach <= 1.01 * reach, self.bound, np.inf)))

        def height(point: Array) -> float:
            value = float(curvature(point[0], point[1])[0])
            return value if np.isfinite(value) else LARGEST

        options: Any = {"xatol": 1e-9, "fatol": 1e-15 * abs(self.bound[at]), "maxiter": 400}
        with np.errstate(all="ignore"):
            found = minimize(height, np.array([self.u[at], self.y[at]]), method="Nelder-Mead", options=options)
        value, error = evaluate(landscape.curvature, {FIELD: found.x[:1], SIGNAL_FIELD: found.x[1:]})
        inside = np.abs(found.x).max() <= 10 * reach and error[0] <= 1e-6 * abs(value[0])
        return float(value[0]) if inside else np.inf


def _places(landscape: GeneralizedLinearLandscape) -> list[tuple[Array, Array, Array, bool]]:
    """The plane near zero and on logarithmic axes, and valleys: ``u = +-y`` and ``+-`` what the teacher shows."""
    axis = graded_axis(0.1, 0.02, half=False).nodes
    sizes = np.concatenate(([0.0], np.geomspace(1 / REACHES[-1], REACHES[-1], 145)))
    line = np.concatenate((-sizes[:0:-1], sizes))
    out = _reach(line)
    labels = line[abs(line) <= VALLEY]
    shown = lower((SIGNAL_FIELD,), [landscape.teacher])(labels)[0]
    with np.errstate(all="ignore"):
        valleys = [labels, shown, np.sqrt(np.abs(shown))]
    places = [
        (axis[:, None], axis[None, :], np.zeros((1, 1)), False),
        (line[:, None], line[None, :], np.maximum(out[:, None], out), False),
    ]
    for number, valley in enumerate(valleys):
        if any(np.allclose(np.abs(valley), np.abs(other)) for other in valleys[:number]):
            continue
        kept = np.isfinite(valley) & (np.abs(valley) <= VALLEY)
        at, y = valley[kept], labels[kept]
        reach = np.maximum(out[:, None], np.maximum(_reach(at), _reach(y)))
        places += [(sign * at + line[:, None], y[None, :], reach, True) for sign in (1, -1)]
    return places


def _reach(values: Array) -> Array:
    """``max(x, 1/x)``, which is how far a size is from one; zero is near."""
    size = np.abs(values)
    with np.errstate(divide="ignore"):
        return np.where(size == 0, 0.0, np.maximum(size, 1 / size))


@lru_cache(maxsize=64)
def curvature_unit(landscape: GeneralizedLinearLandscape) -> float:
    """How large a loss is: proportional to it, and 1 for phase retrieval, whose curvature goes down to -2.

    Half the depth of the curvature; where that is none or infinite, its median size at independent fields.
    """
    floor = curvature_floor(landscape)
    if -np.inf < floor < 0:
        return -floor / 2
    axis = graded_axis(0.2, 0.02, half=False)
    size = np.abs(loss_functions(landscape)(axis.nodes[:, None], axis.nodes)[2])
    weight = np.outer(gaussian(axis), gaussian(axis)).ravel()
    order = np.argsort(size, axis=None)
    middle = np.searchsorted(np.cumsum(weight[order]), weight.sum() / 2)
    median = float(size.ravel()[order[min(middle, len(order) - 1)]])
    return median if 0 < median < np.inf else 1.0
