"""What was computed reaches its user: shown first, then written, so that a full disk costs the file alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sized
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from theory.system import System

from .output import print_json
from .progress import fraction


def about(system: System) -> dict[str, Any]:
    """How a record begins."""
    return {"system": system.slug, "parameters": system.echo()}


def asked(system: System) -> dict[str, Any]:
    """How the settings of a solution begin."""
    return {"system": system.slug, **system.echo()}


@dataclass
class Told:
    """The interruption that cut something short, if one did."""

    interruption: KeyboardInterrupt | None = None


@contextmanager
def as_far_as_it_got(finished: Sized) -> Iterator[Told]:
    """Ctrl-C ends what is done here, and is kept for the end of the answer, unless nothing is ``finished`` yet."""
    told = Told()
    try:
        yield told
    except KeyboardInterrupt as stop:
        if not finished:
            raise
        told.interruption = KeyboardInterrupt("interrupted; what was finished is above")
        told.interruption.__cause__ = stop


DONE = {"output": "written", "plot": "drawn"}
"""Keys of a record that name a file, and what was done to it."""
Writers = Mapping[str, Callable[[], Path]]


@dataclass(frozen=True, eq=False)
class Answer:
    """What a command found.

    Attributes
    ----------
    solution
        What Python gets.
    record
        What ``--json`` prints.
    show
        Prints it, as a table, say.
    files
        What writes each file that was asked for, by its key in the record.
    failure
        Raised at the end, when all that is known has been told: why that is not everything.
    """

    solution: Any
    record: Mapping[str, Any]
    show: Callable[[dict[str, Any]], None]
    files: Writers = field(default_factory=dict)
    failure: BaseException | None = None

    def deliver(self, *, as_json: bool) -> None:
        """Print it, as JSON or not, and write its files.

        JSON names the files that could be written, so it comes after them, whatever happened to the others. The first
        error of writing is raised at the end.
        """
        if not as_json:
            self.show(dict(self.record))
            sys.stdout.flush()
        written, failures = (dict(self.record), []) if self.cut_short else self.write(told=not as_json)
        if as_json:
            print_json(written)
        self.end(failures)

    def write(self, *, told: bool = False) -> tuple[dict[str, Any], list[Exception]]:
        """The record with the names of the files that could be written, and what became of the others."""
        written, failures = dict(self.record), []
        for key, write in self.files.items():
            try:
                with fraction(f"{key} of {self.record.get('system', 'it')}"):
                    written[key] = str(write())
            except Exception as error:  # no file is worth the table
                failures.append(error)
            else:
                if told:
                    print(f"{DONE[key]} to {written[key]}")
        return written, failures

    @property
    def cut_short(self) -> bool:
        """Whether it was interrupted: then nothing more is begun."""
        return isinstance(self.failure, KeyboardInterrupt)

    def end(self, failures: list[Exception]) -> None:
        """Raise what went wrong, if anything did."""
        for failure in (self.failure, *failures):
            if failure is not None:
                raise failure

    def kept(self) -> Any:
        """The solution, its files written."""
        _, failures = self.write()
        self.end(failures)
        return self.solution
