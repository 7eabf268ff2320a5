"""Walkers: points of a Gaussian space, drawn column by column as the process asks for another independent noise.

What was measured (phase retrieval, alpha = 3, a = 1, 60 steps of .01, 2048 walkers; standard deviation of m): plain
random numbers .032; a scrambled Sobol sequence .0055, falling like 1/walkers; with orthonormal columns .0054 (and exact
results for a quadratic loss). Mirrored walkers gain nothing, every average being even; more walkers at small labels
or large fields double the error at later times.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri
from scipy.stats import qmc

from ...errors import ConvergenceError
from ...lowering import Array

QUASI_RANDOM = 128
"""Columns from the Sobol sequence; those after are random numbers."""


class Walkers:
    """Standard Gaussian columns over ``count`` walkers (a power of two), with zero mean and exactly orthonormal.

    The first ones matter most, and are best distributed: y, the start, then the noises by order of appearance.
    """

    def __init__(self, count: int, most: int, rng: np.random.Generator) -> None:
        self.count = count
        self._rng = rng
        quasi = min(most, QUASI_RANDOM)
        self._points = qmc.Sobol(quasi, scramble=True, rng=rng).random(count).T
        self._columns = np.empty((most, count))
        self.known = 0

    @property
    def columns(self) -> Array:
        """Those drawn so far, (known, count)."""
        return self._columns[: self.known]

    def draw(self) -> Array:
        """Another column. Raises ConvergenceError where so few walkers have no room for it."""
        k = self.known
        if 2 * k >= self.count:
            raise ConvergenceError(f"{k} independent noises are too many for {self.count} walkers; more would do")
        if k < len(self._points):
            column: Array = ndtri(np.clip(self._points[k], 1e-15, 1 - 1e-15))
        else:
            column = self._rng.standard_normal(self.count)
        column = self._orthonormal(column)
        self._columns[k] = column
        self.known += 1
        return column

    def _orthonormal(self, column: Array) -> Array:
        """Twice, as once leaves rounding errors."""
        for _ in range(2):
            column = column - column.mean()
            column = column - (self.columns @ column / self.count) @ self.columns
        return np.asarray(column / np.sqrt(column @ column / self.count))
