"""Points of the phase diagram from runs at finite size, over its lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from numerics.statistics import wilson

if TYPE_CHECKING:
    from numerics.recovery import SuccessPoint

MARKERS = "osD^v<>"
REACH = (0.16, 0.2)
"""Half of the room that a name of a region takes: fraction of the width, and ``1/Delta_2``."""


def draw_points(axes: Axes, points: Sequence[SuccessPoint]) -> None:
    """Crossings with one standard error, and a thin line through what the two-time equations say for the same N."""
    sizes = sorted({point.size for point in points})
    colours = colormaps["autumn"](np.linspace(0.55, 0, len(sizes)))
    for size, marker, colour in zip(sizes, MARKERS, colours, strict=False):
        own = [point for point in points if point.size == size]
        noises = [point.model.delta_p for point in own]
        values, errors = np.transpose([point.crossing for point in own])
        label = "two-time equations, same $N$" if size == sizes[-1] else None
        axes.plot(noises, [point.predicted for point in own], color=colour, lw=0.8, zorder=3, label=label)
        style: Any = {"color": colour, "ls": "", "marker": marker, "ms": 4, "mec": "black", "mew": 0.4, "zorder": 4}
        label = rf"half of the runs succeed, $N = {size}$"
        axes.errorbar(noises, values, errors, lw=0.9, capsize=1.5, label=label, **style)


def draw_shares(axes: Axes, places: ArrayLike, successes: ArrayLike, runs: ArrayLike, **style: Any) -> None:
    """Shares of runs that succeed, with Wilson's interval."""
    share = wilson(successes, runs)
    errors = np.abs(np.stack([share.low, share.high]) - share.value)
    axes.errorbar(places, share.value, errors, ls="", marker="o", ms=3.5, capsize=1.5, lw=0.9, **style)


def clear_height(axes: Axes, x: float, low: float, high: float, points: Sequence[SuccessPoint]) -> float:
    """The middle between ``low`` and ``high`` or, where a point is in the way, a height off it."""
    here = axes.transScale.transform((x, 0))[0]
    limits = axes.transScale.transform([(edge, 0) for edge in axes.get_xlim()])[:, 0]
    width = REACH[0] * float(np.ptp(limits))
    places = [(axes.transScale.transform((p.model.delta_p, 0))[0], p.crossing[0]) for p in points]
    near = [value for place, value in places if abs(place - here) < width]
    for part in (0.5, 0.45, 0.55, 0.4, 0.6, 0.3, 0.7):
        height = low + part * (high - low)
        if all(abs(value - height) > REACH[1] for value in near):
            return height
    return 0.5 * (low + high)
