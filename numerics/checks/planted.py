"""Another signal, or none, in the noise of a sampled landscape."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.random import Generator
from scipy.linalg.lapack import dlasd4

from ..lowering import Array
from ..simulation import SampledLandscape


def without_signal(sample: SampledLandscape) -> SampledLandscape:
    """The same noise alone, g = 0."""
    nothing = np.zeros(1)
    return replace(sample, planted=replace(sample.planted, planted=nothing, drift=nothing, drift_slope=nothing))


def with_signal_at(sample: SampledLandscape, vector: Array) -> SampledLandscape:
    """The same noise with the signal at ``vector`` (N,), ``|vector|^2 = N``: as likely as where it was."""
    return replace(sample, planted=replace(sample.planted, vector=vector))


def spiked(values: Array, direction: Array, strength: float) -> tuple[float, float]:
    r"""Lowest eigenvalue of ``A - c e e^T``, and its mode's squared overlap with e; c = ``strength`` > 0.

    ``values`` (n,) are the eigenvalues of A, ascending, ``direction`` (n,) the unit vector e in its eigenbasis. The
    eigenvalue z solves the secular equation ``1 = c sum_i e_i^2/(lambda_i - z)``, the squared overlap is ``1/(c^2 sum_i
    e_i^2/(lambda_i - z)^2)`` (Golub, SIAM Rev. 15, 318, 1973, section 5). By LAPACK's ``dlasd4``, which wants the
    squares of singular values: here the distances below ``lambda_n``.
    """
    below = np.sqrt(values[-1] - values[::-1])
    differences, largest, sums, _ = dlasd4(values.size - 1, below, direction[::-1], strength)
    share = np.sum((direction[::-1] / (differences * sums)) ** 2)
    return float(values[-1] - largest**2), float(1 / (strength**2 * share))


def any_direction(size: int, random: Generator) -> Array:
    """A unit vector (size,), uniform on the sphere."""
    vector = random.standard_normal(size)
    return np.asarray(vector / np.linalg.norm(vector))
