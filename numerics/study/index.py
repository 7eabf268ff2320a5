"""The points of a folder in one file, that opens at once: never more than a copy of what the points' own files say."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from .. import storage
from ..storage import Arrays
from .files import column
from .outcome import Entry, Outcome

FORM = storage.Format("ruggedflow study index", 1, "a study")


Stamp = tuple[int, int]
"""Size of a file and time of its last change (ns): while they are the same, so is its content."""


def stamp(status: os.stat_result) -> Stamp:
    """Of a file."""
    return status.st_size, status.st_mtime_ns


class Index:
    """Outcomes by name of their file, as columns of numbers."""

    def __init__(self, header: Mapping[str, Any], arrays: Arrays) -> None:
        self._columns = [column(*parts) for parts in header["columns"]]
        self._whys, self._reasons = header["whys"], header["reasons"]
        self._arrays = arrays
        self._rows = {key: row for row, key in enumerate(arrays["key"].tolist())}

    @classmethod
    def read(cls, path: Path) -> Index:
        """From its file. ``OSError`` and ``ValueError`` where there is none that is whole."""
        header, arrays = storage.read(path, FORM)
        return cls(header, arrays)

    @cached_property
    def stamps(self) -> dict[str, Stamp]:
        """Of the files."""
        pairs = zip(self._arrays["size"].tolist(), self._arrays["changed"].tolist(), strict=True)
        return dict(zip(self._rows, pairs, strict=True))

    def __contains__(self, key: str) -> bool:
        return key in self._rows

    def __getitem__(self, key: str) -> Outcome:
        row, arrays = self._rows[key], self._arrays
        first, end = arrays["first"][row : row + 2].tolist()
        numbers = (arrays[name][first:end].tolist() for name in ("column", "value", "error"))
        entries = tuple(
            Entry(self._columns[which], value, error, self._whys.get(str(first + i), ""))
            for i, (which, value, error) in enumerate(zip(*numbers, strict=True))
        )
        return Outcome(entries, self._reasons.get(str(row), ""), float(arrays["seconds"][row]))


def write(path: Path, outcomes: Mapping[str, tuple[Outcome, Stamp]]) -> None:
    """To its file, whole or not at all."""
    keys = sorted(outcomes)
    found = [outcomes[key][0] for key in keys]
    entries = [entry for outcome in found for entry in outcome.entries]
    columns = {own: number for number, own in enumerate(dict.fromkeys(entry.column for entry in entries))}
    header = {
        "columns": [[own.name, own.axis, own.place] for own in columns],
        "whys": {str(i): entry.why for i, entry in enumerate(entries) if entry.why},
        "reasons": {str(row): outcome.reason for row, outcome in enumerate(found) if outcome.reason},
    }
    arrays = {
        "key": np.array(keys, dtype=str),
        "size": np.array([outcomes[key][1][0] for key in keys], dtype=np.int64),
        "changed": np.array([outcomes[key][1][1] for key in keys], dtype=np.int64),
        "seconds": np.array([outcome.seconds for outcome in found]),
        "first": np.array([0, *accumulate(len(outcome.entries) for outcome in found)], dtype=np.int64),
        "column": np.array([columns[entry.column] for entry in entries], dtype=np.int32),
        "value": np.array([entry.value for entry in entries], dtype=np.float64),
        "error": np.array([entry.error for entry in entries], dtype=np.float64),
    }
    storage.write(path, FORM, header, arrays, packed=False)
