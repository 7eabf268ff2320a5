"""How much of a check is run, and the points at which it is measured."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from ..kept import Store, sweep_kept
from ..progress import Progress, counting

X = TypeVar("X")
Y = TypeVar("Y")


class Plan(ABC):
    """How much is run; a frozen dataclass, whose fields are in the record."""

    @abstractmethod
    def layout(self, case: int) -> Sequence[tuple[int, int]]:
        """Sizes N of that case, and the samples of each."""


@dataclass(frozen=True)
class Sizes(Plan):
    """The same sizes and samples in every case; ``resolution`` as the check explains it."""

    sizes: tuple[int, ...]
    samples: tuple[int, ...]
    resolution: float

    def layout(self, case: int) -> Sequence[tuple[int, int]]:
        """Of any case."""
        return list(zip(self.sizes, self.samples, strict=True))


P = TypeVar("P", bound=Plan)


@dataclass(frozen=True)
class Point(Generic[P]):
    """What is measured at a time: ``samples`` of a case at size N; ``wrong`` are the mistakes of the simulation."""

    plan: P
    case: int
    size: int
    number: int
    samples: int
    seed: int
    wrong: Mapping[str, float]

    def seeds(self, case: int | None = None) -> np.random.SeedSequence:
        """A stream of its own for each place; ``case`` where it is known by another number."""
        return np.random.SeedSequence((self.seed, self.case if case is None else case, self.size, self.number))

    @property
    def own_seed(self) -> int:
        """For what spawns the seeds of its samples itself."""
        return int(self.seeds().generate_state(1, np.uint64)[0])


@dataclass(frozen=True)
class Run(Generic[P]):
    """How a check is run this time; ``wrong`` are all deliberate mistakes, by name."""

    plan: P
    seed: int
    workers: int | None
    progress: Progress
    wrong: Mapping[str, float]

    def map(
        self, function: Callable[[X], Y], points: Sequence[X], doing: str, kept: Store[X, Y] | None = None
    ) -> list[Y]:
        """``[function(point) for point in points]`` on the workers; everything random comes from the points."""
        done = counting(self.progress, len(points), doing)
        return sweep_kept(function, points, kept, done=done, what=doing, workers=self.workers)
