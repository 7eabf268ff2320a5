"""What a long run does every few minutes: keep what it has."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Generic, TypeVar

State = TypeVar("State")
EVERY, VARIABLE = 120.0, "RUGGEDFLOW_SAVE_EVERY"
"""Seconds between two savings, and the environment variable that sets others."""
FIRST = 8.0
"""Seconds before the first; from then on it takes twice as long each time, up to those."""
SHARE = 0.05
"""Of the time of a run, that saving may take."""


def seconds_between() -> float:
    """``EVERY``, or what the environment says. ``ValueError`` for anything but a number >= 0."""
    text = os.environ.get(VARIABLE, str(EVERY))
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise ValueError(f"{VARIABLE} = {text[:40]!r} must be a number of seconds, 0 or more")
    return value


@dataclass
class Periodically(Generic[State]):
    """Called as often as one likes with a function for the state; takes it and calls ``action`` when it is time."""

    action: Callable[[State], object]
    seconds: float = field(default_factory=seconds_between)

    def __post_init__(self) -> None:
        self._pause = min(FIRST, self.seconds)
        self._due = monotonic() + self._pause

    def __call__(self, state: Callable[[], State]) -> None:
        """Nothing, or the action."""
        begun = monotonic()
        if begun >= self._due:
            self.action(state())
            ended = monotonic()
            self._pause = min(2 * self._pause, self.seconds)
            self._due = ended + max(self._pause, (ended - begun) / SHARE)
