r"""A success probability ``Phi(slope (place - u))`` fitted to runs of which each succeeds or fails.

u is what a run needs in order to succeed, ``place`` what half of the runs have. The runs may come in groups, whose
outcomes are correlated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.special import ndtr

from ..lowering import Array
from ..probit import Probit

Counts = NDArray[np.int64]

SLOPES, PLACES = (0.05, 20.0), (0.02, 50.0)
"""Within which the fit is sought."""
SPREAD = 0.7
"""Of the logarithm of the slope, known beforehand: m and its noise are of one size, so the slope is of order 1."""
IGNORANCE = 1e-4
"""Information on the place that there is without any run."""
LEAST_DISPERSION = 0.5
"""Of the successes in a group, over that of independent runs: estimates below it are not believed."""


@dataclass(frozen=True, eq=False)
class SuccessCurve:
    """The fitted ``slope`` and ``place``, with the standard error of the latter; u as a function of the signal."""

    slope: float
    place: float
    error: float
    signals: Array
    needed: Array

    def __call__(self, signals: Array) -> Array:
        """Probability of success at ``signals``, within the range of the fit."""
        needed = np.exp(PchipInterpolator(self.signals, np.log(self.needed))(signals))
        return np.asarray(ndtr(self.slope * (self.place - needed)))

    @property
    def crossing(self) -> tuple[float, float]:
        """Signal with which half of the runs succeed, and its standard error."""
        value = float(self._signal(np.log(self.place)))
        return value, float(abs(self._signal(np.log(self.place), 1)) * self.error / self.place)

    @property
    def predicted(self) -> float:
        """Signal with which u is 1, interpolated in the same way."""
        return float(self._signal(0.0))

    @property
    def _signal(self) -> PchipInterpolator:
        order = np.argsort(self.needed)
        return PchipInterpolator(np.log(self.needed[order]), self.signals[order])


def fit_success(signals: Array, needed: Array, successes: Counts, runs: int = 1) -> SuccessCurve:
    """The likeliest, given ``successes`` (signals, groups), 0 ... ``runs`` in each group.

    ``signals`` increase and ``needed`` (signals,), positive, decreases; ``ValueError`` otherwise.
    """
    if not (needed.size == signals.size > 1 and np.all(np.diff(signals) > 0) and np.all(np.diff(needed) < 0)):
        raise ValueError(f"signals = {signals}, needed = {needed}: expected two or more, increasing and decreasing")
    count, total = successes.sum(axis=1), runs * successes.shape[1]

    def z(logarithms: Array) -> Array:
        slope, place = np.exp(logarithms)
        return np.asarray(slope * (place - needed))

    def gradient(logarithms: Array) -> Array:
        slope, place = np.exp(logarithms)
        return np.stack([z(logarithms), np.full_like(needed, slope * place)])

    ends = [(float(np.log(low)), float(np.log(high))) for low, high in (SLOPES, PLACES)]
    start = np.log([1.0, float(np.median(needed))])
    fitted = Probit(z, gradient, start, np.array([SPREAD, np.inf]), ends).fit(count, total - count)
    slope, place = (float(value) for value in np.exp(fitted.parameters))
    variance = np.linalg.inv(fitted.information + np.diag([0.0, IGNORANCE * place**2]))[1, 1] * place**2
    chance = fitted.chance
    dispersion = np.sum((successes - runs * chance[:, None]) ** 2) / (total * np.sum(chance * (1 - chance)))
    error = float(np.sqrt(variance * max(LEAST_DISPERSION, dispersion)))
    return SuccessCurve(slope, place, error, signals, needed)
