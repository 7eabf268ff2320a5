"""Nar, Sastry 2018, "Step size matters in deep learning" (arXiv 1805.08890).

Descent on deep linear networks with large steps: how many random starts converge, and how sharp the minima are where
they end, between that of the flattest (Mulayoff, Michaeli 2020, arXiv 2002.04710) and what is stable.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numerics.experiments.large_learning_rate import SMALL, STRENGTH, critical_step, descend, flattest, loss, stacked
from numerics.lowering import Array
from numerics.networks.deep_linear import Network, at_random
from numerics.statistics import wilson
from theory.systems.large_learning_rate import LargeLearningRate

from .style import BLUE, GREEN, GREY, ORANGE, new_figure

TITLE = "descent on deep linear networks with large steps: what converges, and where (arXiv 1805.08890)"
FAST: dict[str, Any] = {"samples": 8}
VALUES, HIDDEN = (3, 2, 1), 6
DEPTHS = {2: BLUE, 3: ORANGE, 4: GREEN}
STEPS = np.array([0.3, 0.5, 0.7, 0.85, 0.95, 0.99, 1.01, 1.05, 1.2])
"""Over the critical one."""
MOST_STEPS, APART, LARGE_START = 3000, 0.008, 1.0
"""Of descent; between the points of one step; and the strength of starts that end in minima of all kinds."""


def draw(samples: int = 32) -> dict[str, Figure]:
    """Both for singular values 3, 2, 1, and 6 hidden units."""
    figure = new_figure(2, height=3.0)
    shares, sharpness = figure.subplots(1, 2)
    draw_shares(shares, samples)
    draw_sharpness(sharpness, samples)
    return {"large_steps": figure}


@cache
def ended(depth: int, ratio: float, samples: int, strength: float = STRENGTH) -> tuple[int, Array]:
    """How many random starts converge, and the sharpness of the minima where they end."""
    of, random = LargeLearningRate(depth=depth, singular_values=VALUES), np.random.default_rng(depth)
    networks = [at_random(flattest(of, HIDDEN, random), strength * max(VALUES), HIDDEN, random) for _ in range(samples)]
    layers, target = stacked(networks)
    layers = descend(layers, target, ratio * critical_step(of), MOST_STEPS)
    there = np.flatnonzero(loss(layers, target) < SMALL)
    minima = [Network([layer[k] for layer in layers], networks[k].target) for k in there]
    return there.size, np.array([np.linalg.eigvalsh(minimum.hessian)[-1] for minimum in minima])


def draw_shares(axes: Axes, samples: int) -> None:
    """Shares that converge, with Wilson's errors; theory: none beyond the critical step."""
    for depth, colour in DEPTHS.items():
        found = [wilson(ended(depth, ratio, samples)[0], samples) for ratio in STEPS]
        values, errors = ([float(getattr(share, name)) for share in found] for name in ("value", "error"))
        axes.errorbar(STEPS, values, errors, fmt="o-", ms=3, lw=1, color=colour, label=f"{depth} layers")
    axes.axvline(1, color="black", lw=0.8, ls=":")
    axes.set(xlabel=r"$\eta/\eta^\ast$", ylabel=f"share that converges in {MOST_STEPS} steps", ylim=(-0.03, 1.06))
    axes.legend(frameon=False, loc="center left")


def draw_sharpness(axes: Axes, samples: int) -> None:
    """Of the minima that are reached, over that of the flattest; it lies between 1 and what is stable."""
    for place, (depth, colour) in enumerate(DEPTHS.items()):
        least = 2 / critical_step(LargeLearningRate(depth=depth, singular_values=VALUES))
        for ratio in STEPS[STEPS < 1]:
            found = ended(depth, ratio, samples, LARGE_START)[1] / least
            shown: Any = {"color": colour, "ms": 2.5, "mew": 0, "alpha": 0.6}
            axes.plot(np.full(found.size, ratio + APART * (place - 1)), found, "o", **shown)
        axes.plot([], [], "o", color=colour, ms=3, label=f"{depth} layers")
    steps = np.linspace(STEPS[0], 1, 100)
    axes.plot(steps, 1 / steps, color="black", lw=1, label=r"stable: $2/\eta$")
    axes.axhline(1, color=GREY, lw=1, ls="--", label="flattest minimum")
    axes.set_ylim(0.9, 3.5)
    axes.set(xlabel=r"$\eta/\eta^\ast$", ylabel="sharpness over that of the flattest")
    axes.legend(frameon=False)


if __name__ == "__main__":
    from .registry import main

    main(__spec__.name)
