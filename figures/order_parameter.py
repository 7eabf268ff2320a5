"""The order parameter of equilibrium: x(q), at T = 0 ``x/T``, with steps as vertical lines."""

from __future__ import annotations

from matplotlib.figure import Figure

from numerics.statics import Statics

from .style import BLUE, new_figure


def draw(result: Statics) -> Figure:
    """x against q from 0 to 1."""
    q = result.axes["q"].values
    figure = new_figure(1)
    axes = figure.subplots()
    axes.plot(q, result.x(q), color=BLUE, solid_joinstyle="miter")
    axes.set(xlabel=r"$q$", ylabel=r"$x(q)/T$" if result.temperature == 0 else r"$x(q)$", xlim=(0, 1))
    axes.set_ylim(bottom=0, top=None if result.temperature == 0 else 1.05)
    return figure
