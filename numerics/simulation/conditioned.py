"""Sampled landscapes with critical points where one wants them: the same draws, moved by what is given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import eigh
from scipy.linalg import solve as solved

from theory.landscape import GaussianLandscape
from theory.symbols import OVERLAP

from ..lowering import Array, lower
from .hessian import Tangent
from .landscape_sample import SampledLandscape


def mode_between(
    drawn: SampledLandscape, landscape: GaussianLandscape, points: Array, ws: Sequence[float], energies: Sequence[float]
) -> tuple[float, float]:
    """Lowest eigenvalue of the Hessian at the second of two critical points, its mode's squared overlap with the line.

    ``points`` (2, N) are made critical by conditioning: ``grad H = w x`` there and, unless ``energies`` is empty,
    ``H/N`` given. Of a Gaussian field H that is ``H + Cov(H, seen) Cov(seen, seen)^-1 (given - seen)``, exactly.
    """
    size, here = points.shape[1], points[1]
    energy, gradient = drawn.gradient(points)
    missing = [np.multiply(ws, points.T).T - gradient, np.sqrt(size) * np.subtract(energies or energy, energy)]
    kept = 2 * size + (2 if energies else 0)
    weights = solved(covariance(landscape, points)[:kept, :kept], np.concatenate([x.ravel() for x in missing])[:kept])
    hessian = drawn.hessian(here) + correction(landscape, points, weights)
    tangent = Tangent(here)
    matrix = tangent.coordinates(tangent.coordinates(hessian).T)
    values, modes = eigh(0.5 * (matrix + matrix.T), subset_by_index=[0, 0])
    line = tangent.coordinates(points[0])
    return float(values[0] - ws[1]), float((modes[:, 0] @ line) ** 2 / (line @ line))


def derivatives(landscape: GaussianLandscape, q: Array) -> list[Array]:
    """``f, f', f'', f'''`` at q."""
    return lower((OVERLAP,), [landscape.f(k, OVERLAP) for k in range(4)])(q)


def covariance(landscape: GaussianLandscape, points: Array) -> Array:
    """Of the gradients at all points (p, N), one after the other, and of ``H/sqrt(N)`` there."""
    count, size = points.shape
    f, slope, bend, _ = derivatives(landscape, points @ points.T / size)
    gradients = np.einsum("xy,ij->xiyj", slope, np.eye(size))
    gradients += np.einsum("xy,yi,xj->xiyj", bend / size, points, points)
    mixed = np.einsum("xy,yi->xiy", slope / np.sqrt(size), points).reshape(count * size, count)
    return np.block([[gradients.reshape(count * size, -1), mixed], [mixed.T, f]])


def correction(landscape: GaussianLandscape, points: Array, weights: Array) -> Array:
    """Covariance of the Hessian at the last point with all that is seen, times the weights, (N, N)."""
    count, size = points.shape
    here, vectors, numbers = points[-1], weights[: count * size].reshape(count, size), weights[count * size :]
    _, _, bend, third = derivatives(landscape, points @ here / size)
    along = third / size**2 * (vectors @ here)
    along[: numbers.size] += bend[: numbers.size] / size**1.5 * numbers
    crossed = np.einsum("x,xi,xj->ij", bend / size, points, vectors)
    return np.asarray(crossed + crossed.T + np.einsum("x,xi,xj->ij", along, points, points))
