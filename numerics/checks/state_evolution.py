r"""Message passing at finite N against its state evolution, iteration by iteration.

Theory: ``m <- g'(m)/(1 + g'(m))`` for Bayes-optimal AMP (``theory.inference.BayesOptimal``, ``f = g``) and
``m <- g'(m)/sqrt(g'(m)^2 + f'(1))`` for maximum likelihood (``MaximumLikelihood``), from a given overlap.

Simulation: ``numerics.simulation.amp``. Each disorder is used with both signs of its noise and each start with both
signs of its random part; these are equally likely, so the mean stays what it is, and all that is odd in the noise
cancels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sympy import Rational

from theory.inference import BayesOptimal, MaximumLikelihood
from theory.landscape import GaussianLandscape
from theory.symbols import OVERLAP, SIGNAL_OVERLAP
from theory.systems import SpikedMatrixTensor

from ..lowering import Array, lower
from ..simulation import sample
from ..simulation.amp import Kind, message_passing
from ..simulation.starts import starts_with_overlap
from .check import Check
from .panels import Row, along
from .plan import Point, Run, Sizes
from .samples import declared, with_noise, with_signal


@dataclass(frozen=True)
class Case:
    """An algorithm on a landscape, from overlap ``start``."""

    label: str
    kind: Kind
    landscape: GaussianLandscape
    start: float = 0.4


@dataclass(frozen=True)
class Iterations(Sizes):
    """``steps`` iterations; ``resolution`` is relative to the overlap."""

    steps: int = 8


MADE_UP = GaussianLandscape(
    OVERLAP**2 / 4 + OVERLAP**3 / 7, 3 * SIGNAL_OVERLAP**2 / 4 + SIGNAL_OVERLAP / 5, name="made-up"
)
MATRIX_TENSOR = SpikedMatrixTensor(3, Rational(1, 4), 1)
CASES = (
    Case("Bayes AMP, matrix-tensor", "bayes", MATRIX_TENSOR),
    Case("ML-AMP, matrix-tensor", "maximum-likelihood", MATRIX_TENSOR),
    Case("ML-AMP, f ≠ g", "maximum-likelihood", MADE_UP),
)


def evolution(case: Case, steps: int) -> Array:
    """``m_0, m_1, ...`` by state evolution."""
    theory = BayesOptimal(case.landscape) if case.kind == "bayes" else MaximumLikelihood(case.landscape)
    step = lower((SIGNAL_OVERLAP,), [theory.state_evolution])
    overlaps = [case.start]
    for _ in range(steps):
        overlaps.append(float(step(overlaps[-1])[0]))
    return np.array(overlaps)


def measured(point: Point[Iterations]) -> Array:
    """``m_0, m_1, ...``, mean over both signs of all that is random."""
    case, seeds = CASES[point.case], point.seeds()
    drawn = sample(with_signal(case.landscape, point.wrong["signal"]), point.size, seeds)
    starts = symmetric_starts(case, drawn.signal, np.random.default_rng(seeds.spawn(1)[0]))
    noisy = [with_noise(drawn, sign) for sign in (1, -1)]
    runs = [message_passing(one, case.landscape, starts, point.plan.steps, kind=case.kind) for one in noisy]
    overlaps: Array = np.mean([run.overlap for run in runs], axis=(0, 2))
    return overlaps


def symmetric_starts(case: Case, signal: Array, random: np.random.Generator) -> Array:
    """Two starts and their mirror images about the signal; for Bayes with ``|x|^2/N = m_0`` as well."""
    m = np.sqrt(case.start) if case.kind == "bayes" else case.start
    starts = starts_with_overlap(signal, m, 2, random)
    both = np.concatenate([starts, 2 * m * signal - starts])
    return m * both if case.kind == "bayes" else both


def predicted(run: Run[Iterations], k: int) -> list[Row]:
    """Each step; the last one, close to the fixed point, counts as the independent one."""
    m = run.wrong["overlap"] * evolution(CASES[k], run.plan.steps)[1:]
    steps = np.arange(1, m.size + 1)
    return along(CASES[k].label, "m", "step ", steps, m, 1, run.plan.resolution * m, independent=True)


CHECK = Check(
    name="state-evolution",
    description="message passing, Bayes-optimal and maximum-likelihood, against its state evolution",
    systems=("spiked-matrix-tensor", "landscape"),
    reason="3 % of m (6 %, quick): Bayes-optimal and maximum-likelihood evolution from the same start in the same "
    "landscape differ by 5 % after two steps and 12 % in the end.",
    doing="message passing",
    default=Iterations((64, 128, 256), (200, 120, 60), 0.03),
    quick=Iterations((64, 128, 256), (60, 40, 30), 0.06, steps=6),
    count=lambda _: len(CASES),
    measure=measured,
    predict=predicted,
    axis="step",
    theory_mistakes={"overlap": 1.0},
    simulation_mistakes={"signal": 1.0},
    remarks=("Means at several N extrapolated in 1/N; overlaps at successive steps are correlated.",),
    facts={"cases": [{"label": c.label, "kind": c.kind, "start": c.start, **declared(c.landscape)} for c in CASES]},
)
