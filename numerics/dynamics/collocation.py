"""Radau nodes on one panel of time: interpolation and integration matrices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import roots_jacobi

from ..lowering import Array


@dataclass(frozen=True, eq=False)
class Rule:
    """``n`` right Radau nodes ``u`` on (0, 1], the last one 1; exact for polynomials of degree ``2n - 2``.

    ``weights[l] = int_0^1 ell_l``, ``integral[i, l] = int_0^{u_i} ell_l`` with ``ell_l`` the Lagrange polynomials.
    Collocation on them is Radau IIA (Hairer, Wanner, Solving ODEs II, section IV.5): stiffly stable, order ``2n - 1``.
    """

    nodes: Array
    weights: Array
    integral: Array

    @property
    def size(self) -> int:
        """Number of nodes."""
        return self.nodes.size

    @property
    def closed(self) -> Array:
        """The nodes with the left end in front."""
        return np.concatenate([[0.0], self.nodes])


@lru_cache(maxsize=32)
def radau(size: int) -> Rule:
    """The rule with ``size >= 2`` nodes."""
    interior = np.asarray(roots_jacobi(size - 1, 1, 0)[0])
    nodes = (1 + np.append(interior, 1.0)) / 2
    points, gauss = np.polynomial.legendre.leggauss(size)
    points, gauss = (1 + points) / 2, gauss / 2
    weights = gauss @ interpolation(nodes, points)
    integral = np.array([u * (gauss @ interpolation(nodes, u * points)) for u in nodes])
    return Rule(nodes, weights, integral)


def barycentric(nodes: Array) -> Array:
    """``1/prod_{i != j} 2 (x_j - x_i)``: only ratios matter."""
    gaps = 2 * (nodes[:, None] - nodes)
    np.fill_diagonal(gaps, 1.0)
    return np.asarray(1 / gaps.prod(axis=1))


def interpolation(nodes: Array, points: Array) -> Array:
    """``ell_l(x_p)``, shape (points, nodes), barycentric: Berrut, Trefethen (SIAM Rev. 46, 501, 2004)."""
    distances = points[:, None] - nodes
    hits = distances == 0
    distances[hits] = 1.0
    terms = barycentric(nodes) / distances
    exact = hits.any(axis=1)
    terms[exact] = hits[exact]
    return np.asarray(terms / terms.sum(axis=1, keepdims=True))
