"""Recovery of the signal by gradient flow from random starts: how often, and at which alpha in half of the runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import ndtr

from theory.generalized_linear import GeneralizedLinearLandscape

from ...lowering import Array
from ...probit import Probit
from ...progress import Progress, part, silent
from ...simulation.ensemble import Ensemble
from ...statistics import CONFIDENCE, Estimate, wilson
from .simulate import simulate_risk

GOAL = 0.9
"""Overlap that is a success: without noise runs end either at 1 or far below."""
STEEPNESS, SPREAD = 6.0, 1.0
"""Slope of a success curve in ln alpha and the deviation of its logarithm, known beforehand: half of the runs succeed
within 10 ... 50 % of the place where none does. It matters only where no alpha lies on the slope."""
WIDTH = 1.0
"""Of ln alpha about the alphas of the runs: where the place is expected beforehand."""
SLOPES, PLACES = (0.5, 100.0), (1e-2, 1e2)
"""Within which the fit is sought."""


def successes(found: Ensemble, goal: float = GOAL) -> Array:
    """Whether a run ended with ``m >= goal`` (``|m|`` for an even loss): ones and zeros (samples, starts)."""
    if not 0 < goal <= 1:
        raise ValueError(f"goal = {goal}: expected an overlap within (0, 1]; try {GOAL}")
    name = "m_abs" if "m_abs" in found.arrays else "m"
    return np.asarray(found[name][:, :, -1] >= goal, dtype=np.float64)


def success_probability(found: Ensemble, goal: float = GOAL, *, confidence: float = CONFIDENCE) -> Estimate:
    """Share of runs that succeed, with Wilson's interval.

    Starts on one sample succeed together more often than independent ones; what they count for is fewer by the ratio
    of the variance between samples to that of independent runs (Kish 1965, section 5.4), never less than one a sample.
    """
    outcome = successes(found, goal)
    share, runs = float(outcome.mean()), float(outcome.size)
    if outcome.shape[1] > 1 and 0 < share < 1:
        spread = float(outcome.mean(axis=1).var(ddof=1)) * outcome.shape[1] if outcome.shape[0] > 1 else np.inf
        runs /= float(np.clip(spread / (share * (1 - share)), 1, outcome.shape[1]))
    return wilson(share * runs, runs, confidence=confidence)


def label_histogram(found: Ensemble, bins: int | tuple[Array, Array] = 40) -> tuple[Array, Array, Array]:
    """Density of the data over ``(y, u)`` at the ends of the runs, (y bins, u bins), with the edges of both.

    Integrates to one over the bins; what lies outside the edges given is left out.
    """
    u = found["u"]
    y = np.broadcast_to(found["y"][:, None, :], u.shape)
    density, y_edges, u_edges = np.histogram2d(y.ravel(), u.ravel(), bins=bins, density=True)
    return np.asarray(density, dtype=np.float64), y_edges, u_edges


@dataclass(frozen=True, eq=False)
class Recovery:
    """``succeeded`` out of ``samples`` runs (alphas,) of ``size`` at each of ``alphas``, all increasing."""

    size: int
    alphas: Array
    succeeded: Array
    samples: Array

    @property
    def half(self) -> tuple[float, float]:
        """alpha where half of the runs succeed, and its standard error: see ``fit``."""
        return self.fit()[1:]

    def fit(self) -> tuple[float, float, float]:
        """``slope, place, error``: the likeliest ``Phi(slope ln(alpha/place))``, and the error of the place."""
        x = np.log(self.alphas)

        def z(parameters: Array) -> Array:
            return np.asarray(np.exp(parameters[0]) * (x - parameters[1]))

        def gradient(parameters: Array) -> Array:
            return np.stack([z(parameters), np.full_like(x, -np.exp(parameters[0]))])

        ends = [(float(np.log(low)), float(np.log(high))) for low, high in (SLOPES, PLACES)]
        centre, widths = np.array([np.log(STEEPNESS), x.mean()]), np.array([SPREAD, WIDTH])
        fitted = Probit(z, gradient, centre, widths, ends).fit(self.succeeded, self.samples - self.succeeded)
        slope, place = (float(v) for v in np.exp(fitted.parameters))
        return slope, place, place * float(np.sqrt(np.linalg.inv(fitted.information)[1, 1]))

    def __call__(self, alphas: Array) -> Array:
        """The fitted probability."""
        slope, place, _ = self.fit()
        return np.asarray(ndtr(slope * np.log(np.asarray(alphas) / place)))


def recovery(
    landscape: GeneralizedLinearLandscape,
    size: int,
    alphas: Sequence[float],
    samples: int,
    *,
    t_max: float,
    seed: int = 0,
    output: Path | None = None,
    workers: int | None = 1,
    progress: Progress = silent,
    **options: Any,
) -> Recovery:
    """Gradient flow of ``samples`` draws at each alpha, from a random point each to ``t_max`` or to rest.

    ``alphas`` increase, or ``ValueError``. ``output`` is a folder where each run is kept; what is there already, from
    the same seed, is not run again. Other arguments: as of ``simulate_risk``.
    """
    places = np.asarray(alphas, dtype=np.float64)
    if places.size < 2 or np.any(np.diff(places) <= 0) or places[0] <= 0:
        raise ValueError(f"alphas = {list(alphas)}: expected two or more, positive and increasing; try [2, 3, 4]")
    counts = []
    for number, alpha in enumerate(places):
        folder = None if output is None else output / f"N{size}_alpha{alpha:g}"
        tell = part(progress, number, len(places))
        where: Any = {"output": folder, "resume": True, "workers": workers, "progress": tell}
        own = np.random.SeedSequence((seed, size, round(1e6 * alpha))).generate_state(1, np.uint32)[0]
        found = simulate_risk(landscape, size, float(alpha), samples, int(own), t_max=t_max, **where, **options)
        counts.append(float(successes(found).sum()))
    return Recovery(size, places, np.array(counts), np.full(places.size, float(samples)))
