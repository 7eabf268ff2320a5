"""Error bars: bootstrap over independent samples, proportions, and means helped by what is known exactly."""

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
ROUNDING = 1e-7
"""Least standard error of a mean: of what all samples agree on, single precision."""


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
    below the error. No error is less than ``ROUNDING``. Raises ``ValueError`` for fewer than ``c + 2`` samples.
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
    return Means(size, fitted[0], np.maximum(np.sqrt(variance * (inverse[0] @ inverse[0])), ROUNDING), degrees)


def _require_samples(values: Array, confidence: float, resamples: int) -> None:
    if values.ndim == 0 or values.shape[0] == 0 or not np.all(np.isfinite(values)):
        raise ValueError(f"samples of shape {values.shape}: expected at least one along the first axis, all finite")
    if resamples < 100:
        raise ValueError(f"resamples = {resamples}: expected at least 100; try {RESAMPLES}")
    _require_confidence(confidence)


def _require_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence = {confidence}: expected a number within (0, 1); try 0.95")
