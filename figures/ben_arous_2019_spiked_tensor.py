"""Ben Arous, Mei, Montanari, Nica 2019, "The landscape of the spiked tensor model" (Commun. Pure Appl. Math. 72, 2282;
arXiv 1711.05424).

Where the spiked tensor of order 3 has critical points, in the plane of overlap with the signal and energy: on average
exponentially many inside the lines, of any kind (pale) and minima (dark), which are but a thin band at the lowest
energies (second row: about the threshold energy, where the bulk of the Hessian touches zero). With less noise the band
reaches further towards the signal.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numerics.complexity import complexity
from numerics.lowering import Array
from theory.kac_rice import Kind
from theory.systems import SpikedTensor

from .style import GREY, new_figure

TITLE = "where the spiked tensor has critical points and minima, by overlap and energy (arXiv 1711.05424)"
P = 3
NOISES = (2.0, 0.5, 0.125)
"""``Delta_p``."""
KINDS: dict[Kind, tuple[str, str]] = {"total": ("critical points", "#c6dbef"), 0: ("minima", "#2171b5")}
FAST = {"places": 60}


def draw(places: int = 240) -> dict[str, Figure]:
    """At every noise, on a grid of so many overlaps and energies; below, the energies of the minima alone."""
    figure = new_figure(3, height=4.4)
    panels = figure.subplots(2, len(NOISES))
    for (above, below), noise in zip(panels.T, NOISES, strict=True):
        system = SpikedTensor(p=P, delta_p=noise)
        edge = 2 * float(system.f(2)) ** 0.5 / P
        draw_plane(above, system, np.linspace(-1.2 * edge - float(system.g(0, 1)), 1.2 * edge, places))
        draw_plane(below, system, edge * np.linspace(-1.025, -0.985, places))
        above.set_title(rf"$\Delta_p = {noise:g}$")
        below.set_xlabel("$m$")
    for axes in panels[:, 0]:
        axes.set_ylabel("$E/N$")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    return {"plane": figure}


def draw_plane(axes: Axes, system: SpikedTensor, energies: Array) -> None:
    """Where the complexity at an energy is positive, and the energy of the signal without noise."""
    m = np.linspace(-0.995, 0.995, energies.size)
    for kind, (label, colour) in KINDS.items():
        # annealed; none at all counts as far below zero
        sigma = np.maximum(complexity(system, m[None, :], kind, energy=energies[:, None]).sigma, -1e3)
        axes.contourf(m, energies, sigma, levels=[0.0, np.inf], colors=[colour])
        axes.contour(m, energies, sigma, levels=[0.0], colors=["black"], linewidths=0.6)
        axes.fill([], [], color=colour, label=label)
    axes.plot(m, [-float(system.g(0, x)) for x in m], color=GREY, ls="--", lw=0.9, label="signal alone")
    axes.set(xlim=(-1, 1), ylim=(energies[0], energies[-1]))
