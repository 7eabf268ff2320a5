"""Kent-Dobias, Kurchan 2023, "How to count in hierarchical landscapes: a full solution to mean-field complexity"
(Phys. Rev. E 107, 064111; arXiv 2207.06161).

Complexity by energy of two mixtures, ``f = q^3/2 + q^16/32``, whose ground state breaks symmetry in two steps, and
``f = q^2/2 + q^4/32``, where it does so in all overlaps: all stationary points, minima and marginal points, typical
(lines) beside annealed (dashes). Typical ones of the first end at the ground state, annealed ones go on below it; in
the second, lines end where replicas break their symmetry in more than one step.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numerics.complexity import complexity
from numerics.lowering import Array
from numerics.quenched.complexity import quenched
from numerics.statics import statics
from numerics.statics.transitions import algorithmic_energy
from numerics.sweep import sweep
from theory import OVERLAP, GaussianLandscape

from .style import BLUE, GREEN, GREY, ORANGE, PURPLE, new_figure

TITLE = "typical and annealed complexity of the 3+16 and the 2+4 model by energy (arXiv 2207.06161)"
FAST: dict[str, Any] = {"places": 4}
KINDS: dict[str, tuple[Any, bool, str, float]] = {
    "minima": (0, False, ORANGE, 3.6),
    "marginal points": ("total", True, PURPLE, 1.4),
    "all": ("total", False, BLUE, 1.4),
}
"""Kind, marginal or not, colour and width: where minima are marginal, both lines are seen."""


@dataclass(frozen=True)
class Model:
    """A mixture, and the energies that are drawn."""

    name: str
    landscape: GaussianLandscape
    low: float
    high: float


MODELS = (
    Model("3 + 16", GaussianLandscape(OVERLAP**3 / 2 + OVERLAP**16 / 32), -1.2895, -1.272),
    Model("2 + 4", GaussianLandscape(OVERLAP**2 / 2 + OVERLAP**4 / 32), -1.0599, -1.0521),
)


def draw(places: int = 41, workers: int = 1) -> dict[str, Figure]:
    """``places`` energies of each mixture."""
    figure = new_figure(2, height=3.2)
    for axes, model in zip(figure.subplots(1, 2), MODELS, strict=True):
        draw_model(axes, model, places, workers)
    first, _ = figure.axes
    first.set_ylabel(r"$\Sigma$")
    handles, labels = first.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    return {"complexity": figure}


def draw_model(axes: Axes, model: Model, places: int, workers: int) -> None:
    """Complexities, the energy of the ground state and where algorithms end."""
    energies = np.linspace(model.low, model.high, places)
    for name, (kind, marginal, colour, width) in KINDS.items():
        annealed = complexity(model.landscape, 0.0, kind, energy=energies, marginal=marginal).sigma
        found = sweep(partial(typical, model, name), energies.tolist(), workers=workers)
        axes.plot(energies, positive(annealed), "--", color=colour, lw=0.9)
        axes.plot(energies, positive(np.array(found)), color=colour, lw=width, label=name)
    axes.axvline(statics(model.landscape).energy, color=GREY, lw=0.8, label="ground state")
    axes.axvline(float(algorithmic_energy(model.landscape).value or np.nan), color=GREEN, ls=":", label="algorithms")
    axes.set(title=f"${model.name}$", xlabel="energy", xlim=(model.low, model.high))
    axes.set_ylim(0, None)


def typical(model: Model, name: str, energy: float) -> float:
    """Quenched; nan where it is not known."""
    kind, marginal, *_ = KINDS[name]
    return quenched(model.landscape, 0.0, kind, energy=energy, marginal=marginal).sigma


def positive(sigma: Array) -> Array:
    """Where there are such points."""
    return np.where(sigma >= 0, sigma, np.nan)
