r"""Descent with momentum, a penalty, a bath and batches against the effective process.

Theory (``numerics.generalized_linear.dynamics``; Mignacco, Krzakala, Urbani, Zdeborova 2020): overlap, energy and
``C(t, 0)``, each with its error, which is part of the comparison. Steps are finite, and the same on both sides.

Simulation: ``numerics.generalized_linear.simulation.descend`` from starts with an exact overlap, extrapolated in 1/N.
Energy at the start and the mean square of the labels have means that are known exactly: controls of all that follows.
The first case has a known answer: least squares without the sphere, momentum and penalty and bath at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sympy import cosh, log

from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape
from theory.systems.phase_retrieval import LinearRegression

from ..generalized_linear.dynamics import solve_descent
from ..generalized_linear.simulation import Motion, descend, sample_risk
from ..simulation import starts_with_overlap
from .check import Check, Measured
from .panels import Curve, Row
from .phase_retrieval_dynamics import against, expected_start
from .plan import Point, Run, Sizes
from .risk_samples import declared

ALPHA, OVERLAP = 2.0, 0.3
"""Data per dimension, and the overlap of all starts."""
ROWS = {"m": "m", "energy": "energy", "correlation": "C(t, 0)"}


@dataclass(frozen=True)
class Case:
    """A loss, how it moves, and after how many steps it is looked at."""

    label: str
    landscape: GeneralizedLinearLandscape
    motion: Motion
    steps: tuple[int, ...]

    @property
    def problem(self) -> dict[str, Any]:
        """For ``solve_descent``."""
        given = self.motion._asdict()
        return given | {"constraint": "sphere" if given.pop("sphere") else "none"}


CURVED = GeneralizedLinearLandscape(log(cosh(FIELD - SIGNAL_FIELD**2)))
"""Its curvature is at most 1: no datum is unstable under steps of this length."""
CASES = (
    Case("least squares", LinearRegression(), Motion(0.1, 0.5, ridge=0.5, temperature=0.2, sphere=False), (3, 8)),
    Case("momentum", CURVED, Motion(0.4, momentum=0.6), (3, 8)),
    Case("bath", CURVED, Motion(0.4, temperature=0.5), (3, 8)),
    Case("batches", CURVED, Motion(0.4, batch=0.3, persistence=2.0), (3, 8)),
)


@dataclass(frozen=True)
class Walkers(Sizes):
    """``resolution`` is relative to values above 1 and absolute below; walkers and sets are those of theory."""

    walkers: int = 4096
    sets: int = 16


def measured(point: Point[Walkers]) -> Measured:
    """The rows after each number of steps, (samples, rows steps); controls, (samples, 2)."""
    case = CASES[point.case]
    motion = case.motion._replace(eta=point.wrong["eta"] * case.motion.eta)
    values, controls = [], []
    for seeds in point.seeds().spawn(point.samples):
        drawn, random = sample_risk(case.landscape, point.size, ALPHA, seeds), np.random.default_rng(seeds.spawn(1)[0])
        start = starts_with_overlap(drawn.signal, OVERLAP, 1, random)[0]
        found = descend(drawn, start, motion, case.steps[-1], random)
        values.append(np.concatenate([getattr(found, name)[list(case.steps)] for name in ROWS]))
        energy = expected_start(case.landscape, drawn.alpha, OVERLAP)[0] + 0.5 * motion.ridge
        controls.append([found.energy[0] - energy, np.mean(drawn.labels**2) - 1])
    return np.array(values), np.array(controls)


def predicted(run: Run[Walkers], number: int) -> list[Row | Curve]:
    """The effective process; values of one run err together: the last energy counts as the independent one."""
    plan, case = run.plan, CASES[number]
    how: Any = {"walkers": plan.walkers, "samples": plan.sets, "seed": run.seed + 1, "overlap": OVERLAP}
    theory = solve_descent(case.landscape, ALPHA, case.steps[-1] * case.motion.eta, **case.problem, **how)
    return against(case.label, theory, theory.t[list(case.steps)], ROWS, plan.resolution, run.wrong["energy"])


CHECK = Check(
    name="descent",
    description="descent with momentum, a penalty, a bath and batches against the effective process",
    systems=("generalized-linear",),
    reason="0.07 (0.15, quick): C(t, 0) would be 0.28 larger in least squares without momentum, penalty and bath, 0.33 "
    "without momentum, 0.24 without the bath, 0.17 with all data in every step.",
    doing="descent",
    default=Walkers((128, 256, 512), (700, 450, 240), 0.07),
    quick=Walkers((64, 128, 256), (240, 160, 80), 0.15, walkers=1024, sets=16),
    count=lambda _: len(CASES),
    measure=measured,
    predict=predicted,
    axis="$t$",
    theory_mistakes={"energy": 1.0},
    simulation_mistakes={"eta": 1.0},
    sites=640,
    remarks=("Extrapolated in 1/N; errors of theory are those that it states.",),
    facts={
        "alpha": ALPHA,
        "overlap": OVERLAP,
        "cases": [{"label": c.label, **declared(c.landscape), **c.motion._asdict()} for c in CASES],
    },
)
