"""Grids for losses whose curvature jumps in u: for each label, panels of Gauss and Legendre that end at the jumps.

The places may depend on y. Where two of them meet, or come up, averages given y are singular in y: there panels of
labels end as well, and shrink by halves towards them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from sympy import DiracDelta, Expr, S, diff, factor_list

from theory.generalized_linear import FIELD, SIGNAL_FIELD
from theory.generalized_linear.kinks import gaps

from ..lowering import Array, lower
from ..roots import between
from .breaks import PANEL
from .quadrature import REACH, Axis, halving_panels

ORDER = 8
"""Nodes to a panel."""
NET = np.unique(
    np.concatenate((*(sign * np.geomspace(1e-9, REACH, 300) for sign in (1, -1)), np.linspace(-REACH, REACH, 601)))
)
"""The u between which a place is looked for; those where its gap turns are added."""
LABELS = np.concatenate((-np.geomspace(REACH, 1e-6, 200), np.geomspace(1e-6, REACH, 200)))
"""The y between which places meet; none is zero."""
NEAR_END = 0.999 * REACH
"""A place beyond has left, or is coming in, and singles out no label."""
BISECTIONS = 50
UNBROKEN = "the curvature of the loss jumps in u, where cavity fields depend on y: their grid is not broken there"
Gap = Callable[[Array, Array], Array]


@lru_cache(maxsize=64)
def bends(loss: Expr) -> tuple[Expr, ...]:
    """Functions of u, and maybe y, at whose zeros the loss may bend; polynomials by their factors."""
    found = [gap for gap in gaps(loss) if FIELD in gap.free_symbols]
    parts: set[Expr] = set()
    for gap in found:
        whole = gap.is_polynomial(FIELD, SIGNAL_FIELD)
        parts |= {factor for factor, _ in factor_list(gap)[1]} if whole else {gap}
    return tuple(sorted((part for part in parts if FIELD in part.free_symbols), key=str))


@lru_cache(maxsize=64)
def _functions(loss: Expr) -> tuple[tuple[Gap, Gap], ...]:
    """Each gap and its slope in u."""
    return tuple((_plain(gap), _plain(diff(gap, FIELD).replace(DiracDelta, lambda *_: S.Zero))) for gap in bends(loss))


def _plain(expression: Expr) -> Gap:
    compiled = lower((FIELD, SIGNAL_FIELD), [expression])
    return lambda u, y: np.asarray(compiled(u, y)[0])


def places(loss: Expr, y: Array) -> tuple[Array, Array]:
    """Where the loss may bend (labels, k) in order, and of which gap each is; ``inf`` and -1 where there are fewer."""
    found = [_zeros(gap, slope, y) for gap, slope in _functions(loss)]
    owner = np.concatenate([np.full(part.shape[1], i) for i, part in enumerate(found)])
    where = np.concatenate(found, axis=1)
    order = np.argsort(where, axis=1, kind="stable")
    where = np.take_along_axis(where, order, axis=1)
    return where, np.where(np.isfinite(where), owner[order], -1)


def _zeros(gap: Gap, slope: Gap, y: Array) -> Array:
    """Of one gap (labels, k), ``inf`` where there are fewer: between the points of the net and where the gap turns."""
    turns = _changes(slope, np.broadcast_to(NET, (len(y), len(NET))), y)
    net = np.sort(np.concatenate((np.broadcast_to(NET, (len(y), len(NET))), np.minimum(turns, REACH)), axis=1), axis=1)
    return _changes(gap, net, y)


def _changes(function: Gap, net: Array, y: Array) -> Array:
    """Where the sign of ``function(u, y)`` changes along each row of a net, ``inf`` beyond the last."""
    with np.errstate(all="ignore"):
        positive = np.broadcast_to(function(net, y[:, None]), net.shape) > 0
    rows, columns = np.nonzero(positive[:, 1:] != positive[:, :-1])
    counts = np.bincount(rows, minlength=len(y))
    found = np.full((len(y), max(counts.max(initial=0), 0)), np.inf)
    if len(rows):
        low, high = net[rows, columns], net[rows, columns + 1]
        number = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        value = between(function, low, high, y[rows]).value
        found[rows, number] = np.where(np.isfinite(value), value, low)
    return found


@lru_cache(maxsize=64)
def meetings(loss: Expr) -> tuple[float, ...]:
    """Labels at which two places meet, or come up within reach."""

    owners = _patterns(loss, LABELS)[0]
    changes = [i for i in range(len(LABELS) - 1) if owners[i] != owners[i + 1]]
    before = [owners[i] for i in changes]
    low, high = LABELS[changes], LABELS[[i + 1 for i in changes]]
    for _ in range(BISECTIONS if changes else 0):
        middle = (low + high) / 2
        early = np.array([here == there for here, there in zip(_patterns(loss, middle)[0], before, strict=True)])
        low, high = np.where(early, middle, low), np.where(early, high, middle)
    far = np.maximum(*(_patterns(loss, side)[1] for side in (low, high))) if changes else low
    found = ((low + high) / 2)[far < NEAR_END]
    return tuple(np.where(np.abs(found) < 1e-12, 0.0, found).tolist())


def _patterns(loss: Expr, y: Array) -> tuple[list[tuple[int, ...]], Array]:
    """Of which gaps the places are, in order, and how far out the furthest is."""
    where, owner = places(loss, y)
    known = owner >= 0
    return [tuple(row[k]) for row, k in zip(owner, known, strict=True)], np.abs(np.where(known, where, 0.0)).max(
        axis=1, initial=0.0
    )


def bent_axis(loss: Expr, y: Array, step: float, inner: float, *, half: bool) -> Axis:
    """Nodes and weights of ``du`` (labels, n): panels of the widths that a smooth loss has, broken at the places."""
    ends = _panel_ends(step, inner)
    ends = ends if half else np.unique(np.concatenate((-ends, ends)))
    where = places(loss, y)[0]
    inside = np.where((where > ends[0]) & (where < REACH), where, 0.0)
    marks = np.sort(np.concatenate((np.broadcast_to(ends, (len(y), len(ends))), inside), axis=1), axis=1)
    nodes, weights = np.polynomial.legendre.leggauss(ORDER)
    width = np.diff(marks, axis=1)[:, :, None] / 2
    u = marks[:, :-1, None] + width * (1 + nodes)
    rows = (len(y), -1)
    return Axis(u.reshape(rows), (1 + half) * (width * weights).reshape(rows))


def _panel_ends(step: float, inner: float) -> Array:
    """From 0 to ``REACH``: no wider than a few steps, and finer towards zero down to the scale ``inner``."""
    halvings = int(np.ceil(np.log2(REACH / inner)))
    marks = np.concatenate(([0.0], REACH * 2.0 ** -np.arange(halvings, -1, -1.0)))
    pieces = [np.linspace(a, b, int(np.ceil((b - a) / (PANEL * step))) + 1)[:-1] for a, b in itertools.pairwise(marks)]
    return np.append(np.concatenate(pieces), REACH)


def broken_axis(marks: list[float], step: float, *, half: bool) -> Axis:
    """Nodes and weights of ``dy`` between ``marks``, to which panels shrink by halves, more for small steps."""
    inside = {abs(mark) if half else mark for mark in marks if abs(mark) < REACH}
    ends = sorted({0.0, REACH, *inside, *([] if half else [-REACH])})
    halvings = max(4, round(8 + 2 * np.log2(0.4 / step)))
    panels = (
        halving_panels((a, b), (halvings * (a > -REACH), halvings * (b < REACH)), PANEL * step, ORDER)
        for a, b in itertools.pairwise(ends)
    )
    nodes, weights = (np.concatenate(parts) for parts in zip(*panels, strict=True))
    return Axis(nodes, 2 * weights if half else weights)
