"""Kent-Dobias 2024, "Conditioning the complexity of random landscapes on marginal optima" (Phys. Rev. E 110, 064148;
arXiv 2407.02082), with the energy that algorithms reach (Huang, Sellke 2022, arXiv 2110.07847).

Energies by the overlap m with the signal of a spiked matrix-tensor model. On the part of the sphere at m: the ground
state, the energy at which algorithms end, and that at which gradient flow ages. Of the whole sphere: marginal points at
m, t = 2, typically, between the energies at which there are some, and where they are most numerous; beyond the open
circle they have a negative eigenvalue along the signal. The star is the lowest of all, the informative minimum.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.optimize import minimize_scalar

from numerics.marginal import typical_window
from numerics.quenched.complexity import quenched
from numerics.statics import statics
from numerics.statics.transitions import algorithmic_energy
from numerics.sweep import sweep
from numerics.thresholds.ageing import ageing_energy
from theory.landscape import exact
from theory.statics import at_overlap
from theory.systems import SpikedMatrixTensor

from .style import BLUE, GREEN, GREY, ORANGE, PURPLE, new_figure

TITLE = "ground state, algorithms, gradient flow and marginal points by overlap with the signal (arXiv 2407.02082)"
FAST: dict[str, Any] = {"places": 5}
NOISES = {"delta_2": "1", "delta_p": "1/2"}
LAST = 0.8
"""Overlap."""


@dataclass(frozen=True)
class Energies:
    """At one overlap; nan where there are none."""

    overlap: float
    ground: float
    algorithmic: float
    ageing: float
    numerous: float
    low: float
    high: float
    outlier: float


def model() -> SpikedMatrixTensor:
    """Both noises given."""
    return SpikedMatrixTensor(p=3, **NOISES)


def ground(overlap: float) -> float:
    """Of the ground state at that overlap."""
    return statics(model(), overlap=exact(overlap)).energy


def at(overlap: float) -> Energies:
    """All of them."""
    landscape, m = model(), exact(overlap)
    restricted, mean = at_overlap(landscape, m), float(landscape.g(0, m))
    algorithms = algorithmic_energy(restricted).value
    marginal = quenched(landscape, overlap, breaking=0, marginal=True)
    there = marginal.sigma > 0
    window = typical_window(landscape, overlap, breaking=0) if there else ()
    low, high = (end.value if end.value is not None else np.nan for end in window) if window else (np.nan, np.nan)
    return Energies(
        overlap,
        ground(overlap),
        np.nan if algorithms is None else algorithms - mean,
        float(ageing_energy(restricted).value[0]) - mean,
        marginal.energy if there else np.nan,
        low,
        high,
        marginal.outlier,
    )


def draw(places: int = 25, workers: int = 1) -> dict[str, Figure]:
    """Energies on the left; what they lie above the ground state on the right."""
    found = sweep(at, [float(m) for m in np.linspace(0, LAST, places).round(6)], workers=workers)
    figure = new_figure(2, height=3.4)
    panels = figure.subplots(1, 2)
    draw_energies(panels[0], found, above=False)
    draw_energies(panels[1], found, above=True)
    lowest = minimize_scalar(ground, bounds=(0.05, LAST), method="bounded", options={"xatol": 1e-6})
    panels[0].plot(lowest.x, lowest.fun, "*", color=BLUE, ms=9, label="informative minimum")
    panels[0].set_ylabel("energy")
    panels[1].set(ylabel="energy above the ground state", ylim=(-0.001, 0.046))
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    return {"energies": figure}


LINES = {
    "ground": ("ground state", BLUE),
    "algorithmic": ("algorithms", GREEN),
    "ageing": ("gradient flow", ORANGE),
    "numerous": ("most numerous marginal points", PURPLE),
}


def draw_energies(axes: Axes, found: Iterable[Energies], *, above: bool) -> None:
    """As they are, or above the ground state."""
    rows = list(found)
    column = partial(_column, rows)
    m, shift = column("overlap"), column("ground") if above else 0.0
    axes.fill_between(m, column("low") - shift, column("high") - shift, color=PURPLE, alpha=0.15, lw=0)
    for name, (label, colour) in LINES.items():
        axes.plot(m, column(name) - shift, color=colour, lw=1.4, label=label)
    unstable = np.flatnonzero(column("outlier") > 1)
    if unstable.size:
        first = unstable[0]
        axes.plot(m[first], (column("numerous") - shift)[first], "o", mfc="white", color=PURPLE, ms=5, zorder=4)
    axes.axhline(0, color=GREY, lw=0.6, zorder=0) if above else None
    axes.set(xlabel="$m$", xlim=(0, LAST))


def _column(rows: list[Energies], name: str) -> Any:
    return np.array([getattr(row, name) for row in rows])
