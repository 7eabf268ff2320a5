"""The picture of a phase diagram: light enough for print in grey, with a letter for each region."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from itertools import cycle
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from scipy.ndimage import distance_transform_edt

from ..picture import COLUMN_WIDTH, Picture, Style, look, mark_logarithmic, restyled
from ..solution import wanted_curves
from .overlay_picture import draw_overlays
from .sampling import JUMP

if TYPE_CHECKING:
    from .diagram import PhaseDiagram

COLOURS = ("#0b5fa5", "#c2452d", "#2e7d32", "#6a3d9a", "#111111", "#b8860b", "#0097a7", "#ad1457", "#616161")
DASHES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
MARKERS: Mapping[str, Any] = {
    "fold": {"marker": "<", "color": "black"},
    "cusp": {"marker": "^", "color": "black"},
    "lost": {"marker": "$?$", "color": "black"},
    "end": {"marker": "o", "color": "black", "mfc": "white"},
    "crossing": {"marker": "x", "color": "0.35"},
    "contact": {"marker": "+", "color": "0.35"},
    "merger": {"marker": "D", "color": "black", "mfc": "white"},
}
LIGHT = ("#ffffff", "#f4f7fb", "#e6eef7", "#d9e6f2", "#cddeed", "#c2d6e8", "#b7cee3", "#acc6de")
"""Of regions, by how many lines are beneath them."""
BESIDE = 0.2
"""Room on either side of whole numbers."""
HALO = withStroke(linewidth=1.5, foreground="white")
"""Around a letter, which a line or a point may be behind."""
ROOM = 0.05
"""Share of the plane's side that a letter needs."""


def plot(
    diagram: PhaseDiagram,
    ax: Axes | None = None,
    name: str | None = None,
    *,
    lines: Any = (),
    labels: Mapping[str, str] = MappingProxyType({}),
    figsize: tuple[float, float] | None = None,
    x_label: str = "",
    style: Style | None = None,
) -> Figure:
    """See ``Solution.plot``; regions and special points are those of all lines, so they are left out with a choice."""
    wanted = wanted_curves(diagram.lines, name, lines, labels)
    with look(style) if ax is None else nullcontext():
        panel = ax
        if panel is None:
            panel = Picture(figsize=(1.5 * COLUMN_WIDTH, 1.6 * COLUMN_WIDTH), layout="constrained").subplots()
        if not (wanted or diagram.whole):
            _shade(panel, diagram)
        _lines(panel, diagram, wanted or diagram.shown, labels)
        _points(panel, diagram, wanted)
        _frame(panel, diagram)
        times = draw_overlays(panel, diagram.overlays)
        figure = cast(Figure, panel.get_figure(root=True))
        if ax is None and times is not None:
            bar = figure.colorbar(times, ax=panel, label=r"relaxation time $1/\lambda$", fraction=0.05, pad=0.02)
            mark_logarithmic(bar.ax.yaxis, *times.get_clim())
        if ax is None and panel.get_legend_handles_labels()[0]:
            figure.legend(loc="outside lower center", ncols=2, frameon=False)
        return restyled(figure, figsize, x_label)


def _shade(panel: Axes, diagram: PhaseDiagram) -> None:
    """Each region as dark as there are lines beneath it, and its letter where there is room."""
    kinds = diagram.parts_of_plane
    shade = np.zeros(int(kinds.max()) + 1)
    letters = diagram.lettered()
    for letter, regions in letters.items():
        for region in regions:
            shade[region.number] = min(len(region.beneath), len(LIGHT) - 1)
            if region.depth > ROOM / 2:
                place: Any = {"ha": "center", "va": "center", "zorder": 6, "path_effects": [HALO]}
                panel.text(region.x, region.y, letter, style="italic", fontsize="small", **place)
    kept = np.isin(kinds, [region.number for regions in letters.values() for region in regions])
    nearest = distance_transform_edt(~kept, return_distances=False, return_indices=True)
    edges = [diagram.box.unscaled(axis, np.linspace(0, 1, kinds.shape[0] + 1)) for axis in (0, 1)]
    colours = ListedColormap(LIGHT)
    image = shade[kinds[tuple(nearest)]].T
    panel.pcolormesh(*edges, image, cmap=colours, vmin=-0.5, vmax=len(LIGHT) - 0.5, rasterized=True, zorder=0)


