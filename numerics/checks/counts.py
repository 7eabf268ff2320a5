"""Critical points expected and found, in bins of the overlap."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.stats import skew

from ..finite_size import ExpectedCount
from ..lowering import Array
from ..statistics import mean_and_error
from .comparison import Comparison
from .report import Panel, Series

FINE = np.linspace(-1, 1, 41)
"""Edges between which both are counted, before bins are joined."""
JOINED = 2
"""Fine bins in each bin of the figure."""
KINDS = ("critical points", "minima")
TINY = 1e-300
"""Of a resolution: where theory expects nothing at all."""
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
    samples
        Rows of counts of all and of minima in each fine bin, and how many the enumeration is thought to lack.
    """

    name: str
    size: int
    theory: ExpectedCount
    samples: Array
    factor: float = 1.0

    @property
    def missing(self) -> float:
        """Share of critical points that were not found."""
        return float(self.samples[:, -1].sum() / max(self.found(0).sum(), 1.0))

    def found(self, kind: int, bins: slice = EVERYWHERE) -> Array:
        """Number in each sample; ``kind`` 0: all, 1: minima."""
        numbers: Array = self.samples[:, kind:-1:2][:, bins].sum(axis=1)
        return numbers

    def compared(self, kind: int, bins: slice = EVERYWHERE, resolution: float = 1.0) -> Comparison:
        """One number, ``resolution`` being that of the complexity; of those at one N the total alone is independent.

        The error contains what may be missing, a like share of every kind. Counts have a long tail above: the skewness
        of their mean is part of the comparison.
        """
        weights = np.zeros((FINE.size - 1, self.size))
        weights[bins, : 1 if kind else None] = 1
        value, error = (self.factor * number for number in self.theory.estimate(weights))
        found = self.found(kind, bins)
        mean, deviation = (float(number) for number in mean_and_error(found))
        where = "" if bins == EVERYWHERE else f", {FINE[bins.start]:.2g} < m < {FINE[bins.stop]:.2g}"
        return Comparison(
            f"{self.name}, N = {self.size}: {KINDS[kind]}{where}",
            *(value, error, mean, float(np.hypot(deviation, self.missing * mean))),
            max(float(-value * np.expm1(-resolution * self.size)), TINY),
            self.size,
            len(found) - 1,
            kind == 0 and bins == EVERYWHERE,
            float(np.nan_to_num(skew(found)) / len(found) ** 0.5),
        )

    def comparisons(self, bins: tuple[int, int], resolution: float, bin_resolution: float) -> list[Comparison]:
        """In all and in so many bins of equal shares of each kind."""
        made = []
        for kind, count in enumerate(bins):
            made.append(self.compared(kind, EVERYWHERE, resolution))
            made += [self.compared(kind, place, bin_resolution) for place in self.equal_shares(kind, count)]
        return made

    def equal_shares(self, kind: int, count: int) -> list[slice]:
        """Ranges of fine bins that cut the expected number into equal parts, as nearly as they can."""
        counts = self.theory.minima[0] if kind else self.theory.total[0]
        below = np.cumsum(self.factor * counts / np.diff(FINE))
        cuts = np.searchsorted(below / below[-1], np.arange(1, count) / count) + 1
        return [slice(a, b) for a, b in pairwise(dict.fromkeys([0, *map(int, cuts), FINE.size - 1]))]


def panels(counts: list[Counts]) -> list[Panel]:
    """Numbers against N; densities in m at the largest N of the first landscape."""
    groups: dict[str, list[Counts]] = {}
    for c in counts:
        groups.setdefault(c.name, []).append(c)
    largest = max(groups[counts[0].name], key=lambda c: c.size)
    return [numbers_panel(groups), *(density_panel(largest, kind) for kind in range(len(KINDS)))]


def numbers_panel(groups: dict[str, list[Counts]]) -> Panel:
    """Numbers of both kinds against N, for each landscape."""
    series = []
    for place, (name, counts) in enumerate(groups.items()):
        for kind, title in enumerate(KINDS):
            sizes, predicted, found, errors = _columns([c.compared(kind) for c in counts])
            series.append(Series.theory("", sizes, predicted, 2 * place + kind))
            series.append(Series.simulation(f"{name}: {title}", sizes, found, errors, 2 * place + kind))
    return Panel("lines: exact Kac-Rice", r"$N$", "number", tuple(series), y_scale="log")


def density_panel(counts: Counts, kind: int) -> Panel:
    """Number per unit of m in bins of equal width: theory as steps."""
    edges = FINE[::JOINED]
    bins = [slice(a, a + JOINED) for a in range(0, FINE.size - 1, JOINED)]
    _, *columns = _columns([counts.compared(kind, one) for one in bins])
    predicted, found, errors = np.array(columns) / (edges[1] - edges[0])
    series = (
        Series.theory("exact Kac-Rice", np.repeat(edges, 2)[1:-1], np.repeat(predicted, 2), kind),
        Series.simulation("enumeration", (edges[1:] + edges[:-1]) / 2, found, errors, kind),
    )
    return Panel(f"{counts.name}, $N = {counts.size}$: {KINDS[kind]}", r"$m$", r"number per unit of $m$", series)


def _columns(comparisons: list[Comparison]) -> list[list[float]]:
    names = ("size", "predicted", "measured", "measured_error")
    return [[float(getattr(c, name)) for c in comparisons] for name in names]
