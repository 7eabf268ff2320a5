"""The Hessian on the sphere: ``P (H'' + mu) P``, its lowest modes, and what of the signal they hold."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.linalg import eigh
from scipy.sparse.linalg import LinearOperator

from ..lowering import Array
from .inverse import lowest_pairs, lowest_pairs_of
from .landscape_sample import Sample, vectors

LARGEST_DENSE = 4096
OFF_SPHERE = 1e-6


@dataclass(frozen=True, eq=False)
class Modes:
    """Eigenvalues of the Riemannian Hessian, ascending, and their eigenvectors.

    ``vectors`` (count, N) are orthonormal and orthogonal to x, or None; ``overlaps`` (count,) are ``(v.s)^2``, s the
    unit vector along the part of x* tangent to the sphere; ``energy = H/N``, ``mu = -x.grad H/N``.
    """

    values: Array
    overlaps: Array
    energy: float
    mu: float
    vectors: Array | None = field(default=None, repr=False)


class Tangent:
    """Coordinates (N-1,) in the tangent space at x: a reflection takes ``x/|x|`` to the first axis.

    The radial direction is not projected out but absent, so no spurious eigenvalue stands in for it.
    """

    def __init__(self, x: Array) -> None:
        normal = x / np.linalg.norm(x)
        normal[0] += np.copysign(1.0, normal[0])
        self.mirror = normal * (np.sqrt(2) / np.linalg.norm(normal))

    def embed(self, u: Array) -> Array:
        """(N-1,) or (N-1, k) to vectors of R^N orthogonal to x, (N,) or (N, k)."""
        padded = np.concatenate((np.zeros((1, *u.shape[1:])), u))
        reflected: Array = padded - np.multiply.outer(self.mirror, self.mirror @ padded)
        return reflected

    def coordinates(self, v: Array) -> Array:
        """(N,) or (N, k) to the coordinates of the part orthogonal to x."""
        reflected: Array = v - np.multiply.outer(self.mirror, self.mirror @ v)
        return reflected[1:]


def lowest(sample: Sample, x: Array, count: int = 1) -> Modes:
    """The ``count`` lowest eigenpairs of ``P (H'' + mu) P`` at x (N,), by Lanczos.

    ``|x|^2 = N`` and ``1 <= count <= N - 1``, or ``ValueError``. To N = 4096 the matrix is formed and its inverse
    iterated; beyond, each product is one pass over the couplings. Raises ``ConvergenceError`` when Lanczos stalls.
    """
    x, energy, mu = _at(sample, x)
    if not 1 <= count < sample.size:
        raise ValueError(f"count = {count}: expected 1 ... {sample.size - 1}")
    tangent = Tangent(x)
    if sample.size <= LARGEST_DENSE:
        values, u = lowest_pairs(_matrix(sample, x, mu, tangent), count)
    else:
        values, u = lowest_pairs_of(operator(sample, x), count)
    modes = tangent.embed(u).T
    return Modes(values, _overlaps(u, tangent, sample.signal), energy, mu, modes)


def spectrum(sample: Sample, x: Array, *, vectors: bool = False) -> Modes:
    """All N - 1 eigenvalues of ``P (H'' + mu) P`` at x (N,), with overlaps; eigenvectors if wanted. ``N <= 4096``."""
    x, energy, mu = _at(sample, x)
    if sample.size > LARGEST_DENSE:
        raise ValueError(f"size = {sample.size}: a full spectrum needs N <= {LARGEST_DENSE}; try lowest(sample, x)")
    tangent = Tangent(x)
    values, u = eigh(_matrix(sample, x, mu, tangent))
    modes = tangent.embed(u).T if vectors else None
    return Modes(values, _overlaps(u, tangent, sample.signal), energy, mu, modes)


def operator(sample: Sample, x: Array) -> LinearOperator:
    """``P (H'' + mu) P`` at x (N,) in the coordinates of ``Tangent(x)``, (N-1, N-1), without the matrix."""
    x, _, mu = _at(sample, x)
    tangent, size = Tangent(x), sample.size

    def product(u: Array) -> Array:
        v = tangent.embed(u.reshape(size - 1))
        return tangent.coordinates(sample.hessian_vector(x, v[None])[0] + mu * v)

    return LinearOperator((size - 1, size - 1), matvec=product, dtype=np.float64)


def _at(sample: Sample, x: Array) -> tuple[Array, float, float]:
    """x as an array, ``H/N`` and ``mu = -x.grad H/N`` there."""
    x = vectors("x", x, sample.size, 1)
    square = float(x @ x) / sample.size
    if not abs(square - 1) <= OFF_SPHERE:
        raise ValueError(f"|x|^2/N = {square:.9g}: expected a point on the sphere, |x|^2 = N = {sample.size}")
    energy, gradient = sample.gradient(x[None])
    return x, float(energy[0]), -float(gradient[0] @ x) / sample.size


def _matrix(sample: Sample, x: Array, mu: float, tangent: Tangent) -> Array:
    """``P (H'' + mu) P`` in tangent coordinates."""
    half = tangent.coordinates(sample.hessian(x)).T
    matrix = tangent.coordinates(half)
    matrix[np.diag_indices_from(matrix)] += mu
    return 0.5 * (matrix + matrix.T)


def _overlaps(u: Array, tangent: Tangent, signal: Array) -> Array:
    """``(v.s)^2`` of each column; 0 where the signal is along x."""
    s = tangent.coordinates(signal)
    length = float(np.linalg.norm(s))
    if length <= 1e-12 * float(np.linalg.norm(signal)):
        return np.zeros(u.shape[1])
    overlaps: Array = (s @ u / length) ** 2
    return overlaps
