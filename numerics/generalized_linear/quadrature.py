"""Nodes for averages over fields: fine near zero, where losses have their scale, and uniform beyond.

The trapezoidal rule in ``s = asinh(v/inner) + v/outer`` converges exponentially for integrands that are analytic in a
strip about the real s axis (Trefethen, Weideman 2014). Poles at ``+- i delta`` with ``delta >= inner`` stay at a
distance of order one: ``(u^2 - y^2)^2/(a + y^2)`` has them at ``sqrt(a)``, where Gauss-Hermite needs ``1/a`` nodes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..lowering import Array

REACH = 10.0
"""Fields beyond have a probability of 1e-23."""


class Axis(NamedTuple):
    """Nodes and weights of ``int dv`` over the real line, or over its positive half counted twice."""

    nodes: Array
    weights: Array


def graded_axis(step: float, inner: float, outer: float = 1.0, *, half: bool) -> Axis:
    """The rule with spacing ``step min(|v|, outer)``, from ``step inner`` at zero; ``|v| < REACH``.

    ``half`` keeps the positive nodes alone, for even integrands.
    """
    end = _warped(np.array(REACH), inner, outer)
    count = int(np.ceil(end / step))
    s = (np.arange(count) + 0.5) * (end / count)
    nodes = _unwarped(s, inner, outer)
    weights = end / count / _slope(nodes, inner, outer)
    if half:
        return Axis(nodes, 2 * weights)
    return Axis(np.concatenate((-nodes[::-1], nodes)), np.concatenate((weights[::-1], weights)))


def gaussian(axis: Axis) -> Array:
    """Weights of ``E`` over a standard Gaussian at the nodes."""
    density: Array = np.exp(-(axis.nodes**2) / 2) / np.sqrt(2 * np.pi)
    return axis.weights * density


def _warped(v: Array, inner: float, outer: float) -> Array:
    return np.asarray(np.arcsinh(v / inner) + v / outer)


def _slope(v: Array, inner: float, outer: float) -> Array:
    return np.asarray(1 / np.sqrt(v * v + inner * inner) + 1 / outer)


def _unwarped(s: Array, inner: float, outer: float) -> Array:
    """Newton's method on a concave increasing function, from a point below the root: monotone."""
    table = np.concatenate(([0.0], np.geomspace(1e-3 * inner, REACH, 4000)))
    v = np.interp(s, _warped(table, inner, outer), table)
    for _ in range(8):
        v = np.clip(v - (_warped(v, inner, outer) - s) / _slope(v, inner, outer), 0, REACH)
    return v


ORDER = 12
NARROWEST = 1e-13


def panel_axis(function: Callable[[Array], Array], tolerance: float = 1e-13) -> Axis:
    """Gauss-Legendre panels on the real line, halved until each integrates ``function`` times a Gaussian as its halves.

    ``function`` maps nodes (n,) to values (k, n), bounded; jumps are enclosed to 1e-13.
    """
    rule = np.polynomial.legendre.leggauss(ORDER)
    ends = np.linspace(-REACH, REACH, 42)
    pending = np.stack((ends[:-1], ends[1:]), axis=1)
    done = []
    while len(pending):
        middle = pending.mean(axis=1)
        halves = np.stack((pending[:, 0], middle, middle, pending[:, 1]), axis=1).reshape(-1, 2)
        whole, parts = (_integrals(function, panels, rule) for panels in (pending, halves))
        gap = np.abs(whole - parts.reshape(*whole.shape, 2).sum(axis=-1)).max(axis=0)
        good = (gap <= tolerance * np.ptp(pending, axis=1)) | (np.ptp(pending, axis=1) < NARROWEST)
        done.append(pending[good])
        pending = halves.reshape(-1, 2, 2)[~good].reshape(-1, 2)
    nodes, weights = _placed(np.sort(np.concatenate(done), axis=0), rule)
    return Axis(nodes.ravel(), weights.ravel())


def _placed(panels: Array, rule: tuple[Array, Array]) -> tuple[Array, Array]:
    half = np.diff(panels, axis=1) / 2
    return panels[:, :1] + half * (1 + rule[0]), half * rule[1]


def _integrals(function: Callable[[Array], Array], panels: Array, rule: tuple[Array, Array]) -> Array:
    """Integrals (k, panels) of the function times a Gaussian."""
    nodes, weights = _placed(panels, rule)
    weights = weights * np.exp(-(nodes**2) / 2) / np.sqrt(2 * np.pi)
    values = np.atleast_2d(function(nodes.ravel()))
    return np.asarray((values.reshape(-1, *nodes.shape) * weights).sum(axis=-1))


def halving_panels(
    ends: tuple[float, float], counts: tuple[int, int], widest: float, order: int
) -> tuple[Array, Array]:
    """Gauss-Legendre nodes and weights of ``dv`` on an interval: panels shrink by halves towards both ends, so many
    times each, and are no wider than ``widest``."""
    start, end = ends
    rule, half = np.polynomial.legendre.leggauss(order), (end - start) / 2
    left, right = (_placed(_shrinking(half, count, widest), rule) for count in counts)
    # distances from the nearer end keep their digits there
    nodes = np.concatenate((start + left[0].ravel(), end - right[0].ravel()[::-1]))
    return nodes, np.concatenate((left[1].ravel(), right[1].ravel()[::-1]))


def _shrinking(width: float, count: int, widest: float) -> Array:
    """Panels (n, 2) of [0, width] that shrink towards 0."""
    marks = np.concatenate(([0.0], width * 2.0 ** -np.arange(count, -1, -1.0)))
    pieces = [np.linspace(a, b, int(np.ceil((b - a) / widest)) + 1)[:-1] for a, b in itertools.pairwise(marks)]
    edges = np.append(np.concatenate(pieces), width)
    return np.stack((edges[:-1], edges[1:]), axis=1)
