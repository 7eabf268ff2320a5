"""Critical points expected and found, in bins of the overlap."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.stats import skew

from ..finite_size import ExpectedCount
from ..lowering import Array
from .report import Panel, Series
from .tasks import mean_and_error

FINE = np.linspace(-1, 1, 41)
"""Edges between which both are counted, before bins are joined."""
JOINED = 2
"""Fine bins in each bin of the figure."""
KINDS = ("critical points", "minima")
EVERYWHERE = slice(0, FINE.size - 1)


@dataclass(frozen=True, eq=False)
class Counts:
    """One landscape at one N.

    Attributes
    ----------
    name, size
        Of the landscape; N.
    theory
        On the fine bins, times ``factor``, which is 1 unless a mistake is wanted.
    found
        Counts of all and of minima in each sample, (samples, fine bins, 2).
    missing
        How many critical points each enumeration is thought to lack, (samples,).
    """

    name: str
    size: int
    theory: ExpectedCount
    found: Array
    missing: Array
    factor: float = 1.0

    def expected(self, kind: int, bins: slice = EVERYWHERE) -> tuple[float, float]:
        """Number and its standard error; ``kind`` 0: all, 1: minima."""
        weights = np.zeros((FINE.size - 1, self.size))
        weights[bins, : 1 if kind else None] = 1
        value, error = self.theory.estimate(weights)
        return self.factor * value, self.factor * error

    def measured(self, kind: int, bins: slice = EVERYWHERE) -> tuple[float, float]:
        """The same of the samples; the error contains what may be missing, a like share of every kind."""
        mean, error = mean_and_error(self.found[:, bins, kind].sum(axis=1))
        share = float(self.missing.sum() / max(self.found[:, :, 0].sum(), 1.0))
        return float(mean), float(np.hypot(error, share * mean))

    def skewness(self, kind: int, bins: slice = EVERYWHERE) -> float:
        """Of the mean that ``measured`` gives; numbers of critical points have a long tail above."""
        numbers = self.found[:, bins, kind].sum(axis=1)
        return float(np.nan_to_num(skew(numbers)) / len(numbers) ** 0.5)

    def density(self, kind: int) -> Array:
        """Expected number per unit of m, on the fine bins."""
        counts = self.theory.minima[0] if kind else self.theory.total[0]
        return np.asarray(self.factor * counts / np.diff(FINE))

    def equal_shares(self, kind: int, count: int) -> list[slice]:
        """Ranges of fine bins that cut the expected number into equal parts, as nearly as they can."""
        below = np.cumsum(self.density(kind))
        cuts = np.searchsorted(below / below[-1], np.arange(1, count) / count) + 1
        return [slice(a, b) for a, b in pairwise(dict.fromkeys([0, *map(int, cuts), FINE.size - 1]))]


def numbers_panel(groups: dict[str, list[Counts]]) -> Panel:
    """Numbers of both kinds against N, for each landscape."""
    series = []
    for place, (name, counts) in enumerate(groups.items()):
        sizes = [c.size for c in counts]
        for kind, title in enumerate(KINDS):
            colour = 2 * place + kind
            found = np.array([c.measured(kind) for c in counts])
            series.append(Series.theory("", sizes, [c.expected(kind)[0] for c in counts], colour))
            series.append(Series.simulation(f"{name}: {title}", sizes, found[:, 0], found[:, 1], colour))
    return Panel("lines: exact Kac-Rice", r"$N$", "number", tuple(series), y_scale="log")


def density_panel(counts: Counts, kind: int) -> Panel:
    """Number per unit of m in bins of equal width: theory as steps."""
    ranges = [slice(a, a + JOINED) for a in range(0, FINE.size - 1, JOINED)]
    edges = FINE[::JOINED]
    width = edges[1] - edges[0]
    expected = np.array([counts.expected(kind, r) for r in ranges]) / width
    found = np.array([counts.measured(kind, r) for r in ranges]) / width
    series = (
        Series.theory("exact Kac-Rice", np.repeat(edges, 2)[1:-1], np.repeat(expected[:, 0], 2), kind),
        Series.simulation("enumeration", (edges[1:] + edges[:-1]) / 2, found[:, 0], found[:, 1], kind),
    )
    title = f"{counts.name}, $N = {counts.size}$: {KINDS[kind]}"
    return Panel(title, r"$m$", r"number per unit of $m$", series)
