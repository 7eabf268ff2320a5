r"""Spectral methods of phase retrieval: top eigenvalue of ``(1/N) sum T(y) x x^T``, and overlap of its eigenvector.

Theory (``theory.generalized_linear.SpectralMethod``; Lu, Li 2017; Mondelli, Montanari 2018): bulk and outlier of minus
the matrix, for the optimal ``T = 1 - 1/y^2`` (weak recovery at alpha = 1/2) and for a bounded one made up here.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from theory.generalized_linear import SIGNAL_FIELD, SpectralMethod
from theory.systems.phase_retrieval import PhaseRetrieval

from ..generalized_linear.labels import spectral
from ..generalized_linear.simulation import empirical_law, sample_risk, spectral_estimate, spectrum_of
from ..lowering import lower
from .check import Measured
from .plan import Point, Sizes
from .risk_outliers import Case, outlier_check
from .risk_samples import with_wrong_signal

LANDSCAPE = PhaseRetrieval(1)
"""What is seen is ``y^2``, whatever the loss."""
OPTIMAL = SpectralMethod(1 - 1 / SIGNAL_FIELD**2)
BOUNDED = SpectralMethod(SIGNAL_FIELD**2 / (1 + SIGNAL_FIELD**2))
PLACES = ((OPTIMAL, 0.25), (OPTIMAL, 1.0), (OPTIMAL, 2.0), (OPTIMAL, 4.0), (BOUNDED, 3.0))
CASES = tuple(
    Case(f"T = {method.preprocessing}, alpha = {alpha:g}", alpha, partial(spectral, method)) for method, alpha in PLACES
)


def measured(point: Point[Sizes]) -> Measured:
    """Minus the top eigenvalue, squared overlap; controls."""
    method, alpha = PLACES[point.case]
    seeds = point.seeds()
    drawn = sample_risk(LANDSCAPE, point.size, alpha, seeds)
    mistaken = with_wrong_signal(drawn, point.wrong["signal"], np.random.default_rng(seeds.spawn(1)[0]))
    found, y = spectral_estimate(mistaken, method), drawn.labels
    weights = lower((SIGNAL_FIELD,), [method.preprocessing])(y)[0]
    law = empirical_law(LANDSCAPE, np.zeros_like(y), y, -weights)
    return np.array([-found.value, found.overlap_squared]), CASES[point.case].controls(spectrum_of(law))


CHECK = outlier_check(
    CASES,
    measured,
    name="spectral-method",
    description="spectral methods: top eigenvalue, and overlap with the signal",
    reason="0.15 (0.32, quick): without the outlier the overlaps, 0.23 to 0.92, would be 0, and the eigenvalue of the "
    "optimal method at alpha = 2 and 4 would be the edge, 0.3 and 2 higher.",
    doing="spectral methods",
    default=Sizes((125, 250, 500, 1000), (200, 120, 60, 16), 0.15),
    quick=Sizes((64, 128, 256, 384), (140, 90, 45, 20), 0.32),
    remarks=("The eigenvalues are those of minus the matrix.",),
)
