"""Maillard, Bandeira, Belius, Dokmanic, Nakajima 2023, "Injectivity of ReLU networks" (arXiv 2302.14112).

The least number of positive fields per input against the number of outputs per input, with and without replica
symmetry, which reaches one at the transition; the thresholds of geometry beside it; and exact small layers.
"""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numerics.experiment import average
from numerics.experiments.relu_injectivity import VertexEnumeration
from numerics.generalized_linear import ground_state
from numerics.solve import solve_thresholds
from theory.systems.relu_injectivity import COUNT, ReluInjectivity

from .style import BLUE, GREEN, GREY, ORANGE, PURPLE, new_figure

TITLE = "ReLU layers that are one-to-one: ground state, thresholds, small layers (arXiv 2302.14112)"
FAST: dict[str, Any] = {"samples": 20}
ALPHAS = (5.0, 7.0, 9.5)
STEPS = {0: (BLUE, "replica symmetry"), 1: (ORANGE, "one step")}
LINES = {
    "full_rsb": (ORANGE, "full RSB"),
    "replica_symmetric": (BLUE, "replica symmetry"),
    "euler_characteristic": (GREEN, "Euler characteristic"),
    "annealed": (PURPLE, "annealed"),
}
"""Of one step and full RSB, 0.02 apart, the latter."""
ANNOTATION: Any = {"textcoords": "offset points", "ha": "right", "va": "bottom"}
SIZES = {2: BLUE, 3: GREEN, 4: ORANGE}
SMALL = (2, 3, 4, 5, 6, 7)


def draw(samples: int = 200) -> dict[str, Figure]:
    """Energies and thresholds; probabilities of small layers."""
    figure = new_figure(2)
    energy, small = figure.subplots(1, 2)
    draw_energy(energy)
    draw_small(small, samples)
    return {"injectivity": figure}


def draw_energy(axes: Axes) -> None:
    """``e(alpha)``; the layer is injective above 1."""
    for steps, (colour, label) in STEPS.items():
        found = [ground_state(COUNT, alpha=alpha, steps=steps).energy for alpha in ALPHAS]
        axes.plot(ALPHAS, found, color=colour, marker="o", ms=3, label=label)
    thresholds = {p.name: p for p in ReluInjectivity().predictions()}
    for name, value in solve_thresholds([thresholds[name] for name in LINES], {}).items():
        colour, label = LINES[name]
        axes.axvline(float(value.value), color=colour, ls=":", lw=1.2)
        axes.annotate(label, (float(value.value), 0.02), (-2, 0), rotation=90, fontsize=6, **ANNOTATION)
    axes.axhline(1, color=GREY, lw=0.8)
    axes.set(xlabel=r"$\alpha = m/n$", ylabel="least positive fields per input", ylim=(0, None))
    axes.legend(facecolor="white", edgecolor="none", framealpha=1.0, loc="upper left")


def draw_small(axes: Axes, samples: int) -> None:
    """P(not injective) of exact small layers, with standard errors."""
    for size, colour in SIZES.items():
        systems = [ReluInjectivity(alpha=alpha) for alpha in SMALL]
        found = [average(VertexEnumeration(x), size, samples).quantities["not_injective"] for x in systems]
        values, errors = ([float(getattr(q, name)) for q in found] for name in ("value", "error"))
        axes.errorbar(SMALL, values, errors, color=colour, marker="o", ms=3, lw=1, label=f"$n = {size}$")
    axes.set(xlabel=r"$\alpha = m/n$", ylabel="P(not injective)", ylim=(-0.02, 1.02))
    axes.legend(frameon=False)
