r"""Runs at finite N against the two-time equations, at fixed times: what a check of dynamics does with its cases.

Theory: ``m(t), e(t), mu(t), C(t, t_w)`` of ``numerics.dynamics.solve_dynamics``, exact at infinite size, with its own
error estimate.

Simulation: ``numerics.simulation.simulate`` on dense tensors, where ``E H`` and ``Cov H`` are exact at any N, from
starts whose overlap is exact; on diluted ones of connectivity N/4, which are larger, if asked for. Averages at a fixed
time are then series in 1/N, whose coefficients grow with time and with ``1/m0^2`` (a signal that emerges from noise of
order ``N^-1/2``, or competes with it near the edge of its basin of attraction).

Samples with a signal differ most in the height of the landscape there: ``H(x*)/N`` and ``mu(x*)`` have means ``-g(1)``
and ``g'(1)`` at any N, and serve as control variates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from theory.course import Course
from theory.landscape import GaussianLandscape

from ..course import UNIT
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
    schedule: Course | None = None
    mass: float = 0.0
    friction: Course = UNIT
    diluted: bool = False

    @property
    def motion(self) -> dict[str, Any]:
        """How it starts and moves, as ``simulate`` and ``solve_dynamics`` are told."""
        names = ("overlap", "temperature", "schedule", "mass", "friction")
        return {name: getattr(self, name) for name in names}

    @property
    def noisy(self) -> bool:
        """Whether steps are those of a stochastic or inertial motion, which err with the step."""
        return self.temperature > 0 or self.schedule is not None or self.mass > 0

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
    """A plan for each case, and the last time to compare at.

    ``resolution`` is relative to e and mu themselves; of m and C, which are at most 1, it is absolute.
    """

    plans: tuple[CasePlan, ...]
    t_max: float
    resolution: float

    def layout(self, case: int) -> Sequence[tuple[int, int]]:
        """Of the plan of that case."""
        return list(zip(self.plans[case].sizes, self.plans[case].samples, strict=True))


EXTRAPOLATED = "Extrapolated at fixed t, in 1/N and 1/N^2, where there are three sizes in 1/N alone."
ADDED = ("schedule", "mass", "friction")
"""Of a case that does not move as gradient flow and Langevin dynamics do."""


def at_signal(assumed: GaussianLandscape, sampled: GaussianLandscape, point: Point[Plans]) -> Array:
    """``H/N + g(1)`` and ``mu - g'(1)`` at the signal, in the same samples; (samples, 2)."""
    found = simulate(sampled, point.size, point.samples, point.own_seed, t_max=1e-3, overlap=1.0, waiting_times=())
    height, slope = (float(assumed.g(k, 1)) for k in range(2))
    return np.column_stack([found["energy"][:, 0, 0] + height, found["mu"][:, 0, 0] - slope])


def scale_of(case: Case, t: float) -> float:
    """Of N: what multiplies the coefficients of 1/N from one to the next."""
    return max(1.0, t, case.overlap and case.overlap**-2)


def at(theory: DynamicsSolution, row: Observable, t: Sequence[float] | Array) -> tuple[Array, Array]:
    """Value and estimated error."""
    found = theory.at(t)
    return theory.C(t, row.wait) if row.name == "correlation" else found[row.name], found[f"{row.name}_error"]


@dataclass(frozen=True)
class Comparisons:
    """What a check does with its cases."""

    cases: tuple[Case, ...]

    def count(self, plan: Plans) -> int:
        """One plan for each case."""
        return len(self.cases)

    def check(self, *, remarks: tuple[str, ...] = (), **declared: Any) -> Check[Plans]:
        """The check of these cases, but for what it declares itself."""
        return Check(
            count=self.count,
            measure=self.measured,
            predict=self.predicted,
            axis="$t$",
            laws=self.laws_of,
            theory_mistakes={"energy": 1.0, "covariance": 1.0},
            simulation_mistakes={"signal": 1.0},
            sites=640,
            remarks=(EXTRAPOLATED, *remarks),
            facts=self.facts,
            **declared,
        )

    @property
    def facts(self) -> dict[str, Any]:
        """The cases, for the record."""
        return {"cases": [self._declared(case) for case in self.cases]}

    @staticmethod
    def _declared(case: Case) -> dict[str, Any]:
        """Without what it leaves at its default."""
        left = {name: value for name, value in asdict(case).items() if name not in ADDED}
        added = {name: str(getattr(case, name)) for name in ADDED if getattr(case, name) != getattr(Case, name)}
        return {**left, "landscape": declared(case.landscape), **added}

    def measured(self, point: Point[Plans]) -> Measured:
        """``ROWS`` at all times, mean over the starts of each sample; controls."""
        case = self.cases[point.case]
        landscape, times = with_signal(case.landscape, point.wrong["signal"]), case.until(point.plan.t_max)
        where = (landscape, point.size, point.samples, point.own_seed)
        how: Any = {"starts": case.starts, "rtol": RUN_RTOL, **case.motion}
        if case.diluted:
            how |= {"ensemble": "diluted", "connectivity": point.size // SPARSENESS}
        found = simulate(*where, t_max=times[-1], at=times, waiting_times=WAITING, **how)
        places = np.searchsorted(found.t, np.array(times) * (1 - 1e-9))
        correlations = dict(zip(WAITING, np.moveaxis(spread(found)["correlation"], -1, 0), strict=True))
        rows = [correlations[row.wait] if row.name == "correlation" else found[row.name] for row in ROWS]
        values = np.concatenate([row[..., places].mean(axis=1) for row in rows], axis=1)
        return values, at_signal(case.landscape, landscape, point) if case.overlap else values[:, :0]

    def laws_of(self, plan: Plans, k: int) -> list[SizeLaw]:
        """1/N, whose coefficients grow by ``scale_of`` from one to the next."""
        case = self.cases[k]
        return [
            SizeLaw.series(terms=plan.plans[k].terms, ratio=scale_of(case, t))
            for _ in ROWS
            for t in case.until(plan.t_max)
        ]

    def predicted(self, run: Run[Plans], k: int) -> list[Row | Curve]:
        """The two-time equations. Values of one run err together: the last energy counts as the independent one."""
        case, times = self.cases[k], np.array(self.cases[k].until(run.plan.t_max))
        landscape = GaussianLandscape(run.wrong["covariance"] * case.landscape.covariance, case.landscape.mean)
        method: Any = {} if case.mass else {"method": "long-time"}
        theory = solve_dynamics(landscape, times[-1], rtol=THEORY_RTOL, **method, **case.motion)
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
                RUN_RTOL * size if case.noisy else 0.0,
                symbol=row.symbol,
                independent=row.name == "energy",
                drawn=row.name != "mu" or bool(case.overlap),  # else mu = T - p e
            )
            made.append(Curve(case.label, row.symbol, fine, factor * at(theory, row, fine)[0]))
        return made
