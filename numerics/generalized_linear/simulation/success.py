"""How often gradient flow finds the signal, and which data the states that it ends in explain."""

from __future__ import annotations

import numpy as np

from ...lowering import Array
from ...simulation.ensemble import Ensemble
from ...statistics import CONFIDENCE, Estimate, wilson

GOAL = 0.9
"""Overlap that is a success: without noise runs end either at 1 or far below."""


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
