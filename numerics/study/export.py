"""The table of a study as a file of the kind that its suffix names. Equal tables give equal bytes."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from importlib.util import find_spec
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from theory.naming import called

from ..provenance import as_csv, write_whole

if TYPE_CHECKING:
    from .study import Study


def export(study: Study, path: Path) -> Path:
    """Write it, whole or not at all; ``ValueError`` for another suffix."""
    require_suffix("path", path)
    write_whole(path, WRITERS[path.suffix.lower()](study))
    return path


def require_suffix(name: str, path: Path) -> None:
    """``ValueError`` for one that is none of ours, and for netCDF without what it needs."""
    if path.suffix.lower() not in WRITERS:
        raise ValueError(f"{called(name, path)}: name a file that ends in {', '.join(WRITERS)}")
    if path.suffix.lower() == ".nc" and not all(map(find_spec, ("xarray", "h5netcdf"))):
        raise ValueError(f"{called(name, path)} needs xarray and h5netcdf: pip install 'ruggedflow[data]'")


def _csv(study: Study) -> str:
    fields = study.fields()
    return as_csv([dict(zip(fields, row, strict=True)) for row in zip(*fields.values(), strict=True)])


def _json(study: Study) -> str:
    """Missing numbers are null, the only nan that JSON has."""
    fields = {name: [_null(value) for value in values] for name, values in study.fields().items()}
    rows = [dict(zip(fields, row, strict=True)) for row in zip(*fields.values(), strict=True)]
    return json.dumps({"about": study.about, "rows": rows}, indent=2, ensure_ascii=False) + "\n"


def _null(value: Any) -> Any:
    return None if isinstance(value, float) and isnan(value) else value


def _npz(study: Study) -> bytes:
    stream = io.BytesIO()
    arrays: dict[str, Any] = {name: np.array(values) for name, values in study.fields().items()}
    np.savez(stream, **arrays)
    return stream.getvalue()


def _netcdf(study: Study) -> bytes:
    return bytes(study.to_xarray().to_netcdf(engine="h5netcdf"))


WRITERS: dict[str, Callable[[Study], str | bytes]] = {".csv": _csv, ".json": _json, ".npz": _npz, ".nc": _netcdf}
"""By suffix."""
