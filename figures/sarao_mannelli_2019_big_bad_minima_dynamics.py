"""Sarao Mannelli, Biroli, Cammarota, Krzakala, Zdeborova 2019, "Who is afraid of big bad minima?" (arXiv 1907.08226).

Gradient flow itself: trajectories across the threshold, the divergence of the relaxation time, and the threshold where
it diverges, extrapolated from the dynamics alone, on the line that the theory draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numerics.dynamics import solve_dynamics
from numerics.dynamics.growth_rate import OverlapGrowth, growth_rate
from numerics.dynamics.growth_threshold import DynamicalThreshold, dynamical_threshold
from numerics.lowering import Array, lower
from numerics.thresholds import Locator
from theory import SpikedMatrixTensor
from theory.dynamics import GrowthRate

from .style import BLUE, CYAN, GREY, ORANGE, PURPLE, new_figure

TITLE = "gradient flow; its threshold from dynamics (arXiv 1907.08226)"
FAST: dict[str, Any] = {"t_max": 1e3, "rtol": 1e-3, "orders": (3,), "noises": (1.0,)}
DELTA_P, SEED = 1, 1e-10
"""Noise of the tensor and first overlap of the trajectories."""
SIGNALS = (1.6, 1.8, 2.2, 2.6, 4.0)
"""Their ``1/Delta_2``; the threshold is 2."""
COLOURS = (PURPLE, BLUE, ORANGE)

NEARER = 0.4
"""Distance of one more point from the threshold, over that of the nearest one used to find it."""

Measured = dict[int, dict[float, DynamicalThreshold]]
Point = tuple[float, OverlapGrowth]


def draw(
    t_max: float = 1e4,
    rtol: float = 1e-4,
    signals: Sequence[float] = SIGNALS,
    orders: Sequence[int] = (3, 4),
    noises: Sequence[float] = (0.25, 1.0, 4.0),
) -> dict[str, Figure]:
    """Both figures, by name."""
    measured = {p: {noise: _threshold(p, noise, t_max, rtol) for noise in noises} for p in orders}
    first = orders[0]
    nearer = {noise: _nearer(first, noise, threshold, t_max, rtol) for noise, threshold in measured[first].items()}
    return {
        "trajectories": draw_trajectories(t_max, rtol, signals),
        "relaxation_time": draw_relaxation(measured, nearer),
    }


def _threshold(p: int, noise: float, t_max: float, rtol: float) -> DynamicalThreshold:
    family = SpikedMatrixTensor.family(p)
    return dynamical_threshold(family, {family.free[0]: noise}, t_max=t_max, rtol=rtol)


def _nearer(p: int, noise: float, found: DynamicalThreshold, t_max: float, rtol: float) -> Point:
    """One more rate, too near the threshold for the extrapolation, but not for the eye."""
    control = found.value + NEARER * (float(found.control[0]) - found.value)
    return control, growth_rate(SpikedMatrixTensor(p, 1 / control, noise), t_max=t_max, rtol=rtol)


def draw_trajectories(t_max: float, rtol: float, signals: Sequence[float]) -> Figure:
    """``m, e, mu`` against time from an overlap of ``SEED``, below (dashed) and above the threshold."""
    figure = new_figure(1, height=6.2)
    panels = figure.subplots(3, 1, sharex=True)
    t = np.minimum(np.geomspace(1e-1, t_max, 801), t_max)
    threshold = float(Locator(SpikedMatrixTensor.family(3), [DELTA_P])("gradient_flow").value[0])
    for colour, signal in zip(colormaps["viridis"](np.linspace(0, 0.9, len(signals))), signals, strict=True):
        solution = solve_dynamics(
            SpikedMatrixTensor(3, 1 / signal, DELTA_P), t_max, overlap=SEED, rtol=rtol, method="long-time"
        )
        style: Any = {"color": colour, "ls": "-" if signal > threshold else "--", "lw": 1.3}
        m, mu, energy = solution.two_time.one_time(t)
        for panel, values in zip(panels, (m, energy, mu), strict=True):
            panel.plot(t, values, label=f"{signal:g}", **style)
    panels[0].set(yscale="log", ylabel=r"$m(t)$", title=rf"$p = 3$, $\Delta_p = {DELTA_P}$, $m(0) = 10^{{-10}}$")
    panels[1].set_ylabel(r"$e(t)$")
    panels[2].set(ylabel=r"$\mu(t)$", xlabel=r"$t$", xscale="log", xlim=(t[0], t[-1]))
    figure.align_ylabels()
    handles, labels = panels[0].get_legend_handles_labels()
    place: Any = {"loc": "outside lower center", "ncols": 5, "columnspacing": 0.8, "handlelength": 1.3}
    figure.legend(handles, labels, title=r"$1/\Delta_2$ (dashed: below the threshold)", frameon=False, **place)
    return figure


def draw_relaxation(measured: Measured, nearer: dict[float, Point]) -> Figure:
    """``tau`` and ``sqrt(lambda)`` for the first order, and all thresholds in the phase diagram."""
    figure = new_figure(2, height=3.1)
    panels = figure.subplots(1, 3)
    p, found = next(iter(measured.items()))
    for (noise, threshold), colour in zip(found.items(), COLOURS, strict=False):
        _draw_rates(panels[0], panels[1], (p, noise), threshold, nearer[noise], colour)
    panels[0].set(yscale="log", xlabel=r"$1/\Delta_2$", ylabel=r"$\tau = 1/\lambda$", title=rf"$p = {p}$")
    panels[1].axhline(0, color=GREY, lw=0.8, zorder=0)
    panels[1].set(xlabel=r"$1/\Delta_2$", ylabel=r"$\sqrt{\lambda}$", title=rf"$p = {p}$")
    panels[0].legend(frameon=False, title=r"$\Delta_p$", handlelength=1.2, handletextpad=0.4)
    _draw_line(panels[2], measured)
    return figure


def _draw_rates(
    time: Axes, root: Axes, point: tuple[int, float], threshold: DynamicalThreshold, nearer: Point, colour: str
) -> None:
    """Points from the dynamics, the closed form as a line, the extrapolated threshold on the axis."""
    control = np.array([nearer[0], *threshold.control])
    rate, error = np.array([nearer[1].limit, *(r.limit for r in threshold.rates)]).T
    style: Any = {"color": colour, "ls": "none", "marker": "o", "ms": 3.5, "lw": 0.9, "zorder": 3}
    time.errorbar(control, 1 / rate, error / rate**2, label=f"{point[1]:g}", **style)
    time.axvline(threshold.value, color=colour, lw=0.8, ls=":")
    root.errorbar(control, np.sqrt(rate), error / (2 * np.sqrt(rate)), **style)
    root.errorbar(threshold.value, 0, xerr=threshold.error, **(style | {"mfc": "white", "capsize": 2}))
    x = np.linspace(threshold.value, control[-1], 1001)
    exact = _closed_form(*point, x)
    drawn = exact > 0.3 * rate[0]
    time.plot(x[drawn], 1 / exact[drawn], color=colour, lw=1)
    root.plot(x, np.sqrt(exact), color=colour, lw=1)


def _closed_form(p: int, noise: float, control: Array) -> Array:
    """``lambda = sigma (theta + 1/theta - 2)`` on threshold states."""
    family = SpikedMatrixTensor.family(p)
    return lower((family.free[0], family.control), [GrowthRate(family.landscape).threshold_rate])(noise, control)[0]


def _draw_line(axes: Axes, measured: Measured) -> None:
    """The gradient-flow line of each order, and what the dynamics says."""
    noises = [noise for found in measured.values() for noise in found]
    x = np.geomspace(0.6 * min(noises), 1.6 * max(noises), 201)
    for (p, found), colour in zip(measured.items(), (BLUE, CYAN), strict=False):
        axes.plot(x, Locator(SpikedMatrixTensor.family(p), x)("gradient_flow").value, color=colour, label=rf"$p = {p}$")
        values, errors = np.array([(threshold.value, threshold.error) for threshold in found.values()]).T
        axes.errorbar(list(found), values, errors, color=colour, ls="none", marker="o", ms=4, mfc="white", capsize=2)
    axes.set(xscale="log", xlim=(x[0], x[-1]), xlabel=r"$\Delta_p$", ylabel=r"$1/\Delta_2$", title="threshold")
    axes.set_xticks(sorted(set(noises)), [f"{noise:g}" for noise in sorted(set(noises))])
    axes.set_xticks([], minor=True)
    axes.legend(frameon=False)


if __name__ == "__main__":
    from .registry import main

    main(__spec__.name)
