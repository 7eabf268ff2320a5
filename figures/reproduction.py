"""A command that is run again from its record, and its new results beside the old ones."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from math import isclose, isnan
from pathlib import Path
from typing import Any

import click

from numerics import storage
from numerics.provenance import Record
from numerics.running import essential, forced
from theory.naming import called

from .record import RECORD, Words, fingerprint, record_of, words_of

FOLDERS = ("phase-diagram", "simulate", "check", "figure")
"""Commands whose output is a folder."""
PICTURES = (".png", ".pdf", ".svg")
MAKING = ("argv", "command", "versions", "commit", "date", "machine", "seconds", "files", "sha256")
"""Keys of a record that tell how it was made, not what was found."""
CLOSE = 1e-9
"""Relative difference of numbers that are the same on another machine."""
NUMBER = re.compile(r"[-+]?\d+(?:\.\d*)?(?:e[-+]?\d+)?")


@dataclass(frozen=True)
class Recorded:
    """A record that was read: where its results are, the command without outputs, its picture, its files."""

    place: Path
    command: Words
    picture: str
    files: Mapping[str, str]

    @classmethod
    def read(cls, given: str) -> Recorded:
        """Of a folder, a record, a solution or a picture. ``ValueError`` for what names no command."""
        path = _record_in(Path(given)) if Path(given).is_dir() else Path(given)
        record = record_of(path)
        words = words_of(record)
        if not words or words[0] in ("reproduce", "report"):
            what = "names no command to run again" if path.exists() else "there is no such file"
            raise ValueError(f"{path}: {what}; give a record that a command wrote, or its folder")
        files = record.get("files")
        own = files if isinstance(files, dict) and path.suffix == ".json" else {path.name: ""}
        return cls(path, essential(words), _picture(words), {name: str(digest) for name, digest in own.items()})

    def words(self, folder: Path) -> Words:
        """The command with all its outputs in another folder."""
        if self.command[0] not in FOLDERS:
            option = "--plot" if self.place.suffix in PICTURES else "--output"
            return (*self.command, option, str(folder / self.place.name))
        plot = ("--plot", str(folder / Path(self.picture).name)) if self.picture else ()
        return (*self.command, "--output", str(folder), *plot)


def _record_in(folder: Path) -> Path:
    """The record of a folder, or what there is in its place."""
    names = [folder / f"{RECORD}.json", *sorted(folder.glob("*.json"))]
    return next((path for path in names if words_of(record_of(path))), names[0])


def _picture(words: Words) -> str:
    """What follows ``--plot``."""
    typed = [part for word in words for part in (word.split("=", 1) if word.startswith("--plot=") else [word])]
    return typed[typed.index("--plot") + 1] if "--plot" in typed else ""


def reproduce(recorded: Recorded, folder: Path) -> dict[str, str]:
    """Run it again, into ``folder``: what became of each file.

    ``identical`` to the byte; ``equal`` within errors; ``drawn`` for a picture, which need not be the same;
    ``different``; ``missing``; ``unknown`` where the old one is gone and cannot be compared.
    """
    from .cli.main import invoke

    with redirect_stdout(StringIO()):
        try:
            invoke([*recorded.words(folder), *(["--force"] if forced() else [])])
        except click.exceptions.Exit as end:  # a verdict
            if end.exit_code == 2:
                raise
    old = recorded.place.parent
    found = {name: compare(old / name, folder / name, digest) for name, digest in recorded.files.items()}
    own = recorded.place.name
    return found if own in found else {own: compare(recorded.place, folder / own), **found}


def compare(old: Path, new: Path, digest: str = "") -> str:
    """One file: see ``reproduce``."""
    if not new.exists():
        return "missing"
    known = digest or (fingerprint(old) if old.exists() else "")
    if fingerprint(new) == known:
        return "identical"
    if new.suffix in PICTURES:
        return "drawn"
    if not old.exists():
        return "unknown"
    return "equal" if agree(content(old), content(new)) else "different"


def content(path: Path) -> Any:
    """Of a file, as lists, dictionaries, numbers and texts; without what tells how it was made."""
    if path.suffix == ".json":
        return _found(json.loads(path.read_text(encoding="utf-8")))
    if path.suffix == ".csv":
        return list(csv.DictReader(StringIO(path.read_text(encoding="utf-8"))))
    if path.suffix == ".npz":
        arrays = storage.arrays_of(path)
        return {name: array.tolist() for name, array in arrays.items()}
    text = path.read_text(encoding="utf-8")
    return [NUMBER.sub("#", text), *NUMBER.findall(text)]


def _found(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _found(item) for name, item in value.items() if name not in MAKING}
    return [_found(item) for item in value] if isinstance(value, list) else value


def agree(old: Any, new: Any, slack: float = 0.0) -> bool:
    """Whether all numbers are the same within ``slack``: twice the error that stands beside them as ``NAME_error``."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(agree(old[name], new[name], _slack(old, name)) for name in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(agree(a, b, slack) for a, b in zip(old, new, strict=True))
    a, b = _number(old), _number(new)
    if a is None or b is None:
        return bool(old == new)
    return isclose(a, b, rel_tol=CLOSE, abs_tol=slack) or (isnan(a) and isnan(b))


def _slack(record: Record, name: str) -> float:
    if name == "error" or name.endswith("_error"):
        return float("inf")  # errors are estimates
    return 2 * (_number(record.get(f"{name}_error")) or 0.0)


def _number(value: Any) -> float | None:
    try:
        return None if value is None or isinstance(value, bool | list | dict) else float(value)
    except ValueError:
        return None


def require_new(folder: Path, recorded: Recorded) -> Path:
    """``ValueError`` where the new results would take the place of the old ones."""
    if folder.resolve() == recorded.place.parent.resolve():
        raise ValueError(
            f"{called('output', folder)} holds the results that are to be reproduced; choose another place"
        )
    return folder
