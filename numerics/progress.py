"""How a long computation tells how far it has got."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

Progress = Callable[[float, str], None]
"""Called with the fraction done, from 0 to 1, and a few words on what is done or being done."""


def silent(fraction: float, what: str) -> None:
    """A ``Progress`` that nobody sees."""


def counting(progress: Progress, total: int, what: str) -> Callable[..., None]:
    """To be called, with anything, whenever one of ``total`` is done."""
    finished = count(1)
    progress(0.0, f"0 of {total} {what}")

    def done(*_: object) -> None:
        number = next(finished)
        progress(number / total, f"{number} of {total} {what}")

    return done


def part(progress: Progress, number: int, total: int) -> Progress:
    """The progress of one of ``total`` equal parts, as progress of the whole."""
    return lambda fraction, what: progress((number + fraction) / total, what)
