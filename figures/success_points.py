"""Points of the phase diagram from runs at finite size, over its lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from numerics.statistics import wilson

if TYPE_CHECKING:
    from numerics.diagram.overlay import Overlay

REACH = (0.16, 0.2)
"""Half of the room that a name of a region takes: fraction of the width, and ``1/Delta_2``."""


def draw_shares(axes: Axes, places: ArrayLike, successes: ArrayLike, runs: ArrayLike, **style: Any) -> None:
    """Shares of runs that succeed, with Wilson's interval."""
    share = wilson(successes, runs)
    errors = np.abs(np.stack([share.low, share.high]) - share.value)
    axes.errorbar(places, share.value, errors, ls="", marker="o", ms=3.5, capsize=1.5, lw=0.9, **style)


def clear_height(axes: Axes, x: float, low: float, high: float, overlays: Sequence[Overlay]) -> float:
    """The middle between ``low`` and ``high`` or, where a point is in the way, a height off it."""
    here = axes.transScale.transform((x, 0))[0]
    limits = axes.transScale.transform([(edge, 0) for edge in axes.get_xlim()])[:, 0]
    width = REACH[0] * float(np.ptp(limits))
    places = [(axes.transScale.transform((a, 0))[0], b) for o in overlays for a, b in zip(o.x, o.y, strict=True)]
    near = [value for place, value in places if abs(place - here) < width]
    for part in (0.5, 0.45, 0.55, 0.4, 0.6, 0.3, 0.7):
        height = low + part * (high - low)
        if all(abs(value - height) > REACH[1] for value in near):
            return height
    return 0.5 * (low + high)
