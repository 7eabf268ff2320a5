"""Names of files that a user gives, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from numerics.provenance import output_folder
from theory.domain import Text
from theory.naming import called

FILE, FOLDER = Text("FILE"), Text("DIR")


def file_to_write(name: str, given: str | Path | None) -> Path | None:
    """A file in a folder that exists (it is made if need be) and can be written to; None if none is given."""
    if given is None:
        return None
    path = Path(given)
    if path.exists() and not path.is_file():
        raise ValueError(f"{called(name, given)} is not a file; choose another name")
    output_folder(path.parent)
    return path


def picture_to_write(given: str | Path | None) -> Path | None:
    """The same for ``plot``, a PNG, PDF or SVG file."""
    if given is not None and Path(given).suffix.lower() not in (".png", ".pdf", ".svg"):
        raise ValueError(f"{called('plot', given)}: name a file that ends in .png, .pdf or .svg")
    return file_to_write("plot", given)


def writing(path: Path | None, save: Callable[[Path], Path]) -> dict[str, Callable[[], Path]]:
    """The files of an answer that is kept, if that was asked for."""
    return {} if path is None else {"output": lambda: save(path)}


def drawing(path: Path | None, figure: Callable[[], Any]) -> dict[str, Callable[[], Path]]:
    """The files of an answer with a picture, if one was asked for."""

    def draw(place: Path) -> Path:
        from figures.style import save

        return save(figure(), place)

    return {} if path is None else {"plot": lambda: draw(path)}
