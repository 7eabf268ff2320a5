"""Error bars: bootstrap over independent samples, proportions, and extrapolation in the size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from .lowering import Array

CONFIDENCE = 0.95
RESAMPLES = 4000
WEIGHTS = 1 << 24
"""Of resamples that are held at a time."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """A value with its standard error and the interval ``low ... high`` at a level of confidence; arrays of one shape.

    From a single sample, error and interval are nan: nothing is known of them.
    """

    value: Array
    error: Array
    low: Array
    high: Array
    confidence: float = CONFIDENCE


def mean_and_error(samples: ArrayLike) -> tuple[Array, Array]:
    """Mean over the first axis, of two samples or more, and its standard error."""
    values = np.asarray(samples, dtype=np.float64)
    return values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(len(values))


def bootstrap(
    samples: ArrayLike,
    statistic: Callable[[Array], Any] | None = None,
    *,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Estimate:
    r"""``statistic`` (default: mean) of ``samples`` (samples, ...), drawn again with replacement along the first axis.

    What is measured from several starts on one disorder is not independent: average over starts first. The interval is
    the expanded percentile one, whose level allows for few samples: quantiles at ``Phi(-sqrt(n/(n-1)) t_{n-1})``
    (Hesterberg, Am. Stat. 69, 371, 2015, section 5.3). Raises ``ValueError`` for no samples, values that are
    not finite, or a confidence outside (0, 1).
    """
    values = np.asarray(samples, dtype=np.float64)
    _require_samples(values, confidence, resamples)
    count = values.shape[0]
    value = np.asarray(values.mean(axis=0) if statistic is None else statistic(values), dtype=np.float64)
    if count == 1:
        unknown = np.full_like(value, np.nan)
        return Estimate(value, unknown, unknown, unknown, confidence)
    rng = np.random.default_rng(seed)
    drawn = _means(values, resamples, rng) if statistic is None else _drawn(values, statistic, resamples, rng)
    tail = _expanded((1 - confidence) / 2, count)
    low, high = np.quantile(drawn, [tail, 1 - tail], axis=0)
    error = np.std(drawn, axis=0) * np.sqrt(count / (count - 1))
    if statistic is None:
        error = mean_and_error(values)[1]
    return Estimate(value, error, np.minimum(low, value), np.maximum(high, value), confidence)


def _means(values: Array, resamples: int, rng: np.random.Generator) -> Array:
    """Means of resamples (resamples, ...), as weights times values."""
    count = values.shape[0]
    centre = values.mean(axis=0)  # subtracted, so that equal values give no spread by rounding
    flat = (values - centre).reshape(count, -1)
    means = np.empty((resamples, flat.shape[1]))
    rows = max(1, WEIGHTS // count)
    for first in range(0, resamples, rows):
        block = means[first : first + rows]
        weights = rng.multinomial(count, np.full(count, 1 / count), size=len(block)) / count
        block[:] = weights @ flat
    averages: Array = means.reshape(resamples, *values.shape[1:]) + centre
    return averages


def _drawn(values: Array, statistic: Callable[[Array], Any], resamples: int, rng: np.random.Generator) -> Array:
    count = values.shape[0]
    return np.stack([statistic(values[rng.integers(count, size=count)]) for _ in range(resamples)]).astype(np.float64)


def _expanded(tail: float, count: int) -> float:
    """Tail of the percentiles whose interval covers as Student's would."""
    return float(special.ndtr(np.sqrt(count / (count - 1)) * stats.t.ppf(tail, count - 1)))


def wilson(successes: ArrayLike, trials: ArrayLike, *, confidence: float = CONFIDENCE) -> Estimate:
    """A proportion ``k/n`` of independent trials with the interval of Wilson (J. Am. Stat. Assoc. 22, 209, 1927).

    Arrays broadcast; ``0 <= k <= n``, ``n >= 1``, or ``ValueError``. The error is half the interval at one sigma.
    """
    k, n = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (successes, trials)))
    if not (np.all(n >= 1) and np.all((k >= 0) & (k <= n))):
        raise ValueError(
            f"successes = {successes!r}, trials = {trials!r}: expected 0 <= successes <= trials, trials >= 1"
        )
    _require_confidence(confidence)
    low, high = _wilson(k, n, float(special.ndtri(0.5 + confidence / 2)))
    below, above = _wilson(k, n, 1.0)
    return Estimate(k / n, 0.5 * (above - below), low, high, confidence)


def _wilson(k: Array, n: Array, z: float) -> tuple[Array, Array]:
    share = k / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2)
    return np.where(k == 0, 0.0, centre - half), np.where(k == n, 1.0, centre + half)


