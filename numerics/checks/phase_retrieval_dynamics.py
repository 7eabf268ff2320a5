r"""Gradient flow of phase retrieval from a given overlap against the effective process of infinite size.

Theory (``numerics.generalized_linear.dynamics``; Mignacco, Krzakala, Urbani, Zdeborova 2020): ``m(t)``, energy, ``mu``
and ``C(t, 0)`` of the flow, each with its error, which is part of the comparison.

Simulation: ``simulate_risk``, extrapolated in 1/N. Energy and mu at the start, and the mean square of the labels, have
means that are known exactly: they are controls of all that follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape
from theory.systems.phase_retrieval import PhaseRetrieval

from ..generalized_linear.dynamics import DescentSolution, solve_descent
from ..generalized_linear.simulation import simulate_risk
from ..lowering import Array, lower
from .batches import Batch, batches, belonging, largest_first
from .comparison import Comparison
from .joint import Limits, Means, limits, means
from .report import Panel, Report, Series
from .risk_samples import declared
from .tasks import Progress, gather, perturbation

LANDSCAPE, ALPHA = PhaseRetrieval(1), 3.0
OVERLAPS = (0.2, 0.0)
"""Of the starts, by case."""
ROWS = {"m": "m", "energy": "energy", "mu": "mu", "correlation": "C(t, 0)"}
NODES = 160
"""Of Gauss and Hermite's rule in each field: the loss has poles at ``y = +-i sqrt(a)``."""


@dataclass(frozen=True)
class Settings:
    """``times[case]``: without a signal at the start finite sizes soon find it. ``resolution`` is absolute."""

    times: tuple[tuple[float, ...], ...] = ((0.1, 0.3, 0.8), (0.1, 0.2, 0.4))
    sizes: tuple[int, ...] = (128, 256, 512)
    samples: tuple[int, ...] = (500, 350, 220)
    walkers: int = 4096
    sets: int = 24
    resolution: float = 0.07


DEFAULT = Settings()
QUICK = Settings(sizes=(64, 128, 256), samples=(150, 100, 60), walkers=1024, sets=8, resolution=0.15)


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
    """See ``numerics.checks``; ``perturb``: ``energy`` scales theory's, ``signal`` the overlap at the start of runs."""
    chosen = settings or (QUICK if quick else DEFAULT)
    wrong = perturbation(perturb, energy=1.0, signal=1.0)
    order = largest_first(
        [
            batch
            for case in range(len(OVERLAPS))
            for batch in batches(case, chosen.sizes, chosen.samples, seed, wrong["signal"])
        ]
    )
    points = [(batch, chosen.times[batch.case]) for batch in order]
    found = gather(measured, points, workers=workers, progress=progress, title="gradient flow")
    comparisons: list[Comparison] = []
    panels: list[Panel] = []
    for case, overlap in enumerate(OVERLAPS):
        theory = predicted(overlap, chosen, case, seed)
        groups = []
        for size in chosen.sizes:
            values = np.concatenate(belonging(order, found, case, size))
            count = len(ROWS) * len(chosen.times[case])
            groups.append(means(size, values[:, :count], values[:, count:]))
        limit = limits(groups)
        comparisons += compared(case, theory, limit, chosen, wrong["energy"])
        panels += drawn(case, theory, groups[0], limit, chosen, wrong["energy"])
    return Report(
        "phase-retrieval-dynamics",
        tuple(comparisons),
        {**asdict(chosen), "seed": seed, "alpha": ALPHA, "overlaps": list(OVERLAPS), "landscape": declared(LANDSCAPE)},
        tuple(panels),
        (
            "Extrapolated in 1/N; errors of theory are those that it states. From overlap 0 only early times: what is "
            "of order 1/N grows with the instability towards the signal, exponentially.",
        ),
    )


