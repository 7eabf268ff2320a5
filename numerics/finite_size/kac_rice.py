r"""Exact Kac-Rice count at finite size: ``E Crt_k(N)``, with no large-N limit anywhere.

``E Crt_k = int dx p[grad H(x) = 0] E[|det Hess H(x)| 1(k negative eigenvalues)]`` over the sphere ``|x|^2 = N``. With
``n = N - 1`` tangential directions, ``m = x.x*/N`` and ``w = (x.grad H)/N``, all independent at a given point:

- tangential gradient: mean of squared norm ``N g'(m)^2 (1 - m^2)``, covariance ``f'(1)`` times the identity;
- ``w``: mean ``-m g'(m)``, variance ``(f'(1) + f''(1))/N``;
- Hessian: ``sqrt(f''(1)/N) (G - spike e e^T - y)``, with ``G`` a GOE whose entries have variance 1 off the diagonal and
  2 on it, ``y = w sqrt(N/f''(1))`` and ``spike = g''(m) (1 - m^2) sqrt(N/f''(1))``.

``G`` is sampled; ``y`` and ``m`` are integrated by quadrature, as a sampled ``w`` would almost never visit the minima.
The trace of ``G`` only shifts ``y``: it is taken out of ``G`` and joins the Gaussian law of ``y``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from theory.landscape import GaussianLandscape

from ..arrays import require_whole
from ..lowering import Array
from ..progress import Progress, counting, silent
from .expected_count import BATCHES, ExpectedCount
from .quadrature import Nodes, Pointwise, nodes_of, shift_grid
from .random_matrices import count_by_pivots, tridiagonal_goe


def expected_critical_points(
    landscape: GaussianLandscape,
    size: int,
    *,
    overlap_edges: ArrayLike | None = None,
    samples: int = 8192,
    seed: int = 0,
    progress: Progress = silent,
) -> ExpectedCount:
    r"""``E Crt_k``: exact Kac-Rice count of the critical points of ``H`` on ``|x|^2 = N``, by index and overlap.

    Parameters
    ----------
    landscape
        ``f`` and ``g`` with every parameter given a value; ``f'(1)`` and ``f''(1)`` must be positive.
    size
        ``N >= 2``, the dimension of space.
    overlap_edges
        Increasing edges of the bins of ``m``, within [-1, 1]; by default ten equal bins.
    samples
        Number of random matrices, at least 64; the standard errors fall as ``samples**-0.5``.
    seed
        Seed of ``numpy.random.default_rng``.
    progress
        See ``Progress``.

    Raises ``ValueError`` for a bad argument. The formula: Ros, Ben Arous, Biroli, Cammarota (Phys. Rev. X 9, 011003,
    2019), here kept at finite ``N``.
    """
    require_whole("size", size, 2)
    require_whole("samples", samples, BATCHES)
    per_batch = -(-samples // BATCHES)
    edges = _edges(np.linspace(-1, 1, 11) if overlap_edges is None else overlap_edges)
    point = Pointwise.of(landscape, size)
    nodes = nodes_of(point, edges)
    grid = shift_grid(point, nodes)
    generator = np.random.default_rng(seed)
    batches, done = np.empty((BATCHES, edges.size - 1, size)), counting(progress, BATCHES, "batches of matrices")
    for b in range(BATCHES):
        shifts = grid + point.step * b / BATCHES
        diagonals, squares = tridiagonal_goe(generator, per_batch, size - 1)
        diagonals -= diagonals.mean(axis=1, keepdims=True)
        batches[b] = _counted(point, nodes, shifts, (diagonals, squares)) / per_batch
        done()
    if not np.all(np.isfinite(batches)):
        raise ValueError(f"size = {size}: the counts exceed double precision; try a smaller size")
    return ExpectedCount(size, edges, batches)


def _counted(point: Pointwise, nodes: Nodes, shifts: Array, matrices: tuple[Array, Array]) -> Array:
    """Counts (bins, N) from all matrices, a block of shifts at a time."""
    counts = np.zeros((nodes.starts.size - 1, point.size))
    for block in nodes.blocks(shifts):
        sums = point.step * nodes.cumulated(point, block)
        counts += count_by_pivots(*matrices, block, point.unit(block), nodes.spikes, nodes.starts, sums)
    return counts


def _edges(values: ArrayLike) -> Array:
    edges = np.asarray(values, dtype=np.float64)
    if edges.ndim != 1 or edges.size < 2 or not (np.all(np.diff(edges) > 0) and edges[0] >= -1 and edges[-1] <= 1):
        raise ValueError(f"overlap_edges = {values!r}: expected at least two increasing numbers within [-1, 1]")
    return edges
