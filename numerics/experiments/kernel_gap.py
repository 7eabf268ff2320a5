"""Regression with inner-product kernels on examples of a teacher, and a network that descends on the same loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np
from numpy.random import Generator
from scipy.linalg import solve

from theory.naming import called
from theory.networks.kernels import RHO, dual
from theory.systems.kernel_gap import UNIT, KernelGap, floor

from ..checks.check import Check, Findings, Outcome
from ..checks.comparison import Comparison
from ..checks.panels import Row
from ..checks.plan import Point, Run, Sizes
from ..experiment import Experiment
from ..extrapolation import SizeLaw
from ..lowering import Array, lower
from ..memory import require_memory

TESTED = 4000
"""Inputs on which a risk is measured."""
RIDGES = (1e-11, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
"""In units of the trace of the Gram matrix; the first is that of rounding."""
UNITS, SPREAD, STEP, STEPS = 4, 1e-2, 0.1, 4000
"""Of the network: units for each of the teacher's, size at the start, step in units of 1/sum |a|, and how many."""
Kernel = Callable[[Array, Array], Array]


def linear(x: Array, y: Array) -> Array:
    """``1 + t``, ``t = x.x'/d``, and the trace of the second degree."""
    d = x.shape[1]
    return np.asarray(1 + x @ y.T / d + np.outer(np.sum(x**2, axis=1), np.sum(y**2, axis=1)) / d**2)


def quadratic(x: Array, y: Array) -> Array:
    """``(1 + t)^2``."""
    return np.asarray((1 + x @ y.T / x.shape[1]) ** 2)


def smooth(x: Array, y: Array) -> Array:
    """``e^t``, with all degrees."""
    return np.asarray(np.exp(x @ y.T / x.shape[1]))


@cache
def pair_average() -> Callable[..., list[Array]]:
    """``E |u||v|`` of variance 1 and its slope, by the correlation."""
    kernel = dual(UNIT)
    return lower((RHO,), [kernel, kernel.diff(RHO)])


@dataclass(frozen=True, eq=False)
class Examples:
    """Inputs (n, d) and labels (n,) of the teacher with coefficients (d,)."""

    coefficients: Array
    inputs: Array

    @property
    def labels(self) -> Array:
        """``sum_i a_i |x_i|``."""
        return np.asarray(np.abs(self.inputs) @ self.coefficients)

    def risk(self, kernel: Kernel, unseen: Examples, ridges: Sequence[float] = RIDGES[:1]) -> float:
        """On other inputs, with the best of these ridges: a floor holds for all of them."""
        gram, places = kernel(self.inputs, self.inputs), kernel(unseen.inputs, self.inputs)
        unit = np.trace(gram) * np.eye(len(gram))
        fitted = (places @ solve(gram + ridge * unit, self.labels, assume_a="pos") for ridge in ridges)
        return float(min(np.mean((f - unseen.labels) ** 2) for f in fitted))


@dataclass(frozen=True, eq=False)
class Student:
    """``sum_j b_j |w_j.x|``: weights (m, d) and signs (m,), ``b_j = sign_j |w_j|``; descent moves all w."""

    weights: Array
    signs: Array

    @classmethod
    def random(cls, coefficients: Array, random: Generator) -> Student:
        """As many units of either sign."""
        m, d = UNITS * 2 * coefficients.size, coefficients.size
        weights = random.standard_normal((m, d)) * SPREAD * np.sqrt(np.abs(coefficients).sum() / d / m)
        return cls(weights, np.where(np.arange(m) % 2, 1.0, -1.0))

    def risk_and_slope(self, coefficients: Array) -> tuple[float, Array]:
        """Over all inputs, in closed form, and its gradient (m, d)."""
        units = np.concatenate([self.weights, np.diag(np.sqrt(np.abs(coefficients)))])
        signs = np.concatenate([self.signs, -np.sign(coefficients)])
        lengths = np.linalg.norm(units, axis=1) + 1e-300
        directions, strengths = units / lengths[:, None], signs * lengths**2
        rho = np.clip(directions @ directions.T, -1, 1)
        average, slope = pair_average()(rho)
        toward = (slope * strengths) @ directions - np.sum(slope * rho * strengths, axis=1)[:, None] * directions
        along = 2 * (average @ strengths)[:, None] * directions
        gradient = 2 * (signs * lengths)[:, None] * (along + toward)
        return float(strengths @ average @ strengths), gradient[: len(self.weights)]

    def descend(self, coefficients: Array, steps: int) -> tuple[Student, float]:
        """After so many steps; with the risk there."""
        weights, step = self.weights, STEP / np.abs(coefficients).sum()
        for _ in range(steps):
            weights = weights - step * Student(weights, self.signs).risk_and_slope(coefficients)[1]
        ended = Student(weights, self.signs)
        return ended, ended.risk_and_slope(coefficients)[0]


