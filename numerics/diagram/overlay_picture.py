"""Measured points over the lines of a diagram, with error bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm

from .overlay import DYNAMICS, Overlay

MARKERS = "osD^v<>"
GROWS: Any = {"marker": "o", "s": 11, "lw": 0.3, "edgecolors": "black", "cmap": "viridis", "zorder": 4}
STILL: Any = {"marker": "o", "ms": 3, "mew": 0.6, "mec": "0.3", "mfc": "white", "ls": "", "zorder": 4}
EDGE: Any = {"mec": "black", "mew": 0.4, "ls": "", "ms": 4, "lw": 0.9, "capsize": 1.5}


def draw_overlays(axes: Axes, overlays: Sequence[Overlay]) -> Any:
    """Points with one error either way, and a thin line through what theory says for the same size.

    Returns what a bar of relaxation times explains, if there are any.
    """
    runs = [overlay for overlay in overlays if overlay.kind != DYNAMICS]
    colours = colormaps["autumn"](np.linspace(0.55, 0, len(runs)))
    for overlay, marker, colour in zip(runs, MARKERS, colours, strict=False):
        if np.isfinite(overlay.expected).any():
            label = "two-time equations, same $N$" if overlay is runs[-1] else None
            axes.plot(overlay.x, overlay.expected, color=colour, lw=0.8, zorder=3, label=label)
        _bars(axes, overlay, marker=marker, color=colour)
    bar = None
    for overlay in (overlay for overlay in overlays if overlay.kind == DYNAMICS):
        bar = _times(axes, overlay) or bar
        _bars(axes, overlay, marker="P", color="white", ecolor="black")
    return bar


def _bars(axes: Axes, overlay: Overlay, **style: Any) -> None:
    axes.errorbar(overlay.x, overlay.y, overlay.error, label=overlay.label, zorder=5, **EDGE, **style)


def _times(axes: Axes, overlay: Overlay) -> Any:
    """Where the overlap grows exponentially, coloured by the relaxation time; open where it does not."""
    x, y = list(overlay.columns.values())[:2]
    times = overlay.columns["relaxation_time"]
    grows = np.isfinite(times)
    axes.plot(x[~grows], y[~grows], label="no exponential growth", **STILL)
    return axes.scatter(x[grows], y[grows], c=times[grows], norm=LogNorm(), **GROWS) if grows.any() else None
