"""Compiled passes over ``J sum_e prod_a x[sites[e, a]]``, the sites of each e (M, p) all different."""
# ruff: noqa: N803

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..machine_code import compiled

Floats = NDArray[np.float64]
Sites = NDArray[np.int32]


@compiled
def add_gradient(sites: Sites, J: float, x: Floats, g: Floats) -> float:
    """Adds the gradient at x (N,) to g (N,) and returns the energy."""
    if sites.shape[1] == 3:
        return float(_add_gradient_3(sites, J, x, g))
    degree = sites.shape[1]
    before = np.empty(degree + 1)
    before[0] = J
    energy = 0.0
    for e in range(sites.shape[0]):
        for a in range(degree):
            before[a + 1] = before[a] * x[sites[e, a]]
        energy += float(before[degree])
        after = 1.0
        for a in range(degree - 1, -1, -1):
            g[sites[e, a]] += before[a] * after
            after *= x[sites[e, a]]
    return energy


@compiled
def _add_gradient_3(sites: Sites, J: float, x: Floats, g: Floats) -> float:
    """The same for triples, three times as fast."""
    energy = 0.0
    for e in range(sites.shape[0]):
        i, j, k = sites[e, 0], sites[e, 1], sites[e, 2]
        a, b, c = x[i], x[j], x[k]
        slope = J * b * c
        energy += slope * a
        g[i] += slope
        g[j] += J * a * c
        g[k] += J * a * b
    return energy


@compiled
def add_hessian_vector(sites: Sites, J: float, x: Floats, v: Floats, out: Floats) -> None:
    """Adds ``H''(x) v`` to out; all (N,)."""
    degree = sites.shape[1]
    for e in range(sites.shape[0]):
        for a in range(degree):
            for b in range(a):
                second = J
                for c in range(degree):
                    if c != a and c != b:  # noqa: PLR1714
                        second *= x[sites[e, c]]
                i, j = sites[e, a], sites[e, b]
                out[i] += second * v[j]
                out[j] += second * v[i]
