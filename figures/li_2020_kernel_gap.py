"""Li, Ma, Zhang 2020, "Learning over-parametrized two-layer neural networks beyond NTK" (arXiv 2007.04596).

Risk of kernel regression against the number of examples: steps down to the floors of degree 1 and 2, whatever the
kernel; and of a network of the teacher's units while it descends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numerics.experiments.kernel_gap import (
    RIDGES,
    Examples,
    KernelRegression,
    Student,
    linear,
    quadratic,
    resolved,
    smooth,
    teacher,
)
from numerics.solve import solve_thresholds
from numerics.statistics import mean_and_error
from theory.prediction import Threshold
from theory.systems.kernel_gap import KernelGap

from .style import BLUE, GREEN, GREY, ORANGE, new_figure

TITLE = "kernel regression stuck at its floors, and a network below them (arXiv 2007.04596)"
FAST: dict[str, Any] = {"samples": 2, "sizes": (20, 40, 80, 160, 320)}
DIMENSION = 12
SIZES = (20, 40, 80, 160, 320, 640, 1280)
COLOURS = {
    linear: (GREEN, r"$1 + t$ and trace"),
    quadratic: (BLUE, "$(1 + t)^2$"),
    smooth: (ORANGE, "$e^t$, best ridge"),
}
RESOLVED = {linear: DIMENSION, quadratic: resolved(DIMENSION), smooth: 0}
"""Dimensions of what a kernel without a ridge fits first."""
TIMES = (0, 10, 30, 50, 80, 120, 200, 300, 400, 550, 750, 1000, 1500, 2200, 3000)


def draw(samples: int = 6, sizes: Sequence[int] = SIZES) -> dict[str, Figure]:
    """Kernels on the left, the network on the right."""
    system = teacher(DIMENSION)
    figure = new_figure(2)
    kernels, network = figure.subplots(1, 2, sharey=True)
    thresholds = solve_thresholds([p for p in system.predictions() if isinstance(p, Threshold)], {})
    for axes in (kernels, network):
        for (name, value), style in zip(thresholds.items(), ("--", ":"), strict=True):
            axes.axhline(float(value.value), color="black", lw=0.9, ls=style, label=name.replace("_", " "))
    draw_kernels(kernels, system, samples, sizes)
    draw_network(network, system, samples)
    return {"floors": figure}


def draw_kernels(axes: Axes, system: KernelGap, samples: int, sizes: Sequence[int]) -> None:
    """Means over samples with standard errors."""
    a, random = KernelRegression(system).coefficients, np.random.default_rng(0)
    for kernel, (colour, label) in COLOURS.items():
        own, risks = [n for n in sizes if n > 2 * RESOLVED[kernel]], []
        for n in own:
            drawn = [[Examples(a, random.standard_normal((m, a.size))) for m in (n, 2000)] for _ in range(samples)]
            chosen = RIDGES if kernel is smooth else RIDGES[:1]
            risks.append(mean_and_error([seen.risk(kernel, unseen, chosen) for seen, unseen in drawn]))
        values, errors = np.transpose(risks)
        axes.errorbar(own, values, errors, color=colour, marker="o", ms=3, lw=1, label=label)
    for power in (1, 2):
        axes.axvline(DIMENSION**power, color=GREY, lw=0.6, ls=":")
        axes.annotate(
            f"$d^{power}$" if power > 1 else "$d$", (DIMENSION**power, 0.02), (2, 0), textcoords="offset points"
        )
    axes.set(xscale="log", yscale="log", xlabel="examples $n$", ylabel="risk $R$", ylim=(1e-4, 60))
    axes.legend(frameon=False, fontsize=6.5, ncols=2, loc="upper center")


def draw_network(axes: Axes, system: KernelGap, samples: int) -> None:
    """Risk over all inputs, by steps."""
    a = KernelRegression(system).coefficients
    for sample in range(samples):
        student, risks, before = Student.random(a, np.random.default_rng(sample)), [], 0
        for steps in TIMES:
            student, risk = student.descend(a, steps - before)
            risks.append(risk)
            before = steps
        label = "networks" if not sample else None
        axes.plot([max(t, 1) for t in TIMES], risks, color=ORANGE, marker="s", ms=2.5, lw=0.8, label=label)
    axes.set(xscale="log", xlabel="steps of descent")
    axes.legend(frameon=False, fontsize=6.5)


if __name__ == "__main__":
    from .registry import main

    main(__spec__.name)
