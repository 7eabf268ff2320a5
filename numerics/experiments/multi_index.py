"""Linear message passing on labels of a few indices: how the overlap with the teacher's directions grows in a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.random import Generator

from theory.generalized_linear.multi_index import IndexTeacher
from theory.naming import called
from theory.systems.multi_index import MultiIndex

from ..checks.check import Check
from ..checks.panels import Row
from ..checks.plan import Point, Run, Sizes
from ..experiment import Experiment
from ..generalized_linear.label_moments import label_moments
from ..generalized_linear.multi_index import eigenvalue, stability_map
from ..lowering import Array, lower
from ..memory import require_memory
from ..quantity import Axis

STEPS = 2
WIDER = (1, 3)
"""Resolutions of both steps, relative to the overlap, in units of that of the first."""
LEVEL = 1
"""Grid of the law of labels."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """Data (M, N), the slopes G of their labels (M, K, K), the teacher's directions (K, N), and the start (K, N)."""

    data: Array
    slopes: Array
    signal: Array
    start: Array


@lru_cache(maxsize=16)
def _slope_table(teacher: IndexTeacher) -> tuple[Array, Array]:
    """Labels in order, and ``G = E[z z^T | label] - 1`` there (n, K, K)."""
    at = label_moments(teacher, LEVEL)
    order = np.argsort(at.label)
    slope = at.second / at.probability[:, None, None] - np.eye(at.first.shape[1])
    return at.label[order], slope[order]


def slopes(teacher: IndexTeacher, label: Array) -> Array:
    """G at some labels (M, K, K), between those of the table."""
    known, table = _slope_table(teacher)
    count = table.shape[1]
    columns = [np.interp(label, known, table[:, a, b]) for a in range(count) for b in range(count)]
    return np.stack(columns, axis=1).reshape(-1, count, count)


@lru_cache(maxsize=16)
def growing(teacher: IndexTeacher) -> Array:
    """The overlap that grows most, (K, K), of norm 1."""
    vectors = np.linalg.eigh(stability_map(teacher, LEVEL).matrix)[1]
    return np.asarray(vectors[:, -1].reshape(len(teacher.indices), -1))


class LinearPassing(Experiment):
    """``size`` dimensions, ``alpha`` as many data."""

    system = MultiIndex
    observables: ClassVar[Mapping[str, str]] = {
        "overlap": "overlap with the teacher's directions after so many steps, in units of that at the start"
    }
    axes: ClassVar[Mapping[str, Axis]] = {"step": Axis(np.arange(1.0, STEPS + 1), "step")}
    over: ClassVar[Mapping[str, str]] = {"overlap": "step"}

    of: MultiIndex

    def require(self, size: int) -> None:
        """Room for the directions, and for the data."""
        least = len(self.of.seen.indices) + 1
        if size < least:
            raise ValueError(f"{called('size', size)} has no room for {least - 1} directions; try {64 * least}")
        require_memory(16 * size * size * float(self.of.alpha), f"data of size = {size}", "try fewer")

    def draw(self, size: int, random: Generator) -> Labelled:
        """Gaussian data and orthonormal directions; the start is made of these."""
        teacher, count = self.of.seen, len(self.of.seen.indices)
        data = random.standard_normal((max(1, round(float(self.of.alpha) * size)), size))
        signal = np.linalg.qr(random.standard_normal((size, count)))[0].T * np.sqrt(size)
        label = lower(teacher.indices, [teacher.core])(*(signal @ data.T / np.sqrt(size)))[0]
        label = label + float(teacher.noise) ** 0.5 * random.standard_normal(label.shape)
        return Labelled(data, slopes(teacher, label), signal, growing(teacher) @ signal)

    def measure(self, state: Labelled) -> dict[str, Any]:
        """``x <- X^T g/sqrt N - <G> x``, ``g = G w``, ``w = X x/sqrt N - g'``, g' that of the step before."""
        size, direction = state.data.shape[1], growing(self.of.seen)
        x, sent, overlaps = state.start, np.zeros((len(state.slopes), len(direction))), []
        mean = state.slopes.sum(axis=0) / size
        for _ in range(STEPS):
            field = state.data @ x.T / np.sqrt(size) - sent
            sent = np.einsum("mab,mb->ma", state.slopes, field)
            x = sent.T @ state.data / np.sqrt(size) - mean @ x
            overlaps.append(float(np.sum(direction * (x @ state.signal.T / size))))
        return {"overlap": np.array(overlaps)}


CASES: tuple[tuple[str, str, float], ...] = (
    ("z1**2", "0", 0.4),
    ("z1**2", "0", 0.65),
    ("z1*z2", "0", 0.45),
    ("z1*z2", "0", 0.75),
    ("sign(z1*z2)", "1/4", 3.5),
)
"""Teacher, noise and alpha: a twin whose threshold is 1/2 first, below and above; then others."""


@lru_cache(maxsize=8)
def _system(case: int) -> MultiIndex:
    teacher, noise, alpha = CASES[case]
    return MultiIndex(teacher=teacher, noise=noise, alpha=str(alpha))


def measured(point: Point[Sizes]) -> Array:
    """Overlaps after 1 .. STEPS steps, of each sample."""
    experiment = LinearPassing(_system(point.case))
    found = []
    for seeds in point.seeds().spawn(point.samples):
        state = experiment.draw(point.size, np.random.default_rng(seeds))
        wrong = Labelled(state.data, state.slopes * point.wrong["slope"], state.signal, state.start)
        found.append(experiment.measure(wrong)["overlap"])
    return np.array(found)


def predicted(run: Run[Sizes], case: int) -> Sequence[Row]:
    """``(alpha Lambda)^t``."""
    teacher, noise, alpha = CASES[case]
    growth = alpha * eigenvalue(_system(case).seen)[0] * run.wrong["eigenvalue"]
    name = f"{teacher}{'' if noise == '0' else f', noise {noise}'}, alpha = {alpha:g}"
    return [
        Row(
            f"{name}: overlap after {step} step{'s' if step > 1 else ''}",
            growth**step,
            step - 1,
            run.plan.resolution * WIDER[step - 1] * growth**step,
            independent=step == STEPS,
            panel=f"after {step}",
            symbol="overlap",
            series=name,
        )
        for step in range(1, STEPS + 1)
    ]


CHECK = Check(
    name="multi-index",
    description="growth of the overlap with a teacher of a few indices, below and above weak recovery",
    reason="a tenth (two, quick) of the growth in a step, thrice that in two: at the threshold it would be 1, which is "
    "20 to 30% away in each.",
    doing="passing messages",
    default=Sizes((256, 512, 1024), (1000, 700, 350), 0.1),
    quick=Sizes((128, 256, 512), (500, 350, 200), 0.2),
    count=lambda _: len(CASES),
    measure=measured,
    predict=predicted,
    theory_mistakes={"eigenvalue": 1.0},
    simulation_mistakes={"slope": 1.0},
    systems=(MultiIndex.slug,),
    sites=50_000,
)
