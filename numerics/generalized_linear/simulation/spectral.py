"""The spectral method on a sample: top eigenvector of ``(1/N) sum_mu T(y_mu) x_mu x_mu^T``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse.linalg import LinearOperator

from theory.generalized_linear import SIGNAL_FIELD, BayesChannel, GeneralizedLinearLandscape, SpectralMethod

from ...lowering import Array, lower
from ...simulation.hessian import LARGEST_DENSE
from ...simulation.inverse import lowest_pairs, lowest_pairs_of
from .sample import SampledRisk


@dataclass(frozen=True, eq=False)
class SpectralEstimate:
    """The top eigenvalue; its eigenvector (N,) with ``|w|^2 = N``; squared overlap ``(w.w*/N)^2``."""

    value: float
    vector: Array
    overlap_squared: float


def optimal_method(landscape: GeneralizedLinearLandscape) -> SpectralMethod:
    """The best preprocessing of what the teacher shows. Raises ``ValueError`` where labels show the sign of y."""
    channel = BayesChannel(landscape)
    if channel.moments[0] != 0:
        raise ValueError(f"{landscape!r}: labels show the sign of y; no need of a spectral start, try a random one")
    return SpectralMethod(channel.optimal_preprocessing)


def spectral_estimate(sample: SampledRisk, method: SpectralMethod | None = None) -> SpectralEstimate:
    """The estimate by ``method``, by default the optimal one for what the teacher shows; its sign is arbitrary.

    To N = 4096 the matrix is formed; beyond, each product is one pass over the data, which suits bounded T only.
    Raises ``ValueError`` for a T that is not finite on the labels, ``ConvergenceError`` when Lanczos stalls.
    """
    chosen = optimal_method(sample.landscape) if method is None else method
    weights = lower((SIGNAL_FIELD,), [chosen.preprocessing])(sample.labels)[0]
    if not np.all(np.isfinite(weights)):
        raise ValueError(f"preprocessing = {chosen.preprocessing} is not finite on the labels; try 1 - 1/y**2")
    values, vectors = _lowest(sample, -weights)
    w = vectors[:, 0] * np.sqrt(sample.size)
    return SpectralEstimate(-float(values[0]), w, float(w @ sample.signal / sample.size) ** 2)


def _lowest(sample: SampledRisk, weights: Array) -> tuple[Array, Array]:
    if sample.size <= LARGEST_DENSE:
        return lowest_pairs(sample.weighted_gram(weights), 1)

    def product(v: Array) -> Array:
        return np.asarray(sample.weighted_vector(weights, v.reshape(1, -1))[0])

    return lowest_pairs_of(LinearOperator((sample.size,) * 2, matvec=product, dtype=np.float64), 1)
