"""Complexity against the overlap with the signal."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numerics.complexity import complexity
from numerics.lowering import Array
from numerics.quenched.complexity import quenched
from theory.kac_rice import Kind
from theory.landscape import GaussianLandscape

from .style import BLUE, GREEN, GREY, ORANGE, PURPLE, new_figure

OVERLAPS = np.sin(np.linspace(-1, 1, 1201) * np.pi / 2)[1:-1]
"""Dense near the poles, where the complexity falls fastest."""
TYPICAL = 40
"""Points of a stretch of the quenched curve."""
KINDS: tuple[Kind, ...] = ("total", 0)


def curve(landscape: GaussianLandscape, kind: Kind, energy: float | None = None) -> Array:
    """``Sigma(m)``, annealed, on ``OVERLAPS``."""
    return complexity(landscape, OVERLAPS, kind, energy=energy).sigma


def draw_curve(axes: Axes, landscape: GaussianLandscape, kind: Kind, energy: float | None = None, **style: Any) -> None:
    """One curve; stretches without such critical points are left out."""
    sigma = curve(landscape, kind, energy)
    axes.plot(OVERLAPS, np.where(np.isfinite(sigma), sigma, np.nan), **style)


def draw_typical(axes: Axes, landscape: GaussianLandscape, kind: Kind, energy: float | None = None) -> None:
    """The quenched curve, where it is known: sought where the annealed one, which is above, is positive."""
    positive = np.flatnonzero(curve(landscape, kind, energy) > 0)
    for stretch in np.split(positive, np.flatnonzero(np.diff(positive) > 1) + 1):
        places = OVERLAPS[stretch[:: max(1, stretch.size // TYPICAL)]]
        found = [quenched(landscape, float(m), kind, energy=energy, breaking=0).sigma for m in places]
        axes.plot(places, np.where(np.isfinite(found), found, np.nan), color=GREEN, ls="--", label="quenched")


def draw(
    landscape: GaussianLandscape, energy: float | None = None, index: int | None = None, *, typical: bool = False
) -> Figure:
    """All critical points above, minima (and saddles of one index) below on their own scale."""
    figure = new_figure(1, height=4.4)
    panels = figure.subplots(2, 1, sharex=True)
    draw_curve(panels[0], landscape, "total", energy, color=BLUE, label="annealed")
    draw_curve(panels[1], landscape, 0, energy, color=PURPLE, label="annealed" if typical else "minima")
    if index:
        draw_curve(panels[1], landscape, index, energy, color=ORANGE, ls="--", label=f"index {index}")
        panels[1].legend(frameon=False)
    for panel, name in zip(panels, ("tot", "min"), strict=True):
        panel.axhline(0, color=GREY, lw=0.8, zorder=0)
        panel.set_ylabel(rf"$\Sigma_{{\rm {name}}}(m)$" + ("" if typical else ", annealed"))
        _limits(panel)
    if typical:
        for panel, kind in zip(panels, KINDS, strict=True):
            draw_typical(panel, landscape, kind, energy)
            panel.legend(frameon=False)
    panels[1].set(xlabel=r"$m$", xlim=(-1, 1))
    return figure


def _limits(axes: Axes) -> None:
    """Room for what is above zero and as much again below: the rest is a steep fall."""
    highest = max([float(np.nanmax(line.get_ydata())) for line in axes.lines if np.size(line.get_ydata()) > 2] + [0.0])
    scale = highest if highest > 1e-9 else 0.01
    axes.set_ylim(-1.2 * scale, 1.15 * scale)
