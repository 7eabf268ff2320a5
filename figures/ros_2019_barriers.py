"""Ros, Biroli, Cammarota 2019, "Complexity of energy barriers in mean-field glassy systems" (arXiv 1809.05440).

What lies around a minimum of the pure model p = 3: the lowest energy of critical points by overlap with it, its lowest
minimum on the way out, the lowest barrier, and the eigenvalue of the direction back; barriers by energy of the minimum.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numerics.curves import Numbers
from numerics.neighbourhood import neighbourhood
from theory import OVERLAP, GaussianLandscape

from .style import BLUE, GREY, ORANGE, PURPLE, new_figure

TITLE = "around a minimum: neighbours by overlap, the direction back, the lowest barrier (arXiv 1809.05440)"
LANDSCAPE = GaussianLandscape(OVERLAP**3 / 2)
FAST = {"count": 6}
ENERGIES, COLOURS = (-1.170, -1.167, -1.160), (PURPLE, BLUE, ORANGE)
THRESHOLD, LOWEST = -2 / np.sqrt(3), -1.1716747793
"""Where minima end, and where they begin (``E_th``, the ground state)."""


def draw(count: int = 25) -> dict[str, Figure]:
    """``count`` energies of minima in the last panel."""
    figure = new_figure(3, height=2.9)
    lowest, isolated, barriers = figure.subplots(1, 3)
    for energy, colour in zip(ENERGIES, COLOURS, strict=True):
        draw_neighbours(lowest, isolated, neighbourhood(LANDSCAPE, energy), energy, colour)
    lowest.axhline(THRESHOLD, color=GREY, lw=0.8, ls=":")
    lowest.set(xlabel="$q$", ylabel="lowest $E_1$ of critical points", xlim=(0, 0.85), ylim=(-1.1685, -1.1542))
    lowest.text(0.02, THRESHOLD - 2e-4, r"$E_{\rm th}$", va="top", color=GREY)
    lowest.legend(frameon=False, loc="lower right", title="$E_0$")
    isolated.axhline(0, color=GREY, lw=0.8, ls=":")
    isolated.set(xlabel="$q$", ylabel="eigenvalue of the direction back")
    draw_barriers(barriers, np.linspace(LOWEST + 1e-4, THRESHOLD - 2e-4, count))
    return {"neighbourhood": figure}


def draw_neighbours(lowest: Axes, isolated: Axes, found: Numbers, energy: float, colour: str) -> None:
    """The curves of one minimum; thick where the points are saddles that lead away from it."""
    q, curves = found.axes["overlap"].values, found.curves
    barrier, place = found.numbers["barrier"].value, found.numbers["barrier_overlap"].value
    saddles = q >= place
    lowest.plot(q, curves["energy"].value, color=colour, lw=0.9, label=f"${energy:.3f}$")
    lowest.plot(np.append(place, q[saddles]), np.append(barrier, curves["energy"].value[saddles]), color=colour, lw=2)
    lowest.plot(place, barrier, "o", color=colour, ms=4, mew=0)
    isolated.plot(q, curves["isolated_eigenvalue"].value, color=colour)
    isolated.plot(place, 0, "o", color=colour, ms=4, mew=0)


def draw_barriers(axes: Axes, energies: np.ndarray) -> None:
    """Height of the lowest barrier over the minimum, and that of ``E_th``."""
    found = [neighbourhood(LANDSCAPE, float(energy)).numbers["barrier"] for energy in energies]
    heights = [
        float(barrier.value) - energy if barrier.exists else np.nan
        for barrier, energy in zip(found, energies, strict=True)
    ]
    axes.plot(energies, heights, color=BLUE, label="lowest barrier")
    axes.plot(energies, THRESHOLD - energies, color=GREY, ls="--", label=r"$E_{\rm th} - E_0$")
    axes.set(xlabel="$E_0$", ylabel="height", ylim=(0, None))
    axes.legend(frameon=False)


if __name__ == "__main__":
    from .registry import main

    main(__spec__.name)
