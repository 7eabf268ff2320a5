r"""Brownian motion on the sphere over a finite time, ``dx = -T (1 - 1/N) x dt + sqrt(2T) P dW``.

The cosine ``z`` of the angle travelled is a Jacobi diffusion whose moments follow from the eigenvalues
``l (l + N - 2) T/N`` of the Laplacian: with ``s = T t``, ``E z = exp(-s (N-1)/N)`` and
``E z^2 = 1/N + (1 - 1/N) exp(-2s)``. Here ``(1 - z)/2`` is drawn from the Beta law with these two moments, which is
also the law as s -> 0 (``N (1-z)/s`` is chi-squared) and as s -> infinity (uniform on the sphere). What is left is of
order ``s^4`` in the mean of any smooth function: the motion is exact in law to third order in the step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.random import Generator

from ..lowering import Array
from .sphere import on_sphere

Normal = Callable[[Generator], Array]
SHORT, SHORTEST = 1e-8, 1e-100
"""s below which its limiting law holds to as many digits, and one at which nothing moves in double precision."""


def kick(
    x: Array, s: float, rngs: Sequence[Generator], spins: int | None = None, normal: Normal | None = None
) -> Array:
    """x (starts, N) after a time t at temperature T, ``s = T t > 0``; start i draws from ``rngs[i]``.

    Where x are coordinates of ``spins`` others, ``normal`` gives those of a standard normal vector.
    """
    size = x.shape[1]
    first, second = _beta(s, spins or size)
    u = np.array([rng.beta(first, second) for rng in rngs])[:, None]
    across = np.stack([normal(rng) if normal else rng.standard_normal(size) for rng in rngs])
    across -= (np.einsum("si,si->s", across, x) / size)[:, None] * x
    return on_sphere((1 - 2 * u) * x + 2 * np.sqrt(u * (1 - u)) * on_sphere(across))


def _beta(s: float, size: int) -> tuple[float, float]:
    """Parameters of the law of ``u = (1 - z)/2``, from its mean and variance; as s -> 0 these cancel to ``s^2``."""
    if s < SHORT:
        return 0.5 * (size - 1), size / max(s, SHORTEST)
    mean = -0.5 * np.expm1(-s * (size - 1) / size)
    # E z^2 - (E z)^2 = (1 - e^{-2s})/N - e^{-2s} (e^{2s/N} - 1)
    variance = -0.25 * (np.expm1(-2 * s) / size + np.exp(-2 * s) * np.expm1(2 * s / size))
    weight = mean * (1 - mean) / variance - 1
    return float(mean * weight), float((1 - mean) * weight)
