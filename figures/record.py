"""What a command leaves beside its results, and whose the results are that lie there already."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shlex
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import quote, unquote

from numerics.provenance import Record, commit, made, output_folder, versions, write_whole
from numerics.running import RUNNING, Claim, command, essential, forced
from theory.naming import called

RECORD = "record"
"""Name of the record of a folder: that of the last command."""
Words = tuple[str, ...]
STAMP = re.compile(rb"ruggedflow-record ([^;]+);")


def provenance(words: Iterable[str], begun: float, files: Iterable[Path]) -> Record:
    """What makes it again, and the SHA-256 of each file; the keys of every record."""
    return {
        "command": list(words),
        "versions": versions(),
        "commit": commit(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.platform()}, {os.cpu_count()} processors",
        "seconds": round(monotonic() - begun, 3),
        "files": {path.name: fingerprint(path) for path in files},
    }


def fingerprint(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_record(folder: Path, name: str, record: Mapping[str, Any]) -> None:
    """As ``NAME.json``."""
    write_whole(folder / f"{name}.json", json.dumps(record, indent=2) + "\n")


def leave_records(about: Mapping[str, Any]) -> None:
    """In each folder that the command has claimed, ``about`` the system."""
    running = RUNNING.get()
    if running is None:
        return
    for claim in running.claims:
        files = sorted({file for pattern in claim.files for file in claim.folder.glob(pattern)})
        record = {**about, **provenance(running.words, running.begun, files)}
        if claim.name != RECORD:  # it was written by the command itself, with keys of its own
            own = claim.folder / f"{claim.name}.json"
            del record["files"][own.name]
            record |= {"argv": record["command"], **record_of(own), "files": record["files"]}
        write_record(claim.folder, claim.name, record)


def claim_folder(path: str | Path, files: Iterable[str], *, name: str = RECORD, resumed: bool = False) -> Path:
    """A folder that exists, to write ``files`` (patterns) and a record of that name to.

    ``ValueError`` where such a record is another command's, unless that is forced or goes on with it.
    """
    folder, running = output_folder(path), RUNNING.get()
    if running is not None:
        require_own("output", folder, command_of(folder / f"{name}.json"), command(), resumed=resumed)
        running.claims.append(Claim(folder, name, tuple(files)))
    return folder


def claim_name(path: str | Path, name: str, words: Words) -> Path:
    """The same for one of several results in a folder, with a record of its own: what these words make."""
    folder = output_folder(path)
    last = command_of(folder / f"{RECORD}.json")
    for owner in (command_of(folder / f"{name}.json"), None if last is None or last[0] == words[0] else last):
        require_own("output", folder, owner, words)
    return folder


def claim_file(name: str, path: Path, resumed: str | Path | None = None) -> Path:
    """The same for a file of its own: one that is there says itself which command wrote it."""
    if path.exists() and RUNNING.get() is not None:
        same = resumed is not None and Path(resumed).resolve() == path.resolve()
        require_own(name, path, command_of(path) or (), command(), resumed=same)
    return path


def require_own(name: str, path: Path, owner: Words | None, mine: Words, *, resumed: bool = False) -> None:
    """``ValueError`` where the owner (None: there is none) is another command than mine."""
    if owner is None or forced() or resumed or owner == mine:
        return
    what = f"the results of another command, 'ruggedflow {shlex.join(owner)}'" if owner else "what no command wrote"
    raise ValueError(f"{called(name, path)} holds {what}; choose another place or give {called('force')}")


def command_of(path: Path) -> Words | None:
    """The essential words of the command that wrote a record or a result; None where it does not say what was typed."""
    record = record_of(path)
    typed = {name: words for name in ("argv", "command") if isinstance(words := record.get(name), list)}
    return essential(words_of(typed)) or None


def words_of(record: Mapping[str, Any]) -> Words:
    """The command of a record as words, without the program: what was typed, or the text that stands for it."""
    words = record.get("argv") or record.get("command") or ()
    split = shlex.split(words) if isinstance(words, str) else [str(word) for word in words]
    return tuple(split[1:] if split[:1] == ["ruggedflow"] else split)


def record_of(path: Path) -> Record:
    """What a JSON record, a solution or a picture says of its making; nothing where it says nothing."""
    try:
        content = path.read_bytes()
        if content.startswith(b"PK"):
            from numerics.storage import header_of

            return header_of(path)
        stamped = STAMP.search(content)
        found = json.loads(unquote(stamped[1].decode()) if stamped else content)
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def stamp() -> str:
    """What a picture says of its making, in letters that every format leaves as they are."""
    return f"ruggedflow-record {quote(json.dumps(made()), safe=' -_.,:*+=')};"
