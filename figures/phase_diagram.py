"""The phase diagram of gradient flow in the spiked matrix-tensor model, drawn from its threshold lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numerics.diagram.overlay_picture import draw_overlays
from numerics.lowering import Array
from numerics.phase_diagram import SpikedDiagram

from .style import BLUE, CYAN, GREEN, GREY, PURPLE, new_figure
from .success_points import clear_height

if TYPE_CHECKING:
    from numerics.diagram.overlay import Overlay

TOP = 5.0
"""Largest ``1/Delta_2`` drawn."""


@dataclass(frozen=True)
class LineStyle:
    """How one threshold is drawn."""

    label: str
    colour: str
    dashes: Any
    width: float = 1.7


LINES = {
    "trivialization_any_overlap": LineStyle("no minima (annealed) at any $m$", PURPLE, "--"),
    "trivialization_connected": LineStyle("no minima (annealed) around $m=0$", PURPLE, (0, (3, 1, 1, 1)), 1.1),
    "trivialization": LineStyle("no minima (annealed) at $m=0$", PURPLE, ":", 1.3),
    "gradient_flow": LineStyle("gradient flow (BBP)", BLUE, "-", 2.2),
    "ml_amp": LineStyle("ML-AMP", CYAN, "-", 1.7),
    "langevin": LineStyle("Langevin, $T=1$", GREEN, "-.", 1.5),
    "bayes_amp": LineStyle("Bayes-optimal AMP", "black", "-.", 1.2),
    "information_theoretic": LineStyle("information-theoretic", "black", (0, (5, 1)), 1.2),
    "dynamic_spinodal": LineStyle("dynamic spinodal", GREY, ":", 1.2),
}


@dataclass(frozen=True)
class Region:
    """What gradient flow and its rivals can do there; ``span`` is the part of the x axis where its name may stand."""

    label: str
    colour: str
    span: tuple[float, float]
    slanted: bool = False


REGIONS = (
    Region("impossible", "#f2c9c4", (0.4, 0.9)),
    Region("hard", "#f7e1b5", (0.03, 0.3)),
    Region("Bayes-AMP succeeds", "#fdf6d8", (0.22, 0.4)),
    Region("gradient flow fails", "#dfeefa", (0.25, 0.6), slanted=True),
    Region("gradient flow succeeds", "#bfe0cf", (0.2, 0.6), slanted=True),
    Region("no spurious minima", "#93c9a8", (0.6, 0.75)),
)


def draw(
    diagrams: list[SpikedDiagram],
    simulated: Mapping[int, Sequence[Overlay]] = MappingProxyType({}),
    lines: Sequence[str] = (),
) -> Figure:
    """One panel for each order p, regions shaded for what gradient flow can do, one legend for all.

    ``simulated`` are, by order, points at which half of the runs at finite N succeed; ``lines`` the only
    ones that are drawn.
    """
    figure = new_figure(len(diagrams), height=4.9 if not simulated else 5.3)
    panels = figure.subplots(1, len(diagrams), sharey=True, squeeze=False)[0]
    own = [simulated.get(diagram.p, ()) for diagram in diagrams]
    for panel, diagram, points in zip(panels, diagrams, own, strict=True):
        draw_panel(panel, diagram, lines or tuple(LINES))
        draw_overlays(panel, points)
    panels[0].set_ylabel(r"$1/\Delta_2$")
    handles, labels = panels[0].get_legend_handles_labels()
    columns = 3 if len(diagrams) > 1 else 2
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, frameon=False)
    figure.draw_without_rendering()
    for panel, diagram, points in zip(panels, diagrams, own, strict=True):
        label_regions(panel, diagram, points)
    return figure


def draw_panel(axes: Axes, diagram: SpikedDiagram, lines: Sequence[str] = tuple(LINES)) -> None:
    """Regions and lines of one order p."""
    x = diagram.delta_p
    edges = diagram.edges()
    for region, below, above in zip(REGIONS, edges, edges[1:], strict=False):
        axes.fill_between(
            x, np.minimum(below, 2 * TOP), np.minimum(above, 2 * TOP), color=region.colour, lw=0, zorder=0
        )
    for name, style in LINES.items():
        values = visible(diagram, name)
        if name in lines and np.isfinite(values).any():
            axes.plot(x, values, color=style.colour, ls=style.dashes, lw=style.width, label=style.label)
    axes.set(xscale="log", xlim=(x[0], x[-1]), ylim=(0, TOP), xlabel=r"$\Delta_p$", title=rf"$p = {diagram.p}$")


def visible(diagram: SpikedDiagram, name: str) -> Array:
    """A line without the stretch on which it is, by definition, the line drawn under it."""
    values, under = diagram.line(name), {"information_theoretic": "bayes_amp", "langevin": "bayes_amp"}.get(name)
    if under is None:
        return values
    same = values == diagram.line(under)
    neighbours = np.pad(same, 1, constant_values=True)
    inner = neighbours[:-2] & neighbours[2:]
    # the point where the lines meet is kept, unless the line jumps there
    jump = np.abs(np.diff(values, prepend=values[0])) > 0.05
    return np.where(same & (inner | jump), np.nan, values)


def label_regions(axes: Axes, diagram: SpikedDiagram, overlays: Sequence[Overlay] = ()) -> None:
    """Each name inside its region: level where that is wide, along the band (clear of other lines) where slanted."""
    x, edges = diagram.delta_p, diagram.edges()
    first_triviality = np.maximum(np.nan_to_num(diagram.line("trivialization"), nan=np.inf), edges[4])
    uppers = [*edges[1:5], np.minimum(first_triviality, edges[5]), edges[6]]
    lowers = [*edges[:3], np.maximum(edges[3], np.nan_to_num(diagram.line("langevin"))), *edges[4:6]]
    fraction = np.linspace(0, 1, x.size)
    for region, below, above in zip(REGIONS, lowers, uppers, strict=True):
        top = np.minimum(above, TOP)
        inside = (region.span[0] <= fraction) & (fraction <= region.span[1]) & (top > below)
        height = np.where(inside & ~(region.slanted & (above > 0.85 * TOP)), top - below, 0.0)
        if height.max(initial=0.0) < 0.25:
            continue
        near = np.flatnonzero(height >= 0.97 * height.max())
        i = int(near[near.size // 2])
        middle = (below + top) / 2
        angle = _angle(axes, x, middle, i) if region.slanted else 0.0
        y = middle[i] if region.slanted else clear_height(axes, x[i], below[i], top[i], overlays)
        place: Any = {"ha": "center", "va": "center", "rotation": angle, "rotation_mode": "anchor"}
        axes.text(x[i], y, region.label, fontsize=7.5, style="italic", **place)


def _angle(axes: Axes, x: Array, y: Array, i: int) -> float:
    """Slope of a curve on paper at its i-th point, in degrees."""
    near = [max(i - 2, 0), min(i + 2, x.size - 1)]
    start, end = axes.transData.transform(np.column_stack([x[near], y[near]]))
    return float(np.degrees(np.arctan2(end[1] - start[1], end[0] - start[0])))
