"""Curves and averages of any system: shown, written, drawn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from numerics.curves import Curves
from numerics.quantity import Quantity
from theory.system import System

from .answer import Answer, about, asked
from .files import drawing, writing
from .output import print_table, print_text
from .rows import titled


def answered(
    system: System, found: Curves, file: Path | None, picture: Path | None, places: ArrayLike | None = None
) -> Answer:
    """On request in files, which name the system; tables of its rows, at these places or a few, and of its numbers."""
    found = replace(found, settings={**asked(system), **found.settings})

    def show(record: Any) -> None:
        title = titled(record)
        for table in found.tables(places):
            print_table(title, list(table.columns), table.texts())
            title = ""
        if found.message:
            print_text(found.message)

    record = {**about(system), **found.record(places)}
    return Answer(found, record, show, {**writing(file, found.save), **drawing(picture, found.plot)})


def fields(key: str, number: Quantity) -> dict[str, Any]:
    """Flat keys: the value and its error, or the reason for none."""
    return {key: number.value, f"{key}_error": number.error} | (
        {f"reason_{key}": number.reason} if number.reason else {}
    )
