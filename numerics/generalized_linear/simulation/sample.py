"""One realisation of an empirical risk at finite N: data, labels, and ``H(w) = sum_mu l(u_mu, y_mu)`` on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray
from scipy.linalg.blas import dsyrk

from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape

from ... import generated_code
from ...arrays import require_shape
from ...lowering import Array
from ...memory import require_memory
from ...simulation.landscape_sample import signal_of, vectors
from ...simulation.packed import (
    Precision,
    Seed,
    require_precision,
    require_size,
    seed_sequence,
    stream,
)
from ..field_law import require_numbers
from . import kernel

ROWS = 512
"""Data that are widened to float64 at a time."""
DATUM = (FIELD, SIGNAL_FIELD)


@dataclass(frozen=True, eq=False)
class SampledRisk:
    r"""``H(w) = sum_mu l(x_mu.w/sqrt N, y_mu)``, ``y_mu = x_mu.w*/sqrt N``: a ``Sample`` for flow and Hessian tools.

    ``data`` (M, N) are the ``x_mu``; what is stored is exact, all sums are float64. ``labels`` (M,) are the fields y of
    the signal, of which the loss sees what it depends on. ``grad H = X^T l'/sqrt N``, not divided by N.
    """

    landscape: GeneralizedLinearLandscape
    signal: Array
    labels: Array
    data: NDArray[Any] = field(repr=False)

    def __post_init__(self) -> None:
        require_shape("labels", self.labels, (self.labels.size,))
        require_shape("signal", self.signal, (self.signal.size,))
        require_shape("data", self.data, (self.labels.size, self.signal.size))

    @property
    def size(self) -> int:
        """``N``."""
        return self.signal.size

    @property
    def alpha(self) -> float:
        """``M/N``."""
        return self.labels.size / self.size

    @property
    def memory(self) -> int:
        """Bytes of the data."""
        return self.data.nbytes

    def gradient(self, x: Array) -> tuple[Array, Array]:
        """``H/N`` (starts,) and the gradient of ``H`` (starts, N) at x (starts, N); each datum is read once."""
        x = vectors("x", x, self.size, 2)
        energy, gradient = np.zeros(x.shape[0]), np.zeros_like(x)
        kernels(self.landscape).add_gradient(self.data, self.labels, x, energy, gradient)
        return energy / self.size, gradient

    def hessian_vector(self, x: Array, v: Array) -> Array:
        """``H''(x) v = X^T (D * X v)/N`` (k, N) for each row of v (k, N), at x (N,)."""
        return self.weighted_vector(self.curvatures(x), v)

    def hessian(self, x: Array) -> Array:
        """``H''(x) = X^T D X/N`` (N, N) at x (N,)."""
        return self.weighted_gram(self.curvatures(x))

    def fields(self, x: Array) -> Array:
        """``u = X x/sqrt N`` (starts, M) for x (starts, N)."""
        x = vectors("x", x, self.size, 2)
        u = np.empty((x.shape[0], self.labels.size))
        kernel.fields(self.data, x, u)
        return u

    def combined(self, weights: Array) -> Array:
        """``X^T weights/sqrt N`` (starts, N) for weights (starts, M)."""
        weights = vectors("weights", weights, self.labels.size, 2)
        out = np.zeros((weights.shape[0], self.size))
        kernel.add_combined(self.data, weights, out)
        return out

    def curvatures(self, x: Array) -> Array:
        """``D(u, y)`` (M,) at x (N,)."""
        u, out = self.fields(vectors("x", x, self.size, 1)[None])[0], np.empty(self.labels.size)
        kernels(self.landscape).curvatures(u, self.labels, out)
        return out

    def weighted_vector(self, weights: Array, v: Array) -> Array:
        """``X^T (weights * X v)/N`` (k, N) for weights (M,) and v (k, N)."""
        weights, v = vectors("weights", weights, self.labels.size, 1), vectors("v", v, self.size, 2)
        out = np.zeros_like(v)
        kernel.add_weighted(self.data, weights, v, out)
        return out

    def weighted_gram(self, weights: Array) -> Array:
        """``X^T diag(weights) X/N`` (N, N) for weights (M,)."""
        weights = vectors("weights", weights, self.labels.size, 1)
        lower = np.zeros((self.size, self.size), order="F")
        for sign in (1, -1):
            rows = np.flatnonzero(sign * weights > 0)
            for first in range(0, rows.size, ROWS):
                part = rows[first : first + ROWS]
                scaled = self.data[part] * np.sqrt(np.abs(weights[part]) / self.size)[:, None]
                lower = dsyrk(sign, scaled.T, beta=1, c=lower, lower=1, overwrite_c=1)
        return np.tril(lower) + np.tril(lower, -1).T


@lru_cache(maxsize=32)
def kernels(landscape: GeneralizedLinearLandscape) -> ModuleType:
    """The compiled passes of ``kernel`` for this loss. Raises ``ValueError`` for a loss with free parameters."""
    require_numbers(landscape)
    parts = {"loss": landscape.loss, "force": landscape.force, "curvature": landscape.curvature}
    return generated_code.specialised(kernel, {name: (DATUM, (expression,)) for name, expression in parts.items()})


def sample_risk(
    landscape: GeneralizedLinearLandscape, size: int, alpha: float, seed: Seed, *, dtype: Precision = "float32"
) -> SampledRisk:
    """Draws ``M = round(alpha N)`` data ``x ~ N(0, I_N)`` and a signal uniform on ``|w*|^2 = N``.

    Parameters
    ----------
    landscape
        Any loss whose parameters are numbers.
    size, alpha
        ``N >= 2`` and ``alpha > 0`` with ``M >= 1``.
    seed
        The same seed gives the same data; a ``Generator`` gives new ones at each call.
    dtype
        Storage of the data, ``"float32"`` or ``"float64"`` (the same draws); sums are float64 in both.

    Raises ``ValueError`` for anything else, and when the data do not fit in memory.
    """
    kernels(landscape)
    require_size(size)
    require_precision(dtype)
    count = data_count(size, alpha)
    require_memory(risk_memory(size, alpha, dtype), f"size = {size}", "try a smaller size or alpha, or float32")
    seeds = seed_sequence(seed)
    data, signal = _normal(count, size, seeds, dtype), signal_of(size, seeds)
    labels = np.empty((1, count))
    kernel.fields(data, signal[None], labels)
    return SampledRisk(landscape, signal, labels[0], data)


def data_count(size: int, alpha: float) -> int:
    """``M = round(alpha N)``, at least 1, or ``ValueError``."""
    if not (np.isfinite(alpha) and alpha > 0 and round(alpha * size) >= 1):
        raise ValueError(f"alpha = {alpha}: expected a number > 0 with at least one datum at N = {size}; try 3")
    return round(alpha * size)


def risk_memory(size: int, alpha: float, dtype: Precision = "float32") -> int:
    """Bytes of the data."""
    return data_count(size, alpha) * size * np.dtype(dtype).itemsize


def _normal(count: int, size: int, seeds: SeedSequence, dtype: Precision) -> NDArray[Any]:
    """Standard normal data, drawn in float64 a few rows at a time: the same draws in both precisions."""
    data, rng = np.empty((count, size), dtype=dtype), stream(seeds, 0)
    for first in range(0, count, ROWS):
        rows = data[first : first + ROWS]
        rows[:] = rng.standard_normal(rows.shape)
    return data
