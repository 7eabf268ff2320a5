r"""Every critical point of small sampled landscapes against the exact Kac-Rice count at the same N.

Theory: ``E Crt_k(N)`` of ``numerics.finite_size``, no limit of large N anywhere. Simulation: complete enumeration
(``numerics.simulation.critical_points``), averaged over disorder. Compared are all critical points, minima, and both
bin by bin in ``m = x.x*/N``; the bins hold equal shares of what theory expects.

What an enumeration lacks, by its Morse sum and by capture and recapture, widens the error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
from .check import Check, Findings, Outcome
from .counts import FINE, Counts, panels
from .plan import Plan, Point, Run
from .samples import declared, with_signal


@dataclass(frozen=True)
class Case:
    """A landscape, and how many samples of it at each N."""

    landscape: int
    size: int
    samples: int


@dataclass(frozen=True)
class Cases(Plan):
    """``bins`` of equal share for all critical points and for minima; ``matrices`` of the Kac-Rice average.

    ``resolution``: of the complexity, ``ln(number)/N``; in single bins ``bin_resolution``.
    """

    cases: tuple[Case, ...]
    bins: tuple[int, int] = (6, 2)
    matrices: int = 32768
    resolution: float = 0.05
    bin_resolution: float = 0.1

    def layout(self, case: int) -> Sequence[tuple[int, int]]:
        """One size."""
        return [(self.cases[case].size, self.cases[case].samples)]


LANDSCAPES = (
    SpikedMatrixTensor(3, Rational(7, 10), 1),
    GaussianLandscape(
        OVERLAP**2 / 4 + OVERLAP**3 / 7 + OVERLAP**4 / 12, SIGNAL_OVERLAP / 4 + SIGNAL_OVERLAP**2 / 3, name="f ≠ g"
    ),
)


def measured(point: Point[Cases]) -> Array:
    """Counts of all and of minima, in turn, in each fine bin, and how many may be missing, (2 bins + 1,)."""
    index = point.plan.cases[point.case].landscape
    disorder, starts = point.seeds(index).spawn(2)
    drawn = sample(with_signal(LANDSCAPES[index], point.wrong["signal"]), point.size, disorder, dtype="float64")
    try:
        found = critical_points(drawn, starts)
    except ConvergenceError as error:
        found = error.partial
    places = np.clip(np.searchsorted(FINE, found.overlap) - 1, 0, FINE.size - 2)
    kinds = (places, places[found.index == 0])
    counts = np.stack([np.bincount(kind, minlength=FINE.size - 1) for kind in kinds], axis=1)
    return np.append(counts.ravel(), max(found.missing, abs(found.morse_sum - found.euler))).astype(np.float64)


def expected(point: tuple[Case, int, int]) -> ExpectedCount:
    """Theory, on the fine bins, at (case, matrices, seed)."""
    case, matrices, seed = point
    landscape = LANDSCAPES[case.landscape]
    return expected_critical_points(landscape, case.size, overlap_edges=FINE, samples=matrices, seed=seed)


def concluded(run: Run[Cases], outcomes: Sequence[Outcome]) -> Findings:
    """Totals and bins, of all critical points and of minima, in every case."""
    plan, factors = run.plan, [float(np.exp(run.wrong["complexity"] * case.size)) for case in run.plan.cases]
    theories = run.map(expected, [(case, plan.matrices, run.seed) for case in plan.cases], "Kac-Rice")
    counts = [
        Counts(LANDSCAPES[case.landscape].name, case.size, theory, outcome.samples[case.size][0], factor)
        for case, theory, outcome, factor in zip(plan.cases, theories, outcomes, factors, strict=True)
    ]
    missed = sum(c.missing * c.found(0).sum() for c in counts) / sum(c.found(0).sum() for c in counts)
    return Findings(
        [comparison for c in counts for comparison in c.comparisons(plan.bins, plan.resolution, plan.bin_resolution)],
        panels(counts),
        [f"Estimated share of critical points that were not found: {missed:.1g}."],
    )


CHECK = Check(
    name="complexity",
    description="all critical points of small landscapes against the exact Kac-Rice count",
    systems=("spiked-matrix-tensor", "landscape"),
    reason="0.05 in ln(number)/N, and 0.1 in bins: the leading exponential of large N is 0.2 to 0.35 below the count "
    "of all critical points at these N, and 0.09 to 0.2 below that of minima.",
    doing="critical points",
    default=Cases(
        (Case(0, 6, 600), Case(0, 8, 400), Case(0, 10, 120), Case(0, 12, 60), Case(1, 6, 200), Case(1, 7, 160))
    ),
    quick=Cases((Case(0, 6, 150), Case(0, 8, 60), Case(1, 6, 100)), bins=(4, 2), matrices=8192),
    count=lambda plan: len(plan.cases),
    measure=measured,
    conclude=concluded,
    theory_mistakes={"complexity": 0.0},
    simulation_mistakes={"signal": 1.0},
    remarks=("No extrapolation: theory is exact at each N.",),
    facts={"landscapes": [declared(landscape) for landscape in LANDSCAPES]},
)
