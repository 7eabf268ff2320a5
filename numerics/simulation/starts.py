"""Where a run begins: a random point, one with a given overlap, or a state that was saved."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from ..arrays import reals
from ..lowering import Array
from .sphere import on_sphere


def random_starts(size: int, count: int, rng: Generator) -> Array:
    """Uniform on ``|x|^2 = N``, shape (count, N); overlaps with any fixed vector are of order ``N^(-1/2)``."""
    return on_sphere(rng.standard_normal((count, size)))


def starts_with_overlap(signal: Array, overlap: float, count: int, rng: Generator) -> Array:
    """Uniform among the points with ``x.x*/N = m0``: ``m0 x* + sqrt(1 - m0^2) u``, u orthogonal to ``x*``.

    ``signal`` (N,), ``-1 <= m0 <= 1``; shape (count, N). Raises ``ValueError`` for any other overlap.
    """
    if not -1 <= overlap <= 1:
        raise ValueError(f"overlap = {overlap}: expected a number from -1 to 1; try 0.01")
    return at_overlap(signal, overlap, rng.standard_normal((count, signal.size)))


def at_overlap(signal: Array, overlap: float, across: Array) -> Array:
    """The same from standard normal vectors (count, N)."""
    size, across = signal.size, across.copy()
    # twice: the first pass leaves rounding of the size of what it took away
    for _ in range(2):
        across -= np.multiply.outer(across @ signal / size, signal)
    return on_sphere(overlap * signal + np.sqrt((1 - overlap) * (1 + overlap)) * on_sphere(across))


def saved_starts(states: ArrayLike, size: int) -> Array:
    """States (N,) or (starts, N), scaled to the sphere. ``ValueError`` for another shape, zeros, or infinities."""
    x = np.atleast_2d(reals("start", states))
    if x.ndim != 2 or x.shape[1] != size or x.shape[0] == 0:
        raise ValueError(f"start has shape {np.shape(states)}: expected (N,) or (starts, N) with N = {size}")
    if not (np.all(np.isfinite(x)) and np.all(np.any(x != 0, axis=1))):
        raise ValueError("start holds a vector that is zero or not finite")
    return on_sphere(x)
