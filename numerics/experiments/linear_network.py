"""Deep linear networks, every weight a variable: gradient flow and descent, from balanced and from random starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np
from numpy.random import Generator
from scipy.interpolate import CubicSpline
from scipy.special import digamma
from sympy import S

from theory.naming import called
from theory.networks.deep_linear import sharpness
from theory.systems.linear_network import LinearNetwork, overlap_in_time

from ..checks.check import Check, Findings, Measured, Outcome
from ..checks.comparison import Comparison
from ..checks.panels import Row
from ..checks.plan import Plan, Point, Run
from ..evolution import evolve
from ..experiment import Experiment
from ..extrapolation import SizeLaw
from ..lowering import Array
from ..networks.deep_linear import Network, at_random, in_random_bases, require_width
from ..quantity import Axis
from ..solve import solve_prediction
from ..statistics import Means

STEPS = np.array([0.05, 0.1, 0.2, 0.4, 0.8])
"""Of descent, in units of the one beyond which no minimum is stable."""
AFTER, PATIENCE = 2.0, 1000.0
"""How long networks are followed, in half times of the last mode; the latter from random starts."""
LONGEST = 1e4
"""Largest half time of the last mode, over the critical step."""


def balanced(of: LinearNetwork, size: int, random: Generator) -> Network:
    """Modes of strength u_0, with the charge, if there is one."""
    values, start, charge = np.array(of.values, dtype=np.float64), float(of.start), float(of.charge)
    amplitudes = np.full((int(of.depth), values.size), start ** (1 / int(of.depth)))
    if charge:
        first = start * np.sqrt(2 / (charge + np.hypot(charge, 2 * start)))
        amplitudes[:] = [[first], [start / first]]
    return in_random_bases(amplitudes, values, size, random)


def random_start(of: LinearNetwork, size: int, random: Generator) -> Network:
    """Of strength u_0."""
    return at_random(balanced(of, size, random), float(of.start), size, random)


@cache
def slowest(of: LinearNetwork) -> float:
    """Half time of the last mode. ``ValueError`` where one does not begin below half."""
    found = [solve_prediction(of.rise(k, s), {}) for k, s in enumerate(of.values, 1)]
    if not all(q.exists for q in found):
        start = called("start", f"{float(of.start):g}")
        raise ValueError(f"{start} is not below half of every singular value; try a smaller one")
    return float(max(q.value for q in found))


def critical_step(of: LinearNetwork) -> float:
    """Beyond which no minimum is stable."""
    return float(2 / sharpness(S(of.depth), max(of.values)))


class DeepNetwork(Experiment):
    """Of ``size`` hidden units in each layer."""

    system = LinearNetwork
    observables: ClassVar[Mapping[str, str]] = {"distance": "largest distance of descent from flow, over the step"}
    axes: ClassVar[Mapping[str, Axis]] = {"step": Axis(STEPS, "step, over the critical one")}
    over: ClassVar[Mapping[str, str]] = {"distance": "step"}
    of: LinearNetwork

    def __init__(self, of: LinearNetwork) -> None:
        super().__init__(of)
        modes = range(1, len(of.values) + 1)
        times = {f"half_time_{k}": f"time at which mode {k} has half of its singular value" for k in modes}
        if of.depth > 1:
            times |= {f"random_{name}": f"{meaning}, from random weights" for name, meaning in times.items()}
        vars(self)["observables"] = times | dict(self.observables)

    def require(self, size: int) -> None:
        """Modes begin below half, there are hidden units for all of them, and it does not take for ever."""
        width, start = self.of.given.get("width", size), f"{float(self.of.start):g}"
        require_width(len(self.of.values), size)
        if size != width:
            raise ValueError(f"{called('size', size)} is not {called('width', width)}, the hidden units")
        if slowest(self.of) > LONGEST * critical_step(self.of):
            raise ValueError(f"{called('start', start)}: modes rise too late to be followed; try a larger one")

    def draw(self, size: int, random: Generator) -> tuple[Network, Network]:
        """A balanced and a random start."""
        return balanced(self.of, size, random), random_start(self.of, size, random)

    def measure(self, state: tuple[Network, Network]) -> dict[str, Any]:
        """Times of the flows, and how far descents are from the balanced one."""
        last, critical = AFTER * slowest(self.of), critical_step(self.of)
        found = list(state[0].half_times(last))
        if self.of.depth > 1:
            found += list(state[1].half_times(PATIENCE * last))
        times = dict(zip(self.observables, found, strict=False))
        return times | {"distance": np.array([state[0].descent(step * critical, last)[-1].max() for step in STEPS])}


@dataclass(frozen=True)
class Starts(Plan):
    """Descents by ``1/N`` of the critical step, random starts of N hidden units; ``resolution`` is relative."""

    fractions: tuple[int, ...]
    descents: int
    widths: tuple[int, ...]
    starts: int
    resolution: float

    def layout(self, case: int) -> Sequence[tuple[int, int]]:
        """By N; balanced starts differ in their bases only."""
        if case == RANDOM:
            return [(width, self.starts) for width in self.widths]
        return [(fraction, self.descents if case == DEVIATION else 2) for fraction in self.fractions]


DEPTHS = (2, 3, 4)
"""Of balanced descents, the first cases."""
RANDOM, DEVIATION = len(DEPTHS), len(DEPTHS) + 1
SYSTEMS = {RANDOM: (2, (2, 1), "1e-6"), DEVIATION: (3, (3, 2, 1), "0.1")}
"""Depth, singular values and start of the others: one so small that modes rise one by one, and one that is not."""
HIDDEN = 5
CYCLES = 5
"""How long deviations are followed, in critical steps."""
TIMES = 2001
"""Of the equations of modes, between which curves are smooth."""
NAMES = ("half time of mode 1", "half time of mode 2", "half time of mode 3", "largest distance over the step")


@cache
def system(case: int, scale: float = 1.0) -> LinearNetwork:
    """With singular values that are ``scale`` times too large."""
    depth, values, start = SYSTEMS.get(case) or (DEPTHS[case], (3, 2, 1), "1e-3")
    return LinearNetwork(depth=depth, singular_values=[scale * s for s in values], start=start)


def measured(point: Point[Starts]) -> Measured:
    """Of each sample; of random starts controls besides."""
    of, random = system(point.case, point.wrong["values"]), np.random.default_rng(point.seeds())
    measure = {RANDOM: risen, DEVIATION: deviated}.get(point.case, descended)
    found = np.array([measure(of, point.size, random) for _ in range(point.samples)])
    return (found[:, 0], found[:, 1]) if point.case == RANDOM else found


def descended(of: LinearNetwork, fraction: int, random: Generator) -> Array:
    """``NAMES``."""
    start = balanced(of, HIDDEN, random)
    times, strengths, distances = start.descent(critical_step(of) / fraction, AFTER * slowest(of))
    halves = [
        CubicSpline(times, u).solve(s / 2, extrapolate=False)[0]
        for u, s in zip(strengths.T, start.target.values, strict=True)
    ]
    return np.array([*halves, peak(times, distances)])


def peak(times: Array, values: Array) -> float:
    """Of a smooth curve."""
    curve = CubicSpline(times, values)
    return float(curve(curve.derivative().roots(extrapolate=False)).max())


def risen(of: LinearNetwork, width: int, random: Generator) -> Array:
    """Half times, and ``ln |z|^2`` of what is orthogonal to earlier modes, less its mean, that of Gaussians (2, K)."""
    start = random_start(of, width, random)
    first, second = start.layers
    sizes = np.diag(np.linalg.qr((first @ start.target.inputs + second.T @ start.target.outputs) / 2, mode="r")) ** 2
    means = np.log(float(of.start) / width) + digamma((width - np.arange(sizes.size)) / 2)
    return np.array([start.half_times(PATIENCE * slowest(of)), np.log(sizes) - means])


def deviated(of: LinearNetwork, fraction: int, random: Generator) -> Array:
    """Descent less flow along e, in units of ``eta |e|``."""
    start, step = random_start(of, HIDDEN, random), critical_step(of)
    flow, e = start.deviation(CYCLES * step)
    *_, last = start.descend(step / fraction, CYCLES * fraction)
    return np.array([(last.weights - flow) @ e / (step / fraction * e @ e)])


def predicted(run: Run[Starts], case: int) -> Sequence[Row]:
    """Of descents, extrapolated to the flow."""
    if case == DEVIATION:
        return [row(run, "descent less flow over eta e", "3 layers, random start", 1.0, 0, True)]
    if case < len(DEPTHS):
        return [row(run, NAMES[k], f"{DEPTHS[case]} layers", value, k) for k, value in enumerate(flowing(case))]
    return []


def row(run: Run[Starts], name: str, where: str, value: float, place: int, random: bool = False) -> Row:
    """Balanced starts are no random samples."""
    theory = value * run.wrong["theory"]
    shown: Any = {"independent": random, "panel": where, "symbol": "descent", "series": name}
    return Row(f"{name}, {where}", theory, place, run.plan.resolution * theory, **shown)


@cache
def flowing(case: int) -> Array:
    """``NAMES``."""
    of = system(case)
    halves = [float(solve_prediction(of.rise(k, s), {}).value) for k, s in enumerate(of.values, 1)]
    times = np.linspace(0, AFTER * max(halves), TIMES)
    return np.array([*halves, peak(times, evolve(of.flow(), {}, times).quantities["distance"].value)])


def concluded(run: Run[Starts], outcomes: Sequence[Outcome]) -> Findings:
    """Random starts, at each width."""
    return Findings([c for group in outcomes[RANDOM].groups for c in from_random(run, group)])


def from_random(run: Run[Starts], group: Means) -> list[Comparison]:
    """Mean half times; theory leaves out the next order of a small start."""
    of = LinearNetwork(**system(RANDOM).given, width=group.size)
    made = []
    for k, s in enumerate(of.values):
        mean = next(iter(of.random_rise(k + 1, s)))
        name, theory = mean.name, float(solve_prediction(mean, {}).value) * run.wrong["theory"]
        error = float(overlap_in_time(of.values, of.start) / (2 * s))
        seen = (float(group.value[k]), float(group.error[k]), run.plan.resolution * theory, group.size, group.degrees)
        made.append(Comparison(f"mean {name}, {group.size} hidden units", theory, error, *seen, independent=False))
    return made


CHECK = Check(
    name="linear-network",
    description="descent and flow of deep linear networks against the equations of their modes",
    systems=(LinearNetwork.slug,),
    reason="2 % of what is extrapolated to steps 0, and of random starts. A mode that kept all components of its "
    "random start would rise 4 % earlier; a layer more or less changes times by half; descent with all of H grad E, "
    "in place of half of it, is twice as far from the flow.",
    doing="descending",
    default=Starts((10, 20, 40), 100, (3, 12), 200, 0.02),
    quick=Starts((8, 16, 32), 60, (3,), 30, 0.02),
    count=lambda _: len(DEPTHS) + len(SYSTEMS),
    measure=measured,
    predict=predicted,
    laws=lambda _plan, case: SizeLaw.series(terms=1 if case == DEVIATION else 2, ratio=2),
    theory_mistakes={"theory": 1.0},
    simulation_mistakes={"values": 1.0},
    conclude=concluded,
    sites=100,
    remarks=("Descents at three steps are extrapolated to the flow, by parabolas where starts do not scatter.",),
)
