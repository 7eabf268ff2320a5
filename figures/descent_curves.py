"""Overlap, energy and Lagrange multiplier of descent at infinite size, with bands of one standard error."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numerics.generalized_linear.dynamics import DescentSolution

from .style import BLUE, ORANGE, PURPLE, new_figure

PANELS = (("m", r"$m(t)$", PURPLE), ("energy", r"$e(t)$", BLUE), ("mu", r"$\mu(t)$", ORANGE))


def draw(solution: DescentSolution) -> Figure:
    """``m(t)``, ``e(t)`` and ``mu(t)`` from the first step on, logarithmic in time; energies of one sign too."""
    figure = new_figure(1, height=5.6)
    panels = list(figure.subplots(len(PANELS), 1, sharex=True))
    for axes, (name, label, color) in zip(panels, PANELS, strict=True):
        _band(axes, solution, name, color)
        axes.set_ylabel(label)
    if (solution.energy[1:] > 0).all():
        panels[1].set_yscale("log")
    panels[-1].set(xscale="log", xlabel=r"$t$", xlim=(solution.t[1], solution.t[-1]))
    figure.align_ylabels()
    return figure


def _band(axes: Axes, solution: DescentSolution, name: str, color: str) -> None:
    t, value, error = solution.t[1:], solution.values[name][1:], solution.errors[name][1:]
    axes.plot(t, value, color=color)
    axes.fill_between(t, value - error, value + error, color=color, alpha=0.25, lw=0)
