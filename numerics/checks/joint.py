"""Several observables of the same runs: means helped by what is known exactly, and limits of infinite size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .. import statistics
from ..lowering import Array


@dataclass(frozen=True, eq=False)
class Means:
    """Of one size N: mean and standard error of each observable (K,), and the degrees of freedom of the errors."""

    size: int
    value: Array
    error: Array
    degrees: int

    def only(self, observables: Sequence[int]) -> Means:
        """Some of them."""
        return Means(self.size, self.value[list(observables)], self.error[list(observables)], self.degrees)


def means(size: int, samples: ArrayLike, controls: ArrayLike | None = None) -> Means:
    r"""Means over samples (n, K); ``controls`` (n, c) have mean zero exactly.

    With controls the mean is that of ``y - b.x``, b by least squares (control variates: Glasserman, Monte Carlo Methods
    in Financial Engineering, 2004, section 4.1). Its error is that of the residual; its bias, of order 1/n of it, is
    below the error. Raises ``ValueError`` for fewer than ``c + 2`` samples.
    """
    y = np.asarray(samples, dtype=np.float64)
    x = np.zeros((len(y), 0)) if controls is None else np.asarray(controls, dtype=np.float64)
    degrees = len(y) - 1 - x.shape[1]
    if degrees < 1:
        raise ValueError(f"samples = {len(y)} of size {size}: expected at least {x.shape[1] + 2}")
    design = np.column_stack([np.ones(len(y)), x])
    inverse = np.linalg.pinv(design)
    fitted = inverse @ y
    variance = np.sum((y - design @ fitted) ** 2, axis=0) / degrees
    return Means(size, fitted[0], np.sqrt(variance * (inverse[0] @ inverse[0])), degrees)


@dataclass(frozen=True, eq=False)
class Limits:
    """At infinite size, of each observable (K,): value, standard error, degrees of freedom of the error.

    ``coefficients`` (terms + 1, K) of ``N^(-k exponent)``; ``p_value`` (K,) of the fits.
    """

    value: Array
    error: Array
    degrees: Array
    coefficients: Array
    exponent: float
    p_value: Array

    def curve(self, observable: int, sizes: ArrayLike) -> Array:
        """The fit of one observable."""
        powers = np.asarray(sizes, dtype=np.float64)[..., None] ** (-self.exponent * np.arange(len(self.coefficients)))
        values: Array = powers @ self.coefficients[:, observable]
        return values


POOR = 1e-3
"""Chance below which a fit is taken for a poor one."""


def limits(groups: Sequence[Means], *, exponent: float = 1.0, terms: int = 1) -> Limits:
    """``v(N) = v + sum_k a_k N^(-k exponent)``, ``terms`` of them, for each observable.

    A poor fit (chi-squared with a chance below ``POOR``) has its error enlarged by the root of ``chi^2`` per degree of
    freedom (Birge, Phys. Rev. 40, 207, 1932); with one degree or two the factor is too noisy to be applied to all. The
    degrees of freedom of an error are Welch and Satterthwaite's (Biometrics Bull. 2, 110, 1946).
    """
    sizes = [group.size for group in groups]
    values, errors = (np.array([getattr(g, name) for g in groups]) for name in ("value", "error"))
    fits = [
        statistics.extrapolate(sizes, v, e, exponent=exponent, terms=terms)
        for v, e in zip(values.T, errors.T, strict=True)
    ]
    birge = [np.sqrt(fit.chi2 / fit.degrees) if fit.p_value < POOR else 1.0 for fit in fits]
    return Limits(
        np.array([fit.value for fit in fits]),
        np.array([fit.error for fit in fits]) * birge,
        np.array([_effective(groups, k, exponent, terms) for k in range(len(fits))]),
        np.stack([fit.coefficients for fit in fits], axis=1),
        exponent,
        np.array([fit.p_value for fit in fits]),
    )


def _effective(groups: Sequence[Means], observable: int, exponent: float, terms: int) -> float:
    """``1/sum_i w_i^2/n_i``: group i has ``n_i`` degrees of freedom and the share ``w_i`` in the variance."""
    sizes = np.array([group.size for group in groups], dtype=np.float64)
    errors = np.array([group.error[observable] for group in groups])
    design = sizes[:, None] ** (-exponent * np.arange(terms + 1)) / errors[:, None]
    shares = np.linalg.pinv(design / np.max(np.abs(design), axis=0))[0] ** 2
    shares /= shares.sum()
    return float(1 / np.sum(shares**2 / np.array([group.degrees for group in groups])))
