"""The law of gradient, shift and Hessian at one point, and the quadrature over overlaps and shifts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln
from sympy import log

from theory.kac_rice import KacRice
from theory.kac_rice.local_law import F
from theory.landscape import GaussianLandscape
from theory.symbols import SIGNAL_OVERLAP

from ..lowering import Array, lower

NEGLIGIBLE = 1e-40
"""Weight over the largest of all at which an overlap or a shift is left out."""
PANEL, MOST_NODES = 256, 1 << 14
"""Overlaps of one quadrature rule, and of a bin."""
BLOCK = 1 << 22
"""Pairs of an overlap and a shift that are held at a time."""


@dataclass(frozen=True)
class Pointwise:
    """The Gaussian law of the gradient, of ``y`` and of the Hessian's mean at one point of overlap ``m``.

    In the symbols of the complexity: ``y = -t sqrt(N)``, ``spike = theta sqrt(N)``.
    """

    size: int
    ratio: float
    variance: float
    functions: Callable[..., list[Array]]

    @classmethod
    def of(cls, landscape: GaussianLandscape, size: int) -> Pointwise:
        """``ValueError`` for free parameters, and where ``g'`` or ``g''`` is not finite on [-1, 1]."""
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
class Nodes:
    """A quadrature in ``arccos m``, bin by bin: bin b begins at ``starts[b]``, and in it the spikes ascend."""

    starts: NDArray[np.int64]
    angles: Array
    weights: Array
    spikes: Array

    def blocks(self, shifts: Array) -> list[Array]:
        """Shifts whose products with all nodes fit in memory."""
        return np.array_split(shifts, -(-shifts.size * self.angles.size // BLOCK))

    def cumulated(self, point: Pointwise, shifts: Array) -> Array:
        """Sums over the nodes before each of ``weight`` and ``weight spike``: (shifts, 2, nodes + 1)."""
        weights = (self.weights[:, None] * point.density(self.angles[:, None], shifts)).T
        sums = np.zeros((shifts.size, 2, self.angles.size + 1))
        np.cumsum(weights, axis=1, out=sums[:, 0, 1:])
        np.cumsum(weights * self.spikes, axis=1, out=sums[:, 1, 1:])
        return sums


def nodes_of(point: Pointwise, edges: Array) -> Nodes:
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
    return Nodes(starts, angles[order], weights[order], spikes[order])


def _panels(high: float, low: float, count: int) -> tuple[Array, Array]:
    """Nodes and weights from ``low`` to ``high``: Gauss-Legendre in equal panels of as many nodes as are cheap."""
    panels = -(-count // PANEL)
    nodes, weights = np.polynomial.legendre.leggauss(-(-count // panels))
    half = (high - low) / (2 * panels)
    middles = high - half * (2 * np.arange(panels) + 1)
    return (middles[:, None] + half * nodes).ravel(), np.tile(half * weights, panels)


def shift_grid(point: Pointwise, nodes: Nodes) -> Array:
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


def _require_nodes(size: int, most: float) -> None:
    if most > MOST_NODES:
        needed = f"the signal needs {most:.3g} overlaps in a bin, at most {MOST_NODES} are possible"
        raise ValueError(f"size = {size}: {needed}; try narrower bins or a weaker signal")
