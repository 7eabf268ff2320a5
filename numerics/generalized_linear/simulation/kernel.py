"""Compiled passes over the data X (M, N), each row read once: ``u = X w``, a function of (u, y), and ``X^T`` of that.

``loss``, ``force``, ``curvature`` are placeholders: ``numerics.generated_code`` puts those of a loss after this text.
Data are float32 or float64, all sums float64. Rows are taken four at a time, so that w and the result are loaded once
for four of them.
"""

import math

import numpy as np
from numpy.typing import NDArray

from numerics.machine_code import compiled

Floats = NDArray[np.float64]
Data = NDArray[np.float32] | NDArray[np.float64]


@compiled
def loss(u: float, y: float) -> float:
    """``l(u, y)``."""
    return 0.5 * (u - y) ** 2


@compiled
def force(u: float, y: float) -> float:
    """``l' = dl/du``."""
    return u - y


@compiled
def curvature(u: float, y: float) -> float:
    """``D = l''``."""
    return 1.0 + 0.0 * (u - y)


@compiled
def fields(data: Data, x: Floats, u: Floats) -> None:
    """``u_s = X x_s/sqrt N`` into u (starts, M), for x (starts, N)."""
    rows, size = data.shape
    scale = 1 / math.sqrt(size)
    for r in range(0, rows - rows % 4, 4):
        for s in range(x.shape[0]):
            a, b, c, d = _dots(data, r, x[s])
            u[s, r] = a * scale
            u[s, r + 1] = b * scale
            u[s, r + 2] = c * scale
            u[s, r + 3] = d * scale
    for r in range(rows - rows % 4, rows):
        for s in range(x.shape[0]):
            u[s, r] = _dot(data[r], x[s]) * scale


@compiled
def add_combined(data: Data, weights: Floats, out: Floats) -> None:
    """Adds ``X^T weights_s/sqrt N`` to out (starts, N), for weights (starts, M)."""
    rows, size = data.shape
    scale = 1 / math.sqrt(size)
    for r in range(0, rows - rows % 4, 4):
        for s in range(weights.shape[0]):
            a, b, c, d = weights[s, r], weights[s, r + 1], weights[s, r + 2], weights[s, r + 3]
            _add(data, r, a * scale, b * scale, c * scale, d * scale, out[s])
    for r in range(rows - rows % 4, rows):
        for s in range(weights.shape[0]):
            _add_row(data[r], weights[s, r] * scale, out[s])


@compiled
def add_gradient(data: Data, labels: Floats, x: Floats, energy: Floats, gradient: Floats) -> None:
    """Adds ``sum l`` to energy (starts,) and ``X^T l'/sqrt N`` to gradient (starts, N), at x (starts, N)."""
    rows, size = data.shape
    scale = 1 / math.sqrt(size)
    for r in range(0, rows - rows % 4, 4):
        ya, yb, yc, yd = labels[r], labels[r + 1], labels[r + 2], labels[r + 3]
        for s in range(x.shape[0]):
            a, b, c, d = _dots(data, r, x[s])
            a, b, c, d = a * scale, b * scale, c * scale, d * scale
            energy[s] += loss(a, ya) + loss(b, yb) + loss(c, yc) + loss(d, yd)
            a, b, c, d = force(a, ya), force(b, yb), force(c, yc), force(d, yd)
            _add(data, r, a * scale, b * scale, c * scale, d * scale, gradient[s])
    for r in range(rows - rows % 4, rows):
        for s in range(x.shape[0]):
            u = _dot(data[r], x[s]) * scale
            energy[s] += loss(u, labels[r])
            _add_row(data[r], force(u, labels[r]) * scale, gradient[s])


@compiled
def add_weighted(data: Data, weights: Floats, v: Floats, out: Floats) -> None:
    """Adds ``X^T (weights * X v_k)/N`` to out (k, N), for weights (M,) and v (k, N)."""
    rows, size = data.shape
    for r in range(0, rows - rows % 4, 4):
        wa, wb, wc, wd = weights[r] / size, weights[r + 1] / size, weights[r + 2] / size, weights[r + 3] / size
        for k in range(v.shape[0]):
            a, b, c, d = _dots(data, r, v[k])
            _add(data, r, a * wa, b * wb, c * wc, d * wd, out[k])
    for r in range(rows - rows % 4, rows):
        for k in range(v.shape[0]):
            _add_row(data[r], _dot(data[r], v[k]) * weights[r] / size, out[k])


@compiled
def curvatures(u: Floats, labels: Floats, out: Floats) -> None:
    """``D(u, y)`` of each datum."""
    for r in range(labels.size):
        out[r] = curvature(u[r], labels[r])


@compiled
def _dots(data: Data, r: int, x: Floats) -> tuple[float, float, float, float]:
    """Rows r ... r + 3 times x."""
    a = b = c = d = 0.0
    row_a, row_b, row_c, row_d = data[r], data[r + 1], data[r + 2], data[r + 3]
    for i in range(x.size):
        a += row_a[i] * x[i]
        b += row_b[i] * x[i]
        c += row_c[i] * x[i]
        d += row_d[i] * x[i]
    return a, b, c, d


@compiled
def _add(data: Data, r: int, a: float, b: float, c: float, d: float, out: Floats) -> None:
    """Adds ``a row_r + b row_(r+1) + ...``."""
    row_a, row_b, row_c, row_d = data[r], data[r + 1], data[r + 2], data[r + 3]
    for i in range(out.size):
        out[i] += a * row_a[i] + b * row_b[i] + c * row_c[i] + d * row_d[i]


@compiled
def _dot(row: Floats, x: Floats) -> float:
    total = 0.0
    for i in range(x.size):
        total += row[i] * x[i]
    return total


@compiled
def _add_row(row: Floats, weight: float, out: Floats) -> None:
    for i in range(out.size):
        out[i] += weight * row[i]
