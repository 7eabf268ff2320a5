"""The command that runs, as its results remember it."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

VALUED = ("--output", "-o", "--plot", "--workers")
FLAGS = ("--force", "--json", "--resume")
"""Options that change where results go, how they are told or how fast they come, not what they are."""


@dataclass(frozen=True)
class Claim:
    """A folder to which a command writes, the name of its record, and patterns of its files."""

    folder: Path
    name: str
    files: tuple[str, ...]


@dataclass(frozen=True)
class Running:
    """Its ``words``, without the program; whether it may overwrite; when it began; the folders that it writes to."""

    words: tuple[str, ...]
    force: bool = False
    begun: float = field(default_factory=monotonic)
    claims: list[Claim] = field(default_factory=list)


RUNNING: ContextVar[Running | None] = ContextVar("running", default=None)


def command() -> tuple[str, ...]:
    """The essential words of what was typed; none where Python asks."""
    running = RUNNING.get()
    return () if running is None else essential(running.words)


def forced() -> bool:
    """Whether it may overwrite what is not its own."""
    running = RUNNING.get()
    return running is not None and running.force


def essential(words: tuple[str, ...]) -> tuple[str, ...]:
    """Those on which results depend: two commands with the same ones give the same."""
    valued = (*VALUED, *(["--resume"] if words[:1] == ("dynamics",) else []))
    kept, rest = [], list(words)
    while rest:
        word = rest.pop(0)
        name = word.partition("=")[0]
        if name in valued:
            del rest[: "=" not in word]
        elif name not in FLAGS and not (word.startswith("-o") and len(word) > 2):
            kept.append(word)
    return tuple(kept)
