r"""Packed tensors as matrices on a device: gradients as matrix products, the same for all namespaces of arrays.

``H = sum_a x_a Q_a(x_0 ... x_a)``, where ``Q_a`` holds the couplings with first index a, packed as a form of degree
p - 1. With W the monomials of degree p - 1 in the order of storage, ``Q = M W``: row a of M is ``Q_a`` as it is stored,
and zeros. So

``dH = sum_a Q_a dx_a + sum_w c_w dW_w``, ``c = M^T x``,

and the second sum is the gradient of a form of degree p - 1 with couplings c, one for each start: the same again, down
to degree 1. M is kept as panels of rows, no wider than their last, and takes little more than the packed tensor; the
entries of a panel are read once for all starts. Couplings keep their precision, all sums are float64.
"""
# ruff: noqa: N803, N806

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..lowering import Array
from .device import to_host
from .packed import Precision, entries
from .powers import ordered, packed_powers, values_at

LARGEST = 1 << 25
"""Entries of a panel, and of what a pass holds for the starts that it takes at once."""


class Unfolded:
    """Couplings of one degree p >= 2 on a device: ``Couplings`` of at most ``size`` axes, kept as ``dtype``.

    ``xp`` is a namespace of the array API standard with float64. Axes to come are zeros, and rows are taken by powers
    of two, so that few shapes occur: JAX compiles for each.
    """

    def __init__(self, xp: Any, degree: int, size: int, dtype: Precision) -> None:
        self.xp, self.degree, self.size, self.dtype = xp, degree, size, dtype
        self.axes = self.room = 0
        self.panels: list[tuple[int, Any]] = []
        self.orders: dict[int, _Order] = {}

    @classmethod
    def of(cls, xp: Any, tensor: NDArray[Any], degree: int, size: int) -> Self:
        """A packed tensor of N = ``size``."""
        made = cls(xp, degree, size, "float32" if tensor.dtype == np.float32 else "float64")
        while made.axes < size:
            made._add_panel([tensor[entries(a, degree) : entries(a + 1, degree)] for a in made._next()])
        made._arrange()
        return made

    def append(self, block: NDArray[Any]) -> None:
        """See ``Couplings``."""
        if self.axes == self.room:
            self._add_panel([])
            self._arrange()
        xp, (first, panel) = self.xp, self.panels[-1]
        row = np.zeros((1, panel.shape[1]), dtype=self.dtype)
        row[0, : block.size] = block
        here = xp.reshape(xp.arange(panel.shape[0]), (-1, 1)) == self.axes - first
        self.panels[-1] = first, xp.where(here, xp.asarray(row), panel)
        self.axes += 1

    def add_gradient(self, x: Array, H: Array, g: Array) -> None:
        """See ``Couplings``."""
        for part in self._parts(x.shape[0], self.room * entries(self.room, self.degree - 2)):
            energy, slope = self._gradient(self._columns(x[part]))
            count, n = x[part].shape
            H[part] += to_host(energy)[:count]
            g[part] += to_host(slope)[:n, :count].T

    def values(self, head: Array, rows: Array) -> Array:
        """See ``Couplings``."""
        if self.degree == 2:
            return values_at(head, 1, rows)
        xp, found = self.xp, np.zeros(rows.shape[0])
        form = np.zeros((entries(self.room, self.degree - 1), 1))
        form[: head.size, 0] = head
        matrix = self.orders[self.degree - 1].unfolded(xp.asarray(form))[:, :, 0]
        for part in self._parts(rows.shape[0], entries(self.room, self.degree - 2)):
            x = self._columns(rows[part])
            value = xp.sum(x * (matrix @ self._monomials(x, self.degree - 2)[-1]), axis=0)
            found[part] = to_host(value)[: rows[part].shape[0]]
        return found

    def powers(self, rows: Array, weights: Array) -> Array:
        """See ``Couplings``."""
        if self.degree == 2:
            return packed_powers(rows, weights, 1)
        n, total = rows.shape[1], np.zeros(entries(rows.shape[1], self.degree - 1))
        for part in self._parts(rows.shape[0], entries(self.room, self.degree - 2)):
            x, w = self._columns(rows[part]), self._columns(weights[part, None], 1)
            matrix = (x * w) @ self._monomials(x, self.degree - 2)[-1].T
            total += to_host(self.orders[self.degree - 1].folded(matrix))[: total.size]
        return ordered(total, self.degree - 1, n)

    def _gradient(self, x: Any) -> tuple[Any, Any]:
        """H (starts,) and its gradient (room, starts) at x (room, starts)."""
        xp, W = self.xp, self._monomials(x, self.degree - 1)
        Q, c = [], xp.zeros((0, x.shape[1]), dtype=xp.float64)
        for first, panel in self.panels:
            rows, columns = panel.shape
            M = xp.asarray(panel, dtype=xp.float64)
            Q.append(M @ W[-1][:columns, :])
            more = xp.zeros((columns - c.shape[0], x.shape[1]), dtype=xp.float64)
            c = xp.concat([c, more]) + M.T @ x[first : first + rows, :]
        g = xp.concat(Q)
        H = xp.sum(x * g, axis=0)
        for degree in range(self.degree - 1, 1, -1):
            M = self.orders[degree].unfolded(c)
            g = g + xp.sum(M * W[degree - 2][None, :, :], axis=1)
            c = xp.sum(M * x[:, None, :], axis=0)
        return H, g + c

    def _monomials(self, x: Any, most: int) -> list[Any]:
        """Those of degree 1 ... ``most`` in the order of storage, each (entries, starts)."""
        W = [x]
        for degree in range(2, most + 1):
            W.append(self.orders[degree].times(x, W[-1]))
        return W

    def _add_panel(self, rows: list[NDArray[Any]]) -> None:
        """As many axes as one panel takes, of which there are some already."""
        axes = self._next()
        matrix = np.zeros((len(axes), entries(axes.stop, self.degree - 1)), dtype=self.dtype)
        for row, known in zip(matrix, rows, strict=False):
            row[: known.size] = known
        self.panels.append((axes.start, self.xp.asarray(matrix)))
        self.axes, self.room = axes.start + len(rows), axes.stop

    def _arrange(self) -> None:
        self.orders = {k: _Order(self.xp, k, self.room) for k in range(2, self.degree)}

    def _next(self) -> range:
        return _panel(self.room, self.degree, self.size)

    def _columns(self, rows: Array, height: int | None = None) -> Any:
        """Vectors as columns on the device, with zeros to the shape that is worked with."""
        count, n = rows.shape
        x = np.zeros((height or self.room, 1 << (count - 1).bit_length()))
        x[:n, :count] = rows.T
        return self.xp.asarray(x)

    @staticmethod
    def _parts(count: int, height: int) -> Iterator[slice]:
        """Of the rows, by powers of two of which ``height`` numbers each are few enough."""
        step = 1 << (max(1, LARGEST // height).bit_length() - 1)
        return (slice(start, start + step) for start in range(0, count, step))


class _Order:
    """The order in which a packed form of degree k >= 2 in n variables is stored: entry = first index, and the rest as
    an entry of degree k - 1."""

    def __init__(self, xp: Any, degree: int, size: int) -> None:
        ends = np.array([entries(a, degree) for a in range(size + 1)])
        first = np.repeat(np.arange(size), np.diff(ends))
        rest = np.arange(ends[-1]) - ends[first]
        self.xp, self.shape = xp, (size, entries(size, degree - 1))
        place = first * self.shape[1] + rest
        back = np.full(prod(self.shape), ends[-1])
        back[place] = np.arange(ends[-1])
        self.first, self.rest, self.place, self.back = (xp.asarray(index) for index in (first, rest, place, back))

    def times(self, x: Any, lower: Any) -> Any:
        """Monomials (entries, starts) from x and those of degree k - 1."""
        return self.xp.take(x, self.first, axis=0) * self.xp.take(lower, self.rest, axis=0)

    def unfolded(self, form: Any) -> Any:
        """(entries, starts) -> (n, entries of degree k - 1, starts); zeros where there is none."""
        none = self.xp.zeros((1, form.shape[1]), dtype=self.xp.float64)
        filled = self.xp.take(self.xp.concat([form, none]), self.back, axis=0)
        return self.xp.reshape(filled, (*self.shape, form.shape[1]))

    def folded(self, matrix: Any) -> Any:
        """(n, entries of degree k - 1) -> (entries,)."""
        return self.xp.take(self.xp.reshape(matrix, (-1,)), self.place, axis=0)


def _panel(first: int, degree: int, size: int) -> range:
    """Axes of the panel that begins there."""
    end = first + 1
    while end < size and (end + 1 - first) * entries(end + 1, degree - 1) <= LARGEST:
        end += 1
    return range(first, end)


def device_memory(degree: int, size: int, starts: int, dtype: Precision) -> int:
    """Bytes that all this takes on the device, at most."""
    matrices, axes = 0, range(0)
    while axes.stop < size:
        axes = _panel(axes.stop, degree, size)
        matrices += len(axes) * entries(axes.stop, degree - 1)
    height = size * entries(size, degree - 2)
    passing = max(height, min(LARGEST, height * 2 * starts))
    return matrices * np.dtype(dtype).itemsize + 8 * (6 * passing + 3 * min(LARGEST, matrices))
