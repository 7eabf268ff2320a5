"""Random matrices of the Hessian, and how many of their eigenvalues are negative at each shift and spike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..lowering import Array
from ..machine_code import compiled


def tridiagonal_goe(generator: np.random.Generator, samples: int, n: int) -> tuple[Array, Array]:
    """GOE, variance 1 off the diagonal, in Householder's form: diagonals, squared off-diagonals chi^2_(n-1), ..."""
    diagonals = generator.normal(0, np.sqrt(2), (samples, n))
    return diagonals, generator.chisquare(np.arange(n - 1, 0, -1), (samples, n - 1))


@compiled
def count_by_pivots(
    diagonals: Array,
    squares: Array,
    shifts: Array,
    units: Array,
    spikes: Array,
    starts: NDArray[np.int64],
    sums: Array,
) -> Array:
    """``sum_(T, y, spike) weight |det(T - spike e e^T - y)|/unit^n`` by bin and index, from the pivots of ``T - y``.

    The pivots run from the far end, so that the first entry, the only one that knows ``m``, comes last: it is
    ``first - spike``, and ``sums`` has the weights and moments of the spikes below it and above.
    """
    samples, n = diagonals.shape
    counts = np.zeros((starts.size - 1, n + 1))
    for s in range(samples):
        for j in range(shifts.size):
            product, negatives, carried = 1 / units[j], 0, 0.0
            for i in range(n - 1, 0, -1):
                pivot = diagonals[s, i] - shifts[j] - carried
                negatives += pivot < 0
                product *= abs(pivot) / units[j]
                carried = squares[s, i - 1] / pivot
            first = diagonals[s, 0] - shifts[j] - carried
            weight, moment = sums[j, 0], sums[j, 1]
            for b in range(starts.size - 1):
                low, high = starts[b], starts[b + 1]
                cut = low + np.searchsorted(spikes[low:high], first)
                below = first * (weight[cut] - weight[low]) - (moment[cut] - moment[low])
                above = moment[high] - moment[cut] - first * (weight[high] - weight[cut])
                counts[b, negatives] += product * below
                counts[b, negatives + 1] += product * above
    return counts
