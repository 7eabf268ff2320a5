"""Solutions of descent on disk: one npz file with a JSON header."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from pathlib import Path

import numpy as np

from ...provenance import versions, write_whole
from .solution import DescentSolution

FORMAT = "ruggedflow descent"
VERSION = 1


def save(solution: DescentSolution, path: str | Path) -> Path:
    """Times, ``value.NAME`` and ``PART.NAME``, with the settings and versions in ``header``; whole or not at all."""
    arrays = {f"value.{name}": array for name, array in solution.values.items()}
    for part, table in solution.error_parts.items():
        arrays |= {f"{part}.{name}": array for name, array in table.items()}
    header = {"format": FORMAT, "version": VERSION, "versions": versions()}
    header |= {"settings": dict(solution.settings), "message": solution.message, "parts": list(solution.error_parts)}
    stream = io.BytesIO()
    np.savez_compressed(stream, header=np.array(json.dumps(header)), t=solution.t, **arrays)  # type: ignore[arg-type]
    write_whole(Path(path), stream.getvalue())
    return Path(path)


def load(path: str | Path) -> DescentSolution:
    """The inverse of ``save``; ``OSError`` for a file that cannot be read, ``ValueError`` for one that is not ours."""
    content = Path(path).read_bytes()
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(str(arrays.pop("header")))
        if header["format"] != FORMAT or header["version"] > VERSION:
            raise ValueError("another format")
        tables = {
            owner: {name.partition(".")[2]: array for name, array in arrays.items() if name.startswith(f"{owner}.")}
            for owner in ("value", *header["parts"])
        }
        return DescentSolution(arrays["t"], tables.pop("value"), tables, header["settings"], header["message"])
    except (zipfile.BadZipFile, zlib.error, ValueError, KeyError, EOFError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: not a file of solve_descent, damaged, or from a newer version") from error
