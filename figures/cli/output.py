"""What every command shares: JSON with stable keys, and tables for a terminal."""

import json
import math
from typing import Any

from rich.console import Console
from rich.table import Table


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
    """A table as wide as the terminal."""
    table = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def echo_parameters(values: dict[str, Any]) -> dict[str, Any]:
    """Parameters as JSON: whole numbers and text as they are, other numbers as floats, infinity as text."""
    plain: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, int):
            plain[name] = value
        elif name in ("covariance", "mean", "loss", "teacher"):
            plain[name] = str(value)
        else:
            plain[name] = float(value) if math.isfinite(float(value)) else "inf"
    return plain


def whole(name: str, text: str, least: int, most: int) -> int:
    """A whole number in a range, from text."""
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        raise ValueError(f"--{name} {text} must be a whole number from {least} to {most}")
    return value
