"""Finished samples of walkers in a folder, each under the fingerprint of what it was computed from."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ... import storage
from ...lowering import Array
from ...provenance import versions

FORM = storage.Format("ruggedflow walkers", 1, "solve_descent")


@dataclass(frozen=True)
class Kept:
    """A folder of scratch files: what is damaged or cannot be written there is computed again, no more."""

    folder: Path

    def read(self, task: object) -> dict[str, Array] | None:
        """What that task gave; None for a file that is not there, not whole, or not of that task."""
        key = _key(task)
        with suppress(OSError, ValueError, KeyError):
            header, arrays = storage.read(self._file(key), FORM)
            if header["task"] == key and all(np.all(np.isfinite(values)) for values in arrays.values()):
                return arrays
        return None

    def write(self, task: object, arrays: Mapping[str, Array]) -> None:
        """Keep it, if there is room."""
        key = _key(task)
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            storage.write(self._file(key), FORM, {"task": key}, arrays)

    def clear(self) -> None:
        """The run is over: nothing of it is needed any more."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _file(self, key: str) -> Path:
        return self.folder / f"walkers-{key[:16]}.npz"


def _key(task: object) -> str:
    """SHA-256 of all that its result depends on: its fields, and the program."""
    return hashlib.sha256(f"{versions()['ruggedflow']} {task!r}".encode()).hexdigest()
