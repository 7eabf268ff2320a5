r"""Spectral methods of phase retrieval: top eigenvalue of ``(1/N) sum T(y) x x^T``, and overlap of its eigenvector.

Theory (``theory.generalized_linear.SpectralMethod``; Lu, Li 2017; Mondelli, Montanari 2018): bulk and outlier of minus
the matrix, for the optimal ``T = 1 - 1/y^2`` (weak recovery at alpha = 1/2) and for a bounded one made up here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from theory.generalized_linear import SIGNAL_FIELD, SpectralMethod
from theory.systems.phase_retrieval import PhaseRetrieval

from ..generalized_linear.labels import spectral
from ..generalized_linear.simulation import empirical_law, sample_risk, spectral_estimate, spectrum_of
from ..lowering import Array, lower
from .report import Report
from .risk_outliers import Case, Point, Settings, compared, outcomes, panels, remarks
from .risk_samples import with_wrong_signal
from .tasks import Progress, perturbation, stream

DEFAULT = Settings(sizes=(125, 250, 500, 1000), samples=(200, 120, 60, 16), resolution=0.15)
QUICK = Settings(sizes=(64, 128, 256, 384), samples=(140, 90, 45, 20), resolution=0.32)
LANDSCAPE = PhaseRetrieval(1)
"""What is seen is ``y^2``, whatever the loss."""
OPTIMAL = SpectralMethod(1 - 1 / SIGNAL_FIELD**2)
BOUNDED = SpectralMethod(SIGNAL_FIELD**2 / (1 + SIGNAL_FIELD**2))
PLACES = ((OPTIMAL, 0.25), (OPTIMAL, 1.0), (OPTIMAL, 2.0), (OPTIMAL, 4.0), (BOUNDED, 3.0))
CASES = tuple(
    Case(f"T = {method.preprocessing}, alpha = {alpha:g}", alpha, partial(spectral, method)) for method, alpha in PLACES
)


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
    where: Any = {"workers": workers, "progress": progress, "title": "spectral methods"}
    found = outcomes(CASES, measured, chosen, seed, wrong["signal"], **where)
    return Report(
        "spectral-method",
        tuple(comparison for one in found for comparison in compared(one, wrong["alpha"], chosen)),
        {**asdict(chosen), "seed": seed},
        panels(found, wrong["alpha"]),
        ("The eigenvalues are those of minus the matrix.", *remarks(found)),
    )


def measured(point: Point) -> Array:
    """Minus the top eigenvalue, squared overlap, and controls, at (case, N, number, seed, cosine)."""
    case, size, number, seed, cosine = point
    method, alpha = PLACES[case]
    seeds = stream(seed, case, size, number)
    drawn = sample_risk(LANDSCAPE, size, alpha, seeds)
    mistaken = with_wrong_signal(drawn, cosine, np.random.default_rng(seeds.spawn(1)[0]))
    found, y = spectral_estimate(mistaken, method), drawn.labels
    weights = lower((SIGNAL_FIELD,), [method.preprocessing])(y)[0]
    law = empirical_law(LANDSCAPE, np.zeros_like(y), y, -weights)
    return np.array([-found.value, found.overlap_squared, *CASES[case].controls(spectrum_of(law))])
