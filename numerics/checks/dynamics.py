r"""Gradient flow and Langevin dynamics at finite N against the two-time equations.

Theory: ``m(t), e(t), mu(t), C(t, t_w)`` of ``numerics.dynamics.solve_dynamics`` (Cugliandolo, Kurchan 1993; with a
signal Sarao Mannelli et al. 2019), exact at infinite size, with its own error estimate.

Simulation: ``numerics.simulation.simulate`` on dense tensors, where ``E H`` and ``Cov H`` are exact at any N, from
starts whose overlap is exact; for late times on diluted ones of connectivity N/4, which are larger. Averages at a fixed
time are then series in 1/N, whose coefficients grow with time (gradient flow comes to rest at ``t ~ N``) and with
``1/m0^2`` (a signal that emerges from noise of order ``N^-1/2``, or competes with it near the edge of its basin of
attraction): sizes are kept above ``4t`` and, where the signal wins, ``10/m0^2``, starts far from that edge.

Samples with a signal differ most in the height of the landscape there: ``H(x*)/N`` and ``mu(x*)`` have means ``-g(1)``
and ``g'(1)`` at any N, and serve as control variates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from sympy import Rational

from theory.landscape import GaussianLandscape
from theory.symbols import OVERLAP, SIGNAL_OVERLAP
from theory.systems import SpikedMatrixTensor

from ..dynamics import DynamicsSolution, solve_dynamics
from ..extrapolation import SizeLaw
from ..lowering import Array
from ..simulation import simulate
from .check import Check, Measured
from .panels import Curve, Row, along
from .plan import Plan, Point, Run
from .samples import declared, spread, with_signal

THEORY_RTOL, RUN_RTOL = 1e-6, 1e-3
"""The latter is about the bias of Langevin runs; that of gradient flow is 1e-5."""
SPARSENESS = 4
"""Size over connectivity of diluted landscapes: their own correction to mean field is then one in 1/N too."""
WAITING = (0.0, 1.0)
"""The ``t_w`` of ``C(t, t_w)``."""


@dataclass(frozen=True)
class Case:
    """A problem; times to compare at; starts on each sample, few where samples differ more than starts."""

    label: str
    landscape: GaussianLandscape
    times: tuple[float, ...]
    starts: int
    overlap: float = 0.0
    temperature: float = 0.0
    diluted: bool = False

    def until(self, t_max: float) -> tuple[float, ...]:
        """The times up to there."""
        return tuple(t for t in self.times if t <= t_max)


class Observable(NamedTuple):
    """Name in a ``DynamicsSolution``, t_w if it has one, label, symbol."""

    name: str
    wait: float
    label: str
    symbol: str


ROWS = (
    Observable("m", 0.0, "m", "$m$"),
    Observable("energy", 0.0, "e", "$e$"),
    Observable("mu", 0.0, "mu", r"$\mu$"),
    *(Observable("correlation", wait, f"C(t, {wait:g})", f"$C(t, {wait:g})$") for wait in WAITING),
)


@dataclass(frozen=True)
class CasePlan:
    """Sizes, samples of each, and terms in 1/N."""

    sizes: tuple[int, ...]
    samples: tuple[int, ...]
    terms: int


@dataclass(frozen=True)
class Plans(Plan):
    """A plan for each of ``CASES``, and the last time to compare at.

    ``resolution`` is relative to e and mu themselves; of m and C, which are at most 1, it is absolute.
    """

    plans: tuple[CasePlan, ...]
    t_max: float
    resolution: float

    def layout(self, case: int) -> Sequence[tuple[int, int]]:
        """Of the plan of that case."""
        return list(zip(self.plans[case].sizes, self.plans[case].samples, strict=True))


PURE = GaussianLandscape(OVERLAP**3 / 2)
FIELD = GaussianLandscape(OVERLAP**2 / 2 + OVERLAP**3 / 2, SIGNAL_OVERLAP / 2 + SIGNAL_OVERLAP**2 / 4)
CASES = (
    Case("pure p = 3", PURE, (1.0, 3.0, 10.0), 4),
    Case("mixed, f ≠ g", FIELD, (1.0, 3.0, 10.0), 2, overlap=0.3),
    Case("planted", SpikedMatrixTensor(3, Rational(3, 10), 1), (0.5, 1.0, 5.0), 2, overlap=0.4),
    Case("T = 0.5", PURE, (1.0, 3.0, 10.0), 4, temperature=0.5),
    Case("diluted p = 3", PURE, (5.0, 20.0, 50.0), 1, diluted=True),
)


def measured(point: Point[Plans]) -> Measured:
    """``ROWS`` at all times, mean over the starts of each sample; controls."""
    case = CASES[point.case]
    landscape, times = with_signal(case.landscape, point.wrong["signal"]), case.until(point.plan.t_max)
    where = (landscape, point.size, point.samples, point.own_seed)
    how: Any = {"starts": case.starts, "overlap": case.overlap, "temperature": case.temperature, "rtol": RUN_RTOL}
    if case.diluted:
        how |= {"ensemble": "diluted", "connectivity": point.size // SPARSENESS}
    found = simulate(*where, t_max=times[-1], at=times, waiting_times=WAITING, **how)
    places = np.searchsorted(found.t, np.array(times) * (1 - 1e-9))
    correlations = dict(zip(WAITING, np.moveaxis(spread(found)["correlation"], -1, 0), strict=True))
    rows = [correlations[row.wait] if row.name == "correlation" else found[row.name] for row in ROWS]
    values = np.concatenate([row[..., places].mean(axis=1) for row in rows], axis=1)
    return values, at_signal(case.landscape, landscape, point) if case.overlap else values[:, :0]


def at_signal(assumed: GaussianLandscape, sampled: GaussianLandscape, point: Point[Plans]) -> Array:
    """``H/N + g(1)`` and ``mu - g'(1)`` at the signal, in the same samples; (samples, 2)."""
    found = simulate(sampled, point.size, point.samples, point.own_seed, t_max=1e-3, overlap=1.0, waiting_times=())
    height, slope = (float(assumed.g(k, 1)) for k in range(2))
    return np.column_stack([found["energy"][:, 0, 0] + height, found["mu"][:, 0, 0] - slope])


