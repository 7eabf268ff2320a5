r"""Bayes-optimal message passing in phase retrieval against its state evolution, iteration by iteration.

Theory (``theory.generalized_linear.BayesChannel``; arXiv 1708.03395): ``qhat = alpha (V - E Var)/V^2``,
``q <- qhat/(1 + qhat)``, from a given q; below, between and above the information-theoretic and algorithmic thresholds,
1 and 1.128.

Simulation: ``numerics.generalized_linear.simulation.message_passing``, which knows the labels only. Starts come in
pairs that are mirror images about the signal; on the same data their mean fluctuates less.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from theory.systems.phase_retrieval import PhaseRetrieval

from ..generalized_linear import state_evolution
from ..generalized_linear.simulation import informed_start, message_passing, sample_risk
from ..lowering import Array
from .comparison import Comparison
from .joint import Limits, Means, limits, means
from .report import Panel, Report, Series
from .risk_samples import with_wrong_signal
from .tasks import Progress, gather, perturbation, results_at, stream


@dataclass(frozen=True)
class Settings:
    """``samples`` of each size, ``steps`` iterations from ``start``; ``resolution`` is that of an overlap."""

    alphas: tuple[float, ...] = (0.8, 1.06, 1.4)
    sizes: tuple[int, ...] = (500, 1000, 2000)
    samples: tuple[int, ...] = (300, 200, 120)
    steps: int = 8
    start: float = 0.2
    resolution: float = 0.05


DEFAULT = Settings()
QUICK = Settings(sizes=(200, 400, 800), samples=(150, 100, 60), steps=5, resolution=0.12)
LANDSCAPE = PhaseRetrieval(1)
"""What is seen is ``y^2``, whatever the loss."""
COMPARED = 3
"""Of the steps, evenly spaced: successive ones say the same."""


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
    """See ``numerics.checks``; ``perturb``: ``alpha`` scales theory's, ``signal`` is a cosine to the true one."""
    chosen = settings or (QUICK if quick else DEFAULT)
    wrong = perturbation(perturb, alpha=1.0, signal=1.0)
    points = [
        (alpha, size, number, chosen.steps, chosen.start, seed, wrong["signal"])
        for alpha in chosen.alphas
        for size, count in zip(chosen.sizes, chosen.samples, strict=True)
        for number in range(count)
    ]
    found = gather(measured, points, workers=workers, progress=progress, title="message passing")
    comparisons: list[Comparison] = []
    panels = []
    for alpha in chosen.alphas:
        theory = state_evolution(LANDSCAPE, wrong["alpha"] * alpha, start=chosen.start, steps=chosen.steps)
        groups = [means(size, results_at(points, found, alpha, size)) for size in chosen.sizes]
        limit = limits(groups)
        comparisons += compared(alpha, theory, limit, chosen)
        panels.append(panel(alpha, theory, groups, limit))
    remarks = ("Means at several N extrapolated in 1/N; overlaps at successive steps are correlated.",)
    return Report(
        "state-evolution-phase-retrieval",
        tuple(comparisons),
        {**asdict(chosen), "seed": seed, "seen": str(LANDSCAPE.observed)},
        tuple(panels),
        remarks,
    )


def measured(point: tuple[float, int, int, int, float, int, float]) -> Array:
    """``x.w*/N`` at each step, mean over the starts, at (alpha, N, number, steps, start, seed, cosine)."""
    alpha, size, number, steps, q, seed, cosine = point
    seeds = stream(seed, round(1e6 * alpha), size, number)
    ours, other = seeds.spawn(2)
    drawn = sample_risk(LANDSCAPE, size, alpha, seeds)
    start = informed_start(drawn, q, ours)
    start = np.concatenate([start, 2 * q * drawn.signal - start])
    run = message_passing(with_wrong_signal(drawn, cosine, np.random.default_rng(other)), start, q, steps)
    overlaps: Array = run.overlap.mean(axis=1)
    return overlaps


def compared(alpha: float, theory: Array, limit: Limits, chosen: Settings) -> list[Comparison]:
    """A few steps; the last one counts as the independent one."""
    steps = np.unique(np.linspace(1, chosen.steps, COMPARED).round().astype(int))
    return [
        Comparison(
            f"alpha = {alpha:g}: q at step {t}",
            float(theory[t]),
            0.0,
            float(limit.value[t]),
            float(limit.error[t]),
            chosen.resolution,
            None,
            float(limit.degrees[t]),
            bool(t == chosen.steps),
        )
        for t in steps
    ]


def panel(alpha: float, theory: Array, groups: list[Means], limit: Limits) -> Panel:
    """q against the step."""
    steps: Any = np.arange(theory.size)
    points = [Series.simulation(f"N = {g.size}", steps, g.value, g.error, i + 1) for i, g in enumerate(groups)]
    infinite = Series.simulation("N → ∞", steps, limit.value, limit.error, 0)
    return Panel(
        f"alpha = {alpha:g}", "step", r"$q$", (Series.theory("state evolution", steps, theory), *points, infinite)
    )
