r"""Gradient flow and Langevin dynamics at finite N against the two-time equations.

Theory: ``m(t), e(t), mu(t), C(t, t_w)`` of ``numerics.dynamics.solve_dynamics`` (Cugliandolo, Kurchan 1993; with a signal
Sarao Mannelli et al. 2019), exact at infinite size, with its own error estimate.

Simulation: ``numerics.simulation.simulate`` on dense tensors, where ``E H`` and ``Cov H`` are exact at any N, from starts
whose overlap is exact. Averages at a fixed time are then series in 1/N, whose coefficients grow with time (gradient flow
comes to rest at ``t ~ N``) and with ``1/m0^2`` (a signal that emerges from noise of order ``N^-1/2``, or competes with
it near the edge of its basin of attraction): sizes are kept above ``t`` and ``5/m0^2``, starts far from that edge.

Samples with a signal differ most in the height of the landscape there: ``H(x*)/N`` and ``mu(x*)`` have means ``-g(1)``
and ``g'(1)`` at any N, and serve as control variates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from theory.landscape import GaussianLandscape

from ..dynamics import DynamicsSolution, solve_dynamics
from ..lowering import Array
from ..simulation import Ensemble, simulate
from .batches import Batch, batches, belonging, largest_first
from .comparison import Comparison
from .dynamics_cases import CASES, DEFAULT, QUICK, Case, Settings
from .joint import Limits, Means, limits, means
from .report import Panel, Report, Series
from .samples import declared, with_signal
from .tasks import Progress, gather, perturbation

ROWS = ("m", "e", "mu", "C(t, 0)", "C(t, 1)")
M, E, MU, C0, C1 = range(len(ROWS))
SYMBOLS = ("$m$", "$e$", r"$\mu$", "$C(t, 0)$", "$C(t, 1)$")
WAITING = (0.0, 1.0)
THEORY_RTOL, RUN_RTOL = 1e-6, 1e-3
"""The latter is about the bias of Langevin runs; that of gradient flow is 1e-5."""
Column = tuple[int, float]
"""Row and time."""


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
    """See ``numerics.checks``; ``perturb``: ``energy`` and ``covariance`` scale e and f of theory, ``signal`` sampled g."""
    chosen = settings or (QUICK if quick else DEFAULT)
    wrong = perturbation(perturb, energy=1.0, covariance=1.0, signal=1.0)
    planned = [batches(k, chosen.sizes, chosen.samples[k], seed, wrong["signal"]) for k in range(len(CASES))]
    points = [(batch, chosen.t_max) for batch in largest_first(sum(planned, []))]
    found = gather(measured, points, workers=workers, progress=progress, title="dynamics at finite N")
    comparisons: list[Comparison] = []
    drawn: list[Panel] = []
    qualities = []
    for index, case in enumerate(CASES):
        theory = predicted(case, chosen.t_max, wrong["covariance"])
        own = [belonging([b for b, _ in points], found, index, size) for size in chosen.sizes]
        groups = [averaged(size, parts) for size, parts in zip(chosen.sizes, own, strict=True)]
        columns = places(case, own[0][0][0])
        limit = limits([group.only([c.place for c in columns]) for group in groups], terms=chosen.terms)
        comparisons += compared(case, theory, columns, limit, chosen, wrong["energy"])
        drawn += panels(case, theory, columns, groups[0], limit, wrong["energy"])
    recorded = {**asdict(chosen), "seed": seed, "cases": [described(case) for case in CASES]}
    return Report("dynamics", tuple(comparisons), recorded, tuple(drawn), remarks(chosen, qualities))


def measured(point: tuple[Batch, float]) -> tuple[Array, Array, Array]:
    """``t`` (T,), means over the starts of each sample (samples, rows * T), controls (samples, 0 or 2)."""
    batch, t_max = point
    case = CASES[batch.case]
    landscape, times = with_signal(case.landscape, batch.signal), case.until(t_max)
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
    )
    controls = at_signal(case.landscape, landscape, batch) if case.overlap else np.zeros((batch.samples, 0))
    return found.t, rows(found), controls


def rows(found: Ensemble) -> Array:
    """(samples, rows * times)."""
    correlations = [found["correlation"][..., w] for w in range(len(WAITING))]
    values = np.stack([found["m"], found["energy"], found["mu"], *correlations], axis=2).mean(axis=1)
    flat: Array = values.reshape(len(values), -1)
    return flat


def at_signal(declared_as: GaussianLandscape, landscape: GaussianLandscape, batch: Batch) -> Array:
    """``H/N + g(1)`` and ``mu - g'(1)`` at the signal of the same samples (samples, 2)."""
    found = simulate(landscape, batch.size, batch.samples, batch.own_seed, t_max=1e-3, overlap=1.0, waiting_times=())
    return np.column_stack(
        [
            found["energy"][:, 0, 0] + float(declared_as.g(0, 1)),
            found["mu"][:, 0, 0] - float(declared_as.g(1, 1)),
        ]
    )


def averaged(size: int, parts: Sequence[tuple[Array, Array, Array]]) -> Means:
    """Over all samples of a size."""
    return means(size, np.concatenate([p[1] for p in parts]), np.concatenate([p[2] for p in parts]))


