"""Plots of any solution: curves with bands, points with bars."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .lowering import Array
from .picture import COLUMN_WIDTH, Picture
from .quantity import Axis, Quantity

BARS: Any = {"fmt": "o", "ms": 3, "lw": 1, "capsize": 2}
MARGIN, PANEL = 0.5, 1.7
"""Heights in inches."""
RANGE = 100.0
"""Of a positive curve, beyond which its axis is logarithmic."""
FLAT = 1e-9
"""Relative variation below which a curve is constant."""


def draw_curves(
    axis: Axis,
    curves: Mapping[str, Quantity],
    panel: Axes | None,
    *,
    bars: bool,
    together: str = "",
    level: Callable[[str], Quantity | None] = lambda _: None,
) -> Figure:
    """Below each other in panels of a new figure, all in the panel given, or all in one, labelled ``together``.

    ``level`` is a dashed line in the panel of the curve of that name, where there is one: a number or another curve.
    """
    panels = (_panels(1 if together else len(curves)) if panel is None else [panel]) * len(curves)
    for place, (name, quantity) in zip(panels, curves.items(), strict=False):
        _curve(place, axis, quantity, bars=bars, label=quantity.symbol or name)
        place.set_ylabel(together or quantity.symbol or quantity.meaning or name)
        if (compared := level(name)) is not None:
            _level(place, axis, compared)
    if together:
        panels[0].legend(fontsize="small")
    panels[-1].set_xlabel(f"{axis.label} ({axis.unit})" if axis.unit else axis.label)
    figure = cast(Figure, panels[0].get_figure(root=True))
    figure.align_ylabels()
    return figure


def draw_numbers(numbers: Mapping[str, Quantity], panel: Axes | None) -> Figure:
    """Those that there are, one below the other, with bars."""
    there = {quantity.symbol or name: quantity for name, quantity in numbers.items() if quantity.exists}
    height = MARGIN + 0.25 * max(len(there), 2)
    (place,) = _panels(1, height) if panel is None else [panel]
    for i, quantity in enumerate(there.values()):
        place.errorbar(float(quantity.value), i, xerr=_size(quantity.error), color="C0", **BARS)
    place.set(yticks=range(len(there)), yticklabels=list(there), ylim=(max(len(there), 1) - 0.5, -0.5))
    if panel is None:
        place.ticklabel_format(axis="x", useOffset=False)
        place.locator_params(axis="x", nbins=5)
    return cast(Figure, place.get_figure(root=True))


def _panels(count: int, height: float = 0.0) -> list[Axes]:
    figure = Picture(figsize=(COLUMN_WIDTH + 0.4, height or MARGIN + PANEL * count), layout="constrained")
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
        panel.margins(x=0)
    if axis.logarithmic:
        panel.set_xscale("log")
    _scale(panel, y)


def _scale(panel: Axes, y: Array) -> None:
    """Logarithmic for what is positive over more than two decades; from zero on for a constant."""
    low, high = np.nanmin(y, initial=np.inf), np.nanmax(y, initial=-np.inf)
    if low > 0 and high > RANGE * low:
        panel.set_yscale("log")
    elif 0 < high - low <= FLAT * high or low == high != 0:
        panel.set_ylim(*sorted((0.0, 1.5 * high)))


def _level(panel: Axes, axis: Axis, level: Quantity) -> None:
    """Room for it, and its name at the left end; of a curve in a legend."""
    panel.margins(y=0.1)
    if level.over:
        panel.plot(axis.values, level.value, color="0.35", ls="--", lw=0.8, label=level.symbol)
        panel.legend(fontsize="small")
        return
    panel.axhline(float(level.value), color="0.35", ls="--", lw=0.8, zorder=0)
    place: Any = {"textcoords": "offset points", "xycoords": ("axes fraction", "data"), "color": "0.35"}
    panel.annotate(level.symbol, (0, float(level.value)), (3, 2), **place)


def _size(error: Any) -> Any:
    """Of a bar: none where no error is known."""
    return np.nan_to_num(np.asarray(0.0 if error is None else error, dtype=np.float64))