def predicted(overlap: float, chosen: Settings, case: int, seed: int) -> DescentSolution:
    """The effective process."""
    times = chosen.times[case]
    options: dict[str, Any] = {"walkers": chosen.walkers, "samples": chosen.sets, "seed": seed + 1}
    return solve_descent(LANDSCAPE, ALPHA, times[-1], overlap=overlap, times=times, **options)


def measured(point: tuple[Batch, tuple[float, ...]]) -> Array:
    """One batch: the rows at each time, then the controls, (samples, rows times + 3)."""
    batch, times = point
    overlap = batch.signal * OVERLAPS[batch.case]
    found = simulate_risk(
        LANDSCAPE,
        batch.size,
        ALPHA,
        batch.samples,
        batch.own_seed,
        t_max=times[-1],
        at=times,
        overlap=overlap,
    )
    places = [int(np.argmin(np.abs(found.t - t))) for t in times]
    arrays = {name: found[name][..., 0] if name == "correlation" else found[name] for name in ROWS}
    rows = [arrays[name][:, 0, places] for name in ROWS]
    ratio = found["y"].shape[1] / batch.size
    energy, mu = expected_start(LANDSCAPE, ratio, overlap)
    squares = (found["y"] ** 2).mean(axis=1) - 1
    return np.column_stack([*rows, found["energy"][:, 0, 0] - energy, found["mu"][:, 0, 0] - mu, squares])


@lru_cache(maxsize=64)
def expected_start(landscape: GeneralizedLinearLandscape, alpha: float, overlap: float) -> tuple[float, float]:
    """``alpha E[l]`` and ``-alpha E[u l']`` of fields with this correlation, exact at any N."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    y, rest = nodes[:, None], nodes[None, :]
    u = overlap * y + np.sqrt(1 - overlap**2) * rest
    parts = lower((FIELD, SIGNAL_FIELD), [landscape.loss, -FIELD * landscape.force])(u, y)
    weight = np.multiply.outer(weights, weights) / (2 * np.pi)
    energy, mu = (alpha * float(np.sum(weight * part)) for part in parts)
    return energy, mu


def compared(case: int, theory: DescentSolution, limit: Limits, chosen: Settings, energy: float) -> list[Comparison]:
    """All rows at all times; values of one run err together: the last energy counts as the independent one."""
    times = chosen.times[case]
    made = []
    for row, name in enumerate(ROWS):
        if name == "m" and OVERLAPS[case] == 0:
            continue
        values = theory.at(times)
        for k, t in enumerate(times):
            place, factor = row * len(times) + k, energy if name == "energy" else 1.0
            made.append(
                Comparison(
                    f"m(0) = {OVERLAPS[case]:g}: {ROWS[name]} at t = {t:g}",
                    factor * float(values[name][k]),
                    float(values[f"{name}_error"][k]),
                    float(limit.value[place]),
                    float(limit.error[place]),
                    chosen.resolution * max(1.0, abs(float(values[name][k]))),
                    None,
                    float(limit.degrees[place]),
                    name == "energy" and k == len(times) - 1,
                )
            )
    return made


def drawn(
    case: int, theory: DescentSolution, smallest: Means, limit: Limits, chosen: Settings, energy: float
) -> list[Panel]:
    """Energy, and the overlap where there is one."""
    times = np.array(chosen.times[case])
    made = []
    for row, (name, label) in enumerate(ROWS.items()):
        if name == "mu" or (name == "m" and OVERLAPS[case] == 0):
            continue
        places = slice(row * times.size, (row + 1) * times.size)
        factor = energy if name == "energy" else 1.0
        curve = factor * theory.at(theory.t)[name]
        series = (
            Series.theory("effective process", theory.t, curve, 0),
            Series.simulation(f"N = {smallest.size}", times, smallest.value[places], smallest.error[places], 1),
            Series.simulation("N → ∞", times, limit.value[places], limit.error[places], 0),
        )
        made.append(Panel(f"m(0) = {OVERLAPS[case]:g}", "$t$", f"${label}$", series))
    return made
