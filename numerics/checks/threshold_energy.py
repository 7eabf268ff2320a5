r"""Where gradient flow from a random start ends: at the threshold energy, where it is marginally stable.

Theory: ``e_th = -[f'(1) + f(1) (f''(1) - f'(1))/f'(1)]/sqrt(f''(1))`` for pure landscapes (``theory.energies``;
Cugliandolo, Kurchan 1993). ``mu -> 2 sqrt(f''(1))``, with a lowest eigenvalue of the Hessian that tends to 0, for mixed
ones as well, whose energy remembers the start (Folena, Franz, Ricci-Tersenghi 2020) and is compared at finite times.

Simulation, with the two limits in either order:

- ``N -> infinity`` at fixed t (in 1/N), against the two-time equations; then ``t -> infinity`` by the law of ageing,
  ``e = e_inf + c t^(-2/3)`` fitted in a window. Its error: how far the same fit to the two-time equations moves when
  the window moves to times ten times later. Diluted landscapes; their connectivity is N/4, so that what they differ by
  from mean field is of order 1/N too.
- ``t -> infinity`` first, down to a minimum, then ``N -> infinity`` in ``N^(-2/3)``, to second order. Ageing leaves a
  fraction ``(mu_th - mu)^(3/2) ~ 1/t`` of the spectrum below 0, less than one eigenvalue after ``t ~ N``: there the
  flow comes to rest, an energy ``t^(-2/3) ~ N^(-2/3)`` above the threshold, and the lowest eigenvalue is of the order
  of the distance between eigenvalues at the edge. Dense landscapes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from .batches import batches, belonging, largest_first
from .comparison import Comparison
from .extrapolation import Law
from .joint import limits, means
from .late_times import PROBLEMS, Outcome, Problem, Theory, measured
from .report import Report
from .samples import declared
from .tasks import Progress, gather, perturbation
from .threshold_panels import panels
from .threshold_states import LOWEST, MULTIPLIER


@dataclass(frozen=True)
class Settings:
    """Sizes, and samples of each of them for each of ``PROBLEMS``; times of the fit in ``t^(-2/3)``.

    ``resolution`` of energies is relative to ``e_th``, of mu and the lowest eigenvalue to ``2 sqrt(f''(1))``; at rest,
    where N is smaller and the extrapolation of second order, it is ``COARSER`` times that.
    """

    late_sizes: tuple[int, ...]
    rest_sizes: tuple[int, ...]
    samples: tuple[tuple[int, ...], ...]
    window: tuple[float, ...]
    resolution: float

    def sizes(self, problem: Problem) -> tuple[int, ...]:
        """Those of this problem."""
        return self.late_sizes if problem.late else self.rest_sizes


COARSER = 2.0
"""Resolution at rest."""
DEFAULT = Settings(
    late_sizes=(384, 768, 1536),
    rest_sizes=(32, 64, 128, 256),
    samples=((60, 36, 14), (32, 20, 8), (140, 100, 50, 24), (120, 80, 40, 20)),
    window=(20.0, 30.0, 45.0, 70.0, 100.0),
    resolution=0.03,
)
QUICK = Settings(
    late_sizes=(128, 256, 512),
    rest_sizes=(24, 40, 64, 96),
    samples=((30, 18, 10), (24, 14, 8), (90, 60, 50, 32), (80, 54, 44, 28)),
    window=(5.0, 10.0, 20.0),
    resolution=0.1,
)


@dataclass(frozen=True)
class Row:
    """One number: its place among the observables, theory's value, the scale of its resolution, and errors."""

    label: str
    place: int
    value: float
    scale: float
    error: float = 0.0
    systematic: float = 0.0
    independent: bool = False


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
    """See ``numerics.checks``; ``perturb``: ``energy``, ``multiplier`` scale theory, ``signal`` plants ``signal m``."""
    chosen = settings or (QUICK if quick else DEFAULT)
    wrong = perturbation(perturb, energy=1.0, multiplier=1.0, signal=0.0)
    order = largest_first(
        [
            batch
            for k, problem in enumerate(PROBLEMS)
            for batch in batches(k, chosen.sizes(problem), chosen.samples[k], seed, wrong["signal"])
        ]
    )
    points = [(batch, chosen.window) for batch in order]
    found = gather(measured, points, workers=workers, progress=progress, title="the end of gradient flow")
    theories = {
        p.landscape: Theory.of(p.landscape, chosen.window, wrong["energy"], wrong["multiplier"])
        for p in PROBLEMS
        if p.late
    }
    outcomes = []
    for k, problem in enumerate(PROBLEMS):
        samples = [np.concatenate(belonging(order, found, k, size)) for size in chosen.sizes(problem)]
        groups = [means(size, values) for size, values in zip(chosen.sizes(problem), samples, strict=True)]
        limit = limits(groups, laws_of(problem, chosen.window))
        outcomes.append(Outcome(problem, theories[problem.landscape], groups, limit))
    return Report(
        "threshold-energy",
        tuple(compared(o, row, chosen) for o in outcomes for row in rows(o, chosen.window)),
        {**asdict(chosen), "seed": seed, "landscapes": [declared(landscape) for landscape in theories]},
        tuple(panel for o in outcomes for panel in panels(o, chosen.window)),
        remarks(outcomes, chosen),
    )


