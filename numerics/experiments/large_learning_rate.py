"""Gradient descent on deep linear networks, many at a time, with steps next to the one beyond which none converge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from typing import Any, ClassVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from theory.prediction import Threshold
from theory.systems.large_learning_rate import LargeLearningRate

from ..checks.check import Check, Findings, Outcome
from ..checks.comparison import Comparison
from ..checks.plan import Point, Run, Sizes
from ..checks.report import Panel, Series
from ..experiment import Experiment
from ..lowering import Array
from ..networks.deep_linear import Layers, Network, at_random, gradients, in_random_bases, require_width
from ..solve import solve_threshold
from ..statistics import Estimate, Means, wilson

Flags = NDArray[np.bool_]
STRENGTH, DISPLACED = 0.03, 0.003
"""Of random starts, over the largest singular value; of displacements from a minimum, over its weights."""
BLOCK, BLOCKS = 50, 100
"""Steps between two looks at the loss, and how many of these."""
SMALL, LARGE = 1e-10, 1e6
"""Losses, over those of no weights, that count as converged and as out of bounds."""
BRACKET, HALVINGS, SETTLED, ZERO = (0.8, 1.2), 12, 500, 1e-25
INTERVAL = (BRACKET[1] - BRACKET[0]) / 2**HALVINGS


def stacked(networks: Sequence[Network]) -> tuple[Layers, Array]:
    """Layers (n, rows, columns) and targets (n, K, K)."""
    layers = [np.array(parts) for parts in zip(*(network.layers for network in networks), strict=True)]
    return layers, np.array([network.target.matrix for network in networks])


@np.errstate(all="ignore")
def loss(layers: Layers, target: Array) -> Array:
    """Of each network (n,), over that of no weights."""
    product = reduce(lambda below, layer: layer @ below, layers)
    return np.asarray(np.sum((product - target) ** 2, axis=(1, 2)) / np.sum(target**2, axis=(1, 2)))


@np.errstate(all="ignore")
def descend(layers: Layers, target: Array, eta: Any, steps: int) -> Layers:
    """So many steps; ``eta`` is a number, or one for each network (n, 1, 1)."""
    for _ in range(steps):
        layers = [w - eta * g for w, g in zip(layers, gradients(layers, target), strict=True)]
    return layers


def ends(layers: Layers, target: Array, eta: float) -> Flags:
    """Whether each of the networks converges, and whether it leaves all bounds (2, n)."""
    running, found = np.arange(len(target)), np.zeros((2, len(target)), dtype=bool)
    for _ in range(BLOCKS):
        layers = descend(layers, target[running], eta, BLOCK)
        now = loss(layers, target[running])
        found[:, running] = now < SMALL, ~(now < LARGE)
        left = ~found[:, running].any(axis=0)
        running, layers = running[left], [layer[left] for layer in layers]
    return found


def last_stable(layers: Layers, target: Array, critical: float) -> Array:
    """Largest step, over the critical one, with which the loss falls at last, below its start (n,): bisection."""
    start, (low, high) = loss(layers, target), (np.full(len(target), end) for end in BRACKET)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        eta = (critical * middle)[:, None, None]
        settled = descend(layers, target, eta, SETTLED)
        before, after = loss(settled, target), loss(descend(settled, target, eta, SETTLED), target)
        falls = ((after < before) & (before < start)) | (before < ZERO)
        low, high = np.where(falls, middle, low), np.where(falls, high, middle)
    return np.asarray((low + high) / 2)


def flattest(of: LargeLearningRate, size: int, random: Generator) -> Network:
    """Balanced layers of exactly the target, in random bases."""
    values = np.array(of.singular_values, dtype=np.float64)
    return in_random_bases(np.tile(values ** (1 / of.depth), (of.depth, 1)), values, size, random)


def starts(of: LargeLearningRate, size: int, random: Generator) -> tuple[Network, Network]:
    """Random weights; and those of a flattest minimum, displaced a little."""
    minimum = flattest(of, size, random)
    largest, around = float(max(of.singular_values)), random.standard_normal(minimum.weights.size)
    displaced = minimum.weights + DISPLACED * np.linalg.norm(minimum.weights) * around / np.linalg.norm(around)
    return at_random(minimum, STRENGTH * largest, size, random), minimum.at(displaced)


class LargeSteps(Experiment):
    """Of ``size`` hidden units in each layer."""

    system = LargeLearningRate
    observables: ClassVar[Mapping[str, str]] = {
        "converged": f"share of random starts that converge within {BLOCK * BLOCKS} steps",
        "unbounded": "share of random starts that leave all bounds",
        "returned": "share of starts close to a flattest minimum that converge",
    }
    events = tuple(observables)
    of: LargeLearningRate

    def require(self, size: int) -> None:
        """There are hidden units for all modes."""
        require_width(len(self.of.singular_values), size)

    def draw(self, size: int, random: Generator) -> tuple[Network, Network]:
        """The two starts."""
        return starts(self.of, size, random)

    def measure(self, state: tuple[Network, Network]) -> dict[str, Any]:
        """Where descents end."""
        away, close = (ends(*stacked([network]), float(self.of.eta))[:, 0] for network in state)
        return {"converged": away[0], "unbounded": away[1], "returned": close[0]}


@dataclass(frozen=True)
class Networks(Sizes):
    """``resolution`` of the last stable step over the critical one, and of the ``share`` that converges above it."""

    share: float = 0.03


DEPTHS = (2, 3, 4)
RATIOS = (0.9, 0.97, 1.03, 1.1)
"""Of steps to the critical one."""


@cache
def system(case: int, scale: float = 1.0) -> LargeLearningRate:
    """With singular values that are ``scale`` times too large."""
    return LargeLearningRate(depth=DEPTHS[case], singular_values=[scale * s for s in (3, 2, 1)])


def measured(point: Point[Networks]) -> Array:
    """The last stable step next to a flattest minimum, and whether random starts converge at each of ``RATIOS``."""
    of, random = system(point.case, point.wrong["values"]), np.random.default_rng(point.seeds())
    critical = critical_step(system(point.case))
    drawn = [starts(of, point.size, random) for _ in range(point.samples)]
    away, close = (stacked(networks) for networks in zip(*drawn, strict=True))
    return np.transpose([last_stable(*close, critical), *(ends(*away, ratio * critical)[0] for ratio in RATIOS)])


def critical_step(of: LargeLearningRate) -> float:
    """By theory."""
    (threshold,) = (p for p in of.predictions() if isinstance(p, Threshold))
    return float(solve_threshold(threshold, {}).value)


def concluded(run: Run[Networks], outcomes: Sequence[Outcome]) -> Findings:
    """At each depth and width."""
    compared = [c for k, outcome in enumerate(outcomes) for group in outcome.groups for c in comparisons(run, k, group)]
    return Findings(compared, [panel(outcomes)], [below(outcomes)])


def comparisons(run: Run[Networks], case: int, group: Means) -> list[Comparison]:
    """The last stable step, which bisection leaves in an interval; and that no descent converges beyond it."""
    where, theory = f"{DEPTHS[case]} layers of {group.size} units", run.wrong["theory"]
    error = float(np.hypot(group.error[0], INTERVAL))
    seen = (float(group.value[0]), error, run.plan.resolution * theory, group.size, group.degrees)
    made = [Comparison(f"last stable step over eta*, {where}", theory, 0.0, *seen)]
    for ratio, share in zip(RATIOS, shares(group), strict=True):
        if ratio > 1:
            found = (float(share.value), float(share.error), run.plan.share, group.size)
            made.append(Comparison(f"share that converges at {ratio} eta*, {where}", 0.0, 0.0, *found))
    return made


def shares(group: Means) -> list[Estimate]:
    """Of random starts that converge, at each of ``RATIOS``."""
    count = group.degrees + 1
    return [wilson(round(value * count), count) for value in group.value[1:]]


def panel(outcomes: Sequence[Outcome]) -> Panel:
    """Shares that converge, of the widest networks; theory is the end of them."""
    series = [Series.theory(r"$\eta^\ast$", [1, 1], [0, 1])]
    for k, outcome in enumerate(outcomes):
        found = shares(outcome.groups[-1])
        values, errors = ([float(getattr(share, name)) for share in found] for name in ("value", "error"))
        series.append(Series.simulation(f"{DEPTHS[k]} layers", RATIOS, values, errors, k))
    return Panel("random starts", r"$\eta/\eta^\ast$", "share that converges", tuple(series))


def below(outcomes: Sequence[Outcome]) -> str:
    """What theory does not tell."""
    place = RATIOS.index(0.97)
    found = [
        f"{share.low:.3g} to {share.high:.3g} with {DEPTHS[k]} layers of {group.size} units"
        for k, outcome in enumerate(outcomes)
        for group in outcome.groups
        for share in [shares(group)[place]]
    ]
    return f"Not compared: at 0.97 eta* a share converges of {', '.join(found)} (95 %)."


CHECK = Check(
    name="large-learning-rate",
    description="the step beyond which descent on deep linear networks converges from no start",
    systems=(LargeLearningRate.slug,),
    reason="1 % of the step: the sharpness of the second mode, or of a layer less, is less by a third. 3 % (8 %, "
    "quick) that converge beyond it: below it, most do.",
    doing="descending",
    default=Networks((4, 8), (200, 200), 0.01),
    quick=Networks((4,), (50,), 0.01, 0.08),
    count=lambda _: len(DEPTHS),
    measure=measured,
    conclude=concluded,
    theory_mistakes={"theory": 1.0},
    simulation_mistakes={"values": 1.0},
    sites=10**6,
    remarks=("No extrapolation: the step does not depend on the number of hidden units.",),
)
