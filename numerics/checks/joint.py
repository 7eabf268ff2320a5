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

    ``coefficients`` (terms + 1, K) of ``N^(-k exponent)``; ``chi2`` and ``freedom`` of all fits together.
    """

    value: Array
    error: Array
    degrees: Array
    coefficients: Array
    exponent: float
    chi2: float
    freedom: int

    def curve(self, observable: int, sizes: ArrayLike) -> Array:
        """The fit of one observable."""
        powers = np.asarray(sizes, dtype=np.float64)[..., None] ** (-self.exponent * np.arange(len(self.coefficients)))
        values: Array = powers @ self.coefficients[:, observable]
        return values

    def quality(self) -> str:
        """How well the fits do."""
        return f"chi^2 = {self.chi2:.1f} for {self.freedom} degrees of freedom"


def limits(groups: Sequence[Means], *, exponent: float = 1.0, terms: int = 1) -> Limits:
    """``v(N) = v + sum_k a_k N^(-k exponent)``, ``terms`` of them, for each observable.

    Observables of the same runs err together, so one factor of Birge (Phys. Rev. 40, 207, 1932) serves all: where chi^2
    of all fits exceeds its degrees of freedom, the errors grow by the root of their ratio. The degrees of freedom of an
    error are Welch and Satterthwaite's (Biometrics Bull. 2, 110, 1946).
    """
    sizes = [group.size for group in groups]
    count = groups[0].value.size
    fits = [
        statistics.extrapolate(
            sizes, [g.value[k] for g in groups], [g.error[k] for g in groups], exponent=exponent, terms=terms
        )
        for k in range(count)
    ]
    chi2, freedom = sum(fit.chi2 for fit in fits), sum(fit.degrees for fit in fits)
    birge = np.sqrt(max(1.0, chi2 / freedom)) if freedom else 1.0
    return Limits(
        np.array([fit.value for fit in fits]),
        birge * np.array([fit.error for fit in fits]),
        np.array([_effective(groups, k, exponent, terms) for k in range(count)]),
        np.stack([fit.coefficients for fit in fits], axis=1),
        exponent,
        chi2,
        freedom,
    )


def _effective(groups: Sequence[Means], observable: int, exponent: float, terms: int) -> float:
    """``1/sum_i w_i^2/n_i``, ``w_i`` the share of group i, of ``n_i`` degrees of freedom, in the variance of the limit."""
    sizes = np.array([group.size for group in groups], dtype=np.float64)
    errors = np.array([group.error[observable] for group in groups])
    design = sizes[:, None] ** (-exponent * np.arange(terms + 1)) / errors[:, None]
    shares = np.linalg.pinv(design / np.max(np.abs(design), axis=0))[0] ** 2
    shares /= shares.sum()
    return float(1 / np.sum(shares**2 / np.array([group.degrees for group in groups])))
