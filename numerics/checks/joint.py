"""Several observables of the same runs: means helped by what is known exactly, and limits of infinite size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..lowering import Array
from .extrapolation import SMOOTH, Law, Limit, extrapolate


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
    """At infinite size, of each observable (K,): value, standard error, degrees of freedom of the error; the fits."""

    value: Array
    error: Array
    degrees: Array
    fits: tuple[Limit, ...]

    @property
    def p_value(self) -> Array:
        """Of the fits, (K,)."""
        return np.array([fit.p_value for fit in self.fits])


def limits(groups: Sequence[Means], law: Law | Sequence[Law] = SMOOTH) -> Limits:
    """Each observable extrapolated by the law, or by its own; see ``extrapolate``.

    The degrees of freedom of an error are Welch and Satterthwaite's (Biometrics Bull. 2, 110, 1946).
    """
    sizes = [group.size for group in groups]
    values, errors = (np.array([getattr(g, name) for g in groups]) for name in ("value", "error"))
    laws = [law] * values.shape[1] if isinstance(law, Law) else law
    fits = tuple(extrapolate(sizes, v, e, own) for v, e, own in zip(values.T, errors.T, laws, strict=True))
    return Limits(
        np.array([fit.value for fit in fits]),
        np.array([fit.error for fit in fits]),
        np.array([_effective(groups, fit) for fit in fits]),
        fits,
    )


def _effective(groups: Sequence[Means], fit: Limit) -> float:
    """``1/sum_i w_i^2/n_i``: group i has ``n_i`` degrees of freedom and the share ``w_i``; that of the law is known."""
    assert fit.shares is not None
    return float(1 / np.sum(fit.shares**2 / np.array([group.degrees for group in groups])))
