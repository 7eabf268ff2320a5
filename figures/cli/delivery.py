"""What was computed reaches its user: shown first, then written, so that a full disk costs the file alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .output import print_json

DONE = {"output": "written", "plot": "drawn"}
"""Keys of a record that name a file, and what was done to it."""
Writers = Mapping[str, Callable[[], Path]]


def deliver(record: Mapping[str, Any], show: Callable[[dict[str, Any]], None], files: Writers, as_json: bool) -> None:
    """Print a record, as a table with ``show`` or as JSON, and write its files, by their keys in it.

    JSON names the files that could be written, so it comes after them, whatever happened to the others. The first
    error of writing is raised at the end.
    """
    if not as_json:
        show(dict(record))
        sys.stdout.flush()
    written, failures = dict(record), []
    for key, write in files.items():
        try:
            written[key] = str(write())
        except Exception as error:  # no file is worth the table
            failures.append(error)
        else:
            if not as_json:
                print(f"{DONE[key]} to {written[key]}")
    if as_json:
        print_json(written)
    if failures:
        raise failures[0]
