"""Sarao Mannelli, Krzakala, Urbani, Zdeborova 2019, "Passed & spurious" (arXiv 1902.00139).

Phase diagrams for p = 3 and p = 4; complexity of minima against the overlap with the signal, across the transitions.
"""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

from numerics.phase_diagram import phase_diagram
from numerics.thresholds import evaluate_thresholds
from theory import SpikedMatrixTensor

from .complexity_curve import draw_curve
from .phase_diagram import draw as draw_phase_diagram
from .style import GREY, new_figure

TITLE = "phase diagrams p = 3, 4; complexity of minima (arXiv 1902.00139)"
DELTA_P = 4
"""Noise of the tensor at which the curves are drawn."""
DELTA_2 = (1.0, 0.8, 0.7, 0.6, 0.5)
"""Noises of the matrix."""


def draw() -> dict[str, Figure]:
    """Both figures, by name."""
    noises = np.geomspace(0.1, 10, 121)
    diagrams = [phase_diagram(p, noises) for p in (3, 4)]
    return {"phase_diagrams": draw_phase_diagram(diagrams), "minima_complexity": draw_minima()}


def draw_minima() -> Figure:
    """``Sigma_min(m)`` for several ``Delta_2``, p = 3 and 4: the band around m = 0 shrinks and vanishes."""
    figure = new_figure(2, height=3.2)
    panels = figure.subplots(1, 2)
    for panel, p in zip(panels, (3, 4), strict=True):
        for colour, delta_2 in zip(colormaps["viridis"](np.linspace(0, 0.85, len(DELTA_2))), DELTA_2, strict=True):
            landscape = SpikedMatrixTensor(p, delta_2, DELTA_P)
            draw_curve(panel, landscape, 0, color=colour, lw=1.3, label=rf"$\Delta_2 = {delta_2:g}$")
        panel.axhline(0, color=GREY, lw=0.8, zorder=0)
        top = max(float(np.nanmax(line.get_ydata())) for line in panel.lines[:-1])
        panel.set(xlim=(-1, 1), ylim=(-2 * top, 1.1 * top), xlabel=r"$m$", title=_title(p))
        panel.ticklabel_format(axis="y", scilimits=(0, 0))
    panels[0].set_ylabel(r"$\Sigma_{\rm min}(m)$, annealed")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(DELTA_2), frameon=False, columnspacing=1.0)
    return figure


def _title(p: int) -> str:
    """Order, noise, and where the minima at m = 0 disappear."""
    family = SpikedMatrixTensor.family(p)
    value = evaluate_thresholds(family, {family.free[0]: DELTA_P}, 6, ["trivialization"])["trivialization"].value
    return rf"$p = {p}$, $\Delta_p = {DELTA_P}$, $\Sigma_{{\rm min}}(0) = 0$ at $\Delta_2 = {float(1 / value):.3f}$"


if __name__ == "__main__":
    from .registry import main

    main(__spec__.name)
