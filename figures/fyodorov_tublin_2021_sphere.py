"""Fyodorov, Tublin 2021, "Optimization landscape in the simplest constrained random least-square problem" (2112.13446).

How far gradient flow ends from a solution against the number of equations; the share of flows that end at one, which is
known exactly at each N; and the smallest eigenvalue of the tangent kernel, which noise pulls out of its bulk.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numerics.experiment import average
from numerics.experiments.pl_condition import NOISE, SphereFlow, share
from numerics.lowering import lower
from numerics.quantity import Quantity
from theory.generalized_linear import ALPHA
from theory.systems.pl_condition import SIGMA_2, PLCondition, constant, energy, solvable

from .style import BLUE, GREEN, GREY, ORANGE, new_figure

TITLE = "random equations on a sphere: what is missed, share that is solved, tangent kernel (arXiv 2112.13446)"
FAST: dict[str, Any] = {"size": 120, "samples": 3, "flows": 16}
COLOURS = {4.0: GREEN, 1.0: BLUE, 0.25: ORANGE}
"""Of ``sigma^2``."""
ALPHAS = (0.05, 0.1, 0.15, 0.3, 0.4, 0.6, 0.7, 0.9, 1.1, 1.3)
SIZES = {30: BLUE, 120: ORANGE}
NEAR = (0.3, 0.4, 0.5, 0.6, 0.7)
POINTS: Any = {"fmt": "o", "ms": 3, "lw": 1}


def draw(size: int = 240, samples: int = 6, flows: int = 40) -> dict[str, Figure]:
    """All at the end of the flow; the share for ``sigma^2 = 1``."""
    figure = new_figure(3)
    missed, solved, kernel = figure.subplots(1, 3)
    for noise, colour in COLOURS.items():
        draw_ends(missed, kernel, noise, colour, size, samples)
    edge = np.linspace(0, 1, 100)
    kernel.plot(edge, (1 - np.sqrt(edge)) ** 2, color=GREY, lw=1, ls="--", label=r"random $x$")
    missed.set(xlabel=r"$\alpha = M/N$", ylabel=r"$|A x - b|/\sqrt{N}$ at the end")
    kernel.set(xlabel=r"$\alpha = M/N$", ylabel=r"$\lambda_{\min}(K)$ at a solution", xlim=(0, 0.9), ylim=(0, 0.7))
    draw_shares(solved, flows)
    for axes, of in ((missed, f"$N = {size}$"), (solved, rf"$\sigma^2 = {NOISE}$"), (kernel, f"$N = {size}$")):
        axes.legend(frameon=False, title=of)
    return {"sphere": figure}


def draw_ends(missed: Axes, kernel: Axes, noise: float, colour: str, size: int, samples: int) -> None:
    """Root of the loss and, as far as there are solutions, smallest eigenvalue: lines, and means over flows."""
    threshold, curve = float(solvable().subs(SIGMA_2, noise)), np.linspace(0.01, 1.4, 200)
    lowest, slowest = lower((SIGMA_2, ALPHA), [energy(), constant()])(noise, curve)
    missed.plot(curve, np.sqrt(2 * lowest), color=colour, label=rf"$\sigma^2 = {noise:g}$")
    kernel.plot(curve[curve < threshold], slowest[curve < threshold], color=colour, label=rf"$\sigma^2 = {noise:g}$")
    for alpha in ALPHAS:
        found = average(SphereFlow(PLCondition(noise, alpha)), size, samples).quantities
        root, error = np.sqrt(2 * found["loss"].value[-1]), found["loss"].error[-1]
        missed.errorbar(alpha, root, error / root, color=colour, **POINTS)
        if alpha < threshold:
            kernel.errorbar(alpha, *numbers(found["kernel"]), color=colour, **POINTS)


def draw_shares(axes: Axes, flows: int) -> None:
    """Exact at each number of equations, and counted."""
    for size, colour in SIZES.items():
        rows = range(1, size + 1)
        axes.plot([m / size for m in rows], [share(m, size) for m in rows], color=colour, label=f"$N = {size}$")
        found = [average(SphereFlow(PLCondition(NOISE, a)), size, flows).quantities["solved"] for a in NEAR]
        axes.errorbar(NEAR, *np.transpose([numbers(q) for q in found]), color=colour, **POINTS)
    axes.axvline(float(solvable().subs(SIGMA_2, NOISE)), color=GREY, lw=0.8, ls=":")
    axes.set(xlabel=r"$\alpha = M/N$", ylabel="P(solved)", ylim=(-0.02, 1.02))


def numbers(found: Quantity) -> tuple[Any, Any]:
    """Value and error."""
    return found.value, found.error


if __name__ == "__main__":
    from .registry import main

    main(__spec__.name)
