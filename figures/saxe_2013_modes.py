"""Saxe, McClelland, Ganguli 2013, "Exact solutions to the nonlinear dynamics of learning" (arXiv 1312.6120).

Modes of a deep linear network that rise one after the other; the loss from random weights, with the times at which its
plateaus end; and how far descent is from the flow (Elkabetz, Cohen 2021, arXiv 2107.06608).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numerics.evolution import evolve
from numerics.experiments.linear_network import balanced, critical_step, random_start, slowest
from numerics.solve import solve_prediction
from theory.systems.linear_network import LinearNetwork

from .style import BLUE, GREEN, GREY, ORANGE, new_figure

TITLE = "deep linear networks: modes, plateaus from random weights, descent and flow (arXiv 1312.6120)"
FAST: dict[str, Any] = {"samples": 2}
VALUES, HIDDEN = (3, 2, 1), 6
COLOURS = (BLUE, ORANGE, GREEN)
DEPTHS = (2, 3, 4)
STEPS = np.geomspace(0.04, 0.9, 8)
"""Of descent, over the critical one."""


def draw(samples: int = 6) -> dict[str, Figure]:
    """All for singular values 3, 2, 1."""
    figure = new_figure(3, height=3.0)
    modes, plateaus, descent = figure.subplots(1, 3)
    draw_modes(modes)
    draw_plateaus(plateaus, samples)
    draw_descent(descent)
    return {"modes": figure}


def system(depth: int, start: str = "1e-3", **more: Any) -> LinearNetwork:
    """From a start of that strength."""
    return LinearNetwork(depth=depth, singular_values=VALUES, start=start, **more)


def draw_modes(axes: Axes) -> None:
    """Strengths in a network of 2 and of 3 layers, from a balanced start in random bases; lines: their equations."""
    for depth, marker, style in ((2, "o", "-"), (3, "s", "--")):
        of = system(depth)
        times = np.linspace(0, 1.3 * slowest(of), 200)
        found = evolve(of.flow(), {}, times).quantities
        network = balanced(of, HIDDEN, np.random.default_rng(0))
        seen = [network.at(weights).strengths for weights in network.flow(times[-1], times[::10]).y.T]
        for k, colour in enumerate(COLOURS):
            axes.plot(times, found[f"u_{k + 1}"].value, color=colour, ls=style, lw=1.2)
            axes.plot(times[::10], np.array(seen)[:, k], marker, color=colour, ms=3, mew=0)
        axes.plot([], [], color=GREY, ls=style, marker=marker, ms=3, lw=1.2, label=f"{depth} layers")
    axes.set(xlabel="$t$", ylabel="strength $u_k$", ylim=(-0.1, 3.7))
    axes.legend(frameon=False, ncols=2, loc="upper left")


def draw_plateaus(axes: Axes, samples: int) -> None:
    """The loss from random weights, and when theory says that modes rise, with the spread."""
    of = system(2, "1e-6", width=HIDDEN)
    means = [[float(solve_prediction(p, {}).value) for p in of.random_rise(k, s)] for k, s in enumerate(of.values, 1)]
    times = np.linspace(0, 1.25 * means[-1][0], 400)
    for seed in range(samples):
        network = random_start(of, HIDDEN, np.random.default_rng(seed))
        states = (network.at(weights) for weights in network.flow(times[-1], times).y.T)
        losses = [np.sum((state.product - state.target.matrix) ** 2) / 2 for state in states]
        axes.plot(times, losses, color=GREY, lw=0.8, label="" if seed else "random weights")
    levels = [float(solve_prediction(of.plateau(risen), {}).value) for risen in range(len(VALUES))]
    for k, (mean, spread) in enumerate(means):
        middle = levels[k] - float(of.values[k]) ** 2 * 3 / 8
        bar: Any = {"fmt": "o", "ms": 3.5, "capsize": 2, "color": COLOURS[k], "zorder": 3}
        axes.errorbar(mean, middle, xerr=spread, label=f"mode {k + 1} rises: theory, spread", **bar)
        axes.hlines(levels[k], 0, mean, color="black", lw=0.8, ls=":")
    axes.set(xlabel="$t$", ylabel="loss", ylim=(-0.2, 9))
    axes.legend(frameon=False, loc="upper right")


def draw_descent(axes: Axes) -> None:
    """Largest distance of descent from the flow, against the step; lines: to first order in it."""
    for depth, colour in zip(DEPTHS, COLOURS, strict=True):
        of = system(depth)
        critical, last = critical_step(of), 2 * slowest(of)
        network = balanced(of, HIDDEN, np.random.default_rng(0))
        seen = [eta * network.descent(eta, last)[-1].max() for eta in STEPS * critical]
        slope = evolve(of.flow(), {}, np.linspace(0, last, 2000)).quantities["distance"].value.max()
        axes.plot(STEPS, slope * STEPS * critical, color=colour, lw=1.1)
        axes.plot(STEPS, seen, "o", color=colour, ms=3.5, label=f"{depth} layers")
    axes.set(xscale="log", yscale="log", xlabel=r"$\eta/\eta^\ast$", ylabel="largest distance of descent from flow")
    axes.legend(frameon=False)


if __name__ == "__main__":
    from .registry import main

    main(__spec__.name)
