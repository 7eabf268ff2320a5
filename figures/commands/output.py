"""What every command shares: JSON with stable keys, and tables for a terminal."""

import json
import math
import os
import sys
from collections.abc import Iterable
from textwrap import fill
from typing import Any

from rich.console import Console
from rich.table import Table

from theory.naming import called, shortened


def print_json(record: Any) -> None:
    """Indented JSON; floats with all their digits, and null for what is not finite."""
    print(json.dumps(finite(record), indent=2, ensure_ascii=False, allow_nan=False))


def finite(value: Any) -> Any:
    """The record with non-finite floats replaced by None."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def print_table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """A table as wide as the terminal that breaks no name and no number; a list where such a table does not fit."""
    room = _room()
    widths = _widths(list(zip(columns, *rows, strict=True)), room)
    if widths is None:
        _print_list(title, columns, rows, room)
        return
    table = Table(header_style="bold")
    for column, width in zip(columns, widths, strict=True):
        table.add_column(column, overflow="fold", width=width)
    for row in rows:
        table.add_row(*row)
    whole = sum(widths) + 3 * len(widths) + 1
    print(_wrapped(title, room if room == UNBOUNDED else whole))
    Console(markup=False, emoji=False, highlight=False, width=whole).print(table)


def print_text(*lines: str) -> None:
    """Each line broken between words where the terminal ends, and continued below its first word."""
    room = _room()
    for line in "\n".join(lines).split("\n"):
        print(_wrapped(line, room, " " * (len(line) - len(line.lstrip()) + 2)))


UNBOUNDED = sys.maxsize
"""Columns of a file or a pipe."""


def _room() -> int:
    """Columns of the terminal, or those that ``COLUMNS`` says; what reads a pipe wants whole lines."""
    return Console().width if sys.stdout.isatty() or "COLUMNS" in os.environ else UNBOUNDED


def _widths(columns: list[tuple[str, ...]], room: int) -> list[int] | None:
    """Of the columns within the room that there is, borders taken off; None if a word does not fit."""
    least = [max(map(_least_width, cells)) for cells in columns]
    wanted = [max(map(len, cells)) - narrow for cells, narrow in zip(columns, least, strict=True)]
    spare = room - 3 * len(columns) - 1 - sum(least)
    if spare < 0:
        return None
    return [n + (w if sum(wanted) <= spare else w * spare // sum(wanted)) for n, w in zip(least, wanted, strict=True)]


NARROW = 24
"""Characters in which a sentence can still be read."""


def _least_width(cell: str) -> int:
    """Of its longest word, or enough for a sentence."""
    return max(min(len(cell), NARROW) if " " in cell else 0, *map(len, ["", *cell.split()]))


def _print_list(title: str, columns: list[str], rows: list[list[str]], width: int) -> None:
    """The first cell of each row as a heading, the others below it with the names of their columns."""
    print(_wrapped(title, width))
    names = max(map(len, columns[1:]), default=0)
    for first, *others in rows:
        print(_wrapped(first, width))
        for column, cell in zip(columns[1:], others, strict=True):
            if cell:
                print(_wrapped(f"  {column:<{names}}  {cell}", width, " " * 4))


def _wrapped(text: str, width: int, indent: str = "") -> str:
    """Broken between words only."""
    return fill(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def select(name: str, given: Iterable[str] | None, known: Iterable[str], what: str = "threshold") -> list[str]:
    """The names given, each of them known; all of them where none is."""
    names, keys = list(known), [key.strip() for key in given or () if key.strip()]
    for key in keys:
        if key not in names:
            raise ValueError(f"{called(name)} {shortened(key)}: no such {what}; choose among {', '.join(names)}")
    return keys or names
