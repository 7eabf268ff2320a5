"""Everything up to the current panel of the reference integrator, and the integrals over it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from ..course import value
from ..lowering import Array
from .model import Model, first_kinetic, initial
from .propagator import FirstOrder, Propagator, SecondOrder
from .uniform import Grid

CHUNK = 256
STEEP = 1e6
"""Ratio of a friction at the ends of the first panel above which it counts as infinite."""


@dataclass(eq=False)
class History:
    """``C`` and ``R`` on the times of a grid, filled panel by panel; ``one`` has the rows ``m, mu, e``,
    ``overlaps`` m and q, that with a replica of the start.

    Off the diagonal blocks ``C`` is symmetric and ``R`` block lower triangular. In the block of a panel with itself
    ``near[panel] = (C, R)`` continues the functions of ``s <= t`` analytically to ``s > t``: one smooth polynomial
    covers it, and integrals that end or turn at ``s = t'`` become weights. The diagonal blocks of ``C`` and ``R`` hold
    them: ``int K(s) C(s, t') ds = sum_l w_l K_l C[l, t']``, likewise ``int_t' K(s) R(s, t') ds`` with ``R``; and
    ``int^t' J(s) R(t', s) ds`` with the transposed ``R`` and ``turn`` added to its blocks.

    With a mass, ``kinetic`` is ``K = d_t d_t' C`` on the diagonal, and ``velocity, velocities`` are ``d_t C, d_t R``
    and ``d_t`` of the overlaps at the left end of the current panel.
    """

    grid: Grid
    C: Array
    R: Array
    near: Array
    turn: Array
    one: Array
    overlaps: Array
    model: Model
    kinetic: Array
    velocity: Array
    velocities: Array

    @classmethod
    def begin(cls, model: Model, grid: Grid) -> History:
        """Time 0: ``C = R = 1``; with a mass ``R = 0``, ``d_t R = 1/M``."""
        (c, r), blocks = np.zeros((2, grid.size, grid.size)), np.zeros((3, grid.panels, grid.order, grid.order))
        one, kinetic, velocity = np.zeros((3, grid.size)), np.zeros(grid.size), np.zeros((2, 1))
        overlaps = np.zeros((2, grid.size))
        history = cls(grid, c, r, blocks[:2], blocks[2], one, overlaps, model, kinetic, velocity, np.zeros(2))
        (c[0, 0], r[0, 0]), velocity[:, 0] = history.diagonal
        one[:, 0], kinetic[0] = initial(model), first_kinetic(model)
        overlaps[:, 0] = model.overlap, model.replica
        return history

    @cached_property
    def diagonal(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """``C, R`` at ``t = t'``, and their derivatives by t where there is a mass."""
        mass = self.model.mass
        return ((1.0, 0.0), (0.0, 1 / mass)) if mass > 0 else ((1.0, 1.0), (0.0, 0.0))

    def motion(self, panel: int, mu: Array) -> Propagator:
        """What follows from the rates in a panel."""
        if self.model.mass > 0:
            return SecondOrder.of(self.integral(panel), mu, self.model.mass, self.friction(panel))
        return FirstOrder.of(self.integral(panel), mu)

    def bath(self, panel: int) -> Array:
        """Temperature at the times of a panel."""
        return self.model.bath(self.grid.t[self.times(panel)], *self.grid.edges[panel : panel + 2])

    def friction(self, panel: int) -> Array:
        """Friction there; one that is infinite at time 0 is constant over the first panel."""
        friction, (start, end) = self.model.friction, self.grid.edges[panel : panel + 2]
        t = self.grid.t[self.times(panel)]
        return value(friction, np.full_like(t, end) if steep(self.model, start, end) else t, start, end)

    @cached_property
    def weights(self) -> Array:
        """``int ds = sum_l w_l``; 0 for time 0."""
        return np.concatenate([[0.0], np.multiply.outer(self.grid.widths, self.grid.rule.weights).ravel()])

    def integral(self, panel: int) -> Array:
        """``int_a^{t_i} ell_l`` on a panel from ``a``, shape (n, n)."""
        return np.asarray(self.grid.widths[panel] * self.grid.rule.integral)

    def times(self, panel: int) -> slice:
        """Indices of the times of that panel."""
        return slice(1 + panel * self.grid.order, 1 + (panel + 1) * self.grid.order)

    def last_row(self, panel: int) -> Array:
        """``C(a, s)`` and ``R(a, s)`` at all stored ``s <= a``, the left end of that panel; shape (2, 1, times)."""
        a = self.times(panel).start
        row = np.stack([self.C[a - 1, None, :a], self.R[a - 1, None, :a]])
        if panel > 0:
            row[:, 0, self.times(panel - 1)] = self.near[:, panel - 1, -1]
        return row

    def memory_of_c(self, kernel: Array) -> Array:
        """``int_0^a K(t, s) C(s, t') ds`` at all ``t' <= a``; the kernel carries the weights, shape (n, times)."""
        a = kernel.shape[1]
        return kernel @ self.C[:a, :a]

    def memory_of_r(self, kernel: Array) -> Array:
        """``int_t'^a K(t, s) R(s, t') ds``, the same way; blocks with ``s < t'`` are skipped."""
        a, result = kernel.shape[1], np.empty_like(kernel)
        for i in self._chunks(a):
            result[:, i] = kernel[:, i.start :] @ self.R[i.start : a, i]
        return result

    def noise_of_r(self, kernel: Array) -> Array:
        """``int_0^t' J(t, s) R(t', s) ds``, the same way."""
        a, result, n = kernel.shape[1], np.empty_like(kernel), self.grid.order
        for i in self._chunks(a):
            result[:, i] = kernel[:, : i.stop] @ self.R[i, : i.stop].T
        blocks = kernel[:, 1:].reshape(n, (a - 1) // n, n).transpose(1, 0, 2)
        result[:, 1:] += (blocks @ self.turn[: len(blocks)]).transpose(1, 0, 2).reshape(n, a - 1)
        return result

    def _chunks(self, stop: int) -> list[slice]:
        """Ranges of whole panels, the first one with time 0."""
        step = self.grid.order * max(1, CHUNK // self.grid.order)
        return [slice(low, high) for low, high in pairwise([0, *range(1 + step, stop, step), stop])]

    def append(self, panel: int, far: Array, near: Array) -> None:
        """Store ``C, R`` of one panel: ``far`` (2, n, earlier times) and the block ``near`` (2, n, n)."""
        i, before = self.times(panel), slice(0, self.times(panel).start)
        w, S = self.weights[i][:, None], self.integral(panel).T  # noqa: N806
        self.C[i, before], self.R[i, before] = far
        self.C[before, i] = far[0].T
        self.near[:, panel] = near
        self.C[i, i] = (S * near[0].T + (w - S) * near[0]) / w
        self.R[i, i] = (w - S) * near[1] / w
        self.turn[panel] = S * near[1].T / w - self.R[i, i].T

    def plain(self) -> tuple[Array, Array]:
        """``C(t, s)`` and ``R(t, s)`` themselves, diagonal blocks included, in place; the history ends with it."""
        for panel in range(self.grid.panels):
            i = self.times(panel)
            self.C[i, i], self.R[i, i] = self.near[:, panel]
        return self.C, self.R


def steep(model: Model, start: float, end: float) -> bool:
    """Whether friction counts as infinite at the left end of a panel, which is time 0, and is constant over it."""
    if model.mass == 0 or start > 0:
        return False
    first, last = (value(model.friction, t, start, end) for t in (start, end))
    return bool(first > STEEP * last)
