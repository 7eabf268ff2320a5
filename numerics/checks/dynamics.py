r"""Gradient flow and Langevin dynamics at finite N against the two-time equations.

Theory: ``m(t), e(t), mu(t), C(t, t_w)`` of ``numerics.dynamics.solve_dynamics`` (Cugliandolo, Kurchan 1993; with a
signal Sarao Mannelli et al. 2019), exact at infinite size, with its own error estimate.

Simulation: ``numerics.simulation.simulate`` on dense tensors, where ``E H`` and ``Cov H`` are exact at any N, from
starts whose overlap is exact; for late times on diluted ones of connectivity N/4, which are larger. Averages at a fixed
time are then series in 1/N, whose coefficients grow with time (gradient flow comes to rest at ``t ~ N``) and with
``1/m0^2`` (a signal that emerges from noise of order ``N^-1/2``, or competes with it near the edge of its basin of
attraction): sizes are kept above ``4t`` and, where the signal wins, ``10/m0^2``, starts far from that edge.

Samples with a signal differ most in the height of the landscape there: ``H(x*)/N`` and ``mu(x*)`` have means ``-g(1)``
and ``g'(1)`` at any N, and serve as control variates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path

import numpy as np

from theory.landscape import GaussianLandscape

from ..dynamics import DynamicsSolution, solve_dynamics
from ..lowering import Array
from ..simulation import Ensemble, simulate
from .batches import Batch, batches, belonging, largest_first
from .dynamics_cases import CASES, DEFAULT, QUICK, SPARSENESS, WAITING, Case, Plan, Settings
from .dynamics_outcome import Column, Outcome, columns_of
from .dynamics_panels import panels
from .extrapolation import Law
from .joint import Means, limits, means
from .report import Report
from .samples import declared, with_signal
from .tasks import Progress, gather, perturbation

THEORY_RTOL, RUN_RTOL = 1e-6, 1e-3
"""The latter is about the bias of Langevin runs; that of gradient flow is 1e-5."""
POWERS = {1: "1/N", 2: "1/N and 1/N^2"}
Measured = tuple[Array, Array, Array]
"""``t`` (T,), means over the starts of each sample (samples, rows * T), controls (samples, 0 or 2)."""


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
    """See ``numerics.checks``; ``perturb``: ``energy``, ``covariance`` scale e, f of theory, ``signal`` sampled g."""
    chosen = settings or (QUICK if quick else DEFAULT)
    wrong = perturbation(perturb, energy=1.0, covariance=1.0, signal=1.0)
    planned = (batches(k, p.sizes, p.samples, seed, wrong["signal"]) for k, p in enumerate(chosen.plans))
    order = largest_first(list(chain.from_iterable(planned)))
    points = [(batch, CASES[batch.case].until(chosen.t_max)) for batch in order]
    found = gather(measured, points, workers=workers, progress=progress, title="dynamics at finite N")
    outcomes = []
    for k, (case, plan) in enumerate(zip(CASES, chosen.plans, strict=True)):
        own = [belonging(order, found, k, size) for size in plan.sizes]
        theory = predicted(case, chosen.t_max, wrong["covariance"])
        columns = columns_of(case, own[0][0][0], case.until(chosen.t_max))
        outcomes.append(concluded(case, plan, theory, columns, own, wrong["energy"]))
    return Report(
        "dynamics",
        tuple(chain.from_iterable(outcome.comparisons(chosen.resolution) for outcome in outcomes)),
        {**asdict(chosen), "seed": seed, "cases": [described(case) for case in CASES]},
        tuple(chain.from_iterable(panels(outcome) for outcome in outcomes)),
        remarks(chosen, outcomes),
    )


def measured(point: tuple[Batch, tuple[float, ...]]) -> Measured:
    """One batch, through those times."""
    batch, times = point
    case = CASES[batch.case]
    landscape = with_signal(case.landscape, batch.signal)
    found = simulate(
        landscape,
        batch.size,
        batch.samples,
        batch.own_seed,
        t_max=times[-1],
        at=times,
        starts=case.starts,
        overlap=case.overlap,
        temperature=case.temperature,
        waiting_times=WAITING,
        rtol=RUN_RTOL,
        ensemble="diluted" if case.diluted else "dense",
        connectivity=max(1, batch.size // SPARSENESS),
    )
    controls = at_signal(case.landscape, landscape, batch) if case.overlap else np.zeros((batch.samples, 0))
    return found.t, in_rows(found), controls


def in_rows(found: Ensemble) -> Array:
    """(samples, rows * times), the rows as in ``dynamics_outcome.ROWS``."""
    correlations = [found["correlation"][..., w] for w in range(len(WAITING))]
    values = np.stack([found["m"], found["energy"], found["mu"], *correlations], axis=2).mean(axis=1)
    flat: Array = values.reshape(len(values), -1)
    return flat


def at_signal(assumed: GaussianLandscape, sampled: GaussianLandscape, batch: Batch) -> Array:
    """``H/N + g(1)`` and ``mu - g'(1)`` at the signal, in the same samples; (samples, 2)."""
    found = simulate(sampled, batch.size, batch.samples, batch.own_seed, t_max=1e-3, overlap=1.0, waiting_times=())
    height, slope = (float(assumed.g(k, 1)) for k in range(2))
    return np.column_stack([found["energy"][:, 0, 0] + height, found["mu"][:, 0, 0] - slope])