class KernelRegression(Experiment):
    """``size`` examples."""

    system = KernelGap
    observables: ClassVar[Mapping[str, str]] = {
        "linear": "risk of the kernel 1 + t and the trace",
        "quadratic": "risk of the kernel (1 + t)^2",
        "smooth": "risk of the kernel e^t, with the best ridge",
        "network": "risk of a network after descent on the loss of all inputs",
    }

    of: KernelGap

    @property
    def coefficients(self) -> Array:
        """(d,)."""
        return np.array([float(a) for a in self.of.coefficients])

    def require(self, size: int) -> None:
        """Gram matrices fit into memory; degree 2 is resolved."""
        require_memory(8 * size * (2 * size + TESTED), f"regression on size = {size} examples", "try fewer")
        least = 2 * resolved(self.coefficients.size)
        if size < least:
            raise ValueError(
                f"{called('size', size)}: the second degree takes {least} examples or more; try {2 * least}"
            )

    def draw(self, size: int, random: Generator) -> tuple[Examples, Examples, Student]:
        """What is seen, what is not, and a network."""
        a = self.coefficients
        seen, unseen = (Examples(a, random.standard_normal((count, a.size))) for count in (size, TESTED))
        return seen, unseen, Student.random(a, random)

    def measure(self, state: tuple[Examples, Examples, Student]) -> dict[str, Any]:
        """Of the kernels, and of the network, which sees all inputs."""
        seen, unseen, student = state
        risks = {kernel.__name__: seen.risk(kernel, unseen) for kernel in (linear, quadratic)}
        network = student.descend(self.coefficients, STEPS)[1]
        return risks | {"smooth": seen.risk(smooth, unseen, RIDGES), "network": network}


def resolved(d: int) -> int:
    """Dimensions of degrees 0 to 2."""
    return (d + 1) * (d + 2) // 2


@dataclass(frozen=True)
class Regressions(Sizes):
    """``resolution`` is relative; ``dimension`` is d; ``networks`` besides."""

    dimension: int = 6
    networks: int = 8

    def layout(self, case: int) -> Sequence[tuple[int, int]]:
        """Of the kernels, and of the networks."""
        return super().layout(case) if case == 0 else [(self.dimension, self.networks)]


UNFINISHED = 1e-2
"""Risk of the network over the floor that so many steps may leave."""
NAMES = ("linear", "quadratic")


def teacher(dimension: int) -> KernelGap:
    """Of both signs, and of two sizes."""
    return KernelGap(coefficients=[("1", "-1", "1/2")[i % 3] for i in range(dimension)])


def measured(point: Point[Regressions]) -> Array:
    """Risks over floors: of the linear and of the quadratic kernel (2,), or of the network over the latter's (1,)."""
    system, random = teacher(point.plan.dimension), np.random.default_rng(point.seeds())
    floors = [float(floor(degree).subs(system.sums)) for degree in (1, 2)]
    a = KernelRegression(system).coefficients * point.wrong["teacher"]
    if point.case:
        return np.array([Student.random(a, random).descend(a, STEPS)[1] / floors[1]])
    seen, unseen = (Examples(a, random.standard_normal((count, a.size))) for count in (point.size, TESTED))
    return np.array([seen.risk(k, unseen) / low for k, low in zip((linear, quadratic), floors, strict=True)])


def predicted(run: Run[Regressions], case: int) -> list[Row]:
    """In units of the floors."""
    value, resolution, panel = run.wrong["floor"], run.plan.resolution, "risk over the floor"
    return [
        Row(
            f"risk of the {name} kernel over its floor",
            value,
            k,
            resolution,
            panel=panel,
            symbol="$R/R_p$",
            series=name,
        )
        for k, name in enumerate(NAMES if case == 0 else ())
    ]


def concluded(run: Run[Regressions], outcomes: Sequence[Outcome]) -> Findings:
    """Nothing is left by the network but what descent has not reached yet."""
    (group,) = outcomes[1].groups
    seen = (group.value[0], group.error[0], run.plan.resolution)
    return Findings([Comparison("risk of the network over the floor", 0.0, UNFINISHED, *seen)])


def law(plan: Regressions, _: int) -> SizeLaw:
    """``R/R_p = n/(n - D)`` of labels with independent noise: each power has D times the coefficient of the last."""
    return SizeLaw.series(ratio=resolved(plan.dimension))


CHECK = Check(
    name="kernel-gap",
    description="regression with kernels of degree 1 and 2 against their floors, and a network far below them",
    reason="a tenth (two, quick): a kernel that learned one degree more or less would leave 4 to 9 times as much.",
    doing="fitting kernels",
    default=Regressions((300, 600, 1200), (80, 60, 40), 0.1),
    quick=Regressions((200, 400), (60, 40), 0.2, dimension=4, networks=4),
    count=lambda _: 2,
    measure=measured,
    predict=predicted,
    laws=law,
    theory_mistakes={"floor": 1.0},
    simulation_mistakes={"teacher": 1.0},
    conclude=concluded,
    systems=(KernelGap.slug,),
    remarks=("Extrapolated in the inverse number of examples, at fixed d.",),
)
