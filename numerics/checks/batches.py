"""Many runs of ``simulate`` as points for ``gather``: a batch of samples of one size each, from a seed of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from .tasks import stream

SITES = 640
"""Of a batch, about: small sizes go many at a time."""
Result = TypeVar("Result")


@dataclass(frozen=True)
class Batch:
    """``samples`` of size N; ``case`` says of what, ``signal`` multiplies the sampled g."""

    case: int
    size: int
    number: int
    samples: int
    seed: int
    signal: float = 1.0

    @property
    def own_seed(self) -> int:
        """For ``simulate``: depends on case, size, number and seed."""
        words = stream(self.seed, self.case, self.size, self.number).generate_state(1, np.uint64)
        return int(words[0])


def batches(case: int, sizes: Sequence[int], samples: Sequence[int], seed: int, signal: float = 1.0) -> list[Batch]:
    """``samples`` of each size, in batches that do not depend on how many workers there are."""
    made = []
    for size, count in zip(sizes, samples, strict=True):
        most = max(1, SITES // size)
        for number, first in enumerate(range(0, count, most)):
            made.append(Batch(case, size, number, min(most, count - first), seed, signal))
    return made


def largest_first(found: Sequence[Batch]) -> list[Batch]:
    """In the order to run them: what takes longest must not be left for the end."""
    return sorted(found, key=lambda batch: -batch.size)


def belonging(points: Sequence[Batch], results: Sequence[Result], case: int, size: int) -> list[Result]:
    """Results of that case and size, in the order of their numbers."""
    own = [(b.number, r) for b, r in zip(points, results, strict=True) if (b.case, b.size) == (case, size)]
    return [result for _, result in sorted(own, key=lambda pair: pair[0])]
