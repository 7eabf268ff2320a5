"""A sweep that keeps its finished points in a folder and goes on from there: each under the fingerprint of its task."""

from __future__ import annotations

import hashlib
import inspect
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from . import storage
from .errors import Interrupted
from .packing import packed, unpacked
from .provenance import Record, versions
from .storage import Arrays
from .sweep import sweep

FORM = storage.Format("ruggedflow point", 1, "a sweep")
Point = TypeVar("Point")
Task_contra = TypeVar("Task_contra", contravariant=True)
Result = TypeVar("Result")


class Store(Protocol[Task_contra, Result]):
    """Where a sweep finds what is finished already and leaves what it finishes."""

    def read(self, task: Task_contra) -> Result | None:
        """What that task gave; None if it has yet to be done."""

    def write(self, task: Task_contra, result: Result) -> None:
        """Keep it."""


@dataclass(frozen=True)
class Kept(Generic[Result]):
    """A folder of scratch files: what is damaged or cannot be written there is computed again, no more.

    ``pack`` takes a result apart into what JSON holds and arrays by name, ``unpack`` puts it together; ``of`` says what
    was done with the tasks, where they do not.
    """

    folder: Path
    pack: Callable[[Result], tuple[Record, Mapping[str, Any]]]
    unpack: Callable[[Record, Arrays], Result]
    of: str = ""

    def read(self, task: object) -> Result | None:
        """What that task gave; None for a file that is not there, not whole, or not of that task."""
        key = self._key(task)
        with suppress(OSError, ValueError, KeyError, TypeError):
            header, arrays = storage.read(self._file(key), FORM)
            if header["task"] == key:
                return self.unpack(header["record"], arrays)
        return None

    def write(self, task: object, result: Result) -> None:
        """Keep it, if there is room."""
        key = self._key(task)
        record, arrays = self.pack(result)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            storage.write(self._file(key), FORM, {"task": key, "record": record}, arrays)
        except OSError:
            with suppress(OSError):
                self.folder.rmdir()  # if nothing is in it

    def clear(self) -> None:
        """The run is over: nothing of it is needed any more."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _key(self, task: object) -> str:
        """SHA-256 of all that its result depends on: its fields, and the program."""
        return hashlib.sha256(f"{versions()['ruggedflow']} {self.of}{task!r}".encode()).hexdigest()

    def _file(self, key: str) -> Path:
        return self.folder / f"point-{key[:16]}.npz"


def kept_in(folder: Path, *kinds: type, of: str = "") -> Kept[Any]:
    """Of anything that ``packed`` takes apart, with data classes of these kinds in it."""

    def pack(result: Any) -> tuple[Record, Arrays]:
        arrays: Arrays = {}
        return {"value": packed(result, "value", arrays)}, arrays

    names = {kind.__name__: kind for kind in kinds}
    return Kept(folder, pack, lambda record, arrays: unpacked(record["value"], arrays, names), of)


def source_of(thing: Any) -> str:
    """A fingerprint of the module that defines it: what was kept by another text of it is another's."""
    with suppress(OSError, TypeError):
        return hashlib.sha256(inspect.getsource(inspect.getmodule(thing) or thing).encode()).hexdigest()[:16]
    return ""


def sweep_kept(
    function: Callable[[Point], Result],
    points: Sequence[Point],
    kept: Store[Point, Result] | None,
    *,
    done: Callable[[int, Result], None],
    what: str,
    **where: Any,
) -> list[Result]:
    """``sweep`` over the points that are not kept already; ``repr`` of a point must tell all of it.

    ``done`` is called for every point, those that are kept first; ``what`` they are, in the text of ``Interrupted``.
    """
    results: dict[int, Result] = {}

    def finished(index: int, result: Result) -> None:
        results[index] = result
        done(index, result)

    for index, point in enumerate(points):
        found = None if kept is None else kept.read(point)
        if found is not None:
            finished(index, found)
    todo = [index for index in range(len(points)) if index not in results]

    def computed(place: int, result: Result) -> None:
        if kept is not None:
            kept.write(points[todo[place]], result)
        finished(todo[place], result)

    try:
        sweep(function, [points[index] for index in todo], done=computed, **where)
    except KeyboardInterrupt as error:
        raise Interrupted(f"interrupted after {len(results)} of {len(points)} {what}", results) from error
    return [results[index] for index in range(len(points))]