@dataclass(frozen=True, eq=False)
class Extrapolation:
    """``value`` at infinite size with its standard error; coefficients and covariance of all terms; quality of the fit.

    ``p_value`` is the chance of a larger ``chi2`` with that many degrees of freedom, 1 when there are none; ``shares``
    are those of the sizes in the variance of the value, less than 1 in all where a prior has one too.
    """

    value: float
    error: float
    coefficients: Array
    covariance: Array
    chi2: float
    degrees: int
    p_value: float
    shares: Array


def extrapolate(
    sizes: ArrayLike, values: ArrayLike, errors: ArrayLike, *, exponent: float = 1.0, terms: int = 1
) -> Extrapolation:
    r"""``v(N) = v + sum_k a_k N^(-k w)``, k = 1 ... ``terms``, by least squares with weights ``1/error^2``.

    Parameters
    ----------
    sizes, values, errors
        One-dimensional, at least ``terms + 1`` different sizes; errors > 0.
    exponent
        ``w > 0``: 1 for averages of a smooth landscape, 2/3 for quantities at the edge of a spectrum.

    The errors are taken as known (not rescaled by chi^2). Raises ``ValueError`` for anything else.
    """
    if not (exponent > 0 and terms >= 1 and np.unique(sizes).size > terms):
        raise ValueError(f"exponent = {exponent}, terms = {terms}: expected > 0, >= 1 and more sizes than terms")
    return fit_powers(sizes, values, errors, exponent * np.arange(1, terms + 1))


def fit_powers(
    sizes: ArrayLike, values: ArrayLike, errors: ArrayLike, powers: ArrayLike, widths: ArrayLike | None = None
) -> Extrapolation:
    r"""``v(N) = v + sum_k a_k N^(-p_k)`` by least squares with weights ``1/error^2``.

    Parameters
    ----------
    sizes, values, errors
        One-dimensional; sizes and errors > 0.
    powers
        The ``p_k > 0``, all different.
    widths
        Of each coefficient the standard deviation of a Gaussian prior around 0, > 0, in units of the values; infinite
        (default): free. A term that is not known but bounded then has its share in the error of ``v`` (constrained
        fits: Lepage et al., Nucl. Phys. B Proc. Suppl. 106, 12, 2002). More sizes than free coefficients.

    The errors are taken as known (not rescaled by chi^2). Raises ``ValueError`` for anything else.
    """
    n, v, s = (np.asarray(a, dtype=np.float64) for a in (sizes, values, errors))
    p = np.append(0.0, powers)
    w = np.full(p.size, np.inf) if widths is None else np.append(np.inf, widths)
    free = int(np.count_nonzero(np.isinf(w)))
    if not (n.ndim == 1 and n.shape == v.shape == s.shape and np.all(n > 0) and np.all(s > 0)):
        raise ValueError("sizes, values, errors: expected three lists of one length, with sizes and errors > 0")
    if not (w.shape == p.shape and np.all(p[1:] > 0) and np.unique(p).size == p.size and np.all(w > 0)):
        raise ValueError(
            f"powers = {powers!r}, widths = {widths!r}: expected different powers > 0, of each a width > 0"
        )
    if np.unique(n).size < free:
        raise ValueError(f"sizes = {sizes!r}: expected {free} different ones or more, for powers = {powers!r}")
    scale = np.max(n[:, None] ** -p, axis=0)
    design = np.vstack([n[:, None] ** -p / scale / s[:, None], np.diag(1 / (w * scale))[np.isfinite(w)]])
    target = np.append(v / s, np.zeros(p.size - free))
    inverse = np.linalg.pinv(design)
    fitted = inverse @ target
    chi2, degrees = float(np.sum((design @ fitted - target) ** 2)), n.size - free
    covariance = inverse @ inverse.T / np.multiply.outer(scale, scale)
    return Extrapolation(
        float(fitted[0]),
        float(np.sqrt(covariance[0, 0])),
        fitted / scale,
        covariance,
        chi2,
        degrees,
        float(stats.chi2.sf(chi2, degrees)) if degrees else 1.0,
        inverse[0, : n.size] ** 2 / covariance[0, 0],
    )


def _require_samples(values: Array, confidence: float, resamples: int) -> None:
    if values.ndim == 0 or values.shape[0] == 0 or not np.all(np.isfinite(values)):
        raise ValueError(f"samples of shape {values.shape}: expected at least one along the first axis, all finite")
    if resamples < 100:
        raise ValueError(f"resamples = {resamples}: expected at least 100; try {RESAMPLES}")
    _require_confidence(confidence)


def _require_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence = {confidence}: expected a number within (0, 1); try 0.95")
