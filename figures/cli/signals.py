"""How a command ends when it is told to: one line, 128 plus the number of the signal, nothing left behind."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer, main_thread
from time import monotonic
from types import FrameType
from typing import NoReturn

ENDING = ("SIGINT", "SIGTERM", "SIGHUP")
"""Ctrl-C, what a batch system or ``kill`` sends, and a terminal that closes."""
ECHO = 2.0
"""Seconds in which one more signal is the same one again: ``timeout`` and batch systems send each of them twice."""
DEAF, PATIENCE = ("importlib._bootstrap", "llvmlite"), 0.05
"""Modules whose code is not to be interrupted, as its C parts call Python; seconds until the next attempt."""
_received: list[tuple[int, float]] = []
"""Numbers, and when."""


@contextmanager
def ending_alike() -> Iterator[None]:
    """Each of them raises ``KeyboardInterrupt``, unless it was to be ignored (nohup) or is handled by someone else.

    Once one has come, none disturbs the end of the process.
    """
    usual = (signal.SIG_DFL, signal.default_int_handler)
    numbers = [getattr(signal, name) for name in ENDING if hasattr(signal, name)]
    _received.clear()
    before = {}
    with suppress(ValueError):  # not the main thread: it is not ours to decide
        before = {n: signal.signal(n, _interrupt) for n in numbers if signal.getsignal(n) in usual}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if _received else handler)


def leave_at_once(end: SystemExit) -> None:
    """What an interrupted process does in place of clearing up: the interpreter would end code that was just being
    compiled in a crash, and put the signal in place of the status."""
    if not _received:
        return
    with suppress(Exception):
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(end.code if isinstance(end.code, int) else 1)


def interrupted() -> bool:
    """Whether a signal has come: then any error may be its doing."""
    return bool(_received)


def _interrupt(number: int, frame: FrameType | None) -> None:
    if _would_be_lost(frame):
        again = Timer(PATIENCE, signal.pthread_kill, (main_thread().ident, number))
        again.daemon = True
        again.start()
        return
    now = monotonic()
    echo = bool(_received) and now < _received[-1][1] + ECHO
    if not echo:
        _received.append((number, now))
        raise KeyboardInterrupt


def _would_be_lost(frame: FrameType | None) -> bool:
    """Whether an exception raised there would be turned into another one, or be printed and forgotten."""
    while frame is not None:
        code = frame.f_code
        if code.co_name == "__del__" or any(part in code.co_filename for part in DEAF):
            return True
        frame = frame.f_back
    return False


def stop(message: str) -> NoReturn:
    """Say it, and leave."""
    sys.stderr.write(f"ruggedflow: {message}\n")
    sys.exit(128 + (_received[0][0] if _received else signal.SIGINT))
