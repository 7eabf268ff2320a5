r"""Bayes-optimal message passing in phase retrieval against its state evolution, iteration by iteration.

Theory (``theory.generalized_linear.BayesChannel``; arXiv 1708.03395): ``qhat = alpha (V - E Var)/V^2``,
``q <- qhat/(1 + qhat)``, from a given q; below, between and above the information-theoretic and algorithmic thresholds,
1 and 1.128.

Simulation: ``numerics.generalized_linear.simulation.message_passing``, which knows the labels only. Starts come in
pairs that are mirror images about the signal; on the same data their mean fluctuates less.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theory.systems.phase_retrieval import PhaseRetrieval

from ..generalized_linear import state_evolution
from ..generalized_linear.simulation import informed_start, message_passing, sample_risk
from ..lowering import Array
from .check import Check
from .panels import Row, along
from .plan import Point, Run, Sizes
from .risk_samples import with_wrong_signal


@dataclass(frozen=True)
class Iterations(Sizes):
    """``steps`` iterations from ``start`` at each alpha; ``resolution`` is that of an overlap."""

    alphas: tuple[float, ...] = (0.8, 1.06, 1.4)
    steps: int = 8
    start: float = 0.2


LANDSCAPE = PhaseRetrieval(1)
"""What is seen is ``y^2``, whatever the loss."""
COMPARED = 3
"""Of the steps, evenly spaced: successive ones say the same."""


def measured(point: Point[Iterations]) -> Array:
    """``x.w*/N`` at each step, mean over the starts."""
    alpha, q = point.plan.alphas[point.case], point.plan.start
    seeds = point.seeds(round(1e6 * alpha))
    ours, other = seeds.spawn(2)
    drawn = sample_risk(LANDSCAPE, point.size, alpha, seeds)
    start = informed_start(drawn, q, ours)
    start = np.concatenate([start, 2 * q * drawn.signal - start])
    mistaken = with_wrong_signal(drawn, point.wrong["signal"], np.random.default_rng(other))
    overlaps: Array = message_passing(mistaken, start, q, point.plan.steps).overlap.mean(axis=1)
    return overlaps


def predicted(run: Run[Iterations], k: int) -> list[Row]:
    """A few steps are compared; the last one counts as the independent one."""
    plan, alpha, steps = run.plan, run.plan.alphas[k], np.arange(1, run.plan.steps + 1)
    q = state_evolution(LANDSCAPE, run.wrong["alpha"] * alpha, start=plan.start, steps=plan.steps)[1:]
    compared = np.isin(steps, np.linspace(1, plan.steps, COMPARED).round())
    return along(f"alpha = {alpha:g}", "q", "step ", steps, q, 1, plan.resolution * compared, independent=True)


CHECK = Check(
    name="state-evolution-phase-retrieval",
    description="message passing in phase retrieval against its state evolution",
    systems=("phase-retrieval",),
    reason="0.05: a tenth of alpha, less than the two thresholds are apart, moves q by 0.07 to 0.11 in eight steps "
    "(0.12, quick: a fifth of alpha, in five steps).",
    doing="message passing",
    default=Iterations((500, 1000, 2000), (300, 200, 120), 0.05),
    quick=Iterations((200, 400, 800), (150, 100, 60), 0.12, steps=5),
    count=lambda plan: len(plan.alphas),
    measure=measured,
    predict=predicted,
    axis="step",
    theory_mistakes={"alpha": 1.0},
    simulation_mistakes={"signal": 1.0},
    remarks=("Means at several N extrapolated in 1/N; overlaps at successive steps are correlated.",),
    facts={"seen": str(LANDSCAPE.observed)},
)
