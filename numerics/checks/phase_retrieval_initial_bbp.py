r"""Hessian of phase retrieval at a random point: lowest eigenvalue, and overlap of its eigenvector with the signal.

Theory (``theory.generalized_linear.HessianSpectrum``): bulk and outlier of ``(1/N) sum D x x^T + mu`` where u and y are
independent Gaussians. The part mu, the same for all eigenvalues, fluctuates far more than they do
(``u l'`` has heavy tails): it is taken off both sides.

Simulation: data drawn, a random point at overlap 0 exactly, the lowest eigenpair of the Hessian on the sphere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from theory.systems.phase_retrieval import PhaseRetrieval

from ..generalized_linear.curvature import curvature_floor
from ..generalized_linear.data import independent, tabulate
from ..generalized_linear.simulation import empirical_spectrum, sample_risk
from ..generalized_linear.spectrum import LabelSpectrum
from ..lowering import Array
from ..simulation import lowest, starts_with_overlap
from .report import Report
from .risk_outliers import Case, Point, Settings, compared, outcomes, panels, remarks
from .risk_samples import declared, with_wrong_signal
from .tasks import Progress, perturbation, stream

DEFAULT = Settings(sizes=(125, 250, 500, 1000), samples=(160, 100, 50, 20), resolution=0.15)
QUICK = Settings(sizes=(64, 128, 256, 448), samples=(110, 70, 32, 12), resolution=0.25)
LANDSCAPES = (PhaseRetrieval(0.01), PhaseRetrieval(0.1))
STEP = 0.05
"""Of the grid of fields."""


def spectrum(landscape: PhaseRetrieval) -> LabelSpectrum:
    """u and y independent standard Gaussians."""
    return LabelSpectrum(independent(tabulate(landscape, STEP)), curvature_floor(landscape))


PLACES = tuple(zip((LANDSCAPES[0], LANDSCAPES[0], LANDSCAPES[1], LANDSCAPES[1]), (1.5, 4.5, 1.0, 3.5), strict=True))
CASES = tuple(Case(f"a = {float(x.a):g}, alpha = {alpha:g}", alpha, partial(spectrum, x)) for x, alpha in PLACES)
"""Below and above the transitions, at 2.85 and 2.17. Where a is larger the edge below is set by a few extreme labels
(``1 + g D`` almost zero), and no power of N that is known extrapolates it."""


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
    where: Any = {"workers": workers, "progress": progress, "title": "Hessians at random points"}
    found = outcomes(CASES, measured, chosen, seed, wrong["signal"], **where)
    return Report(
        "phase-retrieval-initial-bbp",
        tuple(comparison for one in found for comparison in compared(one, wrong["alpha"], chosen)),
        {**asdict(chosen), "seed": seed, "landscapes": [declared(landscape) for landscape in LANDSCAPES]},
        panels(found, wrong["alpha"]),
        remarks(found),
    )


def measured(point: Point) -> Array:
    """Lowest eigenvalue less mu, squared overlap, and controls, at (case, N, number, seed, cosine)."""
    case, size, number, seed, cosine = point
    landscape, alpha = PLACES[case]
    seeds = stream(seed, case, size, number)
    random = np.random.default_rng(seeds.spawn(1)[0])
    drawn = sample_risk(landscape, size, alpha, seeds)
    x = starts_with_overlap(drawn.signal, 0.0, 1, random)[0]
    mode = lowest(with_wrong_signal(drawn, cosine, random), x)
    return np.array([mode.values[0] - mode.mu, mode.overlaps[0], *CASES[case].controls(empirical_spectrum(drawn, x))])
