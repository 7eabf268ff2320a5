"""Sarao Mannelli, Biroli, Cammarota, Krzakala, Urbani, Zdeborova 2020, "Marvels and pitfalls of the Langevin algorithm
in noisy high-dimensional inference" (Phys. Rev. X 10, 011057; arXiv 1812.09066).

Langevin dynamics that samples the posterior (T = 1): where it reaches the overlap of Bayes-optimal message passing, and
where it stays in the glassy states although message passing succeeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numerics.dynamics import solve_dynamics
from numerics.lowering import lower
from numerics.thresholds import Locator
from theory import SpikedMatrixTensor
from theory.inference import BayesOptimal
from theory.symbols import SIGNAL_OVERLAP

from .style import new_figure

TITLE = "Langevin against message passing (arXiv 1812.09066)"
FAST: dict[str, Any] = {"t_max": 1e3, "rtol": 1e-2}
P, DELTA_2, DELTA_P, SEED = 3, 0.7, 1.0, 1e-10
"""Order; noises held fixed; first overlap."""
MATRIX_NOISES, TENSOR_NOISES = (0.75, 0.65, 0.5, 0.4), (0.6, 0.8, 1.2, 2.5)
"""``Delta_2`` in the first panel, ``Delta_p`` in the second: the threshold lies after one and after two of them."""


def draw(
    t_max: float = 3e4,
    rtol: float = 1e-3,
    matrix_noises: Sequence[float] = MATRIX_NOISES,
    tensor_noises: Sequence[float] = TENSOR_NOISES,
) -> dict[str, Figure]:
    """Less noise in the matrix helps; less noise in the tensor hurts."""
    figure = new_figure(2, height=3.3)
    panels = figure.subplots(1, 2, sharey=True)
    _draw_panel(panels[0], [(noise, DELTA_P) for noise in matrix_noises], matrix_noises, r"$\Delta_2$", t_max, rtol)
    _draw_panel(panels[1], [(DELTA_2, noise) for noise in tensor_noises], tensor_noises, r"$\Delta_p$", t_max, rtol)
    panels[0].set(ylabel=r"$m(t)$", title=rf"$p = {P}$, $\Delta_p = {DELTA_P:g}$")
    panels[1].set_title(rf"$p = {P}$, $\Delta_2 = {DELTA_2:g}$")
    return {"langevin": figure}


def bayes_overlap(delta_2: float, delta_p: float, steps: int = 10_000) -> float:
    """The fixed point of ``m <- g'(m)/(1 + g'(m))`` that message passing reaches from a small overlap."""
    step = lower((SIGNAL_OVERLAP,), [BayesOptimal(SpikedMatrixTensor(P, delta_2, delta_p)).state_evolution])
    m = SEED
    for _ in range(steps):
        m = float(step(m)[0])
    return m


def _draw_panel(
    axes: Axes, points: Sequence[tuple[float, float]], labels: Sequence[float], title: str, t_max: float, rtol: float
) -> None:
    """``m(t)``, and dotted the overlap of message passing; dashed where the theory says that Langevin stays."""
    t = np.minimum(np.geomspace(1, t_max, 801), t_max)
    for colour, (delta_2, delta_p), label in zip(
        colormaps["viridis"](np.linspace(0, 0.9, len(points))), points, labels, strict=True
    ):
        landscape = SpikedMatrixTensor(P, delta_2, delta_p)
        solution = solve_dynamics(landscape, t_max, temperature=1.0, overlap=SEED, rtol=rtol, method="long-time")
        threshold = float(Locator(SpikedMatrixTensor.family(P), [delta_p])("langevin").value[0])
        style: Any = {"color": colour, "lw": 1.4, "ls": "-" if 1 / delta_2 > threshold else "--"}
        axes.plot(t, solution.two_time.one_time(t).m, label=f"{label:g}", **style)
        axes.axhline(bayes_overlap(delta_2, delta_p), xmin=0.45, color=colour, lw=0.9, ls=":")
    highest = max(bayes_overlap(*point) for point in points)
    axes.annotate("Bayes-AMP", (0.45, highest), (0, 3), xycoords=("axes fraction", "data"),
                  textcoords="offset points", fontsize=8)  # fmt: skip
    axes.set(xscale="log", xlim=(t[0], t[-1]), ylim=(-0.02, 1), xlabel=r"$t$")
    axes.legend(frameon=False, title=title, loc="upper left")


if __name__ == "__main__":
    from .registry import main

    main(__spec__.name)
