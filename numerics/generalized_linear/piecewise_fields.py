"""Cavity fields of a loss of u alone, with whatever steps and kinks: panels of Gauss and Legendre between the kinks."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.sparse import csc_array

from theory.generalized_linear import FIELD, GeneralizedLinearLandscape, Piece, ProximalMap, pieces
from theory.generalized_linear.parisi import CAVITY
from theory.generalized_linear.symbols import LOSS, RESPONSE

from ..errors import ConvergenceError
from ..lowering import Array, lower
from ..roots import between
from .field_law import require_numbers
from .recursion import Kink, Levels, normal_density

MAP = ProximalMap()
WIDEST, FURTHEST = 8.0, 40.0
"""Largest cavity field, and largest u that is looked at."""
WIDTH = 3.0
"""Of a panel, in standard deviations of the Gaussian that smooths what lives on it; at most 1."""
REACH = 8.5
"""Of a Gaussian, in standard deviations."""
NEWTON = 4
"""Steps of Newton's method from the table."""
TINY = 1e-9
"""Distance from a break at which its sides are told apart."""
FLAT = 1e-9
"""The least ``1 + chi D`` that is divided by."""
SPACING = 0.01
"""Of the cavity fields and the u where breaks of the proximal map are looked for."""


class Datum(NamedTuple):
    """``u``, ``l``, ``V``, ``V'`` and ``V''`` at cavity fields h, and on which branch of the map each is."""

    u: Array
    loss: Array
    envelope: Array
    force: Array
    stiffness: Array
    branch: Array


class Curve:
    """A smooth piece in numbers: the inverse map ``h(u)`` and its slope; loss, objective and slope at given h."""

    def __init__(self, piece: Piece) -> None:
        start, end = max(float(piece.start), -FURTHEST), min(float(piece.end), FURTHEST)
        self.table = np.linspace(start, end, max(round((end - start) / SPACING), 100))
        self.inverse = lower((FIELD, RESPONSE), [piece.at(MAP.cavity_field), piece.at(MAP.jacobian)])
        self.values = lower((FIELD, CAVITY, RESPONSE), [piece.at(part) for part in (LOSS, MAP.objective, MAP.jacobian)])

    def branches(self, chi: float) -> list[Branch]:
        """Where h grows with u: ``1 + chi D > 0``."""
        turns = np.nonzero(np.diff(self.inverse(self.table, chi)[1] > 0))[0]
        roots = between(lambda u: self.inverse(u, chi)[1], self.table[turns], self.table[turns + 1]).value
        stretches = [Branch(self, chi, a, b) for a, b in itertools.pairwise([self.table[0], *roots, self.table[-1]])]
        return [stretch for stretch in stretches if stretch.ends[0] < stretch.ends[1]]


class Branch:
    """A stretch of a curve along which ``h = u + chi l'`` grows with u, so that u is a minimum."""

    def __init__(self, curve: Curve, chi: float, start: float, end: float) -> None:
        self.curve, self.chi, inner = curve, chi, curve.table
        self.u = np.concatenate(([start], inner[(start < inner) & (inner < end)], [end]))
        self.h = curve.inverse(self.u, chi)[0]

    @property
    def ends(self) -> Array:
        """The h at which u leaves its ends."""
        return self.h[[0, -1]]

    def at(self, h: Array) -> Array:
        """``u``, ``l``, ``l + (u - h)^2/(2 chi)`` and ``V''`` (4, n) where the minimum over the branch is."""
        moving = (self.h[0] < h) & (h < self.h[-1])
        u = np.interp(h, self.h, self.u)
        for _ in range(NEWTON):
            place, slope = self.curve.inverse(u, self.chi)
            u = np.clip(u + np.where(moving, (h - place) / np.maximum(slope, FLAT), 0.0), self.u[0], self.u[-1])
        loss, objective, jacobian = self.curve.values(u, h, self.chi)
        return np.array([u, loss, objective, (1 - np.where(moving, 1 / np.maximum(jacobian, FLAT), 0.0)) / self.chi])


