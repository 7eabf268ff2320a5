"""Grids for laws whose proximal map jumps: u is not reached between the two minima that change places at ``h = 0``.

For an even loss the map jumps from ``-u*`` to ``u*``, ``h(u*) = u* + chi l'(u*) = 0``, for labels with
``1 + chi D(0, y) < 0``. The gap opens like a square root in y, and ``1/(1 + chi D)`` is singular there: panels of Gauss
and Legendre shrink by halves towards each gap in u, and towards the labels where gaps open.
"""

from __future__ import annotations

import itertools
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq

from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape, ProximalMap
from theory.generalized_linear.smooth import vanishes
from theory.generalized_linear.symbols import CURVATURE, FORCE, LOSS, RESPONSE

from ..errors import ConvergenceError
from ..lowering import Array, lower
from ..roots import between
from .bends import bends
from .breaks import breaks
from .field_law import Data
from .loss import loss_functions
from .quadrature import REACH, halving_panels

MAP = ProximalMap()
HALVINGS_U, HALVINGS_Y = 32, 22
WIDEST_U, WIDEST_Y = 0.25, 1.0
"""Panels, over the range of u, and of y: the Gaussian tail wants none wider."""
TABLE = np.geomspace(1e-10, REACH, 600)


@lru_cache(maxsize=40)
def tabulate_jump(landscape: GeneralizedLinearLandscape, chi: float, order: int) -> Data:
    """The loss at the points that the map of response ``chi`` reaches, ``order`` nodes to a panel.

    Raises ConvergenceError for a map that jumps elsewhere than at ``h = 0``, and for a loss that bends in u.
    """
    if bends(landscape.loss):
        raise ConvergenceError(f"chi = {chi:.4g}: the proximal map jumps; not solved where the curvature does as well")
    loss = loss_functions(landscape)
    y, weight_y = _labels(landscape, chi, order)
    gap = _gaps(landscape, chi, y)
    nodes, weights = halving_panels((0.0, 1.0), (HALVINGS_U, 0), WIDEST_U, order)
    width = REACH - gap[:, None]
    u, column = gap[:, None] + width * nodes, y[:, None]
    weight_u = 2 * width * weights
    fields = tuple(np.ascontiguousarray(part) for part in loss(u, column))
    weight_y = weight_y * np.exp(-(y**2) / 2)
    return Data(landscape, (u, column, *fields), weight_y / weight_y.sum(), weight_u)


def _labels(landscape: GeneralizedLinearLandscape, chi: float, order: int) -> tuple[Array, Array]:
    """Nodes and weights of ``dy``, broken where the map begins to jump; half the axis where the loss allows."""
    value = landscape.loss
    even = vanishes(value.subs(SIGNAL_FIELD, -SIGNAL_FIELD) - value)
    loss = loss_functions(landscape)

    def slope(y: float) -> float:
        return 1 + chi * float(loss(0.0, y)[2])

    half = np.concatenate(([0.0], np.geomspace(1e-6, REACH, 500)))
    line = half if even else np.concatenate((-half[:0:-1], half))
    values = [slope(float(y)) for y in line]
    roots = [
        brentq(slope, a, b, xtol=1e-15)
        for a, b, f, g in zip(line, line[1:], values, values[1:], strict=False)
        if f * g < 0
    ]
    broken = [place for place in breaks(value, SIGNAL_FIELD) if line[0] < place < line[-1]]
    ends = [line[0], *roots, *broken, *([0.0] if not even else []), line[-1]]
    ends = sorted({float(end) for end in ends})
    panels = (
        halving_panels((a, b), (HALVINGS_Y, HALVINGS_Y if b < REACH else 0), WIDEST_Y, order)
        for a, b in itertools.pairwise(ends)
    )
    nodes, weights = zip(*panels, strict=True)
    return np.concatenate(nodes), np.concatenate(weights)


def _gaps(landscape: GeneralizedLinearLandscape, chi: float, y: Array) -> Array:
    """``u*`` for each label (zero where the map does not jump)."""
    loss = loss_functions(landscape)
    cavity = lower((FIELD, LOSS, FORCE, CURVATURE, RESPONSE), [MAP.cavity_field])

    def field(u: Array, y: Array) -> Array:
        return cavity(u, 0.0, loss(u, y)[1], 0.0, chi)[0]

    table = field(TABLE, y[:, None])
    negative = table < 0
    last = np.where(negative.any(axis=1), len(TABLE) - 1 - np.argmax(negative[:, ::-1], axis=1), -1)
    beyond = np.arange(len(TABLE)) > last[:, None]
    if np.any((np.diff(table, axis=1) < 0) & beyond[:, :-1]) or last.max() == len(TABLE) - 1:
        raise ConvergenceError(f"chi = {chi:.4g}: the proximal map jumps elsewhere than at h = 0; not solved there")
    low, high = TABLE[np.maximum(last, 0)], TABLE[np.minimum(last + 1, len(TABLE) - 1)]
    return np.where(last >= 0, between(field, low, high, y).value, 0.0)
