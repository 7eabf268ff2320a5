"""Shared look: sizes for print, colours that survive colour-blindness and grey."""

from __future__ import annotations

import io
from pathlib import Path

from matplotlib.figure import Figure

from numerics.picture import COLUMN_WIDTH, Picture
from numerics.provenance import write_whole

from .record import stamp

BLUE, CYAN, GREEN, PURPLE, RED, ORANGE, GREY = (
    "#0072b2",
    "#2aa7c9",
    "#009e73",
    "#7b3294",
    "#c0392b",
    "#d55e00",
    "#555555",
)


def new_figure(columns: int = 1, *, height: float = 3.0) -> Figure:
    """A figure with room for that many panels side by side."""
    return Picture(figsize=(COLUMN_WIDTH * columns + 0.4, height), layout="constrained")


def save(figure: Figure, path: Path) -> Path:
    """Write one picture, in the format of its suffix, whole or not at all."""
    supported = figure.canvas.get_supported_filetypes()
    kind = path.suffix.removeprefix(".").lower()
    if kind not in supported:
        raise ValueError(f"{path.name}: cannot draw to '.{kind}'; try a name that ends in .png, .pdf or .svg")
    stream = io.BytesIO()
    dateless = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(kind, {})
    metadata = {**dateless, "Subject" if kind == "pdf" else "Description": stamp()}
    figure.savefig(stream, format=kind, dpi=200, metadata=metadata)
    write_whole(path, stream.getvalue())
    return path


def save_all(figure: Figure, folder: Path, name: str) -> list[Path]:
    """PNG to look at and PDF to print."""
    return [save(figure, folder / f"{name}.{kind}") for kind in ("png", "pdf")]
