"""Compiled Newton's method on the unit sphere for ``h(u) = sum_p T_p(u, ..., u) - g(m)``, dense tensors, tiny N.

``m = u.s``, s the unit vector of the signal. Tensors are symmetric, flattened and laid one after another.
"""
# ruff: noqa: N803

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..machine_code import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@compiled
def horner(series: Floats, x: float) -> float:
    """``sum_k series_k x^k``."""
    value = 0.0
    for k in range(series.size - 1, -1, -1):
        value = value * x + series[k]
    return value


@compiled
def derivatives(
    T: Floats, degrees: Ints, drift: Floats, slope: Floats, s: Floats, u: Floats, g: Floats, h: Floats, work: Floats
) -> None:
    """Riemannian gradient in g (N,), and ``P (h'' - u.h') P + u u^T``, which is invertible, in h (N, N).

    ``drift``, ``slope``: series of g' and g''. ``work`` (2, N^(p-1)) for the largest degree p.
    """
    n = u.size
    m = 0.0
    for i in range(n):
        m += u[i] * s[i]
    pull, bend = horner(drift, m), horner(slope, m)
    for i in range(n):
        g[i] = -pull * s[i]
        for j in range(n):
            h[i, j] = -bend * s[i] * s[j]
    start = 0
    for degree in degrees:
        length = n**degree
        add_tensor(T[start : start + length], degree, u, g, h, work)
        start += length
    project(u, g, h, work[0])


@compiled
def add_tensor(T: Floats, degree: int, u: Floats, g: Floats, h: Floats, work: Floats) -> None:
    """Adds gradient and Hessian of ``T(u, ..., u)``: contracted with u until two indices are left, then one."""
    n = u.size
    if degree == 1:
        for i in range(n):
            g[i] += T[i]
        return
    current, length, which = T, T.size, 0
    for _ in range(degree - 2):
        length //= n
        target = work[which]
        for j in range(length):
            target[j] = 0.0
        for i in range(n):
            ui, row = u[i], i * length
            for j in range(length):
                target[j] += ui * current[row + j]
        current, which = target, 1 - which
    for i in range(n):
        total, row = 0.0, i * n
        for j in range(n):
            total += current[row + j] * u[j]
            h[i, j] += degree * (degree - 1) * current[row + j]
        g[i] += degree * total


@compiled
def project(u: Floats, g: Floats, h: Floats, a: Floats) -> None:
    """From Euclidean to Riemannian: ``h - mu - u a^T - a u^T``, ``a = h u - (u.h u + mu + 1) u/2``, ``mu = u.g``."""
    n = u.size
    mu, along = 0.0, 0.0
    for i in range(n):
        mu += u[i] * g[i]
        a[i] = 0.0
        for j in range(n):
            a[i] += h[i, j] * u[j]
        along += u[i] * a[i]
    half = (along + mu + 1.0) / 2.0
    for i in range(n):
        g[i] -= mu * u[i]
        a[i] -= half * u[i]
    for i in range(n):
        for j in range(n):
            h[i, j] -= u[i] * a[j] + a[i] * u[j]
        h[i, i] -= mu


@compiled
def newton(
    T: Floats,
    degrees: Ints,
    drift: Floats,
    slope: Floats,
    s: Floats,
    u: Floats,
    iterations: int,
    longest: float,
    tolerance: float,
) -> Flags:
    """Moves each row of u (starts, N) by steps no longer than ``longest``; True where ``|grad| < tolerance``."""
    starts, n = u.shape
    g, h = np.empty(n), np.empty((n, n))
    work = np.empty((2, n ** max(degrees.max() - 1, 1)))
    converged = np.zeros(starts, dtype=np.bool_)
    for start in range(starts):
        x = u[start]
        for _ in range(iterations):
            derivatives(T, degrees, drift, slope, s, x, g, h, work)
            if np.sqrt(np.sum(g * g)) < tolerance:
                converged[start] = True
                break
            try:
                g[:] = np.linalg.solve(h, g)
            except Exception:  # a singular Hessian; numba knows no finer class
                break
            x -= g / max(1.0, np.sqrt(np.sum(g * g)) / longest)
            x /= np.sqrt(np.sum(x * x))
    return converged
