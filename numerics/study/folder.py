"""The folder of a study: ``points/KEY.json`` for each finished point, ``index.npz``, ``study.json``, ``table.csv``."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from warnings import warn

from ..provenance import Record, output_folder, write_whole
from . import index
from .files import LENGTH, decoded, encoded
from .index import Index, Stamp, stamp
from .outcome import Outcome

SUFFIX, DAMAGED = ".json", ".damaged"
Told = Callable[[str], None]


def warned(message: str) -> None:
    """As a warning of Python's."""
    warn(message, stacklevel=2)


class Folder:
    """What is finished, by key. The files are the truth; the index, made again where it does not fit them, is quick.

    Each file appears whole, under a name that only its content can have: any number of processes share a folder. One
    that cannot be read, or is something else, is renamed (``.damaged``) and ``told`` of, and its point is not finished.
    """

    def __init__(self, path: str | Path, told: Told = warned) -> None:
        self.path, self._told = Path(path), told
        self.points = output_folder(self.path / "points")
        self._index: Index | None = None
        with suppress(OSError, ValueError, LookupError, TypeError):
            self._index = Index.read(self.path / "index.npz")
        self._listed = self._list()
        self._own: dict[str, Outcome] = {}
        known = {} if self._index is None else self._index.stamps
        self._changed = self._listed != known
        for key in [key for key, own in self._listed.items() if known.get(key) != own] if self._changed else ():
            self._read(key)

    def _list(self) -> dict[str, Stamp]:
        with os.scandir(self.points) as entries:
            try:
                return {e.name[: -len(SUFFIX)]: stamp(e.stat()) for e in entries if _ours(e.name)}
            except FileNotFoundError:  # someone else has just set it aside
                return self._list()

    def _read(self, key: str) -> None:
        """Into memory, or out of the way."""
        path = self._file(key)
        try:
            self._own[key] = decoded(path.read_text(encoding="utf-8"), key if len(key) == LENGTH else "")
        except FileNotFoundError:
            self._listed.pop(key)
        except (OSError, ValueError) as error:
            self._listed.pop(key)
            with suppress(OSError):
                path.replace(path.with_name(path.name + DAMAGED))
            self._told(f"{path} is set aside as {path.name}{DAMAGED}: {error}")

    def _file(self, key: str) -> Path:
        return self.points / f"{key}{SUFFIX}"

    def __len__(self) -> int:
        return len(self._listed)

    def get(self, key: str) -> Outcome | None:
        """What that point gave; None if it has yet to be done."""
        if key in self._own:
            return self._own[key]
        return self._index[key] if self._index is not None and key in self._listed else None

    def write(self, key: str, about: Record, point: Mapping[str, Any], outcome: Outcome) -> None:
        """Keep it. ``OSError`` names the file."""
        path = self._file(key)
        write_whole(path, encoded(about, point, outcome))
        self._own[key], self._listed[key] = outcome, stamp(path.stat())
        self._changed = True

    def close(self) -> None:
        """Write the index, if it is not up to date and there is room."""
        if self._changed:
            whole = {key: (self.get(key), own) for key, own in self._listed.items()}
            with suppress(OSError):
                index.write(self.path / "index.npz", {key: (o, s) for key, (o, s) in whole.items() if o is not None})
                self._changed = False


def _ours(name: str) -> bool:
    return name.endswith(SUFFIX) and name[0] != "."
