"""Du, Zhai, Poczos, Singh 2018, "Gradient descent provably optimizes over-parameterized networks" (arXiv 1810.02054).

Outputs of networks of several widths on the lines of the linear flow; what is left between them, against the width; and
the spectrum of the kernel whose smallest eigenvalue is the slowest rate.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from sympy import S

from numerics.experiments.ntk_two_layer import (
    DIMENSIONS,
    INPUTS,
    TIME,
    WideNetwork,
    kernel,
    lesson,
    linear_flow,
)
from numerics.lowering import lower
from numerics.solve import solve_prediction
from numerics.statistics import mean_and_error
from theory.networks.kernels import ACTIVATIONS
from theory.random_matrices.marchenko_pastur import GAMMA, Z, density
from theory.systems.ntk_two_layer import IDENTITY, LINEAR, NtkTwoLayer

from .style import BLUE, GREEN, GREY, ORANGE, RED, new_figure

TITLE = "wide networks on the lines of the linear flow, and the spectrum of its kernel (arXiv 1810.02054)"
FAST: dict[str, Any] = {"size": 400}
TIMES = np.linspace(0, 12, 49)
SHOWN = 3
"""Outputs that are drawn."""
WIDTHS = ((64, GREEN, "--"), (4096, ORANGE, "o"))
SWEEP = ((64, 200), (256, 100), (1024, 50), (4096, 20), (16384, 8))
"""Widths and samples."""
SPECTRA = (("1/4", BLUE), ("1/2", ORANGE))
TICKS = (0.002, 0.005, 0.01, 0.02, 0.05)
ENDS = ("smallest_eigenvalue", "upper_edge")
SIZE = 1200
"""Dimensions of the spectra."""


def draw(size: int = SIZE) -> dict[str, Figure]:
    """Outputs, deviations, spectra."""
    figure = new_figure(3)
    outputs, widths, spectra = figure.subplots(1, 3)
    draw_outputs(outputs)
    draw_widths(widths)
    draw_spectra(spectra, size)
    return {"wide_network": figure}


def draw_outputs(axes: Axes) -> None:
    """What a few outputs have moved by, each towards 1 or -1."""
    random, relu = np.random.default_rng(2), ACTIVATIONS["relu"]
    inputs, residuals = lesson(INPUTS, DIMENSIONS, random)
    moved = residuals - linear_flow(kernel(relu, inputs), residuals, TIMES)
    axes.plot(TIMES, moved[:, :SHOWN], color="black", lw=1.1, label=["linear flow", *[None] * (SHOWN - 1)])
    for width, colour, style in WIDTHS:
        found = residuals - WideNetwork.random(relu, (inputs, residuals), width, random).flow(TIMES)
        every = slice(None) if style == "--" else slice(None, None, 3)
        labels = [f"$m = {width}$", *[None] * (SHOWN - 1)]
        axes.plot(TIMES[every], found[every, :SHOWN], style, color=colour, ms=3, lw=1, label=labels)
    axes.set(xlabel="$t$", ylabel="$f(x_i, t) - f(x_i, 0)$")
    axes.legend(frameon=False, fontsize=7)


def draw_widths(axes: Axes) -> None:
    """Root mean squares over networks, on the same inputs."""
    sizes = np.array([width for width, _ in SWEEP])
    for name, label, colour, marker in (("relu", "ReLU", BLUE, "o"), ("tanh", "tanh", RED, "s")):
        random, activation = np.random.default_rng(0), ACTIVATIONS[name]
        task = lesson(INPUTS, DIMENSIONS, random)
        linear, found = linear_flow(kernel(activation, task[0]), task[1], np.array([TIME])), []
        for width, samples in SWEEP:
            networks = (WideNetwork.random(activation, task, width, random) for _ in range(samples))
            found.append(mean_and_error([np.mean((one.flow(np.array([TIME])) - linear) ** 2) for one in networks]))
        squares, errors = np.transpose(found)
        values = squares**0.5
        axes.errorbar(sizes, values, errors / (2 * values), color=colour, ls="", marker=marker, ms=4, label=label)
        axes.plot(sizes, np.mean(values * sizes**0.5) * sizes**-0.5, color=colour, lw=1)
    axes.plot([], [], color=GREY, lw=1, label="$m^{-1/2}$")
    axes.set(xscale="log", yscale="log", xlabel="width $m$", ylabel=f"deviation from the linear flow, $t = {TIME:g}$")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set(yticks=TICKS, yticklabels=[f"{tick:g}" for tick in TICKS])
    axes.legend(frameon=False, fontsize=7)


def draw_spectra(axes: Axes, size: int) -> None:
    """Eigenvalues of H for rectified linear units, the law of the limit, its smallest eigenvalue."""
    for gamma, colour in SPECTRA:
        system = NtkTwoLayer(gamma=gamma, activation="relu")
        inputs, _ = lesson(int(system.gamma * size), size, np.random.default_rng(1))
        eigenvalues = np.linalg.eigvalsh(kernel(system.activation, inputs))
        axes.hist(eigenvalues, bins=36, density=True, color=colour, alpha=0.3)
        shift, scale = (float(system.valued(part)) for part in (IDENTITY, LINEAR))
        low, high = (float(solve_prediction(system.prediction(end), {}).value) for end in ENDS)
        places = low + (high - low) * np.sin(np.linspace(0, np.pi / 2, 201)) ** 2
        rho = lower((Z,), [density().subs(GAMMA, S(gamma))])((places - shift) / scale)[0] / scale
        axes.plot(places, rho, color=colour, lw=1.3, label=rf"$n/d = {gamma}$")
        axes.axvline(low, color=colour, lw=0.9, ls=":")
    axes.plot([], [], color=GREY, lw=0.9, ls=":", label=r"$\lambda_{min}$")
    axes.set(xlabel=r"eigenvalue of $H$", ylabel="density", ylim=(0, None))
    axes.legend(frameon=False, fontsize=7)


if __name__ == "__main__":
    from .registry import main

    main(__spec__.name)
