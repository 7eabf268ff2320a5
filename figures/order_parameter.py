"""P(q), the law of the overlap of two configurations, and on request the complexity of states."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numerics.curves import Numbers

from .style import BLUE, GREEN, GREY, ORANGE, new_figure

PLACES = 400
"""Of a continuous part."""


def draw(order: Mapping[str, Any], x: Callable[[Any], Any] | None = None, states: Numbers | None = None) -> Figure:
    """Peaks as stems as high as their weights, continuous parts as a density; ``order`` as in JSON, ``x`` of overlaps.

    With the complexity of ``states`` in a panel of its own.
    """
    figure = new_figure(1 if states is None else 2, height=2.8)
    panels = figure.subplots(1, 1 if states is None else 2, squeeze=False)[0]
    draw_law(panels[0], order, x)
    if states is not None:
        draw_states(panels[1], states)
    return figure


def draw_law(axes: Axes, order: Mapping[str, Any], x: Callable[[Any], Any] | None) -> None:
    """At T = 0 divided by T; there what is left of P is at q = 1."""
    cold = order["variable"] == "x/T"
    weights = [(step["overlap"], step["to"] - step["from"]) for step in order["steps"]]
    for q, weight in weights:
        axes.plot([q, q], [0, weight], color=BLUE, lw=1.6)
        axes.plot(q, weight, "o", color=BLUE, ms=4, clip_on=False)
    bands = order.get("continuous", ()) if x is not None else ()
    for band in bands:
        assert x is not None
        q = np.linspace(band["from"], band["to"], PLACES)[1:-1]
        density = np.gradient(x(q), q)
        axes.fill_between(q, density, color=ORANGE, alpha=0.3, lw=0)
        axes.plot(q, density, color=ORANGE)
    known = [q for q, _ in weights] + [band["from"] for band in bands]
    axes.set(xlabel="$q$", xlim=(min([0.0, *known]) - 0.03, 1.03), ylabel="$P(q)/T$" if cold else "$P(q)$")
    axes.set_ylim(0, None if weights or bands else 1)
    if cold:
        axes.plot([1, 1], [0, 1], transform=axes.get_xaxis_transform(), color=GREY, ls=":")
        axes.text(0.98, 0.5, "the rest", rotation=90, ha="right", va="center", transform=axes.get_xaxis_transform())


def draw_states(axes: Axes, states: Numbers) -> None:
    """From the marginal ones down to the lowest; those of equilibrium are marked."""
    axis, sigma = states.axes["free_energy"], states.quantities["sigma"].value
    axes.plot(axis.values, sigma, color=GREEN)
    axes.plot(axis.values[0], sigma[0], "o", color=GREEN, ms=4, label="marginal")
    if "equilibrium" in states.numbers:
        place = states.numbers["equilibrium"].value, states.numbers["sigma_equilibrium"].value
        axes.plot(*place, "D", color=ORANGE, ms=5, label="equilibrium")
    axes.axhline(0, color=GREY, lw=0.8, zorder=0)
    axes.set(xlabel=axis.label, ylabel=states.quantities["sigma"].symbol)
    axes.legend(frameon=False, loc="upper left")
