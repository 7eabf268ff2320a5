"""Directions in one, two or three dimensions, with weights: averages over the sphere of what breaks along some lines.

Panels of angles end where one of some functions changes its sign, and shrink by halves towards these places.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ..lowering import Array
from ..roots import between
from .quadrature import halving_panels

Function = Callable[[Array], Array]
"""Of points (K, ...), several values each: (gaps, ...)."""
NET = 721
"""Angles looked at, at and between 0 and a full turn; of heights a third."""
EIGHTHS = np.arange(9) * np.pi / 4
NARROW = 1e-9
"""Breaks closer than this are one."""


def directions(count: int, gaps: Function, halvings: int, widest: float, order: int) -> tuple[Array, Array]:
    """Unit vectors (K, n) and weights that sum to the area of the sphere of K = ``count`` dimensions.

    Between two breaks, panels have that ``order`` and no more than the share ``widest``.
    """
    form = halvings, widest, order
    if count == 1:
        return np.array([[1.0, -1.0]]), np.ones(2)
    if count == 2:
        angle, weight = _circle(gaps, *form)
        return np.stack((np.cos(angle), np.sin(angle))), weight
    heights, widths = _nodes(_heights(gaps), *form)
    rings = [_circle(_on_ring(gaps, height), *form) for height in heights]
    points = [_ring(height, angle) for height, (angle, _) in zip(heights, rings, strict=True)]
    weights = [width * weight for width, (_, weight) in zip(widths, rings, strict=True)]
    return np.concatenate(points, axis=1), np.concatenate(weights)


def _ring(height: float, angle: Array) -> Array:
    radius = np.sqrt(1 - height**2)
    return np.stack((radius * np.cos(angle), radius * np.sin(angle), np.full_like(angle, height)))


def _on_ring(gaps: Function, height: float) -> Function:
    """Functions of the point of the plane that a direction of that height lies over."""
    radius = np.sqrt(1 - height**2)
    return lambda p: gaps(np.stack((radius * p[0], radius * p[1], np.full_like(p[0], height))))


def _circle(gaps: Function, halvings: int, widest: float, order: int) -> tuple[Array, Array]:
    """Angles and weights."""

    def values(angle: Array) -> Array:
        return gaps(np.stack((np.cos(angle), np.sin(angle))))

    net = np.linspace(0, 2 * np.pi, NET) + 1e-4
    signs = np.sign(values(net))
    breaks = [EIGHTHS]
    for k in range(len(signs)):
        turns = np.flatnonzero(signs[k, 1:] * signs[k, :-1] < 0)
        if turns.size:
            breaks.append(between(lambda x, k=k: values(x)[k], net[turns], net[turns + 1]).value % (2 * np.pi))
    return _nodes(np.concatenate(breaks), halvings, widest, order)


def _heights(gaps: Function) -> Array:
    """Where the number of signs along a ring changes: by halves."""
    net = np.linspace(-1, 1, NET // 3) + 1e-5
    angles = np.linspace(0, 2 * np.pi, 73) + 1e-3

    def pattern(height: float) -> tuple[int, ...]:
        signs = np.sign(_on_ring(gaps, height)(np.stack((np.cos(angles), np.sin(angles)))))
        return tuple((signs[:, 1:] != signs[:, :-1]).sum(axis=1).tolist() + signs[:, 0].astype(int).tolist())

    inner = net[(net > -1) & (net < 1)]
    patterns = [pattern(height) for height in inner]
    breaks = [-1.0, 0.0, 1.0]
    for (a, b), (p, q) in zip(itertools.pairwise(inner), itertools.pairwise(patterns), strict=True):
        if p != q:
            breaks.append(_last(pattern, a, b, p))
    return np.array(breaks)


def _last(pattern: Callable[[float], tuple[int, ...]], low: float, high: float, known: tuple[int, ...]) -> float:
    """Where the pattern ceases to be that known."""
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if pattern(middle) == known else (low, middle)
    return (low + high) / 2


def _nodes(breaks: Array, halvings: int, widest: float, order: int) -> tuple[Array, Array]:
    """Of the line between the first and the last."""
    ends = np.sort(breaks)
    ends = ends[np.append(True, np.diff(ends) > NARROW)]
    (start, end), width = (ends[:-1, None], ends[1:, None]), np.diff(ends)[:, None]
    distance, weight = _half(halvings, widest, order)
    # distances from the nearer end keep their digits there
    nodes = np.concatenate((start + width * distance, end - width * distance[::-1]), axis=1)
    return nodes.ravel(), (width * np.concatenate((weight, weight[::-1]))).ravel()


@lru_cache(maxsize=64)
def _half(halvings: int, widest: float, order: int) -> tuple[Array, Array]:
    """Distances from the nearer end of an interval of length 1, and weights, of half of it."""
    nodes, weights = halving_panels((0.0, 1.0), (halvings, halvings), widest, order)
    return nodes[: len(nodes) // 2], weights[: len(nodes) // 2]
