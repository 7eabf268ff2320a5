"""Entry point: turns a user's mistake into one line and exit status 2."""

from __future__ import annotations

import io
import os
import re
import sys
import traceback
from pathlib import Path
from typing import NoReturn

import click

from numerics.running import RUNNING, Running
from theory.naming import TYPED

from .program import program
from .signals import ending_alike, interrupted, leave_at_once, stop


def command() -> None:
    """``main`` as a process of its own."""
    try:
        main()
    except SystemExit as end:
        leave_at_once(end)
        raise


def main() -> None:
    """Run the command; exit status 2 and one line for a mistake, 1 for a failure to converge, 130 for Ctrl-C, 143 for
    SIGTERM."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a letter that the terminal lacks is no reason to stop
            stream.reconfigure(errors="backslashreplace")
    names = TYPED.set(True)
    try:
        with ending_alike():
            _main()
    finally:
        TYPED.reset(names)


def _main() -> NoReturn:
    try:
        status = invoke(sys.argv[1:])
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        status = end.exit_code
    except KeyboardInterrupt as error:
        stop(str(error) or "interrupted")
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        if interrupted():
            stop("interrupted")
        _stop(*_told(error))
    sys.exit(status)


def invoke(words: list[str]) -> int:
    """Parse and run, remembering what was typed, or print what a shell can complete.

    (click's own ``main`` drops the text of an interruption.)
    """
    if instruction := os.environ.get(COMPLETE):
        from click.shell_completion import shell_complete

        return shell_complete(program, {}, "ruggedflow", COMPLETE, instruction)
    token = RUNNING.set(Running(tuple(words), "--force" in words))
    try:
        with program.make_context("ruggedflow", list(words)) as context:
            program.invoke(context)
    finally:
        RUNNING.reset(token)
    return 0


COMPLETE = "_RUGGEDFLOW_COMPLETE"
"""Set by the shell function that ``_RUGGEDFLOW_COMPLETE=bash_source ruggedflow`` prints."""


def _told(error: Exception) -> tuple[str, int]:
    """One line and an exit status for a mistake of the user's; one of ours is raised again."""
    from numerics.errors import ConvergenceError

    if isinstance(error, ConvergenceError):
        return str(error), 1
    if isinstance(error, click.ClickException):
        return f"{' '.join(error.format_message().split())} Try 'ruggedflow --help'.", 2
    if isinstance(error, OSError):
        if error.strerror is None:
            return str(error), 2
        place = error.filename or "the output"
        return f"cannot write {place}: {error.strerror}; choose another place with --output or --plot", 2
    # our own checks, and those of a system, raise ValueError; one from a library is a defect and keeps its traceback
    if isinstance(error, ValueError) and _meant(traceback.extract_tb(error.__traceback__)[-1].filename):
        return " ".join(str(error).split()), 2
    raise error


def _meant(raised_in: str) -> bool:
    """Whether an error raised in that file tells the user something: one of ours, or one that declares a system."""
    from theory.systems.catalogue import declares

    own = {"theory", "numerics", "figures"} & set(Path(raised_in).parts[-4:])
    return bool(own) or any(getattr(m, "__file__", "") == raised_in and declares(m) for m in [*sys.modules.values()])


def _stop(message: str, status: int) -> NoReturn:
    """One line, in which no word is longer than a line."""
    short = re.sub(r"\S{120,}", lambda word: f"{word[0][:100]}...", message)
    sys.stderr.write(f"ruggedflow: {short}\n")
    sys.exit(status)


if __name__ == "__main__":
    command()
