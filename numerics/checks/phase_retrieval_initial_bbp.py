r"""Hessian of phase retrieval at a random point: lowest eigenvalue, and overlap of its eigenvector with the signal.

Theory (``theory.generalized_linear.HessianSpectrum``): bulk and outlier of ``(1/N) sum D x x^T + mu`` where u and y are
independent Gaussians. The part mu, the same for all eigenvalues, fluctuates far more than they do
(``u l'`` has heavy tails): it is taken off both sides.

Simulation: data drawn, a random point at overlap 0 exactly, the lowest eigenpair of the Hessian on the sphere.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from theory.systems.phase_retrieval import PhaseRetrieval

from ..generalized_linear.curvature import curvature_floor
from ..generalized_linear.field_law import independent, tabulate
from ..generalized_linear.simulation import empirical_spectrum, sample_risk
from ..generalized_linear.spectrum import LabelSpectrum
from ..simulation import lowest, starts_with_overlap
from .check import Measured
from .plan import Point, Sizes
from .risk_outliers import Case, outlier_check
from .risk_samples import declared, with_wrong_signal

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


def measured(point: Point[Sizes]) -> Measured:
    """Lowest eigenvalue less mu, squared overlap; controls."""
    landscape, alpha = PLACES[point.case]
    seeds = point.seeds()
    random = np.random.default_rng(seeds.spawn(1)[0])
    drawn = sample_risk(landscape, point.size, alpha, seeds)
    x = starts_with_overlap(drawn.signal, 0.0, 1, random)[0]
    mode = lowest(with_wrong_signal(drawn, point.wrong["signal"], random), x)
    found = np.array([mode.values[0] - mode.mu, mode.overlaps[0]])
    return found, CASES[point.case].controls(empirical_spectrum(drawn, x))


CHECK = outlier_check(
    CASES,
    measured,
    name="phase-retrieval-initial-bbp",
    description="Hessian of phase retrieval at a random point: edge, outlier, overlap",
    reason="0.15 (0.25, quick): without the outlier the overlaps, 0.58 and 0.24, would be 0, and the lowest eigenvalue "
    "at a = 0.01 and alpha = 4.5 would be the edge, 0.9 higher.",
    doing="Hessians at random points",
    default=Sizes((125, 250, 500, 1000), (160, 100, 50, 20), 0.15),
    quick=Sizes((64, 128, 256, 448), (110, 70, 32, 12), 0.25),
    facts={"landscapes": [declared(landscape) for landscape in LANDSCAPES]},
)
