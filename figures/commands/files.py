"""Names of files that a user gives, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path
from types import MappingProxyType
from typing import Any

from figures.record import claim_file
from numerics.provenance import output_folder
from theory.domain import Text
from theory.naming import called

FILE, FOLDER = Text("FILE"), Text("DIR")


def file_to_write(name: str, given: str | Path | None, resumed: str | Path | None = None) -> Path | None:
    """A file in a folder that exists (it is made if need be) and can be written to; None if none is given.

    ``ValueError`` for the result of another command, unless it is ``resumed``.
    """
    if given is None:
        return None
    path = Path(given)
    if path.exists() and not path.is_file():
        raise ValueError(f"{called(name, given)} is not a file; choose another name")
    output_folder(path.parent)
    return claim_file(name, path, resumed)


def picture_to_write(given: str | Path | None) -> Path | None:
    """The same for ``plot``, a PNG, PDF or SVG file."""
    if given is not None and Path(given).suffix.lower() not in (".png", ".pdf", ".svg"):
        raise ValueError(f"{called('plot', given)}: name a file that ends in .png, .pdf or .svg")
    return file_to_write("plot", given)


def writing(path: Path | None, save: Callable[[Path], Path]) -> dict[str, Callable[[], Path]]:
    """The files of an answer that is kept, if that was asked for."""
    return {} if path is None else {"output": lambda: save(path)}


LOOK: ContextVar[Mapping[str, Any]] = ContextVar("look", default=MappingProxyType({}))
"""Of the pictures of the command that runs: keywords of ``Solution.plot``."""


SIZED = ("figsize", "x_label", "style")
CURVES = ("lines", *SIZED)
"""Keywords of a picture, and of one whose curves can be chosen."""


def pictured(draw: Callable[..., Any]) -> Callable[..., Any]:
    """A function that draws a figure, with the keywords of a look besides its own."""

    def plot(*, figsize: Any = None, x_label: str = "", style: Any = None, **own: Any) -> Any:
        from numerics.picture import look, restyled

        with look(style):
            return restyled(draw(**own), figsize, x_label)

    return plot


def drawing(path: Path | None, plot: Callable[..., Any]) -> dict[str, Callable[[], Path]]:
    """The files of an answer with a picture, if one was asked for; ``plot`` takes the keywords of a look."""
    chosen = dict(LOOK.get())

    def draw(place: Path) -> Path:
        from figures.style import save

        return save(plot(**chosen), place)

    return {} if path is None else {"plot": lambda: draw(path)}
