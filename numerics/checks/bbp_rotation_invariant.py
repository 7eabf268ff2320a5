r"""A GOE matrix plus a spike ``theta e e^T``: its largest eigenvalue, and the overlap of its eigenvector with ``e``.

Theory (``theory.random_matrices.BBPTransition``; Baik, Ben Arous, Peche 2005): above ``theta = 1`` the eigenvalue is
``theta + 1/theta`` and the squared overlap ``1 - 1/theta^2``; below, 2 and 0.

Simulation: Householder's reduction started at ``e`` turns a GOE into a tridiagonal matrix of independent entries,
normal on the diagonal and chi beside it (Trotter 1984), and leaves the spike in the first corner. Exact at any N.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eigh_tridiagonal

from theory.random_matrices import BBPTransition
from theory.symbols import SPIKE

from ..finite_size import tridiagonal_goe
from ..lowering import Array, lower
from .comparison import Comparison
from .extrapolation import SMOOTH, Law, Limit, extrapolate
from .report import Panel, Report, Series
from .tasks import Progress, gather, mean_and_error, perturbation, stream


@dataclass(frozen=True)
class Settings:
    """``strengths`` are the thetas; ``samples`` matrices of each size for each of them."""

    strengths: tuple[float, ...] = (0.4, 0.7, 1.4, 2.0, 3.0)
    sizes: tuple[int, ...] = (1000, 2000, 4000, 8000)
    samples: int = 400


DEFAULT = Settings()
QUICK = Settings(sizes=(500, 1000, 2000, 4000), samples=200)
EDGE = 1.0
"""Strength at which the outlier leaves the bulk: there, and below, it is at the edge."""
LAWS = {"below": (Law.series(2 / 3, 2), Law.series(1.0, 2)), "above": (SMOOTH, SMOOTH)}
"""Of eigenvalue and squared overlap; below, Tracy and Widom's for the edge."""
NAMES = ("largest eigenvalue", "squared overlap")
SMALLEST = 0.03
"""Resolution where theta has no effect."""


def run(
    *,
    quick: bool = False,
    seed: int = 0,
    workers: int = 1,
    output: Path | None = None,
    progress: Progress | None = None,
    perturb: Mapping[str, float] | None = None,
    settings: Settings | None = None,
) -> Report:
    """Arguments: see ``numerics.checks``; ``perturb``: ``theta`` multiplies every strength in the prediction."""
    chosen = settings or (QUICK if quick else DEFAULT)
    factor = perturbation(perturb, theta=1.0)["theta"]
    points = [(theta, size, chosen.samples, seed) for theta in chosen.strengths for size in chosen.sizes]
    found = gather(measured, points, workers=workers, progress=progress, title="spiked random matrices")
    samples = np.array(found).reshape(len(chosen.strengths), len(chosen.sizes), chosen.samples, 2)
    means, errors = mean_and_error(np.moveaxis(samples, 2, 0))
    fits = [
        [limit(theta, k, chosen.sizes, means[i, :, k], errors[i, :, k]) for k in range(2)]
        for i, theta in enumerate(chosen.strengths)
    ]
    comparisons = [
        comparison(theta, factor, k, fits[i][k], chosen) for i, theta in enumerate(chosen.strengths) for k in range(2)
    ]
    return Report(
        "bbp-rotation-invariant",
        tuple(comparisons),
        {**asdict(chosen), "seed": seed},
        panels(chosen, means, errors, factor),
        ("Extrapolated in 1/N above theta = 1; below in N^(-2/3), N^(-4/3) (eigenvalue) and 1/N, 1/N^2 (overlap).",),
    )


def predicted(theta: ArrayLike) -> tuple[Array, Array]:
    """Largest eigenvalue and squared overlap at infinite size; below the transition those of the edge."""
    bbp = BBPTransition()
    position, overlap = lower((SPIKE,), [bbp.position, bbp.overlap_squared])(np.maximum(theta, EDGE))
    return position, overlap


def measured(point: tuple[float, int, int, int]) -> Array:
    """Largest eigenvalue and squared overlap of each matrix, shape (samples, 2), at (theta, N, samples, seed)."""
    theta, size, samples, seed = point
    random = np.random.default_rng(stream(seed, size, round(1e6 * theta)))
    return np.array([_largest(*tridiagonal(random, size, theta)) for _ in range(samples)])


def tridiagonal(random: np.random.Generator, size: int, theta: float) -> tuple[Array, Array]:
    """Diagonal and off-diagonal of a GOE (variance 1/N off the diagonal) plus ``theta`` in the first corner."""
    diagonals, squares = tridiagonal_goe(random, 1, size)
    diagonal = diagonals[0] / np.sqrt(size)
    diagonal[0] += theta
    return diagonal, np.sqrt(squares[0] / size)


def _largest(diagonal: Array, beside: Array) -> tuple[float, float]:
    last = diagonal.size - 1
    values, vectors = eigh_tridiagonal(diagonal, beside, select="i", select_range=(last, last))
    return float(values[0]), float(vectors[0, 0] ** 2)


def limit(theta: float, k: int, sizes: tuple[int, ...], values: Array, errors: Array) -> Limit:
    """Extrapolated to infinite size."""
    return extrapolate(sizes, values, errors, LAWS["above" if theta > EDGE else "below"][k])


def comparison(theta: float, factor: float, k: int, fit: Limit, chosen: Settings) -> Comparison:
    """Resolution: what 5% of theta would change."""
    theory, now, changed = (float(value) for value in predicted(np.array([factor, 1, 1.05]) * theta)[k])
    freedom = len(chosen.sizes) * (chosen.samples - 1)
    label = f"{NAMES[k]} at theta = {theta:g}"
    return Comparison(label, theory, 0.0, fit.value, fit.error, abs(changed - now) or SMALLEST, None, freedom, k == 0)


def panels(chosen: Settings, means: Array, errors: Array, factor: float) -> tuple[Panel, ...]:
    """Both observables against theta, the largest size beside the theory."""
    thetas = np.linspace(0, 1.1 * max(chosen.strengths), 221)
    curves = predicted(factor * thetas)
    shown = []
    for k, (name, label) in enumerate(zip(NAMES, (r"$\lambda_{\max}$", r"$\langle v, e\rangle^2$"), strict=True)):
        points = [
            Series.simulation(f"N = {size}", chosen.strengths, means[:, j, k], errors[:, j, k], j + 1)
            for j, size in enumerate(chosen.sizes)
        ]
        shown.append(Panel(name, r"$\theta$", label, (Series.theory("theory", thetas, curves[k]), *points)))
    return tuple(shown)
