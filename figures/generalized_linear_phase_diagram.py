"""Phase retrieval: BBP lines in the plane of alpha and a, and where critical points are in that of alpha and q.

Complexities are annealed over the inputs, at typical labels unless a line says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numerics.generalized_linear.phase_diagram import RetrievalDiagram
from numerics.lowering import Array

from .phase_diagram import LineStyle
from .style import BLUE, CYAN, GREEN, GREY, ORANGE, PURPLE, new_figure

LINES = {
    "bbp_kac_rice_zero_complexity": LineStyle(r"lowest minima, $\Sigma = 0$, annealed", PURPLE, "-", 2.2),
    "bbp_kac_rice_dominant_quenched": LineStyle("typical minima, labels quenched", BLUE, "-", 2.0),
    "bbp_kac_rice_dominant_annealed": LineStyle("typical minima, labels annealed", CYAN, "--", 1.4),
    "bbp_threshold_1rsb": LineStyle("marginal 1RSB states", ORANGE, "-.", 1.4),
    "bbp_ground_state_frsb": LineStyle("ground state, full RSB", GREEN, ":", 2.2),
    "bbp_initial": LineStyle("random start", "black", (0, (5, 1)), 1.3),
}
OVERLAP_LINES = {
    "critical_points": LineStyle("last critical points", GREY, "-", 1.6),
    "minima": LineStyle(r"last points of index $o(N)$, annealed", "black", "-", 1.6),
    "lowest_stable": LineStyle("lowest minima unstable", PURPLE, "-", 2.0),
    "typical_stable": LineStyle("typical minima unstable", BLUE, "-", 2.0),
}
STABLE, MIXED, UNSTABLE, SADDLES, NONE = "#f2c9c4", "#f7e1b5", "#dfeefa", "#eeeeee", "#bfe0cf"
"""Shades: all typical minima stable; only low ones; bulk-stable points that all point to the signal; saddles; none."""


def draw(diagram: RetrievalDiagram, lines: Sequence[str] = ()) -> Figure:
    """Lines in (a, alpha) on the left, in (alpha, q) at one a on the right; shades mean the same in both.

    ``lines`` are the only ones that are drawn.
    """
    figure = new_figure(2, height=4.9)
    left, right = figure.subplots(1, 2)
    draw_softening(left, diagram, lines or tuple(LINES))
    draw_overlaps(right, diagram, lines or tuple(OVERLAP_LINES))
    for panel in (left, right):
        panel.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, frameon=False, fontsize=7.5)
    return figure


def draw_softening(axes: Axes, diagram: RetrievalDiagram, lines: Sequence[str]) -> None:
    """BBP of each kind of state as a function of a; shades tell which uninformative minima are left."""
    a, top = diagram.softening, _top(diagram)
    low, high = (diagram.line(f"bbp_kac_rice_{name}") for name in ("dominant_quenched", "zero_complexity"))
    for begin, stop, colour in ((0 * low, low, STABLE), (low, high, MIXED), (high, 0 * high + top, UNSTABLE)):
        axes.fill_between(a, begin, stop, color=colour, lw=0, zorder=0)
    for name, style in LINES.items():
        if name in diagram.lines and name in lines:
            axes.plot(a, diagram.line(name), color=style.colour, ls=style.dashes, lw=style.width, label=style.label)
    axes.set(xscale="log", xlim=(a.min(), a.max()), ylim=(0, top), xlabel="$a$", ylabel=r"$\alpha = M/N$")
    axes.text(0.05, 0.93, "all minima unstable\ntowards the signal", transform=axes.transAxes, va="top", fontsize=8)
    axes.text(0.05, 0.06, "typical minima stable", transform=axes.transAxes, fontsize=8)
    axes.set_title("(a) Hessian towards the signal, $q = 0$")


def _top(diagram: RetrievalDiagram) -> float:
    """Room above the lines of the threshold states."""
    kept = [diagram.line(name) for name in diagram.lines if name != "bbp_initial"]
    return float(1.15 * np.nanmax(np.concatenate(kept)))


def draw_overlaps(axes: Axes, diagram: RetrievalDiagram, chosen: Sequence[str]) -> None:
    """Where critical points are: stable minima, unstable ones, saddles of extensive index, none but the signal."""
    lines = diagram.overlaps
    q, start, end = lines["minima"].overlap, *_span(diagram)
    total, minima = (_capped(lines[name].alpha, 9 * end) for name in ("critical_points", "minima"))
    low, high = (
        np.minimum(np.nan_to_num(lines[f"{n}_stable"].alpha, nan=np.inf), minima) for n in ("typical", "lowest")
    )
    edges = (np.zeros_like(q), low, np.maximum(low, high), minima, np.maximum(total, minima), np.full_like(q, 9 * end))
    for begin, stop, colour in zip(edges, edges[1:], (STABLE, MIXED, UNSTABLE, SADDLES, NONE), strict=False):
        axes.fill_betweenx(q, begin, stop, color=colour, lw=0, zorder=0)
    for name in (name for name in OVERLAP_LINES if name in chosen):
        line, style = lines[name], OVERLAP_LINES[name]
        axes.plot(line.alpha, line.overlap, color=style.colour, ls=style.dashes, lw=style.width, label=style.label)
    axes.set(xlim=(start, end), ylim=(0, float(q.max())), xlabel=r"$\alpha = M/N$", ylabel=r"$q = w \cdot w^\ast/N$")
    _name_regions(axes, diagram, (start, end))
    axes.set_title(f"(b) overlaps, $a = {diagram.panel:g}$")


def _name_regions(axes: Axes, diagram: RetrievalDiagram, span: tuple[float, float]) -> None:
    """A name inside each region, between the lines that bound it."""
    start, end = span
    place, stable = start + 0.7 * (end - start), float(np.nanmax(diagram.overlaps["typical_stable"].alpha))
    low, high = (_overlap_at(diagram, name, place) for name in ("minima", "critical_points"))
    names = (
        ((start + stable) / 2, 0.1, "typical minima\nstable"),
        ((stable + end) / 1.9, low / 3, "all minima unstable"),
        (place, (low + high) / 2, "saddles of extensive index"),
        ((start + end) / 2, (1 + high) / 2, "no critical points but the signal"),
    )
    for x, y, text in names:
        axes.text(x, y, text, fontsize=8, ha="center", va="center")


def _overlap_at(diagram: RetrievalDiagram, name: str, alpha: float) -> float:
    """Overlap where a line passes this alpha; alpha falls along it."""
    line = diagram.overlaps[name]
    known = np.isfinite(line.alpha)
    return float(np.interp(-alpha, -line.alpha[known], line.overlap[known]))


def _span(diagram: RetrievalDiagram) -> tuple[float, float]:
    """Range of alpha: from where the lines are lost near the signal to well beyond the last stable minima."""
    lines = diagram.overlaps
    start = float(np.nanmin(lines["critical_points"].alpha))
    return start, 1.9 * float(np.nanmax(lines["lowest_stable"].alpha))


def _capped(alpha: Array, end: float) -> Array:
    """Lines given up at small q are beyond the picture; those lost at large q end."""
    known = np.isfinite(alpha)
    first, last = int(np.argmax(known)), len(alpha) - int(np.argmax(known[::-1])) if known.any() else 0
    filled = np.where(known, alpha, 0.0)
    filled[:first] = end
    filled[last:] = 0.0
    return np.asarray(np.minimum(filled, end))
