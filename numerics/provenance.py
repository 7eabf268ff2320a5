"""What made a file: versions and settings, and writing it whole or not at all."""

import csv
import io
import os
import platform
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any


def versions() -> dict[str, str]:
    """Versions of this package, of Python and of what the numbers rest on."""
    packages = ("ruggedflow", "numpy", "scipy", "sympy", "mpmath", "numba", "matplotlib")
    return {"python": platform.python_version(), **{name: _version(name) for name in packages}}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def own_version() -> str:
    """Of this package: as installed, or as a clone that is not installed declares it."""
    try:
        return version("ruggedflow")
    except PackageNotFoundError:
        declared = Path(__file__).parents[1] / "pyproject.toml"
        return str(tomllib.loads(declared.read_text())["project"]["version"]) if declared.exists() else "unknown"


def write_whole(path: Path, content: bytes | str) -> None:
    """Write to a temporary file beside ``path``, flush it to disk, rename: never a half-written file."""
    data = content.encode() if isinstance(content, str) else content
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    """What this process keeps from new files (it can only be read by setting it)."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Comma-separated values under the names of the first row."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def output_folder(path: str | Path) -> Path:
    """A folder that exists and can be written to; OSError names it otherwise, before anything is computed."""
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from error
    return folder


Record = dict[str, Any]
