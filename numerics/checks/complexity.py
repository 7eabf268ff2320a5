r"""Every critical point of small sampled landscapes against the exact Kac-Rice count at the same N.

Theory: ``E Crt_k(N)`` of ``numerics.finite_size``, no limit of large N anywhere. Simulation: complete enumeration
(``numerics.simulation.critical_points``), averaged over disorder. Compared are all critical points, minima, and both
bin by bin in ``m = x.x*/N``; the bins hold equal shares of what theory expects.

What an enumeration lacks, by its Morse sum and by capture and recapture, widens the error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from sympy import Rational

from theory.landscape import GaussianLandscape
from theory.symbols import OVERLAP, SIGNAL_OVERLAP
from theory.systems import SpikedMatrixTensor

from ..errors import ConvergenceError
from ..finite_size import ExpectedCount, expected_critical_points
from ..lowering import Array
from ..simulation import sample
from ..simulation.critical_points import critical_points
from .comparison import Comparison
from .counts import EVERYWHERE, FINE, KINDS, Counts, density_panel, numbers_panel
from .report import Panel, Report
from .samples import declared, with_signal
from .tasks import Progress, gather, perturbation, results_at, stream


@dataclass(frozen=True)
class Case:
    """A landscape, and how many samples of it at each N."""

    landscape: int
    size: int
    samples: int


@dataclass(frozen=True)
class Settings:
    """``bins`` of equal share for all critical points and for minima; ``matrices`` of the Kac-Rice average.

    ``resolution``: of the complexity, ``ln(number)/N``; in single bins ``bin_resolution``.
    """

    cases: tuple[Case, ...]
    bins: tuple[int, int] = (6, 2)
    matrices: int = 32768
    resolution: float = 0.05
    bin_resolution: float = 0.1


LANDSCAPES = (
    SpikedMatrixTensor(3, Rational(7, 10), 1),
    GaussianLandscape(
        OVERLAP**2 / 4 + OVERLAP**3 / 7 + OVERLAP**4 / 12, SIGNAL_OVERLAP / 4 + SIGNAL_OVERLAP**2 / 3, name="f ≠ g"
    ),
)
DEFAULT = Settings(
    (Case(0, 6, 600), Case(0, 8, 400), Case(0, 10, 120), Case(0, 12, 60), Case(1, 6, 200), Case(1, 7, 160))
)
QUICK = Settings((Case(0, 6, 150), Case(0, 8, 60), Case(1, 6, 100)), bins=(4, 2), matrices=8192)


def run(
    *,
    quick: bool = False,
    seed: int = 0,
    workers: int = 1,
    output: Path | None = None,
    progress: Progress | None = None,
    perturb: Mapping[str, float] | None = None,
    settings: Settings | None = None,
) -> Report:
    """See ``numerics.checks``; ``perturb``: ``complexity`` is added to ln(number)/N, ``signal`` scales sampled g."""
    chosen = settings or (QUICK if quick else DEFAULT)
    wrong = perturbation(perturb, complexity=0.0, signal=1.0)
    # the largest take longest: they go first
    points = sorted(
        ((c.size, c.landscape, number, seed, wrong["signal"]) for c in chosen.cases for number in range(c.samples)),
        reverse=True,
    )
    theories = gather(expected, [(c, chosen.matrices, seed) for c in chosen.cases], workers=workers)
    found = gather(enumerated, points, workers=workers, progress=progress, title="critical points")
    counts = []
    for case, theory in zip(chosen.cases, theories, strict=True):
        own = results_at(points, found, case.size, case.landscape)
        samples, missing = (np.array(column) for column in zip(*own, strict=True))
        factor = float(np.exp(wrong["complexity"] * case.size))
        counts.append(Counts(LANDSCAPES[case.landscape].name, case.size, theory, samples, missing, factor))
    missed = sum(float(c.missing.sum()) for c in counts) / sum(float(c.found[:, :, 0].sum()) for c in counts)
    return Report(
        "complexity",
        tuple(comparison for c in counts for comparison in compared(c, chosen)),
        {**asdict(chosen), "seed": seed, "landscapes": [declared(landscape) for landscape in LANDSCAPES]},
        panels(counts),
        (
            "No extrapolation: theory is exact at each N.",
            f"Estimated share of critical points that were not found: {missed:.1g}.",
        ),
    )


def expected(point: tuple[Case, int, int]) -> ExpectedCount:
    """Theory, on the fine bins, at (case, matrices, seed)."""
    case, matrices, seed = point
    landscape = LANDSCAPES[case.landscape]
    return expected_critical_points(landscape, case.size, overlap_edges=FINE, samples=matrices, seed=seed)


def enumerated(point: tuple[int, int, int, int, float]) -> tuple[Array, float]:
    """One sample at (N, landscape, number, seed, factor of g): counts (fine bins, 2), and how many may be missing."""
    size, index, number, seed, factor = point
    disorder, starts = stream(seed, index, size, number).spawn(2)
    drawn = sample(with_signal(LANDSCAPES[index], factor), size, disorder, dtype="float64")
    try:
        found = critical_points(drawn, starts)
    except ConvergenceError as error:
        found = error.partial
    places = np.clip(np.searchsorted(FINE, found.overlap) - 1, 0, FINE.size - 2)
    kinds = (places, places[found.index == 0])
    counts = np.stack([np.bincount(kind, minlength=FINE.size - 1) for kind in kinds], axis=1)
    return counts.astype(np.float64), max(found.missing, abs(found.morse_sum - found.euler))


def compared(counts: Counts, chosen: Settings) -> list[Comparison]:
    """Totals and bins, of all critical points and of minima."""
    results = []
    for kind in range(len(KINDS)):
        results.append(comparison(counts, kind, EVERYWHERE, chosen.resolution))
        ranges = counts.equal_shares(kind, chosen.bins[kind])
        results += [comparison(counts, kind, bins, chosen.bin_resolution) for bins in ranges]
    return results


def comparison(counts: Counts, kind: int, bins: slice, resolution: float) -> Comparison:
    """One number; of those at one N the total alone counts as independent."""
    value, error = counts.expected(kind, bins)
    where = "" if bins == EVERYWHERE else f", {FINE[bins.start]:.2g} < m < {FINE[bins.stop]:.2g}"
    return Comparison(
        f"{counts.name}, N = {counts.size}: {KINDS[kind]}{where}",
        value,
        error,
        *counts.measured(kind, bins),
        float(-value * np.expm1(-resolution * counts.size)),
        counts.size,
        len(counts.found) - 1,
        kind == 0 and bins == EVERYWHERE,
        counts.skewness(kind, bins),
    )


def panels(counts: list[Counts]) -> tuple[Panel, ...]:
    """Numbers against N; densities in m at the largest N of the first landscape."""
    groups: dict[str, list[Counts]] = {}
    for c in counts:
        groups.setdefault(c.name, []).append(c)
    largest = max(groups[counts[0].name], key=lambda c: c.size)
    densities = (density_panel(largest, kind) for kind in range(len(KINDS)))
    return numbers_panel(groups), *densities