def laws_of(problem: Problem, window: Sequence[float]) -> list[Law]:
    """Of the columns of ``measured``: at fixed time 1/N with the time for its unit, at rest those of a twin."""
    if problem.late:
        once = [Law.series(ratio=t) for t in window]
        return [*once, *once, *(2 * [Law.series(ratio=window[-1])])]
    slope, curvature = (float(problem.landscape.f(k)) for k in (1, 2))
    sigma, order = curvature**0.5, 1 + curvature / slope
    units = [sigma / order, sigma, sigma]  # mu = -p e in pure landscapes
    return [law.scaled(unit) for law, unit in zip((MULTIPLIER, MULTIPLIER, LOWEST), units, strict=True)]


def rows(outcome: Outcome, window: Sequence[float]) -> list[Row]:
    """What is compared; of each problem one number counts as independent."""
    theory, pure, last = outcome.theory, outcome.pure, len(window) - 1
    energy, marginal = abs(theory.threshold), theory.marginal
    if not outcome.problem.late:
        first = Row("e at rest", 0, theory.threshold, energy, independent=True)
        other = Row("mu at rest", 1, marginal, marginal, independent=True)
        return [first if pure else other, Row("lowest eigenvalue at rest", 2, 0.0, marginal)]
    e, e_error, mu, mu_error = theory.at(window)
    made = [Row(f"e at t = {window[k]:g}", k, e[k], energy, e_error[k]) for k in (0, last)]
    if pure:
        return [*made, Row("e as t → ∞", 2 * last + 2, theory.threshold, energy, 0.0, theory.drift[0], True)]
    made.append(Row(f"mu at t = {window[-1]:g}", 2 * last + 1, mu[-1], marginal, mu_error[-1]))
    return [*made, Row("mu as t → ∞", 2 * last + 3, marginal, marginal, 0.0, theory.drift[1], True)]


def compared(outcome: Outcome, row: Row, chosen: Settings) -> Comparison:
    """At infinite size."""
    limit = outcome.limit
    return Comparison(
        f"{outcome.problem.label}: {row.label}",
        float(row.value),
        float(row.error),
        float(limit.value[row.place]),
        float(np.hypot(limit.error[row.place], row.systematic)),
        chosen.resolution * row.scale * (1.0 if outcome.problem.late else COARSER),
        None,
        float(limit.degrees[row.place]),
        row.independent,
    )


def remarks(outcomes: Sequence[Outcome], chosen: Settings) -> tuple[str, ...]:
    """What was extrapolated, how, and how well."""
    pure, mixed = (o.theory for o in outcomes if o.problem.late)
    poorest = min(float(np.min(o.limit.p_value)) for o in outcomes)
    listed = [", ".join(map(str, sizes)) for sizes in (chosen.late_sizes, chosen.rest_sizes)]
    return (
        f"At fixed t extrapolated in 1/N from N = {listed[0]} (diluted), at rest in N^(-0.55), N^(-4/3) (the lowest "
        f"eigenvalue: N^(-3/4), N^(-5/4)) from {listed[1]} (dense); a further power is part of the error; the poorest "
        f"fit has a p-value of {poorest:.2g}.",
        f"Limits t → ∞ by a fit in t^(-2/3) to {chosen.window[0]:g} <= t <= {chosen.window[-1]:g}; the same fit to the "
        f"two-time equations moves by {pure.drift[0]:.1g} (e) and {mixed.drift[1]:.1g} (mu) at ten times later times, "
        "which is part of the error.",
        "The energy of a mixed landscape has no such limit in theory: it is compared at finite times only.",
        "In pure landscapes mu = -p e, so that e_th and marginal stability are one statement there.",
    )
