"""Lowest eigenpairs of a symmetric matrix by Lanczos on ``(A - sigma)^-1``, sigma a little below all of them.

Lanczos on A itself takes about ``sqrt(spread/gap)`` products: thousands where the upper end of the spectrum lies far
away, as that of an empirical risk with steep data does. The inverse folds that end into a point. Cholesky's factor of
``A - sigma`` exists just where sigma is below the spectrum; sigma moves up until a few steps tell the lowest eigenvalue
from the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, eigh, eigh_tridiagonal
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

from ..errors import ConvergenceError
from ..lowering import Array
from ..rounding import power_below

SMALL = 128
"""Below this N all eigenvalues are found at once."""
PROBE = 40
"""Steps of Lanczos that tell where the ends of a spectrum are."""
NEAR, CLOSER = 1e-3, 0.05
"""Distance of sigma from the lowest Ritz value, over the width of the spectrum; what it shrinks by when it moves."""
TOLD_APART = 0.1
"""Residual of the lowest Ritz pair, over its distance from the next, at which sigma is near enough."""
ATTEMPTS = 24

Product = Callable[[Array], Array]


def lowest_pairs(matrix: Array, count: int) -> tuple[Array, Array]:
    """The ``count`` lowest eigenvalues of ``matrix`` (N, N), ascending, and their eigenvectors (N, count).

    ``1 <= count <= N``. Raises ``ConvergenceError`` when Lanczos stalls.
    """
    size = matrix.shape[0]
    if size < SMALL or 4 * count > size:
        values, vectors = eigh(matrix, subset_by_index=(0, count - 1))
        return values, vectors
    unit = power_below(float(np.max(np.abs(matrix))))
    scaled = matrix / unit
    shift, solve = _inverse(scaled)
    inverse = LinearOperator(matrix.shape, matvec=solve, dtype=np.float64)
    values, vectors = _arpack(scaled, count, sigma=shift, which="LM", OPinv=inverse)
    return values * unit, vectors


def lowest_pairs_of(operator: LinearOperator, count: int) -> tuple[Array, Array]:
    """The same of a matrix that is not at hand, by Lanczos on itself."""
    start = _start(operator.shape[0])
    unit = power_below(float(np.linalg.norm(operator @ start) / np.linalg.norm(start)))
    values, vectors = _arpack(operator * (1 / unit), count, which="SA")
    return values * unit, vectors


def _arpack(matrix: Array | LinearOperator, count: int, **options: Any) -> tuple[Array, Array]:
    """Eigenpairs, ascending; the same start each time, so the same answer. It takes values below 1e-10 for zero."""
    size = matrix.shape[0]
    krylov = min(size, max(4 * count + 20, 40))
    try:
        values, vectors = eigsh(matrix, k=count, ncv=krylov, v0=_start(size), maxiter=50 * size, **options)
    except ArpackNoConvergence as error:
        raise ConvergenceError(f"lowest eigenvalues: {error}") from error
    order = np.argsort(values)
    return values[order], vectors[:, order]


def _inverse(matrix: Array) -> tuple[float, Product]:
    """A shift sigma just below the spectrum, and ``b -> (A - sigma)^-1 b``."""
    size = matrix.shape[0]
    values, _ = _ritz(lambda v: np.asarray(matrix @ v), size)
    low = float(values[0])
    distance = NEAR * float(values[-1] - low) + 1e-12 * (1 + abs(low))
    for _ in range(ATTEMPTS):
        shift = low - distance
        solve = _solver(matrix, shift)
        if solve is None:
            distance *= 4
            continue
        values, residual = _ritz(solve, size)
        if residual <= TOLD_APART * (values[-1] - values[-2]):
            return shift, solve
        low = shift + 1 / float(values[-1])
        distance = CLOSER * (low - shift)
    raise ConvergenceError(f"lowest eigenvalues: none told from the others within {distance:g} of {low:g}")


def _solver(matrix: Array, shift: float) -> Product | None:
    """By Cholesky's factor; None where there is none."""
    shifted = matrix.copy()
    shifted[np.diag_indices_from(matrix)] -= shift
    try:
        factor = cho_factor(shifted, lower=True, overwrite_a=True, check_finite=False)
    except LinAlgError:
        return None
    return lambda b: cho_solve(factor, b, check_finite=False)


def _ritz(product: Product, size: int) -> tuple[Array, float]:
    """Ritz values of a few steps of Lanczos, all within the spectrum; residual of the highest."""
    v = _start(size)
    v /= np.linalg.norm(v)
    before, beta, alphas, betas = np.zeros_like(v), 0.0, [], []
    for _ in range(PROBE):
        w = product(v) - beta * before
        alphas.append(float(w @ v))
        w -= alphas[-1] * v
        beta = float(np.linalg.norm(w))
        betas.append(beta)
        if beta <= 1e-12 * (1 + abs(alphas[-1])):
            break
        before, v = v, w / beta
    values, modes = eigh_tridiagonal(np.array(alphas), np.array(betas[:-1]))
    return np.asarray(values, dtype=np.float64), beta * float(abs(modes[-1, -1]))


def _start(size: int) -> Array:
    """The same each time."""
    return np.random.default_rng(0).standard_normal(size)
