"""Every published figure by name; a figure's module is imported only when it is drawn."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path
from time import monotonic

from numerics.picture import look
from theory.naming import nearest

from .record import RECORD, claim_name, provenance, write_record
from .style import save_all

FIGURES = {
    path.stem: found.group(1)
    for path in sorted(Path(__file__).parent.glob("*.py"))
    if (found := re.search(r'^TITLE = "(.*)"$', path.read_text(encoding="utf-8"), re.MULTILINE))
}
"""By the names of their files in this folder: those that have a ``TITLE``, read without importing them."""


def draw(name: str, output: str | Path) -> list[Path]:
    """Draw one figure as PNG and PDF into a folder, with its record ``NAME.json``; ValueError for an unknown name."""
    if name not in FIGURES:
        raise ValueError(f"unknown figure {name!r}; {nearest(name, FIGURES, 'see --list')}")
    words, begun = ("figure", name), monotonic()
    folder = claim_name(output, name, words)
    with look():
        pictures = import_module(f"figures.{name}").draw()
    files = [path for title, figure in pictures.items() for path in save_all(figure, folder, f"{name}_{title}")]
    record = {"figure": name, "title": FIGURES[name], **provenance(words, begun, files)}
    for own in (name, RECORD):
        write_record(folder, own, record)
    return files


def main(module: str) -> None:
    """``python -m figures.NAME [FOLDER]``."""
    print(*draw(module.rsplit(".", 1)[-1], sys.argv[1] if len(sys.argv) > 1 else "figures_out"), sep="\n")
