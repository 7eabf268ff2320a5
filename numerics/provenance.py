"""What made a file: versions and settings, and writing it whole or not at all."""

import csv
import io
import json
import os
import platform
import subprocess
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Any

from .running import command


def versions() -> dict[str, str]:
    """Versions of this package, of Python and of what the numbers rest on."""
    packages = ("numpy", "scipy", "sympy", "mpmath", "numba", "matplotlib")
    own = {"python": platform.python_version(), "ruggedflow": own_version()}
    return own | {name: _version(name) for name in packages}


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


@cache
def commit() -> str | None:
    """Of the clone that runs, with ``-dirty`` where it was changed, or that was installed; None where nobody knows."""
    home = Path(__file__).parents[1]
    if (home / ".git").exists():
        asked = ["git", "-C", str(home), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
        try:
            return subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60).stdout.strip()
        except (OSError, subprocess.SubprocessError):
            return None
    try:
        origin = json.loads(distribution("ruggedflow").read_text("direct_url.json") or "{}")
    except PackageNotFoundError:
        return None
    found = origin.get("vcs_info", {}).get("commit_id")
    return None if found is None else str(found)


def made() -> dict[str, Any]:
    """What made a file: versions, commit, the command without its outputs (nothing where Python asked)."""
    return {"versions": versions(), "commit": commit(), "command": list(command())}


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
