"""Solutions on disk: the model's arrays (``model.*``) and the integrator's (``two_time.*``), with a JSON header."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .. import storage
from ..provenance import Record, versions
from ..storage import Arrays
from .model import Model
from .solution import DynamicsSolution
from .two_time import backend

FORM = storage.Format("ruggedflow dynamics", 2, "solve_dynamics")
HEADER = {"settings": dict, "statistics": dict, "message": str}


def save(solution: DynamicsSolution, path: str | Path) -> Path:
    """Model, integrator, settings, statistics, message, versions and a fingerprint of them all; whole or not at all."""
    header = {"kind": solution.two_time.kind, "versions": versions()}
    header |= {name: kind(getattr(solution, name)) for name, kind in HEADER.items()}
    named = {"model": solution.model.arrays(), "two_time": solution.two_time.arrays()}
    arrays = {f"{owner}.{name}": values for owner, table in named.items() for name, values in table.items()}
    return storage.write(path, FORM, header, arrays)


def load(path: str | Path) -> DynamicsSolution:
    """The inverse of ``save``; ``OSError`` for a file that cannot be read, ``ValueError`` for one that is not ours."""
    header, arrays = storage.read(path, FORM)
    try:
        return _assembled(header, arrays)
    except (KeyError, ValueError, IndexError, TypeError, AttributeError, OverflowError, MemoryError) as error:
        raise ValueError(f"{path}: damaged ({' '.join(str(error).split())})") from error


def _assembled(header: Record, arrays: Arrays) -> DynamicsSolution:
    for name, values in arrays.items():
        if values.dtype != np.float64 or not np.all(np.isfinite(values)):
            raise ValueError(f"{name} holds something else than finite numbers")
    for name, kind in HEADER.items():
        if not isinstance(header[name], kind):
            raise ValueError(f"{name} is no {kind.__name__}")
    model = Model.from_arrays(_owned("model", arrays))
    two_time = backend(header["kind"]).from_arrays(model, _owned("two_time", arrays))
    return DynamicsSolution(model, two_time, *(header[name] for name in HEADER))


def _owned(owner: str, arrays: Arrays) -> Arrays:
    prefix = f"{owner}."
    return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}
