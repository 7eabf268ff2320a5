"""Ensembles on disk: a folder with ``header.json`` and one npz file for each finished sample.

Files appear whole or not at all and their bytes depend on the settings alone, so a run that was killed and resumed
leaves the same folder as one that was not. Each carries a fingerprint of its content, and each sample the settings that
it was drawn for and its number: one of another run is refused by name.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import storage
from ..provenance import Record, output_folder, versions, write_whole
from ..storage import Arrays, sealed_json, unsealed_json
from .job import Task

FORMAT = "ruggedflow ensemble"
VERSION = 2
FORM = storage.Format("ruggedflow sample", VERSION, "simulate")
HEADER = "header.json"
SAMPLE = re.compile(r"sample-(\d{6,})\.npz")
GROWS = "samples"
"""The setting that may grow when a run is resumed."""
Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Folder:
    """Where the samples of one ensemble are kept, and what was asked for."""

    path: Path
    settings: Settings

    def finished(self) -> list[int]:
        """Numbers of the samples that are there."""
        return _finished(self.path)

    def write(self, task: Task, result: Mapping[str, Any]) -> None:
        """One sample; ``OSError`` names the folder and says that what was there is kept."""
        header = {"sample": task.number, "settings": _fixed(self.settings)}
        with _naming(self.path):
            storage.write(self._file(task.number), FORM, header, result, packed=False)

    def read(self, task: Task) -> Mapping[str, Any] | None:
        """One sample; None if it is not there, ``ValueError`` if it is damaged or belongs to another run."""
        index, file = task.number, self._file(task.number)
        if not file.exists():
            return None
        try:
            header, arrays = storage.read(file, FORM)
        except OSError as error:
            raise ValueError(f"{file}: cannot be read ({error.strerror})") from error
        except ValueError as error:
            raise ValueError(f"{file}: damaged; delete it and resume") from error
        try:
            _require_own(header, index, self.settings)
            _require_shapes(arrays, self.settings)
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{file}: {error}; delete it and resume") from error
        return arrays

    def _file(self, index: int) -> Path:
        return self.path / f"sample-{index:06d}.npz"


def existing_folder(path: str | Path) -> Folder:
    """One that ``simulate`` has written; ``ValueError`` for a folder that is not ours, ``OSError`` for none."""
    file = Path(path) / HEADER
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ValueError(f"{file}: cannot be read ({error.strerror})") from error
    try:
        header = unsealed_json(content.decode())
        known = header["format"] == FORMAT and header["version"] == VERSION
        settings: Record = header["settings"]
        known = known and isinstance(settings[GROWS], int)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{file}: not written by simulate, damaged, or from another version of it") from error
    if not known:
        raise ValueError(f"{file}: not written by simulate, or by another version of it")
    return Folder(Path(path), settings)


def open_folder(path: str | Path, settings: Settings, resume: bool) -> Folder:
    """A folder to write to, with its header; half-written files of a killed run are swept out.

    Raises ``ValueError`` when it holds a run and ``resume`` is not asked for, or one with other settings (only
    ``samples`` may grow), and ``OSError`` when it cannot be written to.
    """
    folder = Folder(output_folder(path), settings)
    for pattern in (f".{HEADER}.*", ".sample-*.npz.*"):
        for leftover in folder.path.glob(pattern):
            leftover.unlink(missing_ok=True)
    if (folder.path / HEADER).exists():
        _require_same(existing_folder(path), settings, resume)
    elif folder.finished():
        raise ValueError(f"output = {path} holds samples without a {HEADER}; choose another folder")
    _write_header(folder)
    return folder


def clear(path: Path) -> None:
    """Remove a run from its folder."""
    for file in (path / HEADER, *path.glob("sample-*.npz")):
        file.unlink(missing_ok=True)


def _write_header(folder: Folder) -> None:
    """Unless it is there already: the versions in it are those that began the run."""
    file = folder.path / HEADER
    if file.exists() and existing_folder(folder.path).settings == folder.settings:
        return
    record = {"format": FORMAT, "version": VERSION, "settings": dict(folder.settings), "versions": versions()}
    with _naming(folder.path):
        write_whole(file, sealed_json(record))


def _finished(path: Path) -> list[int]:
    found = (SAMPLE.fullmatch(file.name) for file in path.iterdir())
    return sorted(int(match[1]) for match in found if match)


def _fixed(settings: Settings) -> Record:
    """What a sample depends on: not on how many there are."""
    return {name: value for name, value in settings.items() if name != GROWS}


def _require_own(header: Record, index: int, settings: Settings) -> None:
    """A sample of this run, under its own number."""
    if header["sample"] != index:
        raise ValueError(f"it is a copy of sample {header['sample']}")
    different = _difference(_fixed(settings), header["settings"])
    if different:
        raise ValueError(f"a sample of another run: {different}")


def _require_shapes(arrays: Arrays, settings: Settings) -> None:
    """What every sample measures, over starts and times."""
    starts, times = settings["starts"], len(settings["t"])
    shapes = dict.fromkeys(("m", "mu", "energy"), (starts, times))
    if settings.get("ensemble") != "conditioned":
        shapes["final"] = (starts, settings["size"])
    for name, shape in shapes.items():
        if name not in arrays:
            raise ValueError(f"it lacks {name}")
        if arrays[name].shape != shape:
            raise ValueError(f"its {name} has shape {arrays[name].shape}, not {shape}")


def _require_same(folder: Folder, settings: Settings, resume: bool) -> None:
    there = folder.settings
    if not resume:
        raise ValueError(f"output = {folder.path} holds a run already; go on with it (resume) or choose another folder")
    grown = settings[GROWS] >= there[GROWS]
    different = _difference(_fixed(settings), _fixed(there)) if grown else _difference(settings, there)
    if different:
        raise ValueError(f"output = {folder.path} holds another run: {different}")


def _difference(mine: Settings, theirs: Settings) -> str:
    """The first setting that is not the same, in words; empty where all are."""
    for name in sorted(mine.keys() | theirs.keys()):
        if mine.get(name) != theirs.get(name):
            return f"its {name} is {_short(theirs.get(name))}, not {_short(mine.get(name))}"
    return ""


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
