"""Labels that all y of some intervals share: averages over a Gaussian y that is known to lie there."""

from __future__ import annotations

import itertools

import numpy as np
from scipy.special import ndtr

from ..lowering import Array
from .preimages import masses
from .quadrature import halving_panels

REACH = 9.0
"""Standard deviations of what is known of y."""
ORDER, WIDEST = 8, 0.5
"""Nodes to a panel, and the widest panel, on the coarsest grid."""


def second_moment_of_atom(intervals: Array) -> float:
    """``E[y^2 | label]`` of a standard Gaussian y in one of the intervals (k, 2)."""
    weight = masses(intervals)
    return float((weight - np.diff(_edge(intervals, 1), axis=1)[:, 0]).sum() / weight.sum())


def spread_of_atom(intervals: Array, q: float, level: int) -> float:
    """``E Var[y | w, label]`` where that is the label, ``w ~ N(0, q)`` and ``y ~ N(w, 1 - q)``."""
    width, finite = np.sqrt(1 - q), intervals[np.isfinite(intervals)]
    x = np.unique(np.concatenate(([-REACH, 0.0, REACH], finite / np.sqrt(q))))
    x = x[np.abs(x) <= REACH]
    halvings = max(0, int(np.ceil(np.log2(np.sqrt(q) / width)))) + 3 + level
    form = (halvings, halvings), WIDEST / 2**level, ORDER + 2 * level
    panels = (halving_panels(pair, *form) for pair in itertools.pairwise(x))
    nodes, weights = (np.concatenate(parts) for parts in zip(*panels, strict=True))
    density = weights * np.exp(-(nodes**2) / 2) / np.sqrt(2 * np.pi)
    ends = (intervals[:, :, None] - np.sqrt(q) * nodes) / width
    mass, first, second = _moments(ends)
    seen = mass > 0
    spread = np.where(seen, second - first**2 / np.where(seen, mass, 1.0), 0.0)
    return float(width**2 * density @ np.maximum(spread, 0.0))


def _moments(ends: Array) -> tuple[Array, Array, Array]:
    """``E[x^k; x within]``, k = 0, 1, 2, of a standard Gaussian x, summed over intervals (k, 2, n)."""
    beyond = ends[:, 0] > 0
    low, high = (
        np.where(beyond, sides[0], sides[1]) for sides in ((-ends[:, 1], ends[:, 0]), (-ends[:, 0], ends[:, 1]))
    )
    mass = (ndtr(high) - ndtr(low)).sum(axis=0)
    first, second = (-np.diff(_edge(ends, k), axis=1)[:, 0].sum(axis=0) for k in (0, 1))
    return mass, first, second + mass


def _edge(ends: Array, power: int) -> Array:
    """``x^k phi(x)``, 0 at infinity."""
    x = np.where(np.isfinite(ends), ends, 0.0)
    return np.where(np.isfinite(ends), x**power * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi), 0.0)
