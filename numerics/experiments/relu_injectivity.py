"""Exact minima of the number of positive fields ``(W x)_mu``: vertices of an arrangement of hyperplanes, one by one."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from math import comb
from typing import Any, ClassVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.stats import skew

from theory.naming import called
from theory.systems.relu_injectivity import ROWS, SIZE, ReluInjectivity, euler_characteristic, low_vertices

from ..checks.check import Check, Findings, Outcome
from ..checks.comparison import Comparison
from ..checks.plan import Point, Run, Sizes
from ..checks.report import Panel, Series
from ..experiment import Experiment
from ..lowering import Array, lower_exact
from ..statistics import Estimate, wilson

Whole = NDArray[np.int64]
MOST_VERTICES = 1_000_000
"""Of one matrix."""


@dataclass(frozen=True, eq=False)
class Arrangement:
    """The hyperplanes ``w_mu.x = 0`` of a ``matrix`` (m, n) in general position, on the sphere."""

    matrix: Array

    @cached_property
    def through(self) -> Whole:
        """(C(m, n-1), n - 1): the hyperplanes that meet in a pair of vertices ``+-x``."""
        m, n = self.matrix.shape
        return np.array(list(itertools.combinations(range(m), n - 1)), dtype=np.int64)

    @cached_property
    def signs(self) -> NDArray[np.int8]:
        """(2 C(m, n-1), m): of the fields at all vertices."""
        n = self.matrix.shape[1]
        closing = np.broadcast_to(np.random.default_rng(0).standard_normal(n), (len(self.through), 1, n))
        rows = np.concatenate((self.matrix[self.through], closing), axis=1)
        fields = np.linalg.solve(rows, np.eye(n)[-1][:, None])[..., 0] @ self.matrix.T
        np.put_along_axis(fields, self.through, 0.0, axis=1)
        one_side = np.sign(fields).astype(np.int8)
        return np.concatenate((one_side, -one_side))

    @cached_property
    def positives(self) -> Whole:
        """(2 C(m, n-1),): positive fields at each vertex.

        A cell has as many as the least of its vertices or more, and that on the negative sides of a vertex just as
        many: the minimum over vertices is the minimum over all x.
        """
        return np.asarray((self.signs > 0).sum(axis=1))

    def euler_characteristic(self) -> int:
        """Of the set of x with fewer than n positive fields, ``n <= m < 40``: faces of even dimension less odd ones.

        Next to a vertex each of its hyperplanes is left to either side or not: ``3^(n-1)`` faces, known by their signs.
        """
        m, n = self.matrix.shape
        low = self.positives < n
        codes, positives = (self.signs[low] + 1) @ 3 ** np.arange(m), self.positives[low]
        powers, total = 3 ** np.tile(self.through, (2, 1))[low], 0
        for dimension in range(n):
            sides = [side for side in itertools.product((-1, 0, 1), repeat=n - 1) if side.count(0) == n - 1 - dimension]
            faces = [(codes + powers @ np.array(side))[positives + side.count(1) < n] for side in sides]
            total += (-1) ** dimension * np.unique(np.concatenate(faces)).size
        return total


class VertexEnumeration(Experiment):
    """Of matrices with ``size`` columns."""

    system = ReluInjectivity
    observables: ClassVar[Mapping[str, str]] = {
        "not_injective": "share of the matrices with an x of fewer than N positive fields",
        "least": "least positive fields of all x, per N: the energy of the ground state",
        "low_vertices": "vertices with fewer than N positive fields",
    }
    events = ("not_injective",)
    of: ReluInjectivity

    def require(self, size: int) -> None:
        """``m = alpha n`` is a whole number >= n, and there are not too many vertices."""
        alpha, m = self.of.alpha, self.of.alpha * size
        if not (m.is_integer and m >= size):
            near = called("alpha", float(max(size, round(m)) / size))
            raise ValueError(f"{called('alpha', float(alpha))}: alpha N is no whole number >= N; try {near}")
        if 2 * comb(int(m), size - 1) > MOST_VERTICES:
            raise ValueError(f"{called('size', size)}: more than {MOST_VERTICES} vertices; try {called('size', 4)}")

    def draw(self, size: int, random: Generator) -> Arrangement:
        """Independent standard Gaussians."""
        return Arrangement(random.standard_normal((int(self.of.alpha * size), size)))

    def measure(self, state: Arrangement) -> dict[str, Any]:
        """All of it exactly."""
        n, least = state.matrix.shape[1], state.positives.min()
        return {"not_injective": least < n, "least": least / n, "low_vertices": (state.positives < n).sum()}


ALPHAS = (5, 7)
"""Below all transitions; and between full RSB and replica symmetry, where counts are too rare to be compared."""
NAMES = ("vertices with fewer than N positive fields", "Euler characteristic")
LARGEST = 4
"""N of the Euler characteristic."""


@cache
def expected(size: int) -> tuple[float, float]:
    """``NAMES``, at the first alpha."""
    low, euler = lower_exact((ROWS, SIZE), [low_vertices(), euler_characteristic()])(ALPHAS[0] * size, size)
    return float(low), float(euler)


def measured(point: Point[Sizes]) -> Array:
    """``NAMES``, and whether it is not injective, of each sample; no Euler characteristic where N is too large."""
    random, n = np.random.default_rng(point.seeds()), point.size
    found = []
    for _ in range(point.samples):
        drawn = Arrangement(random.standard_normal((ALPHAS[point.case] * n, n)) + point.wrong["mean"])
        low = (drawn.positives < n).sum()
        found.append([low, drawn.euler_characteristic() if n <= LARGEST else 0, low > 0])
    return np.array(found, dtype=np.float64)


def concluded(run: Run[Sizes], outcomes: Sequence[Outcome]) -> Findings:
    """Counts against their exact means at each N; and what these sizes do not tell."""
    compared = [compare(run, outcomes[0], size, k) for size in run.plan.sizes for k in range(1 + (size <= LARGEST))]
    return Findings(compared, [numbers(compared), probabilities(outcomes)], [untold(outcomes)])


def compare(run: Run[Sizes], outcome: Outcome, size: int, k: int) -> Comparison:
    """Counts have a long tail above: the skewness of their mean is part of the comparison."""
    group, samples = next(g for g in outcome.groups if g.size == size), outcome.samples[size][0][:, k]
    theory = expected(size)[k] * run.wrong["theory"]
    measured_here = (group.value[k], group.error[k], run.plan.resolution * theory, size, group.degrees, k == 0)
    return Comparison(
        f"{NAMES[k]}, N = {size}", theory, 0.0, *measured_here, float(skew(samples)) / len(samples) ** 0.5
    )


def shares(outcome: Outcome) -> dict[int, Estimate]:
    """Of matrices that are not injective, by N."""
    return {size: wilson(samples[:, 2].sum(), len(samples)) for size, (samples, _) in outcome.samples.items()}


def numbers(compared: Sequence[Comparison]) -> Panel:
    """Both counts against N."""
    series = []
    for k, name in enumerate(NAMES):
        own = [c for c in compared if c.label.startswith(name)]
        x, theory, found, errors = np.transpose([(c.size, c.predicted, c.measured, c.measured_error) for c in own])
        series += [Series.theory("", x, theory, k), Series.simulation(name, x, found, errors, k)]
    return Panel(f"lines: exact means, alpha = {ALPHAS[0]}", "$N$", "number", tuple(series), y_scale="log")


def probabilities(outcomes: Sequence[Outcome]) -> Panel:
    """Not injective, against N."""
    series = []
    for k, (alpha, outcome) in enumerate(zip(ALPHAS, outcomes, strict=True)):
        found = shares(outcome)
        values, errors = ([float(getattr(share, name)) for share in found.values()] for name in ("value", "error"))
        series.append(Series.simulation(f"alpha = {alpha}", [*found], values, errors, k))
    return Panel("enumeration", "$N$", "P(not injective)", tuple(series), y_scale="log")


def untold(outcomes: Sequence[Outcome]) -> str:
    """At the second alpha."""
    found = [f"{s.low:.2g} to {s.high:.2g} at N = {size}" for size, s in shares(outcomes[1]).items()]
    return (
        f"Not compared: P(not injective) at alpha = {ALPHAS[1]} is {', '.join(found)}. For N -> infinity it tends to 0 "
        "if the transition is that of full RSB, and to 1 if it is that of replica symmetry; sizes that can be "
        "enumerated, N <= 6, cannot tell one from the other."
    )


CHECK = Check(
    name="relu-injectivity",
    description="faces of random hyperplanes, enumerated, against exact means at finite N",
    systems=("relu-injectivity",),
    reason="30 % (60 %, quick): with n hyperplanes through a vertex in place of n - 1, or without its faces of one "
    "dimension, a count is wrong by a factor of two or more.",
    doing="enumerating vertices",
    default=Sizes((3, 4, 5), (4000, 4000, 2000), 0.3),
    quick=Sizes((3, 4), (1500, 1500), 0.6),
    count=lambda _: len(ALPHAS),
    measure=measured,
    conclude=concluded,
    theory_mistakes={"theory": 1.0},
    simulation_mistakes={"mean": 0.0},
    sites=600,
    remarks=("No extrapolation: means are exact at each N.",),
)
