"""What every check needs around its physics: samples in parallel, their means, and deliberate mistakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from ..progress import Progress as Progress  # noqa: PLC0414 (every check takes it from here)
from ..statistics import mean_and_error as mean_and_error  # noqa: PLC0414 (likewise)
from ..sweep import sweep

Point = TypeVar("Point")
Result = TypeVar("Result")


def gather(
    function: Callable[[Point], Result],
    points: Sequence[Point],
    *,
    workers: int = 1,
    progress: Progress | None = None,
    title: str = "",
) -> list[Result]:
    """``[function(point) for point in points]`` on that many processes; everything random comes from the points."""
    finished = 0

    def done(_index: int, _result: Result) -> None:
        nonlocal finished
        finished += 1
        if progress is not None:
            progress(finished / len(points), title)

    if progress is not None:
        progress(0.0, title)
    return sweep(function, points, workers=workers, done=done)


def results_at(points: Sequence[tuple[Any, ...]], results: Sequence[Result], *place: Any) -> list[Result]:
    """Results of the points that begin with these entries."""
    return [result for point, result in zip(points, results, strict=True) if point[: len(place)] == place]


def perturbation(given: Mapping[str, float] | None, **known: float) -> dict[str, float]:
    """The deliberate mistakes, ``known`` naming each with the value that is no mistake."""
    foreign = sorted(set(given or {}) - set(known))
    if foreign:
        raise ValueError(f"perturb = {foreign[0]!r}: this check knows {', '.join(known)}")
    return known | dict(given or {})


def stream(seed: int, *where: int) -> np.random.SeedSequence:
    """A stream of its own for each place: size, number of the sample, ..."""
    return np.random.SeedSequence((seed, *where))
