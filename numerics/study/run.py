"""Runs a study: what is not finished yet, on any executor, each point kept as it finishes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from ..arrays import require_whole
from ..errors import Interrupted
from ..progress import Progress, silent
from ..provenance import Record, own_version
from ..sweep import SweepError, sweep
from .files import canonical, key_of
from .folder import Folder, Told, warned
from .outcome import UNKNOWN, Outcome, Value, entries_of
from .points import Points, says
from .study import Study, declare

Function = Callable[[Mapping[str, Value]], Any]


@dataclass(frozen=True)
class Point:
    """The function at a point, with its failure as an outcome like any other."""

    function: Function
    places: tuple[float, ...] = ()
    keep: tuple[str, ...] = ()

    def __call__(self, point: Mapping[str, Value]) -> Outcome:
        """What it gave, or why it gave nothing."""
        begun = perf_counter()
        try:
            entries, reason, again = entries_of(self.function(point), self.places, self.keep), "", False
        except Exception as error:
            entries, again = (), isinstance(error, MemoryError | OSError)
            reason = " ".join(f"{error or type(error).__name__}".split())
        return Outcome(entries, reason, perf_counter() - begun, again)


def run(
    function: Function,
    points: Points,
    *,
    about: Record,
    places: Sequence[float] = (),
    keep: Sequence[str] = (),
    folder: str | Path | None = None,
    workers: int = 1,
    executor: Executor | None = None,
    progress: Progress = silent,
    told: Told = warned,
    limit: int | None = None,
) -> Study:
    """The function at every point that is not finished yet; the same call goes on where another one ended.

    Parameters
    ----------
    function
        Of a mapping of names to values. Gives a ``Solution``, a number, a ``Quantity``, or a mapping to these; what it
        raises becomes the reason why there is nothing at that point.
    points
        From ``points_of``.
    about
        What the function depends on besides the point, as JSON holds it: points are shared with every study of the
        same ``about`` and version of this package.
    places, keep
        Where on the first axis to take curves, by default at its end; names to keep, by default all.
    folder
        Where each finished point is kept at once (see ``Folder``); by default nowhere.
    workers, executor, progress
        As in ``sweep``.
    told
        Called with a line about files that are damaged or do not belong there.
    limit
        At most so many points now, spread over those that are left.

    Raises ``Interrupted``, with the ``Study`` so far in ``partial``; ``OSError`` where a point cannot be kept, and
    ``SweepError`` where workers keep dying. What is finished is kept in each case.
    """
    if limit is not None:
        require_whole("limit", limit, 0)
    asked = {**about, "places": list(places), "keep": list(keep), "ruggedflow": own_version()}
    running = _Run(asked, points, progress, None if folder is None else Folder(folder, told))
    with closing(running.folder) if running.folder is not None else nullcontext():
        if running.folder is not None:
            declare(running.folder.path, running.study())
        running.finish(Point(function, tuple(places), tuple(keep)), workers, executor, limit)
    study = running.study()
    if running.folder is not None and not study.left:
        study.keep(running.folder.path)
    return study


class _Run:
    """Points, and the outcomes so far."""

    def __init__(self, about: Record, points: Points, progress: Progress, folder: Folder | None) -> None:
        self.about, self.points, self.folder, self._progress = about, points, folder, progress
        self.outcomes: list[Outcome | None] = [None] * len(points.rows)
        text = canonical(about)
        self._keys = [key_of(text, row) for row in points.rows] if folder is not None else []
        if folder is not None:
            self.outcomes = [folder.get(key) for key in self._keys]
        self._count = sum(outcome is not None for outcome in self.outcomes)

    def study(self) -> Study:
        """As far as it has got."""
        return Study(self.about, self.points, tuple(self.outcomes))

    @property
    def left(self) -> list[int]:
        """Indices of what is not finished."""
        return [index for index, outcome in enumerate(self.outcomes) if outcome is None]

    def finish(self, point: Point, workers: int, executor: Executor | None, limit: int | None) -> None:
        """What is left. A worker that dies takes its point along: those are tried again while others get done."""
        self._say()
        chosen = set(_spread(self.left, limit))
        apart = False
        while left := [index for index in self.left if index in chosen]:
            before = self._count
            try:
                self._sweep(point, left, workers=workers, executor=executor, apart=apart)
            except KeyboardInterrupt as error:
                onward = "; the same again goes on" if self.folder is not None else ""
                told = f"interrupted after {self._count} of {len(self.outcomes)} points{onward}"
                raise Interrupted(told, self.study()) from error
            except SweepError as error:
                died = executor is None and isinstance(error.__cause__, BrokenProcessPool)
                if not died or self._count == before:
                    raise
                apart = True

    def _sweep(self, point: Point, left: Sequence[int], **where: Any) -> None:
        rows = self.points.rows
        sweep(
            point,
            [rows[index] for index in left],
            done=lambda place, outcome: self._done(left[place], outcome),
            name=says,
            **where,
        )

    def _done(self, index: int, outcome: Outcome) -> None:
        if outcome.reason.startswith(UNKNOWN) and not any(known and known.entries for known in self.outcomes):
            raise ValueError(outcome.reason)  # a slip in the question, before more is computed
        if self.folder is not None and not outcome.again:
            self.folder.write(self._keys[index], self.about, self.points.rows[index], outcome)
        self.outcomes[index] = outcome
        self._count += 1
        self._say()

    def _say(self) -> None:
        total = len(self.outcomes)
        self._progress(self._count / total, f"{self._count} of {total} points")


def _spread(left: Sequence[int], limit: int | None) -> Sequence[int]:
    """So many of them, evenly, from the middle."""
    if limit is None or limit >= len(left):
        return left
    return [left[(2 * i + 1) * len(left) // (2 * limit)] for i in range(limit)]