def predicted(case: Case, t_max: float, covariance: float) -> DynamicsSolution:
    """The two-time equations."""
    landscape = GaussianLandscape(covariance * case.landscape.covariance, case.landscape.mean)
    return solve_dynamics(
        landscape,
        case.until(t_max)[-1],
        temperature=case.temperature,
        overlap=case.overlap,
        rtol=THEORY_RTOL,
    )


def theory_at(theory: DynamicsSolution, row: int, t: Array, energy: float = 1.0) -> tuple[Array, Array]:
    """Value and error at times t of one row; ``energy`` multiplies e."""
    found = theory.at(t)
    if row in (C0, C1):
        return theory.C(t, WAITING[row - C0]), found["correlation_error"]
    name = ("m", "energy", "mu")[row]
    return found[name] * (energy if row == E else 1.0), found[f"{name}_error"]


def compared_columns(case: Case, t_max: float) -> list[Column]:
    """All rows at all times; m where there is a signal, ``C(t, t_w)`` later than ``t_w``."""
    starts = {M: 0.0 if case.overlap else np.inf, C1: WAITING[1]}
    return [(row, t) for row in range(len(ROWS)) for t in case.until(t_max) if t > starts.get(row, 0.0)]


def places(t: Array, columns: Sequence[Column]) -> list[int]:
    """Where they are among the columns of ``rows``."""
    return [row * t.size + int(np.argmin(np.abs(t - time))) for row, time in columns]


def compared(
    case: Case, theory: DynamicsSolution, columns: Sequence[Column], limit: Limits, chosen: Settings, energy: float
) -> list[Comparison]:
    """Values of one run err together: its last energy counts as the independent one."""
    last = max(k for k, (row, _) in enumerate(columns) if row == E)
    bias = RUN_RTOL if case.temperature else 0.0
    made = []
    for k, (row, t) in enumerate(columns):
        value, error = (float(v[0]) for v in theory_at(theory, row, np.array([t]), energy))
        scale = abs(value) if row in (E, MU) else 1.0
        made.append(
            Comparison(
                f"{case.label}: {ROWS[row]} at t = {t:g}",
                value,
                error,
                limit.value[k],
                float(np.hypot(limit.error[k], bias * abs(value))),
                chosen.resolution * scale,
                None,
                limit.degrees[k],
                k == last,
            )
        )
    return made


def panels(
    case: Case,
    theory: DynamicsSolution,
    t: Array,
    groups: Sequence[Means],
    columns: Sequence[Column],
    limit: Limits,
    energy: float,
) -> list[Panel]:
    """Against time: theory, the smallest and the largest size, and what they extrapolate to."""
    made = []
    for row in (M, E, MU) if case.overlap else (E,):
        shown = [curve(theory, row, t, 0, energy)]
        shown += [finite(g, row, t, colour) for colour, g in ((1, groups[0]), (2, groups[-1]))]
        made.append(Panel(case.label, "$t$", SYMBOLS[row], (*shown, infinite(row, columns, limit, 0)), x_scale="log"))
    both = [(curve(theory, row, t, k, energy), infinite(row, columns, limit, k)) for k, row in enumerate((C0, C1))]
    made.append(Panel(case.label, "$t$", "$C(t, t_w)$", tuple(sum(both, ())), x_scale="log"))
    return made


def curve(theory: DynamicsSolution, row: int, t: Array, colour: int, energy: float) -> Series:
    """Theory, from the first time on the grid."""
    later = t[(t > 0) & (t >= (WAITING[1] if row == C1 else 0.0))]
    fine = np.geomspace(later[0], later[-1], 100)
    label = f"theory, {SYMBOLS[row]}" if row in (C0, C1) else "theory"
    return Series.theory(label, fine, theory_at(theory, row, fine, energy)[0], colour)


def finite(group: Means, row: int, t: Array, colour: int) -> Series:
    """One size, at all times recorded."""
    chosen = row * t.size + np.flatnonzero(t > 0)
    return Series.simulation(f"N = {group.size}", t[t > 0], group.value[chosen], group.error[chosen], colour)


def infinite(row: int, columns: Sequence[Column], limit: Limits, colour: int) -> Series:
    """Extrapolated."""
    own = [k for k, (r, _) in enumerate(columns) if r == row]
    times = [columns[k][1] for k in own]
    return Series.simulation(r"N → ∞" if row != C1 else "", times, limit.value[own], limit.error[own], colour)


def described(case: Case) -> dict[str, object]:
    """For the record."""
    return {**asdict(case), "landscape": declared(case.landscape)}


def remarks(chosen: Settings, qualities: Sequence[str]) -> tuple[str, ...]:
    """What was extrapolated and how well."""
    powers = "1/N" if chosen.terms == 1 else "1/N, 1/N^2"
    return (
        f"Extrapolated at fixed t in {powers} from N = {', '.join(map(str, chosen.sizes))}: {'; '.join(qualities)}.",
        "Values of one run at different times are correlated; in pure landscapes mu = T - p e in theory and simulation.",
        f"Resolution: {chosen.resolution:g} of e and mu, {chosen.resolution:g} (absolute) for m and C.",
    )
