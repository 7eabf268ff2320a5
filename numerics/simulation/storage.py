"""Ensembles on disk: a folder with ``header.json`` and one npz file for each finished sample.

Files appear whole or not at all and their bytes depend on the settings alone, so a run that was killed and resumed
leaves the same folder as one that was not.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..provenance import output_folder, versions, write_whole

FORMAT = "ruggedflow ensemble"
VERSION = 1
HEADER = "header.json"
SAMPLE = re.compile(r"sample-(\d{6,})\.npz")
GROWS = "samples"
"""The setting that may grow when a run is resumed."""
Arrays = dict[str, Any]
NOT_OURS = (zipfile.BadZipFile, zlib.error, ValueError, KeyError, EOFError, TypeError, AttributeError)


@dataclass(frozen=True)
class Folder:
    """Where the samples of one ensemble are kept."""

    path: Path

    def finished(self) -> list[int]:
        """Numbers of the samples that are there."""
        found = (SAMPLE.fullmatch(path.name) for path in self.path.iterdir())
        return sorted(int(match[1]) for match in found if match)

    def write(self, index: int, arrays: Mapping[str, Any]) -> None:
        """One sample; ``OSError`` names the folder and says that what was there is kept."""
        stream = io.BytesIO()
        np.savez(stream, **arrays)  # entries carry no date
        with _naming(self.path):
            write_whole(self._file(index), stream.getvalue())

    def read(self, index: int) -> Arrays:
        """One sample; ``ValueError`` if it is damaged."""
        file = self._file(index)
        try:
            with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as content:
                return {name: content[name] for name in content.files}
        except NOT_OURS as error:
            raise ValueError(f"{file}: damaged; delete it and resume") from error

    def settings(self) -> dict[str, Any]:
        """What was asked for; ``ValueError`` for a folder that is not ours, ``OSError`` for none."""
        file = self.path / HEADER
        try:
            header = json.loads(file.read_text())
            known = header["format"] == FORMAT and int(header["version"]) <= VERSION
            settings: dict[str, Any] = header["settings"]
            known = known and header["hash"] == fingerprint(settings)
        except NOT_OURS as error:
            raise ValueError(f"{file}: not written by simulate, or damaged") from error
        if not known:
            raise ValueError(f"{file}: not written by simulate, damaged, or from a newer ruggedflow")
        return settings

    def _file(self, index: int) -> Path:
        return self.path / f"sample-{index:06d}.npz"


def open_folder(path: str | Path, settings: Mapping[str, Any], resume: bool) -> Folder:
    """A folder to write to, with its header; half-written files of a killed run are swept out.

    Raises ``ValueError`` when it holds a run and ``resume`` is not asked for, or one with other settings (only
    ``samples`` may grow), and ``OSError`` when it cannot be written to.
    """
    folder = Folder(output_folder(path))
    for pattern in (f".{HEADER}.*", ".sample-*.npz.*"):
        for leftover in folder.path.glob(pattern):
            leftover.unlink(missing_ok=True)
    if (folder.path / HEADER).exists():
        _require_same(folder, settings, resume)
    elif folder.finished():
        raise ValueError(f"output = {path} holds samples without a {HEADER}; choose another folder")
    write_header(folder, settings)
    return folder


def write_header(folder: Folder, settings: Mapping[str, Any]) -> None:
    """Unless it is there already: the versions in it are those that began the run."""
    file = folder.path / HEADER
    if file.exists() and folder.settings() == settings:
        return
    header = {"format": FORMAT, "version": VERSION, "hash": fingerprint(settings)}
    with _naming(folder.path):
        write_whole(file, json.dumps(header | {"settings": settings, "versions": versions()}, indent=2) + "\n")


def fingerprint(settings: Mapping[str, Any]) -> str:
    """SHA-256 of the settings as JSON."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def _require_same(folder: Folder, settings: Mapping[str, Any], resume: bool) -> None:
    there = folder.settings()
    if not resume:
        raise ValueError(f"output = {folder.path} holds a run already; go on with it (resume) or choose another folder")
    for name in sorted(there.keys() | settings.keys() - {GROWS}):
        mine, theirs = settings.get(name), there.get(name)
        if name == GROWS and theirs is not None and mine is not None and theirs <= mine:
            continue
        if mine != theirs:
            raise ValueError(
                f"output = {folder.path} holds another run: its {name} is {_short(theirs)}, not {_short(mine)}"
            )


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


@contextmanager
def _naming(folder: Path) -> Iterator[None]:
    """Errors of writing name the folder, in one line."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            reason += "; the finished samples are kept, resume when there is room"
        raise OSError(error.errno, reason, str(folder)) from error
