r"""A GOE matrix plus a spike ``theta e e^T``: its largest eigenvalue, and the overlap of its eigenvector with ``e``.

Theory (``theory.random_matrices.BBPTransition``; Baik, Ben Arous, Peche 2005): above ``theta = 1`` the eigenvalue is
``theta + 1/theta`` and the squared overlap ``1 - 1/theta^2``; below, 2 and 0.

Simulation: Householder's reduction started at ``e`` turns a GOE into a tridiagonal matrix of independent entries,
normal on the diagonal and chi beside it (Trotter 1984), and leaves the spike in the first corner. Exact at any N.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eigh_tridiagonal

from theory.random_matrices import BBPTransition
from theory.symbols import SPIKE

from ..extrapolation import SMOOTH, SizeLaw
from ..finite_size import tridiagonal_goe
from ..lowering import Array, lower
from .check import Check
from .panels import Curve, Row
from .plan import Point, Run, Sizes


@dataclass(frozen=True)
class Strengths(Sizes):
    """``strengths`` are the thetas; ``resolution`` is relative to them."""

    strengths: tuple[float, ...] = (0.4, 0.7, 1.4, 2.0, 3.0)


EDGE = 1.0
"""Strength at which the outlier leaves the bulk: there, and below, it is at the edge."""
ABOVE, BELOW = (SMOOTH, SMOOTH), (SizeLaw.series(2 / 3, 2), SizeLaw.series(1.0, 2))
"""Of eigenvalue and squared overlap; below, Tracy and Widom's for the edge."""
NAMES = {"largest eigenvalue": r"$\lambda_{\max}$", "squared overlap": r"$\langle v, e\rangle^2$"}
SMALLEST = 0.03
"""Resolution where theta has no effect."""


def transition(theta: ArrayLike) -> tuple[Array, Array]:
    """Largest eigenvalue and squared overlap at infinite size; below the transition those of the edge."""
    bbp = BBPTransition()
    position, overlap = lower((SPIKE,), [bbp.position, bbp.overlap_squared])(np.maximum(theta, EDGE))
    return position, overlap


def measured(point: Point[Strengths]) -> Array:
    """Largest eigenvalue and squared overlap of each matrix, (samples, 2)."""
    theta = point.plan.strengths[point.case]
    random = np.random.default_rng((point.seed, point.size, round(1e6 * theta)))
    return np.array([_largest(*tridiagonal(random, point.size, theta)) for _ in range(point.samples)])


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


def predicted(run: Run[Strengths], case: int) -> list[Row | Curve]:
    """Both, and their curves; resolution: what that much of theta would change."""
    theta, factor = run.plan.strengths[case], run.wrong["theta"]
    fine = np.linspace(0, 1.1 * max(run.plan.strengths), 221)
    values, curves = transition(np.array([factor, 1, 1 + run.plan.resolution]) * theta), transition(factor * fine)
    made: list[Row | Curve] = []
    for k, (name, symbol) in enumerate(NAMES.items()):
        value, now, changed = (float(v) for v in values[k])
        label, resolution = f"{name} at theta = {theta:g}", abs(changed - now) or SMALLEST
        made.append(Row(label, value, k, resolution, independent=k == 0, panel=name, symbol=symbol, x=theta))
        if case == 0:
            made.append(Curve(name, symbol, fine, curves[k]))
    return made


CHECK = Check(
    name="bbp-rotation-invariant",
    description="outlier of a random matrix with a spike, and its overlap with the spike",
    reason="a twentieth of theta, an eighth of what a GOE whose variance is normalised to 2/N makes of it.",
    doing="spiked random matrices",
    default=Strengths((1000, 2000, 4000, 8000), (400,) * 4, 0.05),
    quick=Strengths((500, 1000, 2000, 4000), (200,) * 4, 0.05),
    count=lambda plan: len(plan.strengths),
    measure=measured,
    predict=predicted,
    axis=r"$\theta$",
    laws=lambda plan, case: ABOVE if plan.strengths[case] > EDGE else BELOW,
    theory_mistakes={"theta": 1.0},
    sites=1 << 31,
    remarks=("Extrapolated in 1/N above theta = 1; below in N^(-2/3), N^(-4/3) (eigenvalue), 1/N, 1/N^2 (overlap).",),
)
