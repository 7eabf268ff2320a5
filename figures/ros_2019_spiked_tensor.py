"""Ros, Ben Arous, Biroli, Cammarota 2019, "Complex energy landscapes in spiked-tensor and simple glassy models"
(Phys. Rev. X 9, 011003; arXiv 1804.02686).

The spiked tensor of order 3, by the overlap with the signal: all critical points on the left, minima on the right. With
less noise the band of minima about the equator reaches further towards the signal, until a gap opens before the minimum
that is near to it. Annealed averages.
"""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from theory.kac_rice import Kind
from theory.systems import SpikedTensor

from .complexity_curve import draw_curve
from .style import GREY, new_figure

TITLE = "complexity of the spiked tensor by overlap: all critical points, minima (arXiv 1804.02686)"
P = 3
NOISES = (2.0, 1.0, 0.5, 0.25, 0.1)
"""``Delta_p``."""
PANELS: dict[Kind, str] = {"total": "all critical points", 0: "minima"}


def draw() -> dict[str, Figure]:
    """Both kinds."""
    figure = new_figure(2, height=3.5)
    panels = figure.subplots(1, 2)
    for axes, (kind, title) in zip(panels, PANELS.items(), strict=True):
        draw_kind(axes, kind)
        axes.set(title=title, xlabel="$m$", xlim=(-1, 1))
    panels[0].set_ylabel(r"$\Sigma(m)$, annealed")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(NOISES), frameon=False)
    return {"complexity": figure}


def draw_kind(axes: Axes, kind: Kind) -> None:
    """At every noise; above zero there are exponentially many."""
    for colour, noise in zip(colormaps["viridis"](np.linspace(0, 0.85, len(NOISES))), NOISES, strict=True):
        label = rf"$\Delta_p = {noise:g}$"
        draw_curve(axes, SpikedTensor(p=P, delta_p=noise), kind, color=colour, lw=1.3, label=label)
    axes.axhline(0, color=GREY, lw=0.8, zorder=0)
    highest = max(float(np.nanmax(line.get_ydata())) for line in axes.lines)
    axes.set_ylim(-0.8 * highest, 1.15 * highest)
