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

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln
from sympy import log

from theory.kac_rice import KacRice
from theory.kac_rice.local_law import F
from theory.landscape import GaussianLandscape
from theory.symbols import SIGNAL_OVERLAP

from .lowering import Array, lower
from .machine_code import compiled

BATCHES = 64
NEGLIGIBLE = 1e-40
"""Weight over the largest of all at which an overlap or a shift is left out."""
PANEL, MOST_NODES = 256, 1 << 14
"""Overlaps of one quadrature rule, and of a bin."""
BLOCK = 1 << 22
"""Pairs of an overlap and a shift that are held at a time."""


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
        value, error = _mean_and_error((self.batches * np.asarray(weights, dtype=np.float64)).sum(axis=(1, 2)))
        return float(value), float(error)

    @cached_property
    def by_index(self) -> tuple[Array, Array]:
        """Counts and standard errors, shape (bins, N): column ``k`` is the number of negative eigenvalues."""
        return _mean_and_error(self.batches)

    @cached_property
    def total(self) -> tuple[Array, Array]:
        """Counts of any index and standard errors, shape (bins,)."""
        return _mean_and_error(self.batches.sum(axis=2))

    @cached_property
    def minima(self) -> tuple[Array, Array]:
        """Counts of minima and standard errors, shape (bins,)."""
        return _mean_and_error(self.batches[:, :, 0])

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