def laws_of(plan: Plans, k: int) -> list[SizeLaw]:
    """1/N, whose coefficients grow by ``scale_of`` from one to the next."""
    case = CASES[k]
    return [
        SizeLaw.series(terms=plan.plans[k].terms, ratio=scale_of(case, t)) for _ in ROWS for t in case.until(plan.t_max)
    ]


def scale_of(case: Case, t: float) -> float:
    """Of N: what multiplies the coefficients of 1/N from one to the next."""
    return max(1.0, t, case.overlap and case.overlap**-2)


def at(theory: DynamicsSolution, row: Observable, t: Sequence[float] | Array) -> tuple[Array, Array]:
    """Value and estimated error."""
    found = theory.at(t)
    return theory.C(t, row.wait) if row.name == "correlation" else found[row.name], found[f"{row.name}_error"]


def predicted(run: Run[Plans], k: int) -> list[Row | Curve]:
    """The two-time equations. Values of one run err together: the last energy counts as the independent one."""
    case, times = CASES[k], np.array(CASES[k].until(run.plan.t_max))
    landscape = GaussianLandscape(run.wrong["covariance"] * case.landscape.covariance, case.landscape.mean)
    how: Any = {"temperature": case.temperature, "overlap": case.overlap, "rtol": THEORY_RTOL}
    theory = solve_dynamics(landscape, times[-1], method="long-time", **how)
    made: list[Row | Curve] = []
    for j, row in enumerate(ROWS[0 if case.overlap else 1 :], 0 if case.overlap else 1):
        later = times[times > row.wait]
        fine = np.geomspace(max(row.wait, times[0] / 5), times[-1], 100)
        factor = run.wrong["energy"] if row.name == "energy" else 1.0
        values, errors = at(theory, row, later)
        size = np.abs(factor * values)
        made += along(
            *(case.label, row.label, "t = ", later, factor * values, (j + 1) * times.size - later.size),
            run.plan.resolution * (size if row.name in ("energy", "mu") else 1.0),
            errors,
            RUN_RTOL * size if case.temperature else 0.0,
            symbol=row.symbol,
            independent=row.name == "energy",
            drawn=row.name != "mu" or bool(case.overlap),  # else mu = T - p e
        )
        made.append(Curve(case.label, row.symbol, fine, factor * at(theory, row, fine)[0]))
    return made


SMALL, LARGER, SPARSE = (40, 64, 128, 256), (64, 96, 160, 256), (384, 768, 1536)
CHECK = Check(
    name="dynamics",
    description="gradient flow and Langevin runs against the two-time equations",
    systems=("spiked-matrix-tensor", "pure-spin", "landscape"),
    reason="10 % (16 %, quick): in a quadratic landscape with the same f'(1) mu is a quarter lower than in the pure "
    "one, and e by 12 % at t = 1 and 3.",
    doing="dynamics at finite N",
    default=Plans(
        (
            CasePlan(SMALL, (60, 100, 40, 30), 2),
            CasePlan(SMALL, (120, 200, 80, 120), 2),
            CasePlan(LARGER, (160, 160, 110, 70), 2),
            CasePlan(SMALL, (80, 150, 60, 54), 2),
            CasePlan(SPARSE, (100, 60, 24), 1),
        ),
        t_max=50.0,
        resolution=0.1,
    ),
    quick=Plans(
        (
            CasePlan((48, 72, 128), (40, 30, 16), 1),
            CasePlan((48, 72, 128), (90, 70, 45), 1),
            CasePlan((64, 96, 128), (50, 30, 20), 1),
            CasePlan((48, 72, 128), (50, 40, 25), 1),
            CasePlan((256, 384, 512), (40, 30, 20), 1),
        ),
        t_max=5.0,
        resolution=0.16,
    ),
    count=lambda _: len(CASES),
    measure=measured,
    predict=predicted,
    axis="$t$",
    laws=laws_of,
    theory_mistakes={"energy": 1.0, "covariance": 1.0},
    simulation_mistakes={"signal": 1.0},
    sites=640,
    remarks=(
        "Extrapolated at fixed t, in 1/N and 1/N^2, where there are three sizes in 1/N alone.",
        "In pure landscapes mu = T - p e, in theory and up to T/N in a sample: no test of its own.",
    ),
    facts={"cases": [{**asdict(case), "landscape": declared(case.landscape)} for case in CASES]},
)
