"""Everything up to the current panel of the reference integrator, and the integrals over it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from ..lowering import Array
from .model import Model, initial
from .uniform import Grid

CHUNK = 256


@dataclass(eq=False)
class History:
    """``C`` and ``R`` on the times of a grid, filled panel by panel; ``one`` has the rows ``m, mu, e``.

    Off the diagonal blocks ``C`` is symmetric and ``R`` block lower triangular. In the block of a panel with itself
    ``near[panel] = (C, R)`` continues the functions of ``s <= t`` analytically to ``s > t``: one smooth polynomial
    covers it, and integrals that end or turn at ``s = t'`` become weights. The diagonal blocks of ``C`` and ``R`` hold
    them: ``int K(s) C(s, t') ds = sum_l w_l K_l C[l, t']``, likewise ``int_t' K(s) R(s, t') ds`` with ``R``; and
    ``int^t' J(s) R(t', s) ds`` with the transposed ``R`` and ``turn`` added to its blocks.
    """

    grid: Grid
    C: Array
    R: Array
    near: Array
    turn: Array
    one: Array

    @classmethod
    def begin(cls, model: Model, grid: Grid) -> History:
        """Time 0: ``C = R = 1``."""
        (c, r), blocks = np.zeros((2, grid.size, grid.size)), np.zeros((3, grid.panels, grid.order, grid.order))
        c[0, 0] = r[0, 0] = 1.0
        history = cls(grid, c, r, blocks[:2], blocks[2], np.zeros((3, grid.size)))
        history.one[:, 0] = initial(model)
        return history

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
        a, row = self.times(panel).start, np.ones((2, 1, self.times(panel).start))
        if panel > 0:
            row[0, 0], row[1, 0] = self.C[a - 1, :a], self.R[a - 1, :a]
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