def _lines(panel: Axes, diagram: PhaseDiagram, names: list[str], labels: Mapping[str, str]) -> None:
    """Each has the same look in every picture of a diagram; what lies on a line that is drawn already is left out."""
    looks = dict(zip(diagram.lines, zip(cycle(COLOURS), cycle(DASHES), strict=False), strict=False))
    drawn: dict[str, tuple[Any, list[str]]] = {}
    for name in names:
        colour, dashes = looks[name]
        shown = labels.get(name, name.replace("_", " "))
        values, under = _apart(diagram, name, list(drawn))
        if under is not None:
            drawn[under][1].append(shown)
            continue
        markers: Any = {"marker": "o", "ms": 3, "lw": 0.8} if diagram.whole else {}
        (line,) = panel.plot(diagram.x, values, color=colour, ls=dashes, **markers)
        drawn[name] = line, [shown]
        for arc in (arc for arc in diagram.beyond if arc.line == name):
            panel.plot(arc.x, arc.y, color=colour, ls=dashes, lw=0.7)
    for line, own in drawn.values():
        line.set_label(",\n".join(own))


def _apart(diagram: PhaseDiagram, name: str, others: list[str]) -> tuple[Any, str | None]:
    """A line without what lies on others, its ends apart; the other on which all of it lies, if there is one."""
    values = _broken(diagram, name)
    exists = np.isfinite(values)
    for other in others:
        own, beside = diagram.lines[name], diagram.lines[other]
        with np.errstate(invalid="ignore"):
            same = np.abs(own.value - beside.value) <= 1e-9 * np.abs(own.value) + own.error + beside.error
        if np.all(same[exists]):
            return values, other
        inner = np.pad(same, 1, constant_values=True)
        values = np.where(same & inner[:-2] & inner[2:], np.nan, values)
    return values, None


def _broken(diagram: PhaseDiagram, name: str) -> Any:
    """Not drawn across a jump."""
    values = np.array(diagram.lines[name].value)
    scaled = diagram.box.scaled(np.column_stack([diagram.x, values]))
    ends = [p for p in diagram.points if p.kind == "end" and name in p.lines]
    for i in np.flatnonzero(np.abs(np.diff(scaled[:, 1])) > JUMP):
        if any(diagram.x[i] <= p.x <= diagram.x[i + 1] for p in ends):
            values[i] = np.nan
    return values


def _points(panel: Axes, diagram: PhaseDiagram, wanted: list[str]) -> None:
    """One entry of the legend for each kind."""
    named = set()
    for point in diagram.points:
        if wanted and not set(point.lines) <= set(wanted):
            continue
        kind = None if point.kind in named else point.kind
        named.add(point.kind)
        panel.plot([point.x], [point.y], ls="none", ms=4.5, mew=0.9, zorder=5, label=kind, **MARKERS[point.kind])


def _frame(panel: Axes, diagram: PhaseDiagram) -> None:
    box = diagram.box
    beside = BESIDE if diagram.whole else 0.0
    panel.set(
        xlim=(box.x[0] - beside, box.x[1] + beside), ylim=box.y, xlabel=diagram.labels[0], ylabel=diagram.labels[1]
    )
    if box.logarithmic[0]:
        panel.set_xscale("log")
        mark_logarithmic(panel.xaxis, *box.x)
    if box.logarithmic[1]:
        panel.set_yscale("log")
        mark_logarithmic(panel.yaxis, *box.y)
