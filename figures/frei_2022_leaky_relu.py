"""Frei, Vardi, Bartlett, Srebro, Hu 2022, "Implicit bias in leaky ReLU networks" (arXiv 2210.07082).

A single step of gradient descent from small weights all but ends at the stable rank of the limit; the loss falls like
1/t, and margins become equal like 1/ln t only, as far as an integrator in ln t goes.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numerics.evolution import evolve
from numerics.experiments.leaky_relu_bias import INITIAL, Learning, Network
from theory.systems.leaky_relu_bias import LeakyReluBias, multipliers, stable_rank, weights

from .style import BLUE, GREEN, GREY, ORANGE, new_figure

TITLE = "leaky ReLU networks on nearly orthogonal inputs: rank, loss, margins (arXiv 2210.07082)"
SIZE = 4000
COLOURS = (BLUE, GREEN, ORANGE)
SCALES = (0.01, 1.0, 10.0)
"""Of the first fields."""
STEPS = (0, 1, 2, 3, 5, 8, 13, 22, 36, 60, 100, 170, 280)
TIMES = np.geomspace(1, 1e10, 21)
LATE = 10.0 ** np.array([3, 4, 5, 6, 8, 12, 16, 24, 32, 48, 64])
RATIOS = (1, 4, 30)


def draw(size: int = SIZE) -> dict[str, Figure]:
    """All of one sample each."""
    figure = new_figure(3)
    rank, loss, margins = figure.subplots(1, 3)
    draw_rank(rank, size)
    draw_loss(loss, size)
    draw_margins(margins, size)
    return {"learning": figure}


def drawn(size: int, **parameters: object) -> Network:
    """A network before it learns."""
    return Learning(LeakyReluBias(**parameters)).draw(size, np.random.default_rng(0))


def draw_rank(axes: Axes, size: int) -> None:
    """Against the steps of gradient descent, from weights of several sizes."""
    start = drawn(size, slope="1/3")
    for colour, scale in zip(COLOURS, SCALES, strict=True):
        network, ranks = replace(start, weights=scale / INITIAL * start.weights), []
        for steps in np.diff(STEPS, prepend=0):
            network = network.descended(float(start.labels.size), int(steps))
            ranks.append(network.stable_rank)
        axes.plot(STEPS, ranks, color=colour, marker="o", ms=3, lw=1, label=rf"$w \cdot x \sim {scale:g}$")
    limit = stable_rank(weights(multipliers()).subs(start.of.values))
    axes.axhline(float(limit), color="black", ls=":", lw=1.2, label=r"$t \to \infty$")
    axes.set_xscale("symlog", linthresh=1)
    axes.set(xlabel="steps of gradient descent", ylabel=r"$|W|_F^2/|W|_2^2$", yscale="log", ylim=(1, 25))
    axes.set(xlim=(-0.2, STEPS[-1]), xticks=(0, 1, 10, 100), xticklabels=("0", "1", "10", "100"))
    axes.set(yticks=(1, 2, 5, 10, 20), yticklabels=("1", "2", "5", "10", "20"))
    axes.legend(frameon=False, fontsize=7)


def draw_loss(axes: Axes, size: int) -> None:
    """Its local exponent; beside it that of a network of which both layers learn."""
    for colour, slope in zip(COLOURS, ("1/4", "1/2", "3/4"), strict=True):
        start = drawn(size, slope=slope)
        theory = evolve(start.of.flow(), {}, TIMES).quantities["exponent"].value
        found = [now.observed(t, start.end)["exponent"] for t, now in zip(TIMES, start.flow(TIMES), strict=True)]
        axes.plot(TIMES, theory, color=colour, lw=1.2)
        axes.plot(TIMES, found, color=colour, ls="", marker="o", ms=3, label=f"slope = {slope}")
    late = TIMES[TIMES > 1e3]
    axes.plot([], [], color=GREY, lw=1.2, label="orthogonal inputs")
    axes.plot(late, -1 - 1 / np.log(late), color=GREY, ls="--", lw=1.1, label=r"$L \sim 1/(t \ln t)$")
    axes.set(xscale="log", xlabel="$t$", ylabel=r"$d \ln L/d \ln t$")
    axes.legend(frameon=False, fontsize=7)


def draw_margins(axes: Axes, size: int) -> None:
    """How far the least is from the largest; lines are the law of the KKT point of the same data."""
    for colour, ratio in zip(COLOURS, RATIOS, strict=True):
        start = drawn(4 * size, slope="1/2", norm_ratio=ratio)
        margins = np.array([now.margins(now.fields) for now in start.flow(LATE)])
        gaps, shift = 1 - margins.min(axis=1) / margins.max(axis=1), np.log(start.end[0])
        axes.plot(np.log(LATE), gaps, color=colour, ls="", marker="o", ms=3, label=rf"$|x_-|^2/|x_+|^2 = {ratio}$")
        law = np.ptp(shift) / (np.log(LATE / start.labels.size) - shift.min())
        axes.plot(np.log(LATE), law, color=colour, lw=1.2)
    axes.plot([], [], color=GREY, lw=1.2, label="KKT point of the data")
    axes.set(xscale="log", yscale="log", xlabel=r"$\ln t$", ylabel=r"$1 - \min q/\max q$")
    axes.legend(frameon=False, fontsize=7, loc="lower left")


if __name__ == "__main__":
    from .registry import main

    main(__spec__.name)
