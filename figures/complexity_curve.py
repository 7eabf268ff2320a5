"""Complexity against the overlap with the signal."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numerics.complexity import complexity
from numerics.lowering import Array
from theory.kac_rice import Kind
from theory.landscape import GaussianLandscape

from .style import BLUE, GREY, ORANGE, PURPLE, new_figure

OVERLAPS = np.sin(np.linspace(-1, 1, 1201) * np.pi / 2)[1:-1]
"""Dense near the poles, where the complexity falls fastest."""


def curve(landscape: GaussianLandscape, kind: Kind, energy: float | None = None) -> Array:
    """``Sigma(m)``, annealed, on ``OVERLAPS``."""
    return complexity(landscape, OVERLAPS, kind, energy=energy).sigma


def draw_curve(axes: Axes, landscape: GaussianLandscape, kind: Kind, energy: float | None = None, **style: Any) -> None:
    """One curve; stretches without such critical points are left out."""
    sigma = curve(landscape, kind, energy)
    axes.plot(OVERLAPS, np.where(np.isfinite(sigma), sigma, np.nan), **style)


def draw(landscape: GaussianLandscape, energy: float | None = None, index: int | None = None) -> Figure:
    """All critical points above, minima (and saddles of one index) below on their own scale."""
    figure = new_figure(1, height=4.4)
    panels = figure.subplots(2, 1, sharex=True)
    draw_curve(panels[0], landscape, "total", energy, color=BLUE)
    draw_curve(panels[1], landscape, 0, energy, color=PURPLE, label="minima")
    if index:
        draw_curve(panels[1], landscape, index, energy, color=ORANGE, ls="--", label=f"index {index}")
        panels[1].legend(frameon=False)
    for panel, label in zip(
        panels, (r"$\Sigma_{\rm tot}(m)$, annealed", r"$\Sigma_{\rm min}(m)$, annealed"), strict=True
    ):
        panel.axhline(0, color=GREY, lw=0.8, zorder=0)
        panel.set_ylabel(label)
        _limits(panel)
    panels[1].set(xlabel=r"$m$", xlim=(-1, 1))
    return figure


def _limits(axes: Axes) -> None:
    """Room for what is above zero and as much again below: the rest is a steep fall."""
    highest = max([float(np.nanmax(line.get_ydata())) for line in axes.lines if np.size(line.get_ydata()) > 2] + [0.0])
    scale = highest if highest > 1e-9 else 0.01
    axes.set_ylim(-1.2 * scale, 1.15 * scale)