def predicted(case: Case, t_max: float, covariance: float) -> DynamicsSolution:
    """The two-time equations."""
    landscape = GaussianLandscape(covariance * case.landscape.covariance, case.landscape.mean)
    end = case.until(t_max)[-1]
    return solve_dynamics(
        landscape, end, temperature=case.temperature, overlap=case.overlap, rtol=THEORY_RTOL, method="long-time"
    )


def concluded(
    case: Case,
    plan: Plan,
    theory: DynamicsSolution,
    columns: Sequence[Column],
    parts: Sequence[Sequence[Measured]],
    energy: float,
) -> Outcome:
    """Averages of each size, and their limits; ``parts`` are the batches of each size."""
    groups = [averaged(size, own) for size, own in zip(plan.sizes, parts, strict=True)]
    groups = [group.only([column.place for column in columns]) for group in groups]
    bias = RUN_RTOL if case.temperature else 0.0
    laws = [Law.series(terms=plan.terms, ratio=scale_of(case, column.t)) for column in columns]
    limit = limits(groups, laws)
    return Outcome(case, theory, columns, groups[0], limit, energy=energy, bias=bias)


def scale_of(case: Case, t: float) -> float:
    """Of N: what multiplies the coefficients of 1/N from one to the next."""
    return max(1.0, t, case.overlap and case.overlap**-2)


def averaged(size: int, parts: Sequence[Measured]) -> Means:
    """Over all samples of a size."""
    return means(size, *(np.concatenate([part[k] for part in parts]) for k in (1, 2)))


def described(case: Case) -> dict[str, object]:
    """For the record."""
    return {**asdict(case), "landscape": declared(case.landscape)}


def remarks(chosen: Settings, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """What was extrapolated and how well."""
    fits = [
        f"{case.label} from N = {', '.join(map(str, plan.sizes))} in {POWERS[plan.terms]}"
        for case, plan in zip(CASES, chosen.plans, strict=True)
    ]
    poorest = min(float(np.min(outcome.limit.p_value)) for outcome in outcomes)
    count = sum(len(outcome.columns) for outcome in outcomes)
    return (
        f"Extrapolated at fixed t: {'; '.join(fits)}.",
        f"The poorest of the {count} fits, many of which share their samples, has a p-value of {poorest:.2g}.",
        "In pure landscapes mu = T - p e, in theory and up to T/N in a sample: no test of its own.",
    )
