r"""How often gradient flow of phase retrieval reaches an overlap in time, from starts at random.

Theory: at first order the overlap of a random start has the variance V(t)/N of the effective process, which is
``kappa^2 = V/A^2`` times that of a start without noise; at finite m the process started there says which m0 reaches the
goal (``numerics.generalized_linear.dynamics``). So the share of runs with ``|m| >= goal`` is that of ``|z| > sqrt(N)
m0/kappa``, z a standard Gaussian. Nothing is fitted.

Simulation: ``simulate_risk`` at two sizes; corrections are of order 1/sqrt(N).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import erfc, exp, hypot, pi, sqrt
from typing import Any

import numpy as np
from scipy.interpolate import PchipInterpolator

from theory.systems.phase_retrieval import PhaseRetrieval

from ..generalized_linear.dynamics import solve_descent
from ..generalized_linear.simulation import simulate_risk
from ..lowering import Array
from ..statistics import wilson
from .check import Check, Findings, Measured, Outcome
from .comparison import Comparison
from .escape import share
from .plan import Point, Run, Sizes
from .report import Panel, Series
from .risk_samples import declared

LANDSCAPE, ALPHA, DEADLINE = PhaseRetrieval(1), 4.0, 2.5
OVERLAPS = (0.02, 0.045, 0.08)
"""Of the starts from which the need of a goal is interpolated."""


@dataclass(frozen=True)
class Goal(Sizes):
    """``goal`` is the overlap that counts as success; ``resolution`` that of a probability."""

    goal: float = 0.4
    walkers: int = 65536
    sets: int = 8


@dataclass(frozen=True)
class Need:
    """The overlap m0 that reaches the goal without noise, and kappa; with standard errors."""

    overlap: float
    overlap_error: float
    widening: float
    widening_error: float

    def chance(self, size: int) -> tuple[float, float]:
        """Of ``|m| >= goal``, and its error."""
        z = sqrt(size) * self.overlap / self.widening
        density = 2 * exp(-0.5 * z**2) / sqrt(2 * pi)
        relative = hypot(self.overlap_error / self.overlap, self.widening_error / self.widening)
        return erfc(z / sqrt(2)), density * z * relative


def measured(point: Point[Goal]) -> Measured:
    """Whether each run succeeds, (samples, 1)."""
    late = point.wrong["time"] * DEADLINE
    found = simulate_risk(LANDSCAPE, point.size, ALPHA, point.samples, point.own_seed, t_max=late)
    return np.asarray(np.abs(found["m"][:, :, -1]) >= point.plan.goal, dtype=np.float64)


def process(overlap: float, plan: Goal, seed: int) -> tuple[float, float]:
    """m at the deadline and its error; kappa in place of m for a start without overlap."""
    how: Any = {"walkers": plan.walkers, "samples": plan.sets, "seed": seed}
    found = solve_descent(LANDSCAPE, ALPHA, DEADLINE, overlap=overlap, **how).at(DEADLINE)
    if overlap > 0:
        return float(found["m"][0]), float(found["m_error"][0])
    growth, variance = float(found["growth"][0]), float(found["variance"][0])
    kappa = sqrt(variance) / abs(growth)
    # V and A^2 err together, so that this is more than the error of their ratio
    errors = hypot(0.5 * float(found["variance_error"][0]) / variance, float(found["growth_error"][0]) / growth)
    return kappa, kappa * errors


def need(run: Run[Goal]) -> Need:
    """From starts on either side."""
    plan = run.plan
    (kappa, kappa_error), *rows = run.map(
        partial(process, plan=plan, seed=run.seed + 1), (0.0, *OVERLAPS), "effective process"
    )
    m, errors = np.transpose(rows)
    inverse = PchipInterpolator([0.0, *m], [0.0, *OVERLAPS])
    error = float(np.max(errors) * inverse(plan.goal, 1))
    return Need(float(inverse(plan.goal)) / run.wrong["growth"], error, kappa, kappa_error)


def concluded(run: Run[Goal], outcomes: Sequence[Outcome]) -> Findings:
    """Shares of runs beside their probabilities."""
    found, samples = need(run), outcomes[0].samples
    hits: dict[int, Array] = {size: samples[size][0][:, 0] for size in run.plan.sizes}
    compared: list[Comparison] = [
        share(f"share of |m| > {run.plan.goal:g}, N = {size}", size, found.chance(size), hit, run.plan.resolution)
        for size, hit in hits.items()
    ]
    counted = wilson([hit.sum() for hit in hits.values()], [hit.size for hit in hits.values()])
    fine = np.geomspace(min(hits) / 1.3, max(hits) * 1.3, 61)
    series = (
        Series.theory("effective process", fine, [found.chance(int(size))[0] for size in fine]),
        Series.simulation("simulation", list(hits), counted.value, counted.error),
    )
    panel = Panel("phase retrieval, starts at random", r"$N$", "share of runs", series, "log")
    said = (
        f"a = 1, alpha = {ALPHA:g}, t = {DEADLINE:g}: m(0) = {found.overlap:.4f} reaches {run.plan.goal:g}; "
        f"kappa = {found.widening:.3f}."
    )
    return Findings(compared, (panel,), (said,))


CHECK = Check(
    name="escape-phase-retrieval",
    description="success of gradient flow of phase retrieval from random starts at a fixed time",
    systems=("phase-retrieval",),
    reason="0.08 (0.2, quick): without noise on the way, kappa = 1, the shares at N = 256 and 512 would be 0.08 lower.",
    doing="gradient flow",
    default=Goal((256, 512), (1400, 1100), 0.08),
    quick=Goal((192, 256), (320, 320), 0.2, walkers=16384),
    count=lambda _: 1,
    measure=measured,
    conclude=concluded,
    theory_mistakes={"growth": 1.0},
    simulation_mistakes={"time": 1.0},
    sites=2560,
    facts={"alpha": ALPHA, "t": DEADLINE, "landscape": declared(LANDSCAPE)},
)