def expected_critical_points(
    landscape: GaussianLandscape,
    size: int,
    *,
    overlap_edges: ArrayLike | None = None,
    samples: int = 8192,
    seed: int = 0,
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

    Raises ``ValueError`` for a bad argument. The formula: Ros, Ben Arous, Biroli, Cammarota (Phys. Rev. X 9, 011003,
    2019), here kept at finite ``N``.
    """
    size = _integer("size", size, 2)
    per_batch = -(-_integer("samples", samples, BATCHES) // BATCHES)
    edges = _edges(np.linspace(-1, 1, 11) if overlap_edges is None else overlap_edges)
    point = _Pointwise.of(landscape, size)
    nodes = _nodes(point, edges)
    grid = _shift_grid(point, nodes)
    generator = np.random.default_rng(seed)
    batches = np.empty((BATCHES, edges.size - 1, size))
    for b in range(BATCHES):
        shifts = grid + point.step * b / BATCHES
        matrices = _tridiagonal_goe(generator, per_batch, size - 1)
        batches[b] = _counted(point, nodes, shifts, matrices) / per_batch
    if not np.all(np.isfinite(batches)):
        raise ValueError(f"size = {size}: the counts exceed double precision; try a smaller size")
    return ExpectedCount(size, edges, batches)


@dataclass(frozen=True)
class _Pointwise:
    """The Gaussian law of the gradient, of ``y`` and of the Hessian's mean at one point of overlap ``m``.

    In the symbols of the complexity: ``y = -t sqrt(N)``, ``spike = theta sqrt(N)``.
    """

    size: int
    ratio: float
    variance: float
    functions: Callable[..., list[Array]]

    @classmethod
    def of(cls, landscape: GaussianLandscape, size: int) -> _Pointwise:
        if landscape.free_symbols:
            raise ValueError(
                f"landscape = {landscape!r} has free parameters {landscape.free_symbols}; give them values"
            )
        kac_rice = KacRice(landscape)
        action, jet = kac_rice.complexity(), kac_rice.jet
        drift = log(jet[F[2]] / jet[F[1]]) / 2 + log(1 - SIGNAL_OVERLAP**2) / 2 - action.entropy
        functions = lower((SIGNAL_OVERLAP,), [action.spike, action.shift_mean, drift])
        if not all(np.all(np.isfinite(value)) for value in functions(np.linspace(-1, 1, 203)[1:-1])):
            raise ValueError(f"landscape = {landscape!r}: g'(m) and g''(m) must be finite on [-1, 1]")
        return cls(size, float(jet[F[2]] / jet[F[1]]), float(action.shift_variance), functions)

    @property
    def deviation(self) -> float:
        """Standard deviation of ``y`` with the trace of ``G``: ``sqrt(1 + f'(1)/f''(1) + 2/(N - 1))``."""
        return float(np.sqrt(self.variance + 2 / (self.size - 1)))

    @property
    def step(self) -> float:
        """Between the shifts ``y``."""
        return float(min(np.sqrt(2 / (self.size - 1)), self.deviation) / 2)

    @property
    def resolution(self) -> float:
        """Angles per radian that resolve the Gaussian factors of the integrand."""
        spike, mean, drift = self.functions(np.linspace(-1, 1, 203)[1:-1])
        steepest = np.max(np.abs(spike) + np.abs(mean) + np.sqrt(2 * np.maximum(drift, 0)))
        return float(2 * np.sqrt(self.size) * (1 + steepest))

    def spike(self, overlaps: Array) -> Array:
        """``g''(m) (1 - m^2) sqrt(N/f''(1))``."""
        return self.functions(overlaps)[0] * float(np.sqrt(self.size))

    def mean_shift(self, overlaps: Array) -> Array:
        """Mean of ``y``: ``-m g'(m) sqrt(N/f''(1))``."""
        return -self.functions(overlaps)[1] * float(np.sqrt(self.size))

    def unit(self, shifts: Array) -> Array:
        """Typical size of an eigenvalue of ``G - y``: the determinant is counted in powers of it."""
        return np.sqrt(self.size - 1 + shifts**2 / 4)

    def density(self, angles: Array, shifts: Array) -> Array:
        """Volume, gradient density, law of ``y`` and unit of the determinant at ``m = cos(angle)``.

        Angles and shifts broadcast. The volume element is ``Vol(S^(N-2)) N^((N-1)/2) sin(angle)^(N-2) d angle``.
        """
        n, overlaps = self.size - 1, np.cos(angles)
        drift = self.size * self.functions(overlaps)[2]
        volume = np.log(2) + n / 2 * np.log(np.pi) - gammaln(n / 2) + (n - 1) * np.log(np.sin(angles))
        units = n / 2 * np.log(self.ratio / (2 * np.pi)) + n * np.log(self.unit(shifts))
        law = ((shifts - self.mean_shift(overlaps)) / self.deviation) ** 2 / 2
        density: Array = np.exp(volume + units - law - drift) / (np.sqrt(2 * np.pi) * self.deviation)
        return density


@dataclass(frozen=True, eq=False)
class _Nodes:
    """A quadrature in ``arccos m``, bin by bin: bin b begins at ``starts[b]``, and in it the spikes ascend."""

    starts: NDArray[np.int64]
    angles: Array
    weights: Array
    spikes: Array

    def blocks(self, shifts: Array) -> list[Array]:
        """Shifts whose products with all nodes fit in memory."""
        return np.array_split(shifts, -(-shifts.size * self.angles.size // BLOCK))

    def cumulated(self, point: _Pointwise, shifts: Array) -> Array:
        """Sums over the nodes before each of ``weight`` and ``weight spike``: (shifts, 2, nodes + 1)."""
        weights = (self.weights[:, None] * point.density(self.angles[:, None], shifts)).T
        sums = np.zeros((shifts.size, 2, self.angles.size + 1))
        np.cumsum(weights, axis=1, out=sums[:, 0, 1:])
        np.cumsum(weights * self.spikes, axis=1, out=sums[:, 1, 1:])
        return sums


def _nodes(point: _Pointwise, edges: Array) -> _Nodes:
    """Gauss-Legendre in each bin, without the nodes where a strong signal leaves the gradient no chance to vanish."""
    widths = -np.diff(np.arccos(edges))
    counts = 6 + np.ceil(point.resolution * widths)
    _require_nodes(point.size, float(counts.max()))
    rules = [_panels(*pair, int(count)) for pair, count in zip(pairwise(np.arccos(edges)), counts, strict=True)]
    angles, weights = (np.concatenate(column) for column in zip(*rules, strict=True))
    bins = np.repeat(np.arange(counts.size), [rule[0].size for rule in rules])
    spikes, means = point.spike(np.cos(angles)), point.mean_shift(np.cos(angles))
    peaks = weights * point.density(angles, means) * (1 + np.abs(spikes))
    order = np.lexsort((spikes, bins))
    order = order[(peaks >= NEGLIGIBLE * peaks.max())[order]]
    starts = np.searchsorted(bins[order], np.arange(counts.size + 1))
    return _Nodes(starts, angles[order], weights[order], spikes[order])


def _panels(high: float, low: float, count: int) -> tuple[Array, Array]:
    """Nodes and weights from ``low`` to ``high``: Gauss-Legendre in equal panels of as many nodes as are cheap."""
    panels = -(-count // PANEL)
    nodes, weights = np.polynomial.legendre.leggauss(-(-count // panels))
    half = (high - low) / (2 * panels)
    middles = high - half * (2 * np.arange(panels) + 1)
    return (middles[:, None] + half * nodes).ravel(), np.tile(half * weights, panels)


def _shift_grid(point: _Pointwise, nodes: _Nodes) -> Array:
    """Shifts ``y`` in equal steps, without those that do not count."""
    means = point.mean_shift(np.cos(nodes.angles))
    grid = np.arange(*_shift_range(point.size - 1, point.deviation, nodes.spikes, means), point.step)
    weights = np.concatenate([point.density(nodes.angles[:, None], b).max(axis=0) for b in nodes.blocks(grid)])
    return np.asarray(grid[weights >= NEGLIGIBLE * weights.max()])


def _shift_range(n: int, deviation: float, spikes: Array, means: Array) -> tuple[float, float]:
    """Ends of the grid in ``y``, beyond all that counts: minima on the left and maxima on the right.

    Each lies past the extremum of ``(|y| - edge)^n exp(-(y - mean)^2 / (2 deviation^2))``.
    """
    ends = []
    for sign in (-1, 1):
        edge, mean = 2 * np.sqrt(n) + np.maximum(-sign * spikes, 0), sign * means
        modes = (edge + mean + np.sqrt((edge - mean) ** 2 + 4 * n * deviation**2)) / 2
        ends.append(sign * float(np.max(modes) + 8 * deviation))
    return ends[0], ends[1]


def _tridiagonal_goe(generator: np.random.Generator, samples: int, n: int) -> tuple[Array, Array]:
    """Traceless GOE in the Householder form started at ``e``: diagonals, and squared off-diagonals chi^2_(n-1), ..."""
    diagonals = generator.normal(0, np.sqrt(2), (samples, n))
    diagonals -= diagonals.mean(axis=1, keepdims=True)
    return diagonals, generator.chisquare(np.arange(n - 1, 0, -1), (samples, n - 1))


@compiled
def _count(
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


def _mean_and_error(batches: Array) -> tuple[Array, Array]:
    return batches.mean(axis=0), batches.std(axis=0, ddof=1) / np.sqrt(len(batches))


def _with_error(value: float, error: float) -> str:
    return f"{value:.5g} +- {error:.2g}"


def _integer(name: str, value: int, least: int) -> int:
    if not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name} = {value!r}: expected an integer >= {least}")
    return int(value)


def _counted(point: _Pointwise, nodes: _Nodes, shifts: Array, matrices: tuple[Array, Array]) -> Array:
    """Counts (bins, N) from all matrices, a block of shifts at a time."""
    counts = np.zeros((nodes.starts.size - 1, point.size))
    for block in nodes.blocks(shifts):
        sums = point.step * nodes.cumulated(point, block)
        counts += _count(*matrices, block, point.unit(block), nodes.spikes, nodes.starts, sums)
    return counts


def _require_nodes(size: int, most: float) -> None:
    if most > MOST_NODES:
        needed = f"the signal needs {most:.3g} overlaps in a bin, at most {MOST_NODES} are possible"
        raise ValueError(f"size = {size}: {needed}; try narrower bins or a weaker signal")


def _edges(values: ArrayLike) -> Array:
    edges = np.asarray(values, dtype=np.float64)
    if edges.ndim != 1 or edges.size < 2 or not (np.all(np.diff(edges) > 0) and edges[0] >= -1 and edges[-1] <= 1):
        raise ValueError(f"overlap_edges = {values!r}: expected at least two increasing numbers within [-1, 1]")
    return edges
