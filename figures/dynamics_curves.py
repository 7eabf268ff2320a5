"""Overlap, energy and Lagrange multiplier against the logarithm of time."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numerics.dynamics import DynamicsSolution
from numerics.lowering import Array
from numerics.thresholds import evaluate_thresholds
from theory.energies import energy_family
from theory.landscape import GaussianLandscape

from .style import BLUE, GREY, ORANGE, PURPLE, new_figure

POINTS = 601
DECADES_BELOW_ONE = 2
"""The quench itself, where time is of order one."""


def draw(landscape: GaussianLandscape, solution: DynamicsSolution) -> Figure:
    """``m(t)`` where there is a signal, ``e(t)`` with the threshold energy, ``mu(t)``."""
    t = _times(solution.t_reached)
    m, mu, energy = solution.two_time.one_time(t)
    planted = landscape.mean != 0
    figure = new_figure(1, height=5.6 if planted else 4.0)
    panels = list(figure.subplots(3 if planted else 2, 1, sharex=True))
    if planted:
        _overlap(panels.pop(0), t, m)
    panels[0].plot(t, energy, color=BLUE)
    panels[0].set_ylabel(r"$e(t)$")
    panels[1].plot(t, mu, color=ORANGE)
    panels[1].set(xscale="log", xlabel=r"$t$", ylabel=r"$\mu(t)$", xlim=(t[0], t[-1]))
    threshold = _threshold_energy(landscape, solution)
    if threshold is not None:
        panels[0].margins(y=0.1)
        panels[0].axhline(threshold, color=GREY, ls="--", lw=0.8, zorder=0)
        panels[0].annotate(r"$e_{\rm th}$", (t[0], threshold), (3, 2), textcoords="offset points", color=GREY)
    figure.align_ylabels()
    return figure


def _times(reached: float) -> Array:
    """From the quench to the end, equally spaced in ``ln t``."""
    return np.minimum(np.geomspace(10.0**-DECADES_BELOW_ONE * min(1, reached), reached, POINTS), reached)


def _overlap(axes: Axes, t: Array, m: Array) -> None:
    """Logarithmic where it grows over more than a decade."""
    axes.plot(t, m, color=PURPLE)
    logarithmic = np.min(m) > 0 and np.max(m) > 10 * np.min(m)
    axes.set(ylabel=r"$m(t)$", yscale="log" if logarithmic else "linear")


def _threshold_energy(landscape: GaussianLandscape, solution: DynamicsSolution) -> float | None:
    """Where gradient flow from a random start ages; None at a temperature, from equilibrium, or undefined."""
    if solution.model.temperature > 0 or solution.model.beta > 0:
        return None
    result = evaluate_thresholds(energy_family(landscape), {}, only=["threshold_energy"])["threshold_energy"]
    return float(result.value) if result.exists else None
