"""Huang, Yau 2019, "Dynamics of deep neural networks and neural tangent hierarchy" (arXiv 1909.08156).

How far tangent kernels move while networks of width m learn: activations and depths on the left, with lines of the
exponents of theory; on the right what is common to all networks and what is not, with a kink and without.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sympy import Rational

from numerics.experiments.tangent_kernel_drift import WideNetwork
from numerics.lowering import Array
from numerics.solve import solve_prediction
from numerics.statistics import bootstrap, mean_and_error
from theory.systems.tangent_kernel_drift import TangentKernelDrift

from .style import BLUE, GREEN, ORANGE, PURPLE, RED, new_figure

TITLE = "drift of the tangent kernel against the width: smooth units and kinks (arXiv 1909.08156)"
FAST: dict[str, Any] = {"samples": 40}
SIZES = (64, 256, 1024, 4096, 16384)
DEEP = (16, 32, 64, 128, 256)
CASES = (
    ("relu", 1, RED, "o", "ReLU"),
    ("abs", 1, ORANGE, "^", r"$|x|$"),
    ("tanh", 1, BLUE, "s", "tanh"),
    ("x + sin(2*x)/2", 1, GREEN, "D", r"$x + \sin(2x)/2$"),
    ("tanh", 4, PURPLE, "v", "tanh, $L = 4$"),
)
BATCH = 4096
"""Units of networks that are trained at a time."""


def draw(samples: int = 200) -> dict[str, Figure]:
    """Both."""
    figure = new_figure(2)
    of_all, parts = figure.subplots(1, 2)
    for activation, depth, colour, marker, label in CASES:
        system, sizes = TangentKernelDrift(activation=activation, depth=depth), np.array(DEEP if depth > 1 else SIZES)
        power = float(solve_prediction(system.prediction("exponent"), {}).value)
        squares = [np.sum(moves(activation, depth, int(m), samples) ** 2, axis=1) for m in sizes]
        means, errors = np.transpose([mean_and_error(s) for s in squares])
        drift = means**0.5
        error = errors / (2 * drift)
        of_all.errorbar(sizes, drift, error, color=colour, marker=marker, ls="", ms=3.5, lw=0.9, label=label)
        of_all.plot(sizes, drift[-1] * (sizes / sizes[-1]) ** power, color=colour, lw=1)
    of_all.set(xscale="log", yscale="log", xlabel="width $m$", ylabel=r"root mean square of $|\Delta K|/|K|$")
    of_all.legend(frameon=False, fontsize=7, loc="lower left")
    draw_parts(parts, samples)
    return {"drift": figure}


def draw_parts(axes: Axes, samples: int) -> None:
    """Mean over networks (full) and standard deviation (open), with powers through the widest."""
    sizes = np.array(SIZES)
    for activation, label, statistic, power, style in PARTS:
        estimates = [bootstrap(moves(activation, 1, m, samples), statistic, resamples=100) for m in SIZES]
        values, errors = np.transpose([(e.value, e.error) for e in estimates])
        axes.errorbar(sizes, values, errors, ls="", ms=3.5, lw=0.9, label=f"{label}, $m^{{{power}}}$", **style)
        line = values[-1] * (sizes / sizes[-1]) ** float(power)
        axes.plot(sizes, line, color=style["color"], lw=0.9, ls="-" if statistic is common else ":")
    axes.set(xscale="log", yscale="log", xlabel="width $m$", ylabel=r"$\Delta K/|K|$: mean, deviation")
    axes.set(ylim=(3e-6, 0.1))
    axes.legend(frameon=False, fontsize=7, loc="lower left")


@cache
def moves(activation: str, depth: int, size: int, samples: int) -> Array:
    """``(K(t) - K(0))/|K(0)|`` (samples, n^2)."""
    system, random = TangentKernelDrift(activation=activation, depth=depth), np.random.default_rng(size)
    counts = np.diff([*range(0, samples, max(1, BATCH // size)), samples])
    return np.concatenate([WideNetwork(system).draw(size, random, int(count)).learn()[0] for count in counts])


def common(sample: Array) -> float:
    """``|E dK|``, without the share of its square that the scatter has."""
    square = np.sum(np.mean(sample, axis=0) ** 2) - scatter(sample) ** 2 / len(sample)
    return float(max(square, 0.0) ** 0.5)


def scatter(sample: Array) -> float:
    """Root of the sum of variances."""
    return float(np.sum(np.var(sample, axis=0, ddof=1)) ** 0.5)


PARTS: tuple[tuple[str, str, Callable[[Array], float], Rational, dict[str, Any]], ...] = (
    ("relu", "ReLU: mean", common, Rational(-1, 2), {"color": RED, "marker": "o"}),
    ("relu", "deviation", scatter, Rational(-3, 4), {"color": RED, "marker": "o", "mfc": "white"}),
    ("tanh", "tanh: mean", common, Rational(-1), {"color": BLUE, "marker": "s"}),
    ("tanh", "deviation", scatter, Rational(-1), {"color": BLUE, "marker": "s", "mfc": "white"}),
)
"""Right panel; kinks that are crossed at random have the power -3/4."""


if __name__ == "__main__":
    from .registry import main

    main(__spec__.name)
