"""Objects of plain data taken apart for a file: numbers and texts into JSON, arrays by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from mpmath import mp, mpf

from .storage import Arrays

Kinds = Mapping[str, type]
"""Data classes that may be met within, by name."""


def packed(value: Any, name: str, arrays: Arrays) -> Any:
    """What JSON holds of ``value``; its arrays join ``arrays``, named after their places below ``name``.

    Numbers (mpmath's with all bits), texts, arrays, and lists, tuples, mappings and data classes of them.
    """
    if isinstance(value, np.ndarray):
        arrays[name] = value
        return {"array": name}
    if is_dataclass(value):
        kept = {field.name: getattr(value, field.name) for field in fields(value)}
        return {"class": type(value).__name__, "of": packed(kept, name, arrays)["mapping"]}
    if isinstance(value, Mapping):
        return {"mapping": {str(key): packed(part, f"{name}.{key}", arrays) for key, part in value.items()}}
    if isinstance(value, list | tuple):
        parts = [packed(part, f"{name}.{i}", arrays) for i, part in enumerate(value)]
        return {"tuple": parts} if isinstance(value, tuple) else parts
    if isinstance(value, mpf):
        return {"mpf": [int(part) for part in value._mpf_]}
    return value.item() if isinstance(value, np.generic) else value


def unpacked(record: Any, arrays: Arrays, kinds: Kinds) -> Any:
    """The inverse of ``packed``; ``KeyError`` for an array or a class that is not there."""
    match record:
        case list():
            value: Any = [unpacked(part, arrays, kinds) for part in record]
        case {"array": name}:
            value = arrays[name]
        case {"class": name, "of": parts}:
            value = kinds[name](**unpacked({"mapping": parts}, arrays, kinds))
        case {"mapping": parts}:
            value = {key: unpacked(part, arrays, kinds) for key, part in parts.items()}
        case {"tuple": parts}:
            value = tuple(unpacked(parts, arrays, kinds))
        case {"mpf": parts}:
            value = mp.make_mpf(tuple(parts))
        case _:
            value = record
    return value
