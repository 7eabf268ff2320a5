r"""Message passing at finite N against its state evolution, iteration by iteration.

Theory: ``m <- g'(m)/(1 + g'(m))`` for Bayes-optimal AMP (``theory.inference.BayesOptimal``, ``f = g``) and
``m <- g'(m)/sqrt(g'(m)^2 + f'(1))`` for maximum likelihood (``MaximumLikelihood``), from a given overlap.

Simulation: ``numerics.simulation.amp``. Each disorder is used with both signs of its noise and each start with both
signs of its random part; these are equally likely, so the mean stays what it is, and all that is odd in the noise
cancels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sympy import Rational

from theory.inference import BayesOptimal, MaximumLikelihood
from theory.landscape import GaussianLandscape
from theory.symbols import OVERLAP, SIGNAL_OVERLAP
from theory.systems import SpikedMatrixTensor

from ..lowering import Array, lower
from ..simulation import sample
from ..simulation.amp import Kind, message_passing
from ..simulation.starts import starts_with_overlap
from .comparison import Comparison
from .extrapolation import Limit, extrapolate
from .report import Panel, Report, Series
from .samples import declared, with_noise, with_signal
from .tasks import Progress, gather, mean_and_error, perturbation, results_at, stream


@dataclass(frozen=True)
class Case:
    """An algorithm on a landscape, from overlap ``start``."""

    label: str
    kind: Kind
    landscape: GaussianLandscape
    start: float = 0.4


@dataclass(frozen=True)
class Settings:
    """``samples`` of each size, ``steps`` iterations; ``resolution`` is relative to the overlap."""

    sizes: tuple[int, ...] = (64, 128, 256)
    samples: tuple[int, ...] = (200, 120, 60)
    steps: int = 8
    resolution: float = 0.03


DEFAULT = Settings()
QUICK = Settings(samples=(60, 40, 16), steps=6, resolution=0.06)
MATRIX_TENSOR = SpikedMatrixTensor(3, Rational(1, 4), 1)
MADE_UP = GaussianLandscape(
    OVERLAP**2 / 4 + OVERLAP**3 / 7, 3 * SIGNAL_OVERLAP**2 / 4 + SIGNAL_OVERLAP / 5, name="made-up"
)
CASES = (
    Case("Bayes AMP, matrix-tensor", "bayes", MATRIX_TENSOR),
    Case("ML-AMP, matrix-tensor", "maximum-likelihood", MATRIX_TENSOR),
    Case("ML-AMP, f ≠ g", "maximum-likelihood", MADE_UP),
)
ROUNDING = 1e-9
"""Least standard error: what is linear in the noise comes out exact."""


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
    """Arguments: see ``numerics.checks``; ``perturb``: ``overlap`` multiplies the predicted m, ``signal`` sampled g."""
    chosen = settings or (QUICK if quick else DEFAULT)
    wrong = perturbation(perturb, overlap=1.0, signal=1.0)
    points = [
        (case, size, number, chosen.steps, seed, wrong["signal"])
        for case in range(len(CASES))
        for size, count in zip(chosen.sizes, chosen.samples, strict=True)
        for number in range(count)
    ]
    found = gather(measured, points, workers=workers, progress=progress, title="message passing")
    comparisons, panels = [], []
    for index, case in enumerate(CASES):
        prediction = wrong["overlap"] * predicted(case, chosen.steps)
        groups = [results_at(points, found, index, size) for size in chosen.sizes]
        means, errors = zip(*(mean_and_error(group) for group in groups), strict=True)
        values, bars = np.array(means), np.maximum(errors, ROUNDING)
        limits = [extrapolate(chosen.sizes, values[:, t], bars[:, t]) for t in range(1, chosen.steps + 1)]
        comparisons += compared(case, prediction, limits, chosen)
        panels.append(panel(case, prediction, values, bars, chosen.sizes))
    remarks = ("Means at several N extrapolated in 1/N; overlaps at successive steps are correlated.",)
    return Report("state-evolution", tuple(comparisons), settings_of(chosen, seed), tuple(panels), remarks)


def settings_of(chosen: Settings, seed: int) -> dict[str, Any]:
    """What it takes to run it again."""
    cases = [{"label": c.label, "kind": c.kind, "start": c.start, **declared(c.landscape)} for c in CASES]
    return {**asdict(chosen), "seed": seed, "cases": cases}


def predicted(case: Case, steps: int) -> Array:
    """``m_0, m_1, ...`` by state evolution."""
    theory = BayesOptimal(case.landscape) if case.kind == "bayes" else MaximumLikelihood(case.landscape)
    step = lower((SIGNAL_OVERLAP,), [theory.state_evolution])
    overlaps = [case.start]
    for _ in range(steps):
        overlaps.append(float(step(overlaps[-1])[0]))
    return np.array(overlaps)


def measured(point: tuple[int, int, int, int, int, float]) -> Array:
    """``m_0, m_1, ...`` at (case, N, number, steps, seed, factor of g): mean over both signs of all that is random."""
    index, size, number, steps, seed, factor = point
    case, seeds = CASES[index], stream(seed, index, size, number)
    drawn = sample(with_signal(case.landscape, factor), size, seeds)
    starts = symmetric_starts(case, drawn.signal, np.random.default_rng(seeds.spawn(1)[0]))
    runs = [message_passing(with_noise(drawn, sign), case.landscape, starts, steps, kind=case.kind) for sign in (1, -1)]
    overlaps: Array = np.mean([run.overlap for run in runs], axis=(0, 2))
    return overlaps


def symmetric_starts(case: Case, signal: Array, random: np.random.Generator) -> Array:
    """Two starts and their mirror images about the signal; for Bayes with ``|x|^2/N = m_0`` as well."""
    m = np.sqrt(case.start) if case.kind == "bayes" else case.start
    starts = starts_with_overlap(signal, m, 2, random)
    both = np.concatenate([starts, 2 * m * signal - starts])
    return m * both if case.kind == "bayes" else both


def compared(case: Case, prediction: Array, limits: list[Limit], chosen: Settings) -> list[Comparison]:
    """Each step; the last one, close to the fixed point, counts as the independent one."""
    freedom = sum(chosen.samples) - 2 * len(chosen.samples)
    return [
        Comparison(
            f"{case.label}: m at step {t}",
            float(prediction[t]),
            0.0,
            limit.value,
            limit.error,
            chosen.resolution * float(prediction[t]),
            None,
            freedom,
            t == chosen.steps,
        )
        for t, limit in enumerate(limits, 1)
    ]


def panel(case: Case, prediction: Array, means: Array, errors: Array, sizes: tuple[int, ...]) -> Panel:
    """``m`` against the step."""
    steps: Any = np.arange(prediction.size)
    points = [Series.simulation(f"N = {size}", steps, means[i], errors[i], i + 1) for i, size in enumerate(sizes)]
    return Panel(case.label, "step", r"$m$", (Series.theory("state evolution", steps, prediction), *points))
