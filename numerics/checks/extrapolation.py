"""Infinite size from several finite ones, with an error bar that owns up to a poor fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .. import statistics
from ..lowering import Array

POOR = 1e-3
"""Probability of a scatter as large below which a fit is called poor."""


@dataclass(frozen=True, eq=False)
class Limit:
    """``value`` at infinite size, its standard error, and the coefficients of ``N^(-k exponent)``, k = 0, 1, ..."""

    value: float
    error: float
    coefficients: Array
    exponent: float

    def at(self, sizes: ArrayLike) -> Array:
        """The fitted curve."""
        n = np.asarray(sizes, dtype=np.float64)
        values: Array = n[..., None] ** (-self.exponent * np.arange(self.coefficients.size)) @ self.coefficients
        return values


def extrapolate(
    sizes: ArrayLike, values: ArrayLike, errors: ArrayLike, *, exponent: float = 1.0, terms: int = 1
) -> Limit:
    """``numerics.statistics.extrapolate``, whose arguments these are, with Birge's factor (Phys. Rev. 40, 207, 1932).

    Where the points scatter about the fit by more than chance has it once in a thousand times, the error is enlarged by
    ``sqrt(chi^2/degrees)``: a poor fit widens the error bar, and makes a check undecided rather than wrong.
    """
    fit = statistics.extrapolate(sizes, values, errors, exponent=exponent, terms=terms)
    birge = np.sqrt(fit.chi2 / fit.degrees) if fit.p_value < POOR else 1.0
    return Limit(fit.value, float(fit.error * birge), fit.coefficients, exponent)
