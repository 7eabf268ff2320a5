r"""How often gradient flow escapes to the signal from overlaps of order ``N^(-1/2)``, up to a million spins.

Theory (``numerics.recovery.odds``): while m is small the noise that a run meets acts as another overlap at the start
would (``theory.dynamics.Escape``); from there on the two-time equations at finite m say whether it arrives in time,
``(ln N)^2/4``. Nothing is fitted.

Simulation: landscapes drawn where the run looks (``numerics.simulation.unseen``), of the exact law at any N. The first
case has a known answer: of a spiked matrix of strength theta, ``kappa^2 = 1/(1 - theta^-2)`` at late times, one over
the squared overlap of signal and outlier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from sympy import Rational

from theory.landscape import GaussianLandscape
from theory.symbols import OVERLAP, SIGNAL_OVERLAP

from ..lowering import Array
from ..recovery import Chance, Odds, SpikedLine, deadline, first_overlap, odds
from ..simulation import gradient_flow
from ..simulation.sphere import on_sphere
from ..simulation.starts import at_overlap
from ..simulation.unseen import ConditionedLandscape
from ..statistics import wilson
from .check import Check, Findings, Outcome
from .comparison import Comparison
from .plan import Plan, Point, Run
from .report import Panel, Series
from .samples import with_signal

THETA, MODEL = Rational(13, 10), SpikedLine(3, 1)
"""Of the spiked matrix, and the spiked matrix-tensor model whose ``1/Delta_2`` varies."""
RTOL = 2e-3
"""Of the runs: the growth of m is right within a few times that."""
STARTS: dict[str, float | None] = {"starts at N^(-1/2)": 1.0, "starts at random": None}
"""``sqrt(N) m0``."""


@dataclass(frozen=True)
class Case:
    """A landscape and the overlap that counts as success."""

    label: str
    landscape: GaussianLandscape
    goal: float


MATRIX = Case(
    f"spiked matrix, theta = {float(THETA):g}",
    GaussianLandscape(OVERLAP**2 / 2, THETA * SIGNAL_OVERLAP**2 / 2),
    0.5 * sqrt(1 - float(THETA) ** -2),
)


def spiked(signal: float) -> Case:
    """The spiked matrix-tensor model, p = 3, ``Delta_p = 1``."""
    return Case(f"1/Delta_2 = {signal:g}", MODEL.landscape(signal), MODEL.goal)


CASES = (MATRIX, spiked(2.1), spiked(2.25))


@dataclass(frozen=True)
class Escapes(Plan):
    """Sizes and samples of each case, for either kind of start; ``resolution`` is that of a probability."""

    sizes: tuple[tuple[int, ...], ...]
    samples: tuple[tuple[int, ...], ...]
    resolution: float

    def layout(self, case: int) -> Sequence[tuple[int, int]]:
        """Of that case."""
        return list(zip(self.sizes[case], self.samples[case], strict=True))


def measured(point: Point[Escapes]) -> Array:
    """Whether the run succeeds, from each kind of start in a landscape of its own, (2,)."""
    case = CASES[point.case]
    landscape = with_signal(case.landscape, point.wrong["signal"])
    found = [
        overlap_reached(landscape, point.size, given, seeds) >= case.goal
        for given, seeds in zip(STARTS.values(), point.seeds().spawn(len(STARTS)), strict=True)
    ]
    return np.array(found, dtype=np.float64)


def overlap_reached(
    landscape: GaussianLandscape, size: int, given: float | None, seeds: np.random.SeedSequence
) -> float:
    """``m`` at the deadline, from ``m0 = given/sqrt(N)``, or from a start at random."""
    drawn = ConditionedLandscape(landscape, size, seeds)
    y = drawn.normal(np.random.default_rng(seeds.spawn(1)[0]))[None]
    start = on_sphere(y) if given is None else at_overlap(drawn.signal, given * first_overlap(size), y)
    end = gradient_flow(drawn, start, [deadline(size)], rtol=RTOL).x[0]
    return float(end @ drawn.signal) / drawn.size


def expected(place: tuple[int, int, float]) -> Odds:
    """At (case, N, factor of the signal)."""
    case, size, factor = place
    return odds(with_signal(CASES[case].landscape, factor), size, CASES[case].goal)


def concluded(run: Run[Escapes], outcomes: Sequence[Outcome]) -> Findings:
    """Shares of runs beside their probabilities, at each N."""
    places = [(case, size, run.wrong["theta"]) for case in range(len(CASES)) for size in run.plan.sizes[case]]
    found = dict(zip([place[:2] for place in places], run.map(expected, places, "two-time equations"), strict=True))
    compared: list[Comparison] = []
    panels: list[Panel] = []
    for k, (name, given) in enumerate(STARTS.items()):
        chances = {place: one.chance(given) for place, one in found.items()}
        hits = {(case, size): outcomes[case].samples[size][0][:, k] for case, size in found}
        compared += [
            share(f"{CASES[case].label}, N = {size}: {name}", size, chance, hits[case, size], run.plan.resolution)
            for (case, size), chance in chances.items()
        ]
        panels.append(panel(name, chances, hits))
    kappas = [f"{one.widening.value:.3f} ({CASES[case].label}, N = {size})" for (case, size), one in found.items()]
    return Findings(compared, panels, (f"kappa^2 at the deadline, as predicted: {', '.join(kappas)}.",))


def panel(name: str, chances: Mapping[tuple[int, int], Chance], hits: Mapping[tuple[int, int], Array]) -> Panel:
    """Shares against N."""
    series = []
    for case in dict.fromkeys(case for case, _ in chances):
        own = [place for place in chances if place[0] == case]
        sizes, counts = [size for _, size in own], [hits[place] for place in own]
        counted = wilson([hit.sum() for hit in counts], [hit.size for hit in counts])
        series.append(Series.theory("", sizes, [chances[place].value for place in own], case))
        series.append(Series.simulation(CASES[case].label, sizes, counted.value, counted.error, case))
    return Panel(name.replace("N^(-1/2)", "$N^{-1/2}$"), r"$N$", "share of runs", tuple(series), "log")


def share(label: str, size: int, chance: tuple[float, float], hits: Array, resolution: float) -> Comparison:
    """Of runs, against a probability and its error; with the error and the skewness that a share then has."""
    value = chance[0]
    variance = max(value * (1 - value), hits.size**-2)
    error, skewness = sqrt(variance / hits.size), (1 - 2 * value) / sqrt(variance * hits.size)
    return Comparison(label, *chance, float(hits.mean()), error, resolution, size, skewness=skewness)


CHECK = Check(
    name="escape",
    description="success of gradient flow from overlaps of order 1/sqrt(N), to a million spins",
    systems=("spiked-matrix-tensor",),
    reason="0.25 (0.3, quick): without noise on the way all runs from N^(-1/2) would succeed, or none.",
    doing="gradient flow",
    default=Escapes(((10**4,), (10**4, 10**6), (10**4,)), ((130,), (130, 130), (130,)), 0.25),
    quick=Escapes(((1000,), (1000,), (4000,)), ((90,), (90,), (90,)), 0.3),
    count=lambda _plan: len(CASES),
    measure=measured,
    conclude=concluded,
    theory_mistakes={"theta": 1.0},
    simulation_mistakes={"signal": 1.0},
    facts={"p": MODEL.p, "delta_p": MODEL.delta_p},
)
