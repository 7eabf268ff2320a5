"""Luther, Seung 2019, "Sample variance decay in randomly initialized ReLU networks" (arXiv 1902.04942).

How the variance over inputs decays from layer to layer, at infinite width and on average over networks; and norms and
gradients after many layers, whose logarithms are Gaussian, with mean and variance exact at finite width.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import norm

from numerics.experiments.signal_propagation import draw as draw_network
from numerics.experiments.signal_propagation import gain, sample_variance, shares
from numerics.lowering import lower
from numerics.statistics import mean_and_error
from theory.systems.signal_propagation import LAYER, decay

from .style import BLUE, GREEN, GREY, ORANGE, new_figure

TITLE = "random ReLU networks: variance over inputs, norms and gradients by depth (arXiv 1902.04942)"
FAST: dict[str, Any] = {"samples": 200}
INPUTS, DEPTH, LATE = 16, 32, 400
WIDTHS = {32: (ORANGE, 400), 128: (GREEN, 150), 512: (BLUE, 12)}
NARROW = 16
DEPTHS = {8: BLUE, 24: GREEN, 64: ORANGE}


def draw(samples: int = 1500) -> dict[str, Figure]:
    """Variances and logarithms."""
    figure = new_figure(2)
    variance, logarithms = figure.subplots(1, 2)
    draw_variance(variance)
    draw_logarithms(logarithms, samples)
    return {"networks": figure}


def draw_variance(axes: Axes) -> None:
    """Over inputs, of the total; a few single networks beside their averages."""
    layers = np.arange(1, DEPTH + 1)
    for width, (colour, samples) in WIDTHS.items():
        random = np.random.default_rng(width)
        networks = [draw_network(width, DEPTH, INPUTS, random) for _ in range(samples)]
        found = np.array([[sample_variance(x) for x, _ in network.layers()] for network in networks])
        if width == min(WIDTHS):
            axes.plot(layers, found[:4].T, color=colour, lw=0.5, alpha=0.6)
        value, error = mean_and_error(found)
        axes.errorbar(layers, value, error, color=colour, fmt="o", ms=2.5, lw=0.8, label=f"$n = {width}$")
    deep = np.arange(1, LATE + 1)
    axes.plot(deep, shares(LATE), color="black", lw=1.2, label=r"$n \to \infty$")
    axes.plot(deep[9:], lower((LAYER,), [decay()])(deep[9:])[0], color=GREY, lw=1, ls=":", label=r"$9\pi^2/(2 l^2)$")
    axes.set(xscale="log", yscale="log", xlabel="layer $l$", ylabel="variance over inputs / total", ylim=(1e-4, 1.5))
    axes.legend(frameon=False, loc="lower left")


def draw_logarithms(axes: Axes, samples: int) -> None:
    """Histograms of ``ln |x|^2`` (steps) and ``ln |grad|^2`` (points) over networks, and Gaussians."""
    mean, variance = gain(NARROW)
    for depth, colour in DEPTHS.items():
        random = np.random.default_rng(depth)
        networks = [draw_network(NARROW, depth, 1, random) for _ in range(samples)]
        norms, gradients = np.array([[sum(g for _, g in x.layers()), x.log_gradient()] for x in networks]).T
        width = (depth * variance) ** 0.5
        edges = depth * mean + width * np.linspace(-3.5, 3.5, 20)
        axes.hist(norms, edges, density=True, histtype="step", color=colour, lw=0.8)
        heights, _ = np.histogram(gradients, edges, density=True)
        axes.plot((edges[1:] + edges[:-1]) / 2, heights, "o", ms=2.5, color=colour)
        x = np.linspace(edges[0], edges[-1], 200)
        axes.plot(x, norm.pdf(x, depth * mean, width), color=colour, lw=1.4, label=f"$L = {depth}$")
    axes.set(xlabel=rf"$\ln |x_L|^2/|x_0|^2$ (steps), $\ln |\nabla|^2$ (points), $n = {NARROW}$", ylabel="density")
    axes.legend(frameon=False)


if __name__ == "__main__":
    from .registry import main

    main(__spec__.name)
