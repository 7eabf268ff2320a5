"""Powers of linear forms as packed tensors, in the order of ``kernel``."""

from __future__ import annotations

import numpy as np

from ..lowering import Array
from . import kernel
from .packed import entries


def packed_powers(rows: Array, weights: Array, degree: int) -> Array:
    """Coefficients of ``sum_s w_s (rows_s . x)^degree``; rows (points, n), weights (points,)."""
    total = _monomials(rows, weights, degree)
    if degree >= 2:
        multiplicity = np.ones(total.size)
        for _ in range(2):  # the square root each time
            kernel.weigh(multiplicity, degree, rows.shape[1], 1.0)
        total *= multiplicity
    return total


def values_at(tensor: Array, degree: int, rows: Array) -> Array:
    """The packed form of that degree at each of the rows (points, n)."""
    if degree == 0:
        return np.full(rows.shape[0], tensor[0])
    if degree == 1:
        return np.asarray(rows @ tensor)
    values = np.zeros(rows.shape[0])
    kernel.add_gradient(tensor, degree, rows, values, np.zeros_like(rows))
    return values


def _monomials(rows: Array, weights: Array, degree: int) -> Array:
    """``sum_s w_s x_i1 ... x_ik`` of the rows, ``i1 >= ... >= ik``."""
    if degree == 0:
        return np.full(1, weights.sum())
    if degree == 1:
        return np.asarray(weights @ rows)
    size = rows.shape[1]
    if degree == 2:
        return np.asarray(((weights * rows.T) @ rows)[np.tril_indices(size)])
    total = np.empty(entries(size, degree))
    for i in range(size):
        start, end = (entries(n, degree) if n else 0 for n in (i, i + 1))
        total[start:end] = _monomials(rows[:, : i + 1], weights * rows[:, i], degree - 1)
    return total
