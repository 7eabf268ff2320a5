"""Complexity of a loss against the overlap with the signal."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numerics.generalized_linear.curves import complexity_curve
from numerics.generalized_linear.field_law import Labels
from numerics.generalized_linear.saddle_search import Kind
from numerics.progress import Progress, part, silent
from theory.generalized_linear import GeneralizedLinearLandscape

from .style import BLUE, GREY, PURPLE, new_figure

OVERLAPS = tuple(float(q) for q in np.sin(np.linspace(0, 0.97, 33) * np.pi / 2))

KINDS: tuple[Kind, ...] = ("total", "minima")


def draw(
    landscape: GeneralizedLinearLandscape,
    alpha: float,
    labels: Labels = "quenched",
    energy: float | None = None,
    progress: Progress = silent,
) -> Figure:
    """All critical points above, minima below: full line where they are stable towards the signal."""
    figure = new_figure(1, height=4.4)
    panels = figure.subplots(2, 1, sharex=True)
    total, minima = (
        complexity_curve(
            landscape, alpha, kind, OVERLAPS, energy=energy, labels=labels, progress=part(progress, number, 2)
        )
        for number, kind in enumerate(KINDS)
    )
    sigma = np.array([point.sigma if point else np.nan for point in minima])
    stable = np.array([bool(point and point.stable) for point in minima])
    panels[0].plot(OVERLAPS, [point.sigma if point else np.nan for point in total], color=BLUE)
    panels[1].plot(OVERLAPS, sigma, color=PURPLE, ls=":", label="index 1: unstable towards the signal")
    panels[1].plot(OVERLAPS, np.where(stable, sigma, np.nan), color=PURPLE, label="minima")
    panels[1].legend(frameon=False)
    for panel, name in zip(
        panels, (r"$\Sigma_{\rm tot}(q)$, annealed", r"$\Sigma_{\rm min}(q)$, annealed"), strict=True
    ):
        _finish(panel, ylabel=name)
    panels[1].set(xlabel=r"$q = w \cdot w^\ast/N$", xlim=(0, 1))
    return figure


def _finish(axes: Axes, **labels: Any) -> None:
    """The axis at zero, and room for what is above it and as much again below: the rest is a steep fall."""
    axes.axhline(0, color=GREY, lw=0.8, zorder=0)
    highest = max([0.01, *(float(np.nanmax(line.get_ydata())) for line in axes.lines)])
    axes.set(ylim=(-1.2 * highest, 1.3 * highest), **labels)
