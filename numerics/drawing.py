"""Plots of any solution: curves with bands, points with bars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .picture import Picture
from .quantity import Axis, Quantity

BARS: Any = {"fmt": "o", "ms": 3, "lw": 1, "capsize": 2}


def draw_curves(
    axis: Axis, curves: Mapping[str, Quantity], panel: Axes | None, *, bars: bool, together: str = ""
) -> Figure:
    """Below each other in panels of a new figure, all in the panel given, or all in one, labelled ``together``."""
    panels = (_panels(1 if together else len(curves)) if panel is None else [panel]) * len(curves)
    for place, (name, quantity) in zip(panels, curves.items(), strict=False):
        _curve(place, axis, quantity, bars=bars, label=name)
        place.set_ylabel(together or quantity.meaning or name)
    if together:
        panels[0].legend(fontsize="small")
    panels[-1].set_xlabel(f"{axis.label} ({axis.unit})" if axis.unit else axis.label)
    return cast(Figure, panels[0].get_figure(root=True))


def draw_numbers(numbers: Mapping[str, Quantity], panel: Axes | None) -> Figure:
    """Those that there are, one below the other, with bars."""
    there = {name: quantity for name, quantity in numbers.items() if quantity.exists}
    (place,) = _panels(1) if panel is None else [panel]
    for i, quantity in enumerate(there.values()):
        place.errorbar(float(quantity.value), i, xerr=_size(quantity.error), **BARS)
    place.set(yticks=range(len(there)), yticklabels=list(there), ylim=(max(len(there), 1) - 0.5, -0.5))
    return cast(Figure, place.get_figure(root=True))


def _panels(count: int) -> list[Axes]:
    figure = Picture(figsize=(5, 1.4 + 1.8 * count), layout="constrained")
    return list(figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0])


def _curve(panel: Axes, axis: Axis, quantity: Quantity, *, bars: bool, label: str) -> None:
    """Over the part of the axis that can be drawn."""
    kept = axis.values > 0 if axis.logarithmic else np.full(axis.values.shape, True)
    x, y = axis.values[kept], np.where(quantity.exists, quantity.value, np.nan)[kept]
    error = np.broadcast_to(_size(quantity.error), kept.shape)[kept]
    if bars:
        panel.errorbar(x, y, yerr=error, label=label, **BARS)
    else:
        (line,) = panel.plot(x, y, label=label)
        panel.fill_between(x, y - error, y + error, color=line.get_color(), alpha=0.25, lw=0)
    if axis.logarithmic:
        panel.set_xscale("log")


def _size(error: Any) -> Any:
    """Of a bar: none where no error is known."""
    return np.nan_to_num(np.asarray(0.0 if error is None else error, dtype=np.float64))
