"""Arrays on disk: one npz archive with a JSON header, and at its end a fingerprint of every byte before it.

The fingerprint is SHA-256, kept as the archive's comment, so that any program that reads npz reads these files. It is
checked before anything is parsed: a file that was cut, changed in a single bit or written by something else is refused
in one line that names it. Equal contents give equal bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .provenance import Record, write_whole

Arrays = dict[str, NDArray[Any]]
MARK = b"ruggedflow sha256 "
LENGTH = len(MARK) + hashlib.sha256().digest_size * 2
"""Bytes of the fingerprint."""


@dataclass(frozen=True)
class Format:
    """What a file holds: ``name`` and ``version`` go into its header, ``source`` is the function that writes it."""

    name: str
    version: int
    source: str


ANY = Format("", 0, "ruggedflow")


def write(
    path: str | Path, form: Format, header: Mapping[str, Any], arrays: Mapping[str, Any], *, packed: bool = True
) -> Path:
    """Header (as JSON) and arrays by name, ``packed`` or as they are, whole or not at all; ``OSError`` names the file.

    Noise does not pack, smooth functions of two times do.
    """
    write_whole(Path(path), encoded(form, header, arrays, packed=packed))
    return Path(path)


def read(path: str | Path, form: Format) -> tuple[Record, Arrays]:
    """The inverse of ``write``; ``OSError`` for a file that cannot be read, ``ValueError`` for one that is not ours."""
    return decoded(path, form, Path(path).read_bytes())


def format_of(path: str | Path) -> str:
    """The name of the format of a file; raises as ``read`` does."""
    return str(header_of(path)["format"])


def arrays_of(path: str | Path) -> Arrays:
    """The arrays of a file of any format; raises as ``read`` does."""
    header = header_of(path)
    return read(path, Format(str(header["format"]), int(header["version"]), ANY.source))[1]


def header_of(path: str | Path) -> Record:
    """The header of a file of any format; raises as ``read`` does."""
    content = Path(path).read_bytes()
    _require_whole(path, ANY, content)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            header: Record = json.loads(str(file["header"]))
            return header | {"format": header["format"]}
    except Exception as error:  # whatever a forged archive makes of zipfile, zlib, NumPy and json
        raise ValueError(f"{path}: not a file of {ANY.source}, or damaged") from error


def encoded(form: Format, header: Mapping[str, Any], arrays: Mapping[str, Any], *, packed: bool = True) -> bytes:
    """The bytes of a file."""
    stream = io.BytesIO()
    text = json.dumps({"format": form.name, "version": form.version, **header})
    save = np.savez_compressed if packed else np.savez
    save(stream, header=np.array(text), **arrays)  # entries carry no date
    with zipfile.ZipFile(stream, "a") as archive:
        archive.comment = bytes(LENGTH)
    content = stream.getvalue()[:-LENGTH]
    return content + _fingerprint(content)


def decoded(path: str | Path, form: Format, content: bytes) -> tuple[Record, Arrays]:
    """Header and arrays of a file with these bytes; ``path`` is what messages call it."""
    _require_whole(path, form, content)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(str(arrays.pop("header")))
        kind, version = header["format"], int(header["version"])
    except Exception as error:  # whatever a forged archive makes of zipfile, zlib, NumPy and json
        raise ValueError(f"{path}: not a file of {form.source}, or damaged") from error
    if kind != form.name:
        raise ValueError(f"{path}: not a file of {form.source} but of another kind, {kind!r}")
    if version != form.version:
        age = "a newer" if version > form.version else "an earlier"
        raise ValueError(f"{path}: {age} ruggedflow wrote it (format {version}; here: {form.version})")
    return header, arrays


def joined(tables: Mapping[str, Mapping[str, NDArray[Any]]]) -> Arrays:
    """Several tables of arrays as one, with names like ``owner.NAME``."""
    return {f"{owner}.{name}": array for owner, table in tables.items() for name, array in table.items()}


def owned(owner: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """The arrays called ``owner.NAME``, by that name."""
    prefix = f"{owner}."
    return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}


def _require_whole(path: str | Path, form: Format, content: bytes) -> None:
    if not content.startswith(b"PK"):
        raise ValueError(f"{path}: not a file of {form.source}, or damaged")
    body, mark = content[:-LENGTH], content[-LENGTH:]
    if not mark.startswith(MARK):
        raise ValueError(f"{path}: not a file of {form.source}, cut short, or of an early version without fingerprint")
    if mark != _fingerprint(body):
        raise ValueError(f"{path}: damaged (its content does not match its fingerprint)")


def _fingerprint(content: bytes) -> bytes:
    return MARK + hashlib.sha256(content).hexdigest().encode()


def sealed_json(record: Mapping[str, Any]) -> str:
    """The record as indented JSON with one more key, ``sha256``, the fingerprint of the others."""
    return json.dumps({**record, "sha256": digest(record)}, indent=2) + "\n"


def unsealed_json(text: str) -> Record:
    """The inverse of ``sealed_json``. ``ValueError`` for a text that is not, letter by letter, what that wrote."""
    try:
        record = json.loads(text)
        plain = {name: value for name, value in record.items() if name != "sha256"}
        same = text == sealed_json(plain)
    except Exception as error:  # json alone knows three kinds
        raise ValueError("not JSON") from error
    if not same:
        raise ValueError("its content does not match its fingerprint")
    return plain


def digest(record: Mapping[str, Any]) -> str:
    """SHA-256 of a record as JSON, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
