"""Powers of linear forms as packed tensors, in the order of ``kernel``."""

from __future__ import annotations

import numpy as np

from ..lowering import Array
from . import kernel
from .packed import entries


def packed_powers(rows: Array, weights: Array, degree: int) -> Array:
    """Coefficients of ``sum_s w_s (rows_s . x)^degree``; rows (points, n), weights (points,)."""
    if degree == 0:
        return np.full(1, weights.sum())
    if degree == 1:
        return np.asarray(weights @ rows)
    if degree == 2:
        total = ((weights * rows.T) @ rows)[np.tril_indices(rows.shape[1])]
    else:
        total = np.zeros(entries(rows.shape[1], degree))
        kernel.add_monomials(total, degree, rows, weights)
    return ordered(total, degree, rows.shape[1])


def ordered(form: Array, degree: int, size: int) -> Array:
    """In place: each entry times the number of orders of its indices."""
    for _ in range(2):  # its square root each time
        kernel.weigh(form, degree, size, 1.0)
    return form


def values_at(tensor: Array, degree: int, rows: Array) -> Array:
    """The packed form of that degree at each of the rows (points, n)."""
    if degree == 0:
        return np.full(rows.shape[0], tensor[0])
    if degree == 1:
        return np.asarray(rows @ tensor)
    values = np.zeros(rows.shape[0])
    kernel.add_gradient(tensor, degree, rows, values, np.zeros_like(rows))
    return values
