"""Fyodorov 2013, "High-dimensional random fields and random matrix theory" (arXiv 1307.2379).

Topology trivialisation: spherical p-spin landscapes in a random field of variance ``sigma^2`` have exponentially many
critical points below ``sigma_c^2 = f''(1) - f'(1)`` (of f without field), and two, a minimum and a maximum, far above.
On the left the complexity of all of them; on the right their exact mean number at finite N, through the transition.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sympy import Rational

from numerics.complexity import complexity
from numerics.finite_size import expected_critical_points
from theory.landscape import GaussianLandscape
from theory.symbols import OVERLAP

from .style import BLUE, GREEN, GREY, ORANGE, new_figure

TITLE = "topology trivialisation of p-spin landscapes in a random field (arXiv 1307.2379)"
FAST: dict[str, Any] = {"sizes": (10, 20), "samples": 256}
ORDERS = {3: BLUE, 4: GREEN, 6: ORANGE}
P = 3


def draw(sizes: tuple[int, ...] = (10, 20, 40), samples: int = 1024) -> dict[str, Figure]:
    """Both."""
    figure = new_figure(2, height=3.2)
    many, few = figure.subplots(1, 2)
    draw_complexity(many)
    draw_numbers(few, sizes, samples)
    return {"topology": figure}


def in_field(p: int, ratio: float) -> GaussianLandscape:
    """``f = q^p/p + sigma^2 q``, of which ``sigma^2 = ratio (p - 2)`` is this multiple of that at the transition."""
    return GaussianLandscape(OVERLAP**p / p + Rational(ratio) * (p - 2) * OVERLAP)


def draw_complexity(axes: Axes) -> None:
    """``ln(f''(1)/f'(1))/2`` while it is positive."""
    ratios = np.linspace(0, 1.5, 61)
    for p, colour in ORDERS.items():
        sigma = [float(complexity(in_field(p, ratio), 0, "total").sigma) for ratio in ratios]
        axes.plot(ratios, sigma, color=colour, label=f"$p = {p}$")
    axes.set(xlabel=r"$\sigma^2/\sigma_c^2$", ylabel=r"$\Sigma$ of all critical points", xlim=(0, 1.5), ylim=(0, None))
    axes.legend(frameon=False)


def draw_numbers(axes: Axes, sizes: tuple[int, ...], samples: int) -> None:
    """``E Crt``, with standard errors."""
    ratios = np.linspace(0.25, 3, 12)
    for size, colour in zip(sizes, colormaps["viridis"](np.linspace(0, 0.8, len(sizes))), strict=True):
        counts = [
            expected_critical_points(in_field(P, r), size, overlap_edges=[-1, 1], samples=samples) for r in ratios
        ]
        numbers, errors = np.transpose([count.estimate() for count in counts])
        axes.errorbar(ratios, numbers, errors, color=colour, marker="o", ms=3, lw=1, label=f"$N = {size}$")
    axes.axhline(2, color=GREY, lw=0.8, ls="--", zorder=0)
    axes.axvline(1, color=GREY, lw=0.8, ls=":", zorder=0)
    axes.set(xlabel=r"$\sigma^2/\sigma_c^2$", ylabel="mean number", yscale="log", title=f"$p = {P}$")
    axes.legend(frameon=False)
