"""How far a command has got: a bar on a terminal; where it is piped, one line with the time that the rest takes."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Display

from numerics.progress import Progress, silent

SOON, SURE, LATE = 5.0, 20.0, 60.0
"""Seconds until the line, if ``ENOUGH`` is done to tell from; if anything is; and in any case."""
ENOUGH = 0.1
STEP = 0.5
"""Seconds until it is looked for again."""


class Shown:
    """What is being done, how much of it is done, and since when: a ``Progress``."""

    def __init__(self, what: str) -> None:
        self.begun = self.told = monotonic()
        self.done, self.what = 0.0, what

    def __call__(self, done: float, what: str) -> None:
        """What it is told."""
        now = monotonic()
        if done < self.done:  # something else has begun
            self.begun = now
        if done != self.done:
            self.told = now
        self.done, self.what = done, what

    def line(self, waited: float) -> str:
        """The time that the rest takes if it goes on like this; empty where it is too early to tell."""
        if self.done <= 0:
            return f"{self.what}; no telling how long" if waited >= LATE else ""
        if self.done < ENOUGH and waited < SURE:
            return ""
        end = self.begun + (self.told - self.begun) / self.done
        return f"{self.what}; about {duration(max(1.0, end - monotonic()))} left"


def duration(seconds: float) -> str:
    """In words."""
    units = (("hours", 3600.0), ("minutes", 60.0), ("seconds", 1.0))
    unit, size = next(((u, s) for u, s in units if seconds > 2 * s), units[-1])
    return f"{seconds / size:{'.2g' if seconds < 10 * size else '.0f'}} {unit}"


_SHOWN: ContextVar[Progress | None] = ContextVar("shown", default=None)


@contextmanager
def fraction(what: str = "starting") -> Iterator[Progress]:
    """Of whatever is done here, erased at the end; as part of what is told of already, if something is."""
    outer = _SHOWN.get()
    if outer is not None:
        yield outer
        return
    piped = not sys.stderr.isatty()
    with _line(what) if piped else _bar(what) as progress:
        token = _SHOWN.set(progress)
        try:
            yield progress
        finally:
            _SHOWN.reset(token)


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing is told of what is done here: it is part of something else, which tells."""
    token = _SHOWN.set(silent)
    try:
        yield
    finally:
        _SHOWN.reset(token)


@contextmanager
def _bar(what: str) -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Display(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as display:
        task = display.add_task(what, total=None)
        yield lambda done, doing: display.update(task, completed=done, total=1.0 if done else None, description=doing)


@contextmanager
def _line(what: str) -> Iterator[Progress]:
    shown, ended = Shown(what), threading.Event()

    def speak() -> None:
        waited = SOON
        while not ended.wait(SOON if waited == SOON else STEP):
            if line := shown.line(waited):
                sys.stderr.write(f"ruggedflow: {line}\n")
                sys.stderr.flush()
                return
            waited += STEP

    speaker = threading.Thread(target=speak, daemon=True)
    speaker.start()
    try:
        yield shown
    finally:
        ended.set()
        speaker.join()


@contextmanager
def going_on(folder: Path | None) -> Iterator[None]:
    """An interruption says where the same command goes on from."""
    try:
        yield
    except KeyboardInterrupt as error:
        kept = "" if folder is None else f"; the same command goes on from {folder}"
        raise KeyboardInterrupt(f"{str(error) or 'interrupted'}{kept}") from error
