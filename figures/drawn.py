"""The numbers of a picture, read off the picture itself: one row for each point, bar, edge or pixel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection, LineCollection, PathCollection, PolyCollection, QuadMesh
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Polygon, Rectangle, StepPatch

from numerics.provenance import as_csv, write_whole

NUMBERS = ("x", "x_low", "x_high", "y", "y_low", "y_high", "z")
COLUMNS = ("panel", "title", "x_axis", "y_axis", "kind", "curve", *NUMBERS)
"""``low`` and ``high`` are ends of error bars, bands and bars; ``z`` is a colour; what does not apply is empty."""
Row = Mapping[str, Any]


def write_data(figure: Figure, folder: Path, name: str) -> list[Path]:
    """``NAME.csv`` of what is drawn; nothing where there are no numbers in it."""
    rows = [{column: row.get(column, "") for column in COLUMNS} for row in drawn(figure)]
    if not rows:
        return []
    path = folder / f"{name}.csv"
    write_whole(path, as_csv(rows))
    return [path]


def drawn(figure: Figure) -> Iterator[Row]:
    """Of all panels in the order in which they were made, insets after the panel they are in, colour bars left out."""
    panels: Iterator[Any] = chain.from_iterable((axes, *axes.child_axes) for axes in figure.axes)
    for number, axes in enumerate((axes for axes in panels if not hasattr(axes, "_colorbar")), 1):
        place = {
            "panel": number,
            "title": axes.get_title(),
            "x_axis": axes.get_xlabel(),
            "y_axis": axes.get_ylabel(),
        }
        for count, (kind, label, rows) in enumerate(_curves(axes), 1):
            curve = str(count) if not label or label.startswith("_") else label
            yield from ({**place, "kind": kind, "curve": curve, **row} for row in rows)


Curve = tuple[str, str, list[Row]]
"""What kind it is, its label, its rows."""


def _curves(axes: Axes) -> Iterator[Curve]:
    """Error bars with their points, bars with their container, then what else there is, kind by kind."""
    known: set[Artist] = set()
    for container in axes.containers:
        known |= set(_parts(container))
        if isinstance(container, ErrorbarContainer):
            yield "points", str(container.get_label()), _with_errors(container)
        elif isinstance(container, BarContainer):
            yield "bars", str(container.get_label()), [_box(bar) for bar in container.patches]
    for artist in (*axes.collections, *axes.images, *axes.lines, *axes.patches):
        if artist in known or not artist.get_visible():
            continue
        own = artist.get_offset_transform() if isinstance(artist, PathCollection) else artist.get_transform()
        across, along = own.contains_branch_seperately(axes.transData)
        for kind, row in _kinds(artist) if across or along else ():
            kept: list[Row] = [
                {name: value for name, value in r.items() if _measured(name, across, along)} for r in row
            ]
            yield kind, str(artist.get_label()), kept[:1] if kind == "line" and not (across and along) else kept


def _measured(name: str, across: bool, along: bool) -> bool:
    """Whether a number is one of the axes, not a share of the panel such as the ends of ``axhline``."""
    return across if name.startswith("x") else along if name.startswith("y") else True


def _parts(container: Any) -> Iterator[Artist]:
    for part in container:
        if isinstance(part, Artist):
            yield part
        elif part is not None:
            yield from part


def _kinds(artist: Artist) -> Iterator[tuple[str, list[Row]]]:
    """What is drawn in numbers; what is drawn in shares of the panel is not."""
    match artist:
        case Line2D():
            style = str(artist.get_drawstyle())
            yield "line" if style == "default" else style, _points(artist.get_xdata(), artist.get_ydata())
        case QuadMesh():
            yield "image", _mesh(artist)
        case QuadContourSet():
            for level, path in zip(artist.levels, artist.get_paths(), strict=False):
                yield "contour", [{**row, "z": level} for row in _points(*np.asarray(path.vertices).T)]
        case LineCollection():
            yield "segments", [_segment(np.asarray(segment)) for segment in artist.get_segments()]
        case PolyCollection():
            yield "band", list(chain.from_iterable(_band(np.asarray(path.vertices)) for path in artist.get_paths()))
        case Collection():
            yield "points", _scattered(artist)
        case AxesImage():
            yield "image", _pixels(artist)
        case StepPatch():
            values, edges, _ = artist.get_data()
            yield "steps", [_ends("x", *ends, y=y) for *ends, y in zip(edges, edges[1:], values, strict=False)]
        case Rectangle():
            yield "bars", [_box(artist)]
        case Polygon():
            yield "outline", _points(*artist.get_xy().T)
        case Patch():
            path = artist.get_path()
            yield "outline", _points(*artist.get_patch_transform().transform(path.vertices).T)


def _points(x: Any, y: Any) -> list[Row]:
    return [{"x": _number(a), "y": _number(b)} for a, b in zip(np.asarray(x), np.asarray(y), strict=True)]


def _number(value: Any) -> Any:
    """A number, nan where it is masked; a word on an axis of words stays one."""
    if np.ma.is_masked(value):
        return np.nan
    return value if isinstance(value, str) else float(value)


def _with_errors(container: ErrorbarContainer) -> list[Row]:
    line: Line2D | None = container.lines[0]
    bars = container.lines[2]
    names = [name for name, there in (("x", container.has_xerr), ("y", container.has_yerr)) if there]
    ends = {name: np.array(bar.get_segments()) for name, bar in zip(names, bars, strict=True)}
    if line is None:  # bars without points: these are in the middle
        middle = np.mean(next(iter(ends.values())), axis=1)
        rows = _points(*middle.T)
    else:
        rows = _points(line.get_xdata(orig=True), line.get_ydata(orig=True))
    for name, segments in ends.items():
        column = 0 if name == "x" else 1
        rows = [
            {**row, f"{name}_low": float(low), f"{name}_high": float(high)}
            for row, (low, high) in zip(rows, segments[:, :, column], strict=True)
        ]
    return rows


def _ends(axis: str, low: float, high: float, **others: float) -> Row:
    return {f"{axis}_low": float(low), f"{axis}_high": float(high)} | {k: float(v) for k, v in others.items()}


def _box(bar: Rectangle) -> Row:
    """Its sides."""
    (x, y), width, height = bar.get_xy(), bar.get_width(), bar.get_height()
    return {**_ends("x", *sorted((x, x + width))), **_ends("y", *sorted((y, y + height)))}


def _segment(vertices: Any) -> Row:
    (x, y), (x_end, y_end) = vertices[0], vertices[-1]
    across: Row = {"x": float(x)} if x == x_end else _ends("x", x, x_end)
    return {**across, **({"y": float(y)} if y == y_end else _ends("y", y, y_end))}


def _band(vertices: Any) -> Iterator[Row]:
    """One edge there and the other back, each with a corner at both ends, as ``fill_between`` draws them."""
    half = (len(vertices) - 1) // 2
    there, back = vertices[1:half], vertices[half + 1 : -1][: half - 1][::-1]
    axis, other = ("x", 1) if np.allclose(there[:, 0], back[:, 0], equal_nan=True) else ("y", 0)
    for first, second in zip(there, back, strict=True):
        low, high = sorted((first[other], second[other]))
        yield _ends("y" if axis == "x" else "x", low, high, **{axis: first[1 - other]})


def _scattered(points: Collection) -> list[Row]:
    colours: Any = points.get_array()
    rows = _points(*np.ma.asarray(points.get_offsets()).T)
    if colours is None:
        return rows
    return [{**row, "z": float(z)} for row, z in zip(rows, colours, strict=True)]


def _mesh(mesh: QuadMesh) -> list[Row]:
    """Middles of the cells, or the points between which colours are interpolated."""
    places = np.asarray(mesh.get_coordinates())
    colours: Any = np.ma.asarray(mesh.get_array())
    if places.shape[:2] != colours.shape[:2]:
        places = (places[1:, 1:] + places[1:, :-1] + places[:-1, 1:] + places[:-1, :-1]) / 4
    flat = zip(_points(*places.reshape(-1, 2).T), colours.ravel(), strict=True)
    return [{**row, "z": _number(z)} for row, z in flat]


def _pixels(image: AxesImage) -> list[Row]:
    """Middles of the pixels of an image of numbers."""
    colours: Any = np.ma.asarray(image.get_array())
    if colours.ndim != 2:
        return []
    left, right, bottom, top = image.get_extent()
    rows, columns = colours.shape
    x = left + (np.arange(columns) + 0.5) * (right - left) / columns
    y = (np.arange(rows) + 0.5) / rows
    heights = bottom + y * (top - bottom) if image.origin == "lower" else top + y * (bottom - top)
    return [
        {"x": float(x[j]), "y": float(heights[i]), "z": _number(colours[i, j])}
        for i in range(rows)
        for j in range(columns)
    ]
