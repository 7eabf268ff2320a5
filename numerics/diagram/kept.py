"""Lines that are remembered in a folder until their diagram is finished."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from ..kept import kept_in
from ..lowering import Array
from .source import Samples, Source, Traceable

WORTH = 0.2
"""Seconds from which on an answer is kept: a shorter one is given again as fast."""


class KeptLines(Source):
    """Those of another source, which an interrupted diagram finds again; ``of`` tells what they depend on."""

    def __init__(self, source: Source, folder: Path, of: str) -> None:
        self._source, self._kept = source, kept_in(folder, of=of)
        self.meanings, self.whole = source.meanings, source.whole
        self.at_once, self.closest = source.at_once, source.closest

    def at(self, x: Array, names: Sequence[str]) -> dict[str, Samples]:
        """The same places are asked for in the same order when it is done again."""
        task = (tuple(map(float, x)), tuple(names))
        found, begun = self._kept.read(task), monotonic()
        if found is None:
            found = self._source.at(x, names)
            if monotonic() - begun > WORTH:
                self._kept.write(task, {name: tuple(samples) for name, samples in found.items()})
        return {name: Samples(*found[name]) for name in names}

    def equations(self, name: str, x: float) -> Traceable | None:
        """Of the source."""
        return self._source.equations(name, x)
