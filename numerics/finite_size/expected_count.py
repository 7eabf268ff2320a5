"""Mean numbers of critical points, with standard errors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..lowering import Array
from ..statistics import mean_and_error

BATCHES = 64
"""Independent estimates of each number."""


@dataclass(frozen=True, eq=False)
class ExpectedCount:
    """``E Crt_k``: mean number of critical points with ``k`` negative eigenvalues, for each bin of ``m = x.x*/N``.

    ``batches[b, i, k]`` are independent estimates; every error below is the standard error of their mean, so that sums
    over bins and indices keep the correlations that come from sharing the random matrices.
    """

    size: int
    overlap_edges: Array
    batches: Array

    def estimate(self, weights: ArrayLike = 1.0) -> tuple[float, float]:
        """``sum_ik weights_ik E Crt_k(bin i)`` and its standard error; ``weights`` broadcasts to (bins, N)."""
        value, error = mean_and_error((self.batches * np.asarray(weights, dtype=np.float64)).sum(axis=(1, 2)))
        return float(value), float(error)

    @cached_property
    def by_index(self) -> tuple[Array, Array]:
        """Counts and standard errors, shape (bins, N): column ``k`` is the number of negative eigenvalues."""
        return mean_and_error(self.batches)

    @cached_property
    def total(self) -> tuple[Array, Array]:
        """Counts of any index and standard errors, shape (bins,)."""
        return mean_and_error(self.batches.sum(axis=2))

    @cached_property
    def minima(self) -> tuple[Array, Array]:
        """Counts of minima and standard errors, shape (bins,)."""
        return mean_and_error(self.batches[:, :, 0])

    def record(self) -> dict[str, Any]:
        """For JSON: over all overlaps with standard errors, in all and by index; means by overlap."""
        total, error = self.estimate()
        by_index = [self.estimate(np.arange(self.size) == k) for k in range(self.size)]
        return {
            "total": total,
            "total_error": error,
            "by_index": [value for value, _ in by_index],
            "by_index_error": [deviation for _, deviation in by_index],
            "overlap_edges": self.overlap_edges.tolist(),
            "total_by_overlap": self.total[0].tolist(),
            "minima_by_overlap": self.minima[0].tolist(),
        }

    def __str__(self) -> str:
        lines = [f"expected critical points, N = {self.size}", f"{'m':>16} {'total':>20} {'minima':>20}"]
        for i, (low, high) in enumerate(zip(self.overlap_edges, self.overlap_edges[1:], strict=False)):
            total, minima = ((values[i], errors[i]) for values, errors in (self.total, self.minima))
            lines.append(f"{f'[{low:.3g}, {high:.3g}]':>16} {_with_error(*total):>20} {_with_error(*minima):>20}")
        minima = self.estimate(np.eye(1, self.size))
        return "\n".join([*lines, f"{'all':>16} {_with_error(*self.estimate()):>20} {_with_error(*minima):>20}"])


def _with_error(value: float, error: float) -> str:
    return f"{value:.5g} +- {error:.2g}"
