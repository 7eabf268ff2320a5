r"""All critical points of a small landscape: Newton's method from many random starts, until nothing is missing.

Two tests of completeness, neither of which knows what theory expects:

- Morse: ``sum (-1)^index`` over all critical points is the Euler characteristic of the sphere, ``1 - (-1)^N``;
- capture and recapture (Chao 1984): from the numbers ``f_1``, ``f_2`` of points that were met once and twice, about
  ``f_1 (f_1 - 1)/(2 (f_2 + 1))`` were never met.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement, permutations
from math import factorial, prod

import numpy as np
from numpy.typing import NDArray

from ..errors import ConvergenceError
from ..lowering import Array
from . import newton
from .landscape_sample import SampledLandscape
from .unit import unit_of

Ints = NDArray[np.int64]
LARGEST = 1 << 22
"""Entries of a dense tensor, a gigabyte for a batch of starts."""
BATCH = 256
ITERATIONS = 20
LONGEST_STEP = 0.5
"""On the unit sphere."""
CONVERGED, SAME = 1e-10, 1e-6
"""Norm of the gradient of ``H/N`` on the unit sphere, in the landscape's own unit; distance of two critical points."""


@dataclass(frozen=True, eq=False)
class Enumeration:
    """Every critical point found, and how sure it is that these are all.

    Attributes
    ----------
    points
        (count, N), ``|x|^2 = N``.
    index
        Number of negative eigenvalues of the Riemannian Hessian, (count,).
    overlap
        ``m = x.x*/N``, (count,).
    hits
        Starts that ended there, (count,).
    starts
        All starts, also those that did not converge.
    """

    points: Array
    index: Ints
    overlap: Array
    hits: Ints
    starts: int

    @property
    def morse_sum(self) -> int:
        """``sum (-1)^index``."""
        return int(np.sum((-1) ** self.index))

    @property
    def missing(self) -> float:
        """Estimated number of critical points that were never met (Chao 1984)."""
        once, twice = (int(np.count_nonzero(self.hits == k)) for k in (1, 2))
        return once * (once - 1) / (2 * (twice + 1))

    @property
    def euler(self) -> int:
        """Euler characteristic of the sphere in N dimensions: 0 for even N, 2 for odd."""
        return 2 * (int(self.points.shape[1]) % 2)


def critical_points(
    sample: SampledLandscape, seed: int | np.random.SeedSequence, *, patience: int = 8, limit: int = 400
) -> Enumeration:
    """All critical points of ``H`` on ``|x|^2 = N``, for N up to about a dozen.

    Parameters
    ----------
    sample
        Stored in float64: rounding of the coefficients themselves does no harm, but the gradient is asked to vanish to
        1e-10.
    seed
        Of the starts, which are uniform on the sphere.
    patience
        Batches of 256 starts in a row that have to add nothing; as many again as were needed so far, at least.
    limit
        Batches after which ``ConvergenceError`` is raised, with what was found in ``partial``.
    """
    dense, generator = Dense(sample, unit_of(sample)), np.random.default_rng(seed)
    points, hits, last, batch = np.empty((0, sample.size)), np.empty(0, dtype=np.int64), 0, 0
    while True:
        batch += 1
        before = len(points)
        points, hits = _merged(points, hits, dense.newton(generator.normal(size=(BATCH, sample.size))))
        last = batch if len(points) > before else last
        if batch < 2 * last + patience:
            continue
        found = dense.described(points, hits, batch * BATCH)
        if found.morse_sum == found.euler:
            return found
        if batch >= limit:
            raise ConvergenceError(f"{len(points)} critical points, Morse sum {found.morse_sum}: incomplete", found)


class Dense:
    """``H/unit`` of a sample with all entries of its tensors; ``u = x/sqrt N`` on the unit sphere."""

    def __init__(self, sample: SampledLandscape, unit: float = 1.0) -> None:
        self.size, planted = sample.size, sample.planted
        self.drift, self.drift_slope = planted.drift / unit, planted.drift_slope / unit
        self.signal = sample.signal / np.sqrt(self.size)
        entries = sum(self.size**degree for degree in sample.tensors)
        if entries > LARGEST:
            raise ValueError(f"size = {self.size} takes dense tensors of {entries} entries; try a size up to 12")
        # H/(N unit) = -g(m) + sum_p T_p(u, ..., u)
        scaled = [
            symmetric(t, p, self.size) * (sample.scale * self.size ** (p / 2 - 1) / unit)
            for p, t in sample.tensors.items()
        ]
        self.tensors = np.concatenate([tensor.ravel() for tensor in scaled])
        self.degrees = np.array([*sample.tensors], dtype=np.int64)

    def derivatives(self, points: Array) -> tuple[Array, Array]:
        """Riemannian gradient, and Hessian plus ``u u^T`` so that it is invertible, at unit vectors (count, N)."""
        gradients, hessians = np.empty_like(points), np.empty((*points.shape, self.size))
        work = np.empty((2, self.size ** max(int(self.degrees.max()) - 1, 1)))
        for u, gradient, hessian in zip(points, gradients, hessians, strict=True):
            newton.derivatives(*self._function, u, gradient, hessian, work)
        return gradients, hessians

    def newton(self, starts: Array) -> Array:
        """End points of Newton's method, of those starts that converge."""
        points: Array = starts / np.linalg.norm(starts, axis=1, keepdims=True)
        return points[newton.newton(*self._function, points, ITERATIONS, LONGEST_STEP, CONVERGED)]

    @property
    def _function(self) -> tuple[Array, Ints, Array, Array, Array]:
        return self.tensors, self.degrees, self.drift, self.drift_slope, self.signal

    def described(self, points: Array, hits: Ints, starts: int) -> Enumeration:
        """Index and overlap of each."""
        negative = np.linalg.eigvalsh(self.derivatives(points)[1]) < 0
        index = np.count_nonzero(negative, axis=1).astype(np.int64)
        return Enumeration(points * np.sqrt(self.size), index, points @ self.signal, hits, starts)


def symmetric(packed: Array, degree: int, size: int) -> Array:
    """The symmetric tensor of a packed polynomial: each coefficient shared among the orders of its indices."""
    multisets = np.array([*combinations_with_replacement(range(size - 1, -1, -1), degree)])[::-1]
    shares = packed / [orders(multiset) for multiset in multisets.tolist()]
    tensor = np.empty((size,) * degree)
    for order in permutations(range(degree)):
        tensor[tuple(multisets[:, order].T)] = shares
    return tensor


def orders(indices: list[int]) -> int:
    """Number of distinct orders of a list."""
    return factorial(len(indices)) // prod(factorial(indices.count(i)) for i in set(indices))


def _merged(points: Array, hits: Ints, fresh: Array) -> tuple[Array, Ints]:
    """Each new end point counts for the first unit vector close to it, or becomes one of its own."""
    both = np.concatenate([points, fresh])
    # |u - v|^2 = 2 (1 - u.v)
    first = np.argmax(fresh @ both.T > 1 - SAME**2 / 2, axis=1)
    counts = np.bincount(first, minlength=len(both))
    counts[: len(points)] += hits
    return both[counts > 0], counts[counts > 0]
