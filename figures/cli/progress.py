"""How far a computation has got: a bar on a terminal, nothing when piped."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import log10

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


@contextmanager
def logarithmic(t_max: float) -> Iterator[Callable[[float], None]]:
    """To be called with the time reached: equal lengths are equal decades beyond ``t = 1``. Erased at the end."""
    columns = (TextColumn("t = {task.fields[time]:.3g}"), BarColumn(), TextColumn(f"{t_max:g}"), TimeElapsedColumn())
    console, silent = Console(stderr=True), not sys.stderr.isatty()
    with Progress(*columns, console=console, disable=silent, transient=True) as display:
        task = display.add_task("", total=log10(1 + t_max), time=0.0)
        yield lambda t: display.update(task, completed=log10(1 + t), time=t)


@contextmanager
def counted(what: str) -> Iterator[Callable[[int, int], None]]:
    """To be called with how many are done and how many there are. Erased at the end."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    console, silent = Console(stderr=True), not sys.stderr.isatty()
    with Progress(*columns, console=console, disable=silent, transient=True) as display:
        task = display.add_task("", total=None)
        yield lambda done, total: display.update(task, completed=done, total=total)


@contextmanager
def lines(total: int, what: str = "lines") -> Iterator[Callable[[str], None]]:
    """To be called with the name of each of ``total`` things when it is done. Erased at the end."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(what))
    console, silent = Console(stderr=True), not sys.stderr.isatty()
    with Progress(*columns, TimeElapsedColumn(), console=console, disable=silent, transient=True) as display:
        task = display.add_task("computing", total=total)
        yield lambda name: display.update(task, advance=1, description=name)


@contextmanager
def fraction() -> Iterator[Callable[[float, str], None]]:
    """To be called with the fraction done, 0 to 1, and what is being done. Erased at the end."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    console, silent = Console(stderr=True), not sys.stderr.isatty()
    with Progress(*columns, console=console, disable=silent, transient=True) as display:
        task = display.add_task("", total=1.0)
        yield lambda done, what: display.update(task, completed=done, description=what)


@contextmanager
def announced(every: float = 10.0) -> Iterator[Callable[[str], None]]:
    """To be called with what is being done: a line on standard error says so every ten seconds, piped or not."""
    doing, done, start = [""], threading.Event(), time.monotonic()

    def speak() -> None:
        while not done.wait(every):
            sys.stderr.write(f"ruggedflow: {doing[0]} ({time.monotonic() - start:.0f} s)\n")
            sys.stderr.flush()

    speaker = threading.Thread(target=speak, daemon=True)
    speaker.start()
    try:
        yield lambda what: doing.__setitem__(0, what)
    finally:
        done.set()
        speaker.join()
