"""Independent samples of walkers, each on coarse and finer steps, and what they say together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...kept import Kept, sweep_kept
from ...lowering import Array
from ...progress import Progress, silent
from ...statistics import mean_and_error
from .process import Descent, Process
from .steps import divided, lowest_loss

OBSERVABLES = ("m", "mu", "energy")
HALVINGS = (1, 2, 4)
"""Parts into which the steps of the flow are cut."""


@dataclass(frozen=True)
class Task:
    """One sample of walkers on one division of the steps."""

    problem: Descent
    steps: tuple[float, ...]
    divisions: int
    walkers: int
    seed: tuple[int, ...]

    def __str__(self) -> str:
        return f"sample {self.seed[-1]} with {self.walkers} walkers"

    @property
    def cost(self) -> float:
        """In proportion to the time that it takes."""
        return float(self.walkers * (len(self.steps) * self.divisions) ** 3)


def run(task: Task) -> dict[str, Array]:
    """``m, mu, energy`` (n + 1,) and ``C, R`` (n + 1, n + 1) after each undivided step.

    Where m stays 0, its ``growth`` and ``variance`` (n + 1,) besides.
    """
    steps = divided(np.array(task.steps), task.divisions)
    process = Process(task.problem, task.walkers, len(steps), np.random.default_rng(np.random.SeedSequence(task.seed)))
    for step in steps:
        process.advance(float(step))
    kept = slice(None, None, task.divisions)
    places = np.ix_(*[np.arange(0, len(steps) + 1, task.divisions)] * 2)
    A = process.A[kept]  # noqa: N806
    rows = dict(zip(OBSERVABLES, process.observed[:, kept], strict=True))
    if task.problem.uninformed:
        rows |= {"growth": process.growth[kept], "variance": process.variance[kept]}
    return rows | {"C": A @ A.T, "R": process.G[places] + np.eye(len(A))}


class Estimates(NamedTuple):
    """Values and the parts of their errors, each by the name of the observable."""

    value: Mapping[str, Array]
    statistical: Mapping[str, Array]
    steps: Mapping[str, Array]
    walkers: Mapping[str, Array]


def estimate(
    problem: Descent,
    steps: Array,
    *,
    walkers: int,
    samples: int,
    seed: int,
    workers: int | None = 1,
    executor: Executor | None = None,
    progress: Progress = silent,
    keep: Path | None = None,
) -> Estimates:
    """Averages over samples; for the flow extrapolated to steps of length zero.

    Every sample runs on all divisions of the steps, and on the coarsest with half the walkers: what changes, beyond
    its own noise, is the error from the finite number of walkers. What the folder ``keep`` holds is not run again.
    """
    divisions = HALVINGS if problem.slope is not None else HALVINGS[:1]
    kinds = [*((cut, walkers) for cut in reversed(divisions)), (1, walkers // 2)]
    fixed = tuple(float(step) for step in steps)
    tasks = [Task(problem, fixed, cut, count, (seed, 1 + i)) for cut, count in kinds for i in range(samples)]
    where: dict[str, Any] = {"workers": workers, "executor": executor, "name": str, "what": "samples"}
    kept = None if keep is None else in_folder(keep)
    results = sweep_kept(run, tasks, kept, done=_reporting(tasks, progress), **where)
    grouped = {kind: results[i * samples : (i + 1) * samples] for i, kind in enumerate(kinds)}
    tables = {name: {k: np.array([r[name] for r in group]) for k, group in grouped.items()} for name in results[0]}
    parts = {name: _combined(table, walkers, divisions) for name, table in tables.items()}
    for name, ends in _limits(problem).items():
        # what noise or extrapolation has carried beyond; the true value lies within, so this can only come closer
        parts[name][0][:] = np.clip(parts[name][0], *ends)
    return Estimates(*({name: part[i] for name, part in parts.items()} for i in range(4)))


def in_folder(folder: Path) -> Kept[dict[str, Array]]:
    """Where results of ``run`` are kept."""
    return Kept(folder, lambda result: ({}, result), lambda _, arrays: arrays)


def _limits(problem: Descent) -> dict[str, tuple[float, float]]:
    """``alpha inf l <= e``, and on the sphere ``-1 <= m, C <= 1``."""
    overlaps = dict.fromkeys(("m", "C"), (-1.0, 1.0)) if problem.constraint == "sphere" else {}
    return overlaps | {"energy": (problem.alpha * lowest_loss(problem.landscape), np.inf)}


def _combined(
    table: Mapping[tuple[int, int], Array], walkers: int, divisions: Sequence[int]
) -> tuple[Array, Array, Array, Array]:
    """Value, statistical error, and the errors from the steps and from the number of walkers."""
    coarse = table[1, walkers]
    values = coarse
    unfinished = np.zeros(coarse.shape[1:])
    if len(divisions) > 1:
        middle, fine = table[2, walkers], table[4, walkers]
        # f(eta) = f + a eta + b eta^2: without b; what b would change
        values = 2 * fine - middle
        unfinished = _beyond_noise((2 * fine - 3 * middle + coarse) / 3)
    few = _beyond_noise(coarse - table[1, walkers // 2])
    return *mean_and_error(values), unfinished, few


def _beyond_noise(differences: Array) -> Array:
    """Size of the mean of samples, less what their scatter explains."""
    mean, noise = mean_and_error(differences)
    return np.asarray(np.sqrt(np.maximum(mean**2 - noise**2, 0.0)))


def _reporting(tasks: Sequence[Task], progress: Progress) -> Callable[[int, object], None]:
    """The fraction of the work that is done."""
    total, finished = sum(task.cost for task in tasks), 0.0

    def done(index: int, _result: object) -> None:
        nonlocal finished
        finished += tasks[index].cost
        progress(finished / total, "samples")

    return done
