"""Sarao Mannelli, Biroli, Cammarota, Krzakala, Zdeborova 2019, "Who is afraid of big bad minima?" (arXiv 1907.08226).

The gradient-flow line, the complexity at m = 0 across it, and the Hessian of the threshold states with its outlier.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numerics.complexity import complexity
from numerics.lowering import Array, lower
from numerics.thresholds import Locator, evaluate_thresholds
from theory import SpikedMatrixTensor
from theory.kac_rice import KacRice
from theory.kac_rice.hessian import hessian_of
from theory.random_matrices import density
from theory.symbols import SHIFT, SIGNAL_OVERLAP

from .style import BLUE, CYAN, GREY, ORANGE, PURPLE, RED, new_figure

TITLE = "gradient-flow line, complexity across it, Hessian (arXiv 1907.08226)"
P, DELTA_P = 3, 1
"""Order and noise of the tensor in the second and third figures."""


def draw() -> dict[str, Figure]:
    """The three figures, by name."""
    return {
        "gradient_flow_line": draw_line(),
        "complexity_at_zero": draw_complexity(),
        "hessian_spectrum": draw_spectrum(),
    }


def gradient_flow_threshold() -> float:
    """``1/Delta_2`` of the BBP transition on the threshold states at this ``Delta_p``."""
    family = SpikedMatrixTensor.family(P)
    return float(evaluate_thresholds(family, {family.free[0]: DELTA_P}, 15, ["gradient_flow"])["gradient_flow"].value)


def draw_line() -> Figure:
    """The line against its rivals, for p = 3 and 4."""
    figure = new_figure(2, height=3.1)
    panels = figure.subplots(1, 2, sharey=True)
    noises = np.linspace(0.05, 6, 239)
    styles = {
        "trivialization": (PURPLE, "--", r"$\Sigma_{\rm min}(0) = 0$, annealed"),
        "gradient_flow": (BLUE, "-", "gradient flow (BBP)"),
        "ml_amp": (CYAN, "-.", "ML-AMP"),
    }
    for panel, p in zip(panels, (P, P + 1), strict=True):
        locate = Locator(SpikedMatrixTensor.family(p), noises)
        for name, (colour, dashes, label) in styles.items():
            panel.plot(noises, locate(name).value, color=colour, ls=dashes, label=label)
        between = locate("gradient_flow").value, locate("trivialization").value
        panel.fill_between(noises, *between, color=BLUE, alpha=0.12, lw=0, label="succeeds among spurious minima")
        panel.set(xlim=(0, 6), ylim=(1, 5), xlabel=r"$\Delta_p$", title=rf"$p = {p}$")
    panels[0].set_ylabel(r"$1/\Delta_2$")
    panels[1].legend(frameon=False)
    return figure


def draw_complexity() -> Figure:
    """Minima and saddles of index 1 at m = 0: past the line the saddles outnumber the minima."""
    threshold = gradient_flow_threshold()
    ratios = np.linspace(0.7, 1.5, 161) * threshold
    figure = new_figure(1, height=3.0)
    axes = figure.subplots()
    landscape = SpikedMatrixTensor(P, delta_p=DELTA_P)
    for kind, colour, dashes, label in ((0, PURPLE, "-", "minima"), (1, ORANGE, "--", "saddles of index 1")):
        result = complexity(landscape, 0, kind, parameters={"delta_2": 1 / ratios})
        axes.plot(ratios, result.sigma, color=colour, ls=dashes, label=label)
    axes.axhline(0, color=GREY, lw=0.8)
    axes.axvline(threshold, color=BLUE, lw=1.2)
    axes.annotate("gradient flow", (threshold, 0), (-3, 4), xycoords=("data", "axes fraction"),
                  textcoords="offset points", rotation=90, ha="right", va="bottom", color=BLUE, fontsize=8)  # fmt: skip
    axes.set(xlim=(ratios[0], ratios[-1]), xlabel=r"$1/\Delta_2$", ylabel=r"$\Sigma_k(m=0)$, annealed")
    axes.set_title(rf"$p = {P}$, $\Delta_p = {DELTA_P}$")
    axes.ticklabel_format(axis="y", scilimits=(0, 0))
    axes.legend(frameon=False, loc="upper right")
    return figure


def draw_spectrum() -> Figure:
    """Hessian of the threshold states (m = 0, t = 2) below, at and beyond the line."""
    threshold = gradient_flow_threshold()
    figure = new_figure(2, height=2.6)
    panels = figure.subplots(1, 3, sharey=True)
    for panel, factor in zip(panels, (0.7, 1.0, 1.6), strict=True):
        _draw_spectrum(panel, factor * threshold)
    panels[0].set_ylabel(r"$\rho(\lambda)$")
    return figure


def _draw_spectrum(axes: Axes, inverse_delta_2: float) -> None:
    """Bulk and outlier of the dominant minima at m = 0, as the theory gives them."""
    landscape = SpikedMatrixTensor(P, 1 / inverse_delta_2, DELTA_P)
    hessian, minima = hessian_of(KacRice(landscape).jet), complexity(landscape, 0, 0)
    scale, theta, lowest, overlap = (float(x) for x in lower((SIGNAL_OVERLAP, SHIFT), hessian.numbers())(0, minima.t))
    x = np.linspace(-2, 2, 401)
    axes.fill_between(scale * (x + minima.t), _density(x) / scale, color=BLUE, alpha=0.25, lw=0)
    axes.plot(scale * (x + minima.t), _density(x) / scale, color=BLUE)
    axes.axvline(0, color=GREY, lw=0.8)
    if theta > 1 + 1e-9:
        axes.vlines(lowest, 0, 0.09, color=RED)
        axes.plot(lowest, 0.09, "o", color=RED, ms=4)
        note = rf"$\lambda_{{\min}} = {lowest:.2f}$" + "\n" + rf"$\langle v, e\rangle^2 = {overlap:.2f}$"
        axes.annotate(note, (0.97, 0.95), xycoords="axes fraction", ha="right", va="top", fontsize=8, color=RED)
    axes.set(xlabel=r"$\lambda$", title=rf"$1/\Delta_2 = {inverse_delta_2:.2f}$, $\theta = {theta:.2f}$")
    axes.set_ylim(0, 0.24)


def _density(x: Array) -> Array:
    return lower((SHIFT,), [density()])(x)[0]


if __name__ == "__main__":
    from .registry import main

    main(__spec__.name)
