"""Couplings of one degree, wherever they are: packed and compiled, or unfolded on a device."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..lowering import Array
from . import kernel
from .device import Backend
from .packed import Precision, entries
from .powers import packed_powers, values_at
from .unfolded import Unfolded


class Couplings(Protocol):
    """``sum_{i1 >= ... >= ip} A x_i1 ... x_ip``, one degree p >= 1, in axes that may come one by one."""

    def add_gradient(self, x: Array, H: Array, g: Array) -> None:  # noqa: N803
        """Adds the polynomial to H (rows,) and its gradient to g (rows, n), at each row of x (rows, n)."""

    def append(self, block: NDArray[Any]) -> None:
        """One more axis: the couplings whose first index it is, in their order."""

    def values(self, head: Array, rows: Array) -> Array:
        """A packed form of degree p - 1 in these axes at each of the rows (points, n)."""

    def powers(self, rows: Array, weights: Array) -> Array:
        """``sum_s w_s (rows_s . x)^(p-1)`` as such a form."""


class Packed:
    """``Couplings`` in compiled passes, of at most ``size`` axes."""

    def __init__(self, degree: int, size: int, dtype: Precision) -> None:
        self.degree, self.size = degree, size
        self.axes, self.tensor = 0, np.empty(0, dtype=dtype)

    @classmethod
    def of(cls, tensor: NDArray[Any], degree: int, size: int) -> Packed:
        """A whole tensor, which is not copied."""
        made = cls(degree, size, "float32" if tensor.dtype == np.float32 else "float64")
        made.axes, made.tensor = size, tensor
        return made

    def add_gradient(self, x: Array, H: Array, g: Array) -> None:  # noqa: N803
        """See ``Couplings``."""
        tensor = self.tensor[: entries(self.axes, self.degree)]
        if self.degree == 1:
            np.add(H, np.vecdot(x, tensor), out=H)
            g += tensor
        else:
            kernel.add_gradient(tensor, self.degree, x, H, g)

    def append(self, block: NDArray[Any]) -> None:
        """See ``Couplings``."""
        self.axes += 1
        end = entries(self.axes, self.degree)
        if self.tensor.size < end:
            room = min(self.size, self.axes + self.axes // 8 + 8)
            self.tensor = np.resize(self.tensor, entries(room, self.degree))
        self.tensor[end - block.size : end] = block

    def values(self, head: Array, rows: Array) -> Array:
        """See ``Couplings``."""
        return values_at(head, self.degree - 1, rows)

    def powers(self, rows: Array, weights: Array) -> Array:
        """See ``Couplings``."""
        return packed_powers(rows, weights, self.degree - 1)


def couplings_of(tensor: NDArray[Any], degree: int, size: int, backend: Backend | None) -> Couplings:
    """A packed tensor where it is to be computed with; degree 1 stays."""
    if backend is None or degree == 1:
        return Packed.of(tensor, degree, size)
    return Unfolded.of(backend.xp, tensor, degree, size)


def no_couplings(degree: int, size: int, dtype: Precision, backend: Backend | None) -> Couplings:
    """Of no axes yet, ``size`` at most."""
    if backend is None or degree == 1:
        return Packed(degree, size, dtype)
    return Unfolded(backend.xp, degree, size, dtype)
