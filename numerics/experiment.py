"""Experiments on finite systems: what one draws and measures, and averages over many samples of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np
from numpy.random import Generator, SeedSequence, default_rng

from theory.system import System

from .arrays import require_shape
from .curves import Averages
from .errors import Interrupted
from .experiments import elsewhere, place
from .kept import Kept, source_of, sweep_kept
from .lowering import Array
from .progress import Progress, counting, silent
from .provenance import versions
from .quantity import Axis, Quantity
from .statistics import Estimate, bootstrap, wilson

Measured = Mapping[str, Any]
"""Numbers and arrays by name."""


class Experiment(ABC):
    """Base of all experiments on one system.

    A subclass in the file of a system of your own, or in ``numerics/experiments``, is found by its ``system``.

    Attributes
    ----------
    system
        The class of what is drawn.
    observables
        Meaning of each that is measured.
    events
        Those that are 1 where something happened and 0 where not: shares of the samples, with Wilson's intervals.
    axes
        By name, of those that are arrays; ``over`` says which axis each of them is over.
    """

    system: ClassVar[type[System]]
    observables: ClassVar[Mapping[str, str]]
    events: ClassVar[tuple[str, ...]] = ()
    axes: ClassVar[Mapping[str, Axis]] = {}
    over: ClassVar[Mapping[str, str]] = {}

    def __init__(self, of: Any) -> None:
        self.of = of

    def require(self, size: int) -> None:  # noqa: B027
        """ValueError, in one line, for a size that cannot be drawn; asked before any sample."""

    @abstractmethod
    def draw(self, size: int, random: Generator) -> Any:
        """A sample of N = ``size``."""

    @abstractmethod
    def measure(self, state: Any) -> Measured:
        """The observables of a sample."""


def experiment_of(kind: type[System]) -> type[Experiment]:
    """The experiment on such systems. ``LookupError`` where there is none."""
    if find_spec(place(kind)) is not None:
        import_module(place(kind))
    found = [own for own in elsewhere() if issubclass(kind, own.system)]
    if not found:
        raise LookupError(f"no experiment on {kind.slug}")
    return cast(type[Experiment], found[-1])


@dataclass(frozen=True)
class Sample:
    """One to be drawn, and all that it depends on."""

    text: str
    size: int
    seed: int
    number: int

    def __str__(self) -> str:
        return f"sample {self.number}"


@dataclass(frozen=True)
class Drawn:
    """What a worker does for each sample."""

    experiment: Experiment

    def __call__(self, sample: Sample) -> dict[str, Any]:
        """Draws and measures; the same whatever the worker."""
        random = default_rng(SeedSequence(sample.seed, spawn_key=(sample.number,)))
        measured = self.experiment.measure(self.experiment.draw(sample.size, random))
        return {name: self._of_shape(name, measured) for name in self.experiment.observables}

    def _of_shape(self, name: str, measured: Measured) -> Array:
        """``ValueError`` for an observable that was not measured, or not over its axis."""
        if name not in measured:
            raise ValueError(f"measure does not give {name!r}")
        value, over = np.asarray(measured[name], dtype=np.float64), self.experiment.over.get(name)
        require_shape(f"measured {name!r}", value, () if over is None else self.experiment.axes[over].values.shape)
        return value


def average(
    experiment: Experiment,
    size: int,
    samples: int,
    seed: int = 0,
    *,
    workers: int | None = 1,
    executor: Executor | None = None,
    folder: Path | None = None,
    progress: Progress = silent,
) -> Averages:
    """Means with standard errors, and as a note intervals of 95% (see ``bootstrap``).

    Parameters
    ----------
    experiment
        Of a system whose parameters have values.
    size, samples, seed
        N, how many samples, and what fixes each of them.
    workers, executor
        As for ``sweep``.
    folder
        Where finished samples are kept, each as it comes; the same call goes on from there.
    progress
        See ``Progress``.

    Raises ``ValueError`` for a size that is not possible, ``Interrupted`` on Ctrl-C.
    """
    experiment.require(size)
    text = _identity(experiment)
    points = [Sample(text, size, seed, number) for number in range(samples)]
    kept = None if folder is None else Kept(folder, lambda arrays: ({}, arrays), lambda _, arrays: arrays)
    try:
        where = {"workers": workers, "executor": executor, "name": str}
        done = counting(progress, samples, "samples")
        found = sweep_kept(Drawn(experiment), points, kept, done=done, what="samples", **where)
    except Interrupted as error:
        more = "" if folder is None else "; the same command goes on from there"
        raise Interrupted(f"{error}{more}", error.partial) from error
    means = {name: _mean([s[name] for s in found], name in experiment.events) for name in experiment.observables}
    settings = {"size": size, "samples": samples, "seed": seed, "version": versions()["ruggedflow"]}
    return Averages(experiment.axes, _quantities(experiment, means), settings)


def _mean(samples: list[Any], event: bool) -> Estimate:
    return wilson(sum(samples), len(samples)) if event else bootstrap(samples)


def _quantities(experiment: Experiment, means: Mapping[str, Estimate]) -> dict[str, Quantity]:
    """Each mean; of an array ends of the intervals besides."""
    found = {}
    for name, mean in means.items():
        meaning, over = experiment.observables[name], tuple(filter(None, [experiment.over.get(name)]))
        interval = f"95%: {mean.low:.6g} to {mean.high:.6g}" if not over and np.isfinite(mean.error) else ""
        found[name] = Quantity(mean.value, mean.error, meaning, interval, over)
        if over:
            found |= {f"{name}_{end}": Quantity(getattr(mean, end), None, meaning, "", over) for end in ("low", "high")}
    return found


def _identity(experiment: Experiment) -> str:
    """System, parameters, and the source of the experiment: what is kept belongs to one of them."""
    kind = type(experiment)
    return f"{kind.__module__}.{kind.__qualname__} {experiment.of.slug}: {experiment.of.shown} {source_of(kind)}"
