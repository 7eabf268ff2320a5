"""Arjevani, Field 2021, "Analytic study of families of spurious minima in two-layer ReLU neural networks" (2107.10370).

The loss of spurious minima against the number of neurons, with its limits and the ends of descents; the share of the
descents that end there; and how their Hessians come to have the spectrum of that at the target.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.optimize import brentq
from sympy import Integer, Rational

from numerics.experiments.symmetry_breaking import MOST_TURNED, Student
from numerics.solve import solve, solve_threshold
from numerics.statistics import wilson
from theory.laws import Law
from theory.systems.symmetry_breaking import (
    MINIMA,
    TYPE_A,
    TYPE_II,
    Minimum,
    eigenvalues,
    limit,
    several_turned,
    target_eigenvalues,
)

from .style import BLUE, GREEN, GREY, ORANGE, PURPLE, new_figure

TITLE = "students stuck where they keep some symmetry: losses, shares, spectra (arXiv 2107.10370)"
FAST: dict[str, Any] = {"descents": 20}
WIDTHS = (4, 5, 6, 7, 8, 10, 12, 16)
SEVERAL = (8, 16)
LARGE = (6, 9, 16, 40, 200, 1000)
SPECTRA = (5, 6, 8, 13, 30, 300)
SOFTEST = {TYPE_II: "standard_1", TYPE_A: "antisymmetric_1"}
"""Eigenvalues that are the first to change sign."""
BOUND = 0.5
COLOURS = {TYPE_II: ORANGE, TYPE_A: GREEN}
TURNED = {1: ORANGE, 2: BLUE, 3: PURPLE}
"""Neurons that point away from the teacher's."""
Ends = dict[int, list[Student]]
"""Of descents, by k."""


def draw(descents: int = 100) -> dict[str, Figure]:
    """Losses, shares, spectra."""
    figure = new_figure(3, height=3.0)
    losses, shares, spectra = figure.subplots(1, 3)
    random = np.random.default_rng(0)
    ends = {k: [Student.trained(np.eye(k), random) for _ in range(descents)] for k in WIDTHS}
    draw_losses(losses, ends)
    draw_shares(shares, ends)
    draw_spectra(spectra, ends)
    return {"symmetry_breaking": figure}


def number(law: Law) -> float:
    """Its value, to single precision."""
    return float(solve(law, {}, 8).value)


def draw_losses(axes: Axes, ends: Ends) -> None:
    """Against k: both types with their limits, several neurons turned like that of type II, and the ends."""
    for minimum in MINIMA:
        found = [number(minimum.root(Integer(k))) for k in LARGE]
        axes.plot(LARGE, found, color=COLOURS[minimum], label=minimum.title)
        at_last = float(solve_threshold(limit(minimum), {}).value) * np.array(LARGE, dtype=float) ** -minimum.power
        axes.plot(LARGE, at_last, color=COLOURS[minimum], ls=":", lw=1)
    for turned, colour in TURNED.items():
        if turned > 1:
            found = [number(several_turned(k, turned)) for k in SEVERAL]
            axes.plot(SEVERAL, found, color=colour, ls="--", lw=1.1, label=f"{turned} turned")
        there = [(k, end.loss) for k, own in ends.items() for end in own if end.turned == turned]
        axes.plot(*np.transpose(there), "o", ms=3, color=colour)
    rare = [(float(k), end.loss) for k, own in ends.items() for end in own if end.turned > MOST_TURNED]
    axes.plot(*np.transpose(rare or [(np.nan, np.nan)]), "x", ms=4, color=GREY, label="more turned")
    axes.set(xscale="log", yscale="log", xlabel="$k$", ylabel="$L$")
    axes.legend(frameon=False, fontsize=7)


def draw_shares(axes: Axes, ends: Ends) -> None:
    """Of descents that end in spurious minima; and where both types become minima."""
    found = [wilson(sum(end.stuck for end in own), len(own)) for own in ends.values()]
    low, value, high = (np.array([float(getattr(share, name)) for share in found]) for name in ("low", "value", "high"))
    bars = (value - low, high - value)
    axes.errorbar(list(ends), value, bars, fmt="o", ms=3, lw=1, color="black", label=f"{len(ends[4])} descents, 95%")
    for minimum in MINIMA:
        first = brentq(softest, 5, 6, (minimum,), xtol=3e-3)
        axes.axvline(first, color=COLOURS[minimum], lw=1, ls="--", label=f"{minimum.title} stable: $k > {first:.2f}$")
    axes.set(xlabel="$k$", ylabel="share in spurious minima", ylim=(-0.02, 1.02))
    axes.legend(frameon=False, fontsize=7)


def softest(k: float, minimum: Minimum) -> float:
    """The eigenvalue that is the first to change sign, at any k."""
    laws = {one.name: one.law for one in eigenvalues(minimum, Rational(str(round(k, 6))))}
    return number(laws[SOFTEST[minimum]])


def draw_spectra(axes: Axes, ends: Ends) -> None:
    """Eigenvalues that stay finite for large k: at both types, at the target, and at ends of type II."""
    for minimum in MINIMA:
        found = np.array([[number(one.law) for one in eigenvalues(minimum, Integer(k))] for k in SPECTRA])
        lines = axes.plot(SPECTRA, found[:, found[0] < BOUND], color=COLOURS[minimum], lw=1)
        lines[0].set_label(minimum.title)
    for k, own in ends.items():
        for end in [end for end in own if end.turned == 1][:1]:
            there = end.eigenvalues()
            axes.plot(np.full(k * k, k)[there < BOUND], there[there < BOUND], "o", ms=2.5, color=COLOURS[TYPE_II])
    limits = target_eigenvalues(Integer(LARGE[-1]))
    lines = [axes.axhline(float(one.value), color="black", lw=0.8, ls=":") for one in limits if one.value < BOUND]
    lines[0].set_label("target")
    axes.axhline(0, color=GREY, lw=0.8)
    axes.set(xscale="log", xlabel="$k$", ylabel="eigenvalue of the Hessian")
    axes.legend(frameon=False, fontsize=7, loc="center right", bbox_to_anchor=(1.0, 0.38))


if __name__ == "__main__":
    from .registry import main

    main(__spec__.name)
