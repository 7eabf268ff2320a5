"""Solutions on disk: one npz file with a JSON header."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from ..lowering import Array
from ..provenance import versions, write_whole
from .model import Model
from .solution import DynamicsSolution
from .two_time import backend

FORMAT = "ruggedflow dynamics"
VERSION = 1
HEADER = ("settings", "statistics", "message")


def save(solution: DynamicsSolution, path: str | Path) -> Path:
    """Arrays of the model (``model.*``) and of the integrator (``two_time.*``), and a header that describes them."""
    header = {"format": FORMAT, "version": VERSION, "kind": solution.two_time.kind, "versions": versions()}
    header |= {name: getattr(solution, name) for name in HEADER}
    named = {"model": solution.model.arrays(), "two_time": solution.two_time.arrays()}
    arrays = {f"{owner}.{name}": values for owner, table in named.items() for name, values in table.items()}
    stream = io.BytesIO()
    np.savez_compressed(stream, header=np.array(json.dumps(header)), **arrays)  # type: ignore[arg-type]
    write_whole(Path(path), stream.getvalue())
    return Path(path)


def load(path: str | Path) -> DynamicsSolution:
    """The inverse of ``save``; ``OSError`` for a file that cannot be read, ``ValueError`` for one that is not ours."""
    content = Path(path).read_bytes()
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(str(arrays.pop("header")))
        known = header["format"] == FORMAT and int(header["version"])
    except (zipfile.BadZipFile, zlib.error, ValueError, KeyError, EOFError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: not a file of solve_dynamics, or damaged") from error
    if not known:
        raise ValueError(f"{path}: not a file of solve_dynamics, or damaged")
    if int(header["version"]) > VERSION:
        raise ValueError(f"{path}: a newer ruggedflow wrote it (format {header['version']}; here: {VERSION})")
    return _assembled(path, header, arrays)


def _assembled(path: str | Path, header: dict[str, Any], arrays: dict[str, Array]) -> DynamicsSolution:
    try:
        model = Model.from_arrays(_owned("model", arrays))
        two_time = backend(header["kind"]).from_arrays(model, _owned("two_time", arrays))
        if not all(np.all(np.isfinite(values)) for values in arrays.values()):
            raise ValueError("a stored value is not finite")
        return DynamicsSolution(model, two_time, *(header[name] for name in HEADER))
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise ValueError(f"{path}: damaged ({error})") from error


def _owned(owner: str, arrays: dict[str, Array]) -> dict[str, Array]:
    prefix = f"{owner}."
    return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}