class PiecewiseMap:
    """The proximal map of response ``chi``: the lowest of its branches."""

    def __init__(self, curves: Sequence[Curve], chi: float) -> None:
        self.chi = chi
        self.branches = [branch for curve in curves for branch in curve.branches(chi)]
        if not self.branches:
            raise ConvergenceError(f"chi = {chi:.4g}: l + (u - h)^2/(2 chi) has no minimum in u")

    def at(self, h: Array) -> Datum:
        """At cavity fields h (n,). Raises ConvergenceError where the minimum is at the largest u looked at."""
        offers = np.array([branch.at(h) for branch in self.branches])
        best = np.argmin(offers[:, 2], axis=0)
        u, loss, envelope, stiffness = offers[best, :, np.arange(len(h))].T
        if (np.abs(u) >= FURTHEST).any() or not np.isfinite(offers[:, 2]).all():
            raise ConvergenceError(f"chi = {self.chi:.4g}: no minimum of l + (u - h)^2/(2 chi) for |u| < {FURTHEST:g}")
        return Datum(u, loss, envelope, (h - u) / self.chi, stiffness, best)

    def breaks(self) -> Array:
        """The h where V is not smooth: where u begins to rest at an end of its branch, or changes branch."""
        ends = [branch.ends for branch in self.branches]
        h = np.arange(-WIDEST, WIDEST, SPACING)
        branch = self.at(h).branch
        places = np.nonzero(np.diff(branch))[0]
        changes = [self._exchange(h[i], h[i + 1], branch[i], branch[i + 1]) for i in places]
        found = np.unique(np.concatenate((*ends, changes)))
        return np.asarray(found[np.abs(found) < WIDEST])

    def _exchange(self, low: float, high: float, left: int, right: int) -> float:
        """Where two branches are equally low."""

        def gap(h: float) -> float:
            first, second = (self.branches[i].at(np.array([h]))[2, 0] for i in (left, right))
            return float(first - second)

        return float(brentq(gap, low, high, xtol=1e-15)) if gap(low) * gap(high) < 0 else low


class PiecewiseFields:
    """A loss of u alone: one label, cavity fields of both signs.

    Level i < K lives on panels as wide as what smooths it allows, level K on panels broken where V is not smooth.
    ``order`` is the number of nodes to a panel.
    """

    def __init__(self, landscape: GeneralizedLinearLandscape, order: int = 12) -> None:
        require_numbers(landscape)
        self.curves, self.order = [Curve(piece) for piece in pieces(landscape.loss)], order

    def levels(self, q: Array, chi: float) -> Levels:
        """At overlaps ``q_0 .. q_K``; ``q_0 = 0`` stands for an even loss: ``P_0 = delta(h)``."""
        map_ = PiecewiseMap(self.curves, chi)
        deviations, breaks = np.sqrt(np.diff(q, prepend=0.0)), map_.breaks()
        reaches = [min(REACH * deviations[0], WIDEST), *[WIDEST] * (len(q) - 1)]
        cuts = [*[np.empty(0)] * (len(q) - 1), breaks]
        axes = [self._axis(*level) for level in zip(deviations, reaches, cuts, strict=True)]
        kernels = [_kernel(axes[i + 1], axes[i], variance) for i, variance in enumerate(np.diff(q))]
        h, weight = axes[0]
        law = weight * normal_density(h, q[0]) if q[0] > 0 else weight
        loss, envelope, force, stiffness = (part[None] for part in map_.at(axes[-1][0])[1:5])
        kinks = self._kinks(map_, breaks, axes[-2][0], q[-1] - q[-2]) if len(q) > 1 and len(breaks) else []
        return Levels(
            np.ones((1, 1)), np.ones(1), law / law.sum(), kernels, kernels, loss, envelope, force, stiffness, kinks
        )

    def _axis(self, deviation: float, reach: float, cuts: Array) -> tuple[Array, Array]:
        """Nodes and weights of ``dh`` under a Gaussian of this deviation; the single point 0 if that is 0."""
        if deviation == 0:
            return np.zeros(1), np.ones(1)
        count = int(np.ceil(2 * reach / min(WIDTH * deviation, 1.0)))
        ends = np.unique(np.concatenate((np.linspace(-reach, reach, count + 1), cuts)))
        nodes, weights = np.polynomial.legendre.leggauss(self.order)
        half = np.diff(ends)[:, None] / 2
        return (ends[:-1, None] + half * (1 + nodes)).ravel(), (half * weights).ravel()

    def _kinks(self, map_: PiecewiseMap, breaks: Array, below: Array, variance: float) -> list[Kink]:
        """Where u jumps: ``f_K' = -V'`` jumps by ``(u(h+) - u(h-))/chi``."""
        sides = np.array([map_.at(breaks + side).u for side in (-TINY, TINY)])
        jumps, tops = np.diff(sides, axis=0)[0] / map_.chi, -map_.at(breaks).envelope
        return [
            Kink(normal_density(below - h, variance), np.array([[top]]), np.array([[jump]]))
            for h, top, jump in zip(breaks, tops, jumps, strict=True)
        ]


def _kernel(above: tuple[Array, Array], below: tuple[Array, Array], variance: float) -> csc_array:
    """Gaussian smoothing of functions at the nodes of one level, to those of the level below, within its reach."""
    (h, weight), (to, _) = above, below
    reach = REACH * np.sqrt(variance)
    first, last = np.searchsorted(h, to - reach), np.searchsorted(h, to + reach)
    ends = np.concatenate(([0], np.cumsum(last - first)))
    rows = np.arange(ends[-1]) + np.repeat(first - ends[:-1], last - first)
    values = weight[rows] * normal_density(h[rows] - np.repeat(to, last - first), variance)
    return csc_array((values, rows, ends), shape=(len(h), len(to)))
