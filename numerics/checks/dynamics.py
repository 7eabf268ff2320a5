r"""Gradient flow and Langevin dynamics at finite N against the two-time equations.

Theory: ``m(t), e(t), mu(t), C(t, t_w)`` of ``numerics.dynamics.solve_dynamics`` (Cugliandolo, Kurchan 1993; with a signal
Sarao Mannelli et al. 2019), exact at infinite size, with its own error estimate.

Simulation: ``numerics.simulation.simulate`` on dense tensors, where ``E H`` and ``Cov H`` are exact at any N, from starts
whose overlap is exact. Averages at a fixed time are then series in 1/N, whose coefficients grow with time (gradient flow
comes to rest at ``t ~ N``) and with ``1/m0^2`` (a signal that has to emerge from noise of order ``N^-1/2``, or that
competes with it near the edge of its basin of attraction): sizes are kept above ``t`` and ``5/m0^2``, starts far from
that edge.

Samples with a signal differ by the height of the landscape at the signal itself, ``e(x*) = H(x*)/N`` and its ``mu(x*)``,
of mean ``-g(1)`` and ``g'(1)`` at any N: these two serve as control variates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from sympy import Rational

from theory.landscape import GaussianLandscape
from theory.symbols import OVERLAP, SIGNAL_OVERLAP
from theory.systems import SpikedMatrixTensor

from ..dynamics import DynamicsSolution, solve_dynamics
from ..lowering import Array
from ..simulation import simulate
from .batches import Batch, batches, belonging, largest_first
from .comparison import Comparison
from .joint import Limits, Means, limits, means
from .report import Panel, Report, Series
from .samples import declared, with_signal
from .tasks import Progress, gather, perturbation


@dataclass(frozen=True)
class Case:
    """A problem; times to compare at; starts on each sample, few where samples differ more than starts."""

    label: str
    landscape: GaussianLandscape
    times: tuple[float, ...]
    starts: int
    overlap: float = 0.0
    temperature: float = 0.0


@dataclass(frozen=True)
class Settings:
    """``sizes``, and ``samples`` of each size for each of ``CASES``; ``terms`` in 1/N; the last time compared.

    ``resolution``: of e and mu relative to themselves; of m and C half as much, absolute, per unit of ...
    """

    sizes: tuple[int, ...]
    samples: tuple[tuple[int, ...], ...]
    terms: int
    t_max: float
    resolution: float


PURE = GaussianLandscape(OVERLAP**3 / 2)
FIELD = GaussianLandscape(OVERLAP**2 / 2 + OVERLAP**3 / 2, SIGNAL_OVERLAP / 2 + SIGNAL_OVERLAP**2 / 4)
CASES = (
    Case("pure p = 3", PURE, (1.0, 5.0, 20.0), 4),
    Case("mixed, f ≠ g", FIELD, (1.0, 5.0, 20.0), 2, overlap=0.3),
    Case("planted", SpikedMatrixTensor(3, Rational(3, 10), 1), (0.3, 1.0, 5.0), 2, overlap=0.4),
    Case("pure p = 3, T = 0.5", PURE, (1.0, 3.0, 10.0), 4, temperature=0.5),
)
DEFAULT = Settings(
    sizes=(40, 64, 128, 256),
    samples=((80, 100, 40, 30), (120, 160, 60, 50), (120, 160, 60, 40), (80, 100, 40, 20)),
    terms=2,
    t_max=20.0,
    resolution=0.05,
)
QUICK = Settings(
    sizes=(48, 72, 128),
    samples=((30, 20, 12), (50, 30, 20), (50, 30, 20), (30, 20, 10)),
    terms=1,
    t_max=5.0,
    resolution=0.1,
)
ROWS = ("m", "e", "mu", "C(t, 0)", "C(t, 1)")
LABELS = ("$m$", "$e$", r"$\mu$", "$C(t, 0)$", "$C(t, 1)$")
WAITING = (0.0, 1.0)
THEORY_RTOL = 1e-6
RUN_RTOL = 1e-3
"""Bias of Langevin runs, of the order of one; gradient flow at this tolerance errs by 1e-5."""


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
    """See ``numerics.checks``; ``perturb``: ``energy`` and ``memory`` (f) scale the prediction, ``signal`` sampled g."""
    chosen = settings or (QUICK if quick else DEFAULT)
    wrong = perturbation(perturb, energy=1.0, memory=1.0, signal=1.0)
    points = [
        batch
        for case, samples in enumerate(chosen.samples)
        for batch in batches(case, chosen.sizes, samples, seed, wrong["signal"])
    ]
    ...
