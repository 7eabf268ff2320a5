"""Auffinger, Ben Arous, Cerny 2013, "Random matrices and complexity of spin glasses" (arXiv 1003.1129).

Critical points of the pure p-spin landscape by energy and index: below the threshold energy each index begins at an
energy of its own, the minima first, where the ground state is; above it all indices are extensive. On the right where
the first few indices begin, against p, in units of the threshold energy.
"""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numerics.complexity import complexity
from numerics.lowering import Array
from numerics.thresholds.energies import lowest_energy
from theory import PureSpin
from theory.energies import marginal_energy

from .style import BLUE, GREY, new_figure

TITLE = "complexity of the pure p-spin model by energy and index: layers of saddles (arXiv 1003.1129)"
P = 3
LANDSCAPE = PureSpin(P, 1)
INDICES = (0, 1, 2, 5)
ORDERS = range(3, 13)


def draw() -> dict[str, Figure]:
    """Both."""
    figure = new_figure(2, height=3.2)
    layers, starts = figure.subplots(1, 2)
    draw_layers(layers)
    draw_starts(starts)
    return {"layers": figure}


def colours() -> Array:
    """One for each index."""
    return np.asarray(colormaps["viridis"](np.linspace(0, 0.85, len(INDICES))))


def threshold_energy(p: int) -> float:
    """``e_th``, where all minima are marginal."""
    return float(marginal_energy(PureSpin(p, 1)).closed_form or 0)


def start(p: int, index: int) -> float:
    """The energy below which there are no critical points of that index."""
    return float(lowest_energy(PureSpin(p, 1), index).value[0])


def draw_layers(axes: Axes) -> None:
    """``Sigma_k(e)`` to the threshold energy, and that of all critical points."""
    threshold, ground = threshold_energy(P), start(P, 0)
    width = threshold - ground
    energies = np.linspace(ground - 0.1 * width, threshold, 200)
    beyond = np.linspace(ground - 0.1 * width, threshold + 0.3 * width, 200)
    for colour, index in zip(colours(), INDICES, strict=True):
        sigma = complexity(LANDSCAPE, 0, index, energy=energies).sigma
        axes.plot(energies, sigma, color=colour, label=f"index {index}" if index else "minima")
    axes.plot(beyond, complexity(LANDSCAPE, 0, "total", energy=beyond).sigma, color=BLUE, ls=":", label="all", zorder=3)
    axes.axhline(0, color=GREY, lw=0.8, zorder=0)
    axes.axvline(threshold, color=GREY, lw=0.8, ls="--", zorder=0)
    axes.annotate(r"$e_{\rm th}$", (threshold, 0.95), (3, 0), xycoords=("data", "axes fraction"),
                  textcoords="offset points", va="top")  # fmt: skip
    axes.set(xlabel="energy $e$", ylabel=r"$\Sigma_k(e)$", xlim=(beyond[0], beyond[-1]), ylim=(-0.022, 0.032))
    axes.locator_params("x", nbins=5)
    axes.set_title(f"$p = {P}$")
    axes.legend(frameon=False, loc="upper left", ncols=2)


def draw_starts(axes: Axes) -> None:
    """Energies below which there are no critical points of an index."""
    for colour, index in zip(colours(), INDICES, strict=True):
        ratios = [start(p, index) / threshold_energy(p) for p in ORDERS]
        label = f"index {index}" if index else "minima: ground state"
        axes.plot(list(ORDERS), ratios, color=colour, marker="o", ms=3, lw=1, label=label)
    axes.set(xlabel="$p$", ylabel=r"$E_k/e_{\rm th}$")
    axes.legend(frameon=False, loc="upper left")
