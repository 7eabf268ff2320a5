"""What is known at several times: records for JSON, and tables under a title that says what was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from numerics.lowering import Array
from numerics.quantity import with_error

from .output import print_table

LABELS = {"m_abs": "|m|", "correlation": "C(t, 0)", "replica": "q"}
"""Of columns whose keys say less."""
Row = Mapping[str, float]


def rows(columns: Mapping[str, Array], times: Sequence[float]) -> list[dict[str, float]]:
    """One record for each time, the times as they were asked for."""
    named = {**columns, "t": np.array(times)}
    return [{name: float(values[i]) for name, values in named.items()} for i in range(len(times))]


def titled(record: Mapping[str, Any], **more: Any) -> str:
    """``system: p = 3, delta-p = 1.0, temperature = 0.0``."""
    shown = {key.replace("_", "-"): value for key, value in record["parameters"].items()} | more
    return f"{record['system']}: {', '.join(f'{key} = {value}' for key, value in shown.items())}"


def in_brackets(row: Row, name: str) -> str:
    """The value with its error."""
    return with_error(row[name], row[f"{name}_error"])


def print_rows(
    title: str, found: Sequence[Row], columns: Sequence[str], cell: Callable[[Row, str], str] = in_brackets
) -> None:
    """A table, a line for each time."""
    lines = [[f"{row['t']:g}", *(cell(row, name) for name in columns)] for row in found]
    print_table(title, ["t", *(LABELS.get(name, name) for name in columns)], lines)
