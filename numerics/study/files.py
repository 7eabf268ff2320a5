"""A point of a study as a file: JSON with a fingerprint, named by all that its content depends on.

    {"format": "ruggedflow study point", "version": 1, "about": {...}, "point": {"delta_p": 1},
     "values": [["m", "", null, 0.87, 1e-07, ""], ...], "reason": "", "seconds": 1.5, "sha256": "..."}

``about`` is what the study asks (system, command, fixed parameters and options, version of the package); an entry of
``values`` has the name, the axis and the place on it (or neither), the value, its error, and why there is none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from math import inf, isfinite, nan
from typing import Any

from ..provenance import Record
from ..storage import sealed_json, unsealed_json
from .outcome import Column, Entry, Outcome

FORMAT, VERSION = "ruggedflow study point", 1
LENGTH = 24
"""Hexadecimal digits of a name."""


def key_of(about: str, point: Mapping[str, Any]) -> str:
    """The name of a file: SHA-256 of the study (as ``canonical``) and of the point."""
    return hashlib.sha256(f"{about} {canonical(point)}".encode()).hexdigest()[:LENGTH]


def canonical(record: Mapping[str, Any]) -> str:
    """One text for equal records."""
    return json.dumps(record, sort_keys=True)


def encoded(about: Record, point: Mapping[str, Any], outcome: Outcome) -> str:
    """The text of a file."""
    values = [
        [e.column.name, e.column.axis, _null(e.column.place), _null(e.value), _null(e.error), e.why]
        for e in outcome.entries
    ]
    head = {"format": FORMAT, "version": VERSION, "about": about, "point": dict(point)}
    return sealed_json({**head, "values": values, "reason": outcome.reason, "seconds": outcome.seconds})


def decoded(text: str, key: str) -> Outcome:
    """The inverse. ``ValueError`` for a text that is not whole, or that does not belong under that name."""
    record = unsealed_json(text)
    try:
        own = record["format"] == FORMAT and record["version"] == VERSION
        if not own or key_of(canonical(record["about"]), record["point"]) != key:
            raise ValueError("it is no point of a study, or not that of its name")
        entries = tuple(Entry(column(*entry[:3]), *_numbers(*entry[3:])) for entry in record["values"])
        return Outcome(entries, record["reason"], record["seconds"])
    except (LookupError, TypeError) as error:
        raise ValueError("it is no point of a study") from error


@cache
def column(name: str, axis: str, place: float | None) -> Column:
    """One object for all points."""
    return Column(name, axis, inf if place is None else place)


def _numbers(value: float | None, error: float | None, why: str) -> tuple[float, float, str]:
    return nan if value is None else value, nan if error is None else error, why


def _null(number: float) -> float | None:
    return number if isfinite(number) else None
