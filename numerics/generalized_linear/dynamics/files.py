"""Solutions of descent on disk: times, values and the parts of their errors, with a JSON header."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ... import storage
from ...provenance import Record, versions
from ...storage import Arrays
from .solution import PARTS, DescentSolution

FORM = storage.Format("ruggedflow descent", 2, "solve_descent")
SETTINGS = ("landscape", "alpha", "overlap", "eta", "batch", "tolerance")
"""Those that a solution itself needs."""
PAIRS = ("C", "R")
"""Observables over pairs of times."""


def save(solution: DescentSolution, path: str | Path) -> Path:
    """``t``, ``value.NAME`` and ``PART.NAME``, settings, message, versions and a fingerprint; whole or not at all."""
    arrays = {"t": solution.t} | {f"value.{name}": array for name, array in solution.values.items()}
    for part, table in solution.error_parts.items():
        arrays |= {f"{part}.{name}": array for name, array in table.items()}
    header = {"settings": dict(solution.settings), "message": solution.message, "versions": versions()}
    return storage.write(path, FORM, header, arrays)


def load(path: str | Path) -> DescentSolution:
    """The inverse of ``save``; ``OSError`` for a file that cannot be read, ``ValueError`` for one that is not ours."""
    header, arrays = storage.read(path, FORM)
    try:
        return _assembled(header, arrays)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: damaged ({' '.join(str(error).split())})") from error


def _assembled(header: Record, arrays: Arrays) -> DescentSolution:
    t, settings, message = arrays["t"], header["settings"], header["message"]
    if t.dtype != np.float64 or t.ndim != 1 or t.size < 2 or t[0] != 0 or not np.all(np.diff(t) > 0):
        raise ValueError("its times do not increase from 0")
    for name in SETTINGS:
        settings[name]
    tables = {owner: _owned(owner, arrays, t.size) for owner in ("value", *PARTS)}
    values = tables.pop("value")
    if any(table.keys() != values.keys() for table in tables.values()) or not {"m", "mu", "energy", *PAIRS} <= {
        *values
    }:
        raise ValueError("values and errors do not belong together")
    return DescentSolution(t, values, tables, settings, str(message))


def _owned(owner: str, arrays: Arrays, times: int) -> Arrays:
    """The table of that owner: arrays over the times, or over pairs of them."""
    table = {name.partition(".")[2]: array for name, array in arrays.items() if name.startswith(f"{owner}.")}
    for name, array in table.items():
        shape = (times, times) if name in PAIRS else (times,)
        if array.dtype != np.float64 or array.shape != shape or not np.all(np.isfinite(array)):
            raise ValueError(f"{owner}.{name} is no array of {shape} finite numbers")
    return table
