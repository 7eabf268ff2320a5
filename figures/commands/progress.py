"""How far a computation has got: a bar on a terminal, a line every ten seconds when piped."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from math import log10

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Display

from numerics.progress import Progress

EVERY = 10.0
"""Seconds between two lines."""


@contextmanager
def logarithmic(t_max: float) -> Iterator[Progress]:
    """Of a time, up to ``t_max``: equal lengths are equal decades beyond ``t = 1``. Erased at the end."""
    columns = (TextColumn("t = {task.fields[time]:.3g}"), BarColumn(), TextColumn(f"{t_max:g}"), TimeElapsedColumn())
    with _shown(*columns) as (display, doing):
        task = display.add_task("", total=log10(1 + t_max), time=0.0)

        def reached(done: float, what: str) -> None:
            t = done * t_max
            display.update(task, completed=log10(1 + t), time=t)
            doing(what)

        reached(0.0, f"t = 0 of {t_max:g}")
        yield reached


@contextmanager
def fraction() -> Iterator[Progress]:
    """Of anything else. Erased at the end."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with _shown(*columns) as (display, doing):
        task = display.add_task("", total=1.0)

        def reached(done: float, what: str) -> None:
            display.update(task, completed=done, description=what)
            doing(f"{what}, {done:.0%}")

        doing("starting")
        yield reached


_QUIET: ContextVar[bool] = ContextVar("quiet", default=False)


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing is told of what is done here: it is part of something else, which tells."""
    token = _QUIET.set(True)
    try:
        yield
    finally:
        _QUIET.reset(token)


@contextmanager
def _shown(*columns: ProgressColumn) -> Iterator[tuple[Display, Callable[[str], None]]]:
    """A bar, erased at the end, and what to call with the text of the lines that stand for it where it is not seen."""
    console, piped = Console(stderr=True), not sys.stderr.isatty()
    lines_instead = announced() if piped else nullcontext(lambda _: None)
    with (
        Display(*columns, console=console, disable=piped or _QUIET.get(), transient=True) as display,
        lines_instead as doing,
    ):
        yield display, doing


@contextmanager
def announced() -> Iterator[Callable[[str], None]]:
    """To be called with what is being done: a line on standard error says so every ten seconds, piped or not."""
    if _QUIET.get():
        yield lambda _: None
        return
    doing, done, start = [""], threading.Event(), time.monotonic()

    def speak() -> None:
        while not done.wait(EVERY):
            sys.stderr.write(f"ruggedflow: {doing[0]} ({time.monotonic() - start:.0f} s)\n")
            sys.stderr.flush()

    speaker = threading.Thread(target=speak, daemon=True)
    speaker.start()
    try:
        yield lambda what: doing.__setitem__(0, what)
    finally:
        done.set()
        speaker.join()
