"""Sarao Mannelli, Biroli, Cammarota, Krzakala, Zdeborova 2019, "Who is afraid of big bad minima?" (arXiv 1907.08226).

Gradient flow at finite size: how often it finds the signal, at sizes where that is far from a sharp transition, and the
Hessian that it meets on the way. The latter is shown beside the formula for a point that does not depend on the noise:
exact at the start and at the end but not between them, where the flow remembers the noise that it has seen (the outlier
lies deeper, and nearer the signal, than the formula says).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numerics.dynamics import solve_dynamics
from numerics.lowering import Array, lower
from numerics.recovery import SpikedLine, SuccessPoint, predicted_crossing, success_points
from numerics.simulation import Ensemble, simulate
from theory.kac_rice.complexity import jet_of
from theory.kac_rice.hessian import hessian_of
from theory.random_matrices import BBPTransition
from theory.symbols import SIGNAL_OVERLAP, SPIKE

from .style import BLUE, GREY, ORANGE, new_figure
from .success_points import draw_shares

TITLE = "gradient flow and its Hessian at finite size (arXiv 1907.08226)"
FAST: dict[str, Any] = {"sizes": (32, 64), "samples": 24, "further": (100, 1000, 10_000), "runs": {64: 12, 128: 6}}
MODEL = SpikedLine(3, 1)
SIZES, SAMPLES, WORKERS = (64, 128, 256), 160, 2
FURTHER = (32, 100, 300, 1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
"""Sizes at which only the two-time equations are solved."""

SIGNAL, OVERLAP, FIRST, T_MAX = 2.5, 0.1, 0.1, 30.0
"""``1/Delta_2`` and overlap at the start of the runs that are followed; first and last time shown."""
RUNS = {128: 48, 256: 24, 512: 8}
"""Their number at each size."""


def draw(
    sizes: Sequence[int] = SIZES,
    samples: int = SAMPLES,
    further: Sequence[int] = FURTHER,
    runs: dict[int, int] = RUNS,
    workers: int = WORKERS,
) -> dict[str, Figure]:
    """Both figures, by name."""
    points = success_points([MODEL], sizes, samples, workers=workers)
    return {"success": draw_success(points, further), "trajectories": draw_trajectories(runs, workers)}


def draw_success(points: Sequence[SuccessPoint], further: Sequence[int]) -> Figure:
    """Success probability against ``1/Delta_2``, and where it is one half against N."""
    figure = new_figure(2, height=3.3)
    left, right = figure.subplots(1, 2)
    colours = colormaps["viridis"](np.linspace(0.8, 0, len(points)))
    for point, colour in zip(points, colours, strict=True):
        _draw_curve(left, point, colour)
        right.errorbar(point.size, *point.crossing, color=colour, marker="o", ms=4, capsize=2, zorder=3)
    left.axvline(MODEL.threshold, color=BLUE, lw=1.5)
    left.set(xlabel=r"$1/\Delta_2$", ylabel="probability of success", ylim=(0, 1))
    left.set_title(rf"$p = {MODEL.p}$, $\Delta_p = {MODEL.delta_p:g}$, $m(0) = N^{{-1/2}}$")
    left.legend(frameon=False, loc="upper left", title=r"in time $(\ln N)^2/4$")
    known = {point.size: point.predicted for point in points}
    known |= {size: predicted_crossing(MODEL, size) for size in further if size not in known}
    right.plot(*np.transpose(sorted(known.items())), color=ORANGE, label="two-time equations")
    right.axhline(MODEL.threshold, color=BLUE, lw=1.5, label="gradient-flow threshold")
    right.set(xscale="log", xlabel=r"$N$", ylabel=r"$1/\Delta_2$", title="half of the runs succeed")
    right.legend(frameon=False, loc="lower right")
    return figure


def _draw_curve(axes: Axes, point: SuccessPoint, colour: Any) -> None:
    draw_shares(axes, point.signals, point.successes, point.samples, color=colour, label=f"$N = {point.size}$")
    x = np.linspace(point.signals[0], point.signals[-1], 201)
    axes.plot(x, point.curve(x), color=colour, lw=1.1)


def draw_trajectories(runs: dict[int, int], workers: int) -> Figure:
    """``m``, the lowest eigenvalue of the Hessian and its eigenvector's overlap, along runs and from the theory."""
    landscape, found = MODEL.landscape(SIGNAL), []
    times = np.geomspace(FIRST, T_MAX, 13)
    for size, samples in runs.items():
        options: Any = {"t_max": T_MAX, "overlap": OVERLAP, "hessian_times": times, "workers": workers}
        found.append(simulate(landscape, size, samples, 0, **options))
    figure = new_figure(2, height=3.1)
    panels = figure.subplots(1, 3)
    t = np.minimum(np.geomspace(FIRST, T_MAX, 401), T_MAX)
    for panel, values in zip(panels, along_the_flow(t), strict=True):
        panel.plot(t, values, color=GREY, lw=1.5, label=r"$N \to \infty$")
        panel.set(xscale="log", xlim=(0.9 * FIRST, 1.1 * T_MAX), xlabel=r"$t$")
    for ensemble, colour in zip(found, colormaps["viridis"](np.linspace(0.8, 0, len(found))), strict=True):
        _draw_runs(panels, ensemble, colour)
    panels[0].set(ylabel=r"$m$")
    title = rf"$p = {MODEL.p}$, $\Delta_p = {MODEL.delta_p:g}$, $1/\Delta_2 = {SIGNAL:g}$"
    panels[1].set(ylabel=r"$\lambda_{\min}$", title=title)
    panels[2].set(ylabel=r"$\langle v, e\rangle^2$")
    panels[0].legend(frameon=False)
    return figure


def along_the_flow(t: Array) -> tuple[Array, Array, Array]:
    r"""``m(t)``, ``mu - sigma (theta + 1/theta)``, ``1 - 1/theta^2``; theta is that of m(t), from 1 on."""
    landscape = MODEL.landscape(SIGNAL)
    m, mu, _ = solve_dynamics(landscape, float(t[-1]), overlap=OVERLAP, rtol=1e-5).two_time.one_time(t)
    law, bbp = hessian_of(jet_of(landscape)), BBPTransition(SPIKE)
    scale, spike = lower((SIGNAL_OVERLAP,), [law.scale, law.spike])(m)
    position, overlap = lower((SPIKE,), [bbp.position, bbp.overlap_squared])(np.maximum(spike, 1))
    return m, mu - scale * position, overlap


def _draw_runs(panels: Sequence[Axes], ensemble: Ensemble, colour: Any) -> None:
    names = ("m", "lambda_min", "lambda_min_overlap")
    style: Any = {"color": colour, "ls": "", "marker": "o", "ms": 2.8, "capsize": 1.2, "lw": 0.8}
    for panel, name in zip(panels, names, strict=True):
        t, shown = ensemble.hessian_times, ensemble.mean(name)
        places = np.searchsorted(ensemble.t, t) if name == "m" else np.arange(t.size)
        label = f"$N = {ensemble.settings['size']}$"
        panel.errorbar(t, shown.value[places], shown.error[places], label=label, **style)


if __name__ == "__main__":
    from .registry import main

    main(__spec__.name)
