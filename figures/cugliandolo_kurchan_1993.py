"""Cugliandolo, Kurchan 1993, "Analytical solution of the off-equilibrium dynamics" (Phys. Rev. Lett. 71, 173).

Ageing of the pure spherical 3-spin model: correlations, violation of the fluctuation-dissipation theorem, energy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.optimize import brentq
from sympy import diff

from numerics.dynamics import DynamicsSolution, solve_dynamics
from numerics.dynamics.growth import quadrature
from numerics.lowering import Array, lower
from theory import OVERLAP, GaussianLandscape
from theory.dynamics import Ageing
from theory.symbols import TEMPERATURE

from .style import BLUE, GREY, ORANGE, new_figure

TITLE = "ageing of the 3-spin model: correlation, response, energy (PRL 71, 173)"
FAST: dict[str, Any] = {"t_max": 1e4, "rtol": 1e-4}
LANDSCAPE = GaussianLandscape(OVERLAP**3 / 2)
COLD = 0.4
"""Temperature of the ageing at ``T > 0``; the dynamics is arrested below sqrt(3/8) = 0.612."""

FRACTIONS = (1e-4, 1e-2, 1.0)
"""Of the time reached, where the response is integrated."""


def draw(t_max: float = 1e6, rtol: float = 1e-5) -> dict[str, Figure]:
    """One figure: correlation at ``T > 0`` and at 0, integrated response against correlation, energy."""
    warm, cold = (solve_dynamics(LANDSCAPE, t_max, temperature=T, rtol=rtol, method="long-time") for T in (COLD, 0.0))
    figure = new_figure(2, height=5.4)
    panels = figure.subplots(2, 2)
    _draw_correlation(panels[0, 0], warm)
    panels[0, 0].axhline(plateau(COLD), color=GREY, lw=0.8, ls="--", zorder=0)
    panels[0, 0].annotate("$q$", (0.03, plateau(COLD)), (0, 2), xycoords=("axes fraction", "data"),
                          textcoords="offset points", color=GREY)  # fmt: skip
    _draw_correlation(panels[0, 1], cold)
    panels[0, 0].legend(frameon=False, title=r"$t_w$", loc="lower left")
    _draw_response(panels[1, 0], warm, cold)
    _draw_energy(panels[1, 1], cold)
    return {"ageing": figure}


def plateau(temperature: float) -> float:
    """The larger root of ``(1 - q)^2 f''(q) = T^2``: beyond the maximum of the left side."""
    squared = Ageing(LANDSCAPE).law.temperature_squared
    value, slope = (lower((OVERLAP,), [expression]) for expression in (squared, diff(squared, OVERLAP)))
    top = brentq(lambda q: float(slope(q)[0]), 1e-6, 1 - 1e-6)
    return float(brentq(lambda q: float(value(q)[0]) - temperature**2, top, 1.0))


def ratio(temperature: float) -> float:
    """``X/T`` in the slow sector."""
    law = Ageing(LANDSCAPE)
    if temperature == 0:
        return float(law.zero_temperature.ratio)
    return float(lower((OVERLAP, TEMPERATURE), [law.law.ratio])(plateau(temperature), temperature)[0]) / temperature


def waiting_times(t_max: float) -> Array:
    """Decades that leave two more to look at."""
    return 10.0 ** np.arange(1, np.floor(np.log10(t_max)) - 0.5)


def _draw_correlation(axes: Axes, solution: DynamicsSolution) -> None:
    """``C(t_w + tau, t_w)`` against ``tau``."""
    times = waiting_times(solution.t_reached)
    for colour, waiting in zip(colormaps["viridis"](np.linspace(0, 0.9, times.size)), times, strict=True):
        lag = np.geomspace(0.1, solution.t_reached - waiting, 201)[:-1]
        label = rf"$10^{{{np.log10(waiting):.0f}}}$"
        axes.plot(lag, solution.C(waiting + lag, waiting), color=colour, lw=1.3, label=label)
    axes.set(xscale="log", xlim=(0.1, solution.t_reached), ylim=(0, 1.03), xlabel=r"$\tau$")
    axes.set(ylabel=r"$C(t_w + \tau, t_w)$", title=rf"$T = {solution.model.temperature:g}$")


def integrated_response(solution: DynamicsSolution, t: float, waiting: Array) -> Array:
    """``chi(t, t_w) = int_{t_w}^t R(t, s) ds``."""
    rules = [quadrature(float(start), t) for start in waiting]
    return np.array([weights @ solution.R(t, np.clip(s, 0, t)) for s, weights in rules])


def _draw_response(axes: Axes, *solutions: DynamicsSolution) -> None:
    """``chi`` against ``C`` along ``t_w`` at three times t (the later, the thicker), and the law of each sector."""
    for solution, colour in zip(solutions, (BLUE, ORANGE), strict=True):
        temperature = solution.model.temperature
        for width, fraction in zip((0.6, 1.1, 1.8), FRACTIONS, strict=True):
            end = fraction * solution.t_reached
            waiting = end - np.minimum(np.geomspace(1e-2, end, 121), end)
            label = rf"$T = {temperature:g}$" if fraction == 1 else None
            chi = integrated_response(solution, end, waiting)
            axes.plot(solution.C(end, waiting), chi, color=colour, lw=width, label=label)
        _draw_law(axes, temperature)
    axes.set(xlim=(0, 1.02), ylim=(0, None), xlabel=r"$C(t, t_w)$", ylabel=r"$\chi(t, t_w)$")
    powers = ", ".join(f"10^{{{np.log10(f * solutions[0].t_reached).round(2) + 0.0:g}}}" for f in FRACTIONS)
    axes.set_title(rf"thin to thick: $t = {powers}$")
    axes.legend(frameon=False)


def _draw_law(axes: Axes, temperature: float) -> None:
    """``d chi = -dC/T`` down to q, then ``-(X/T) dC``."""
    q = plateau(temperature) if temperature > 0 else 1.0
    bend = (1 - q) / temperature if temperature > 0 else 1 / np.sqrt(float(LANDSCAPE.f(2)))
    points: Any = [[1.0, q, 0.0], [0.0, bend, bend + ratio(temperature) * q]]
    axes.plot(*points, color="black", lw=0.9, ls="--", zorder=3)


def _draw_energy(axes: Axes, solution: DynamicsSolution) -> None:
    """``e(t) - e_th`` at T = 0."""
    t = np.geomspace(1, solution.t_reached, 201)
    threshold = float(Ageing(LANDSCAPE).zero_temperature.energy)
    excess = solution.two_time.one_time(np.minimum(t, solution.t_reached)).energy - threshold
    axes.plot(t, excess, color=ORANGE)
    axes.plot(t, 1.4 * excess[-1] * (t / t[-1]) ** (-2 / 3), color="black", lw=0.9, ls="--")
    axes.annotate(r"$t^{-2/3}$", (t[120], 1.4 * excess[-1] * (t[120] / t[-1]) ** (-2 / 3)), (4, 4),
                  textcoords="offset points")  # fmt: skip
    axes.set(xscale="log", yscale="log", xlim=(t[0], t[-1]), xlabel=r"$t$", ylabel=r"$e(t) - e_{\rm th}$")
    axes.set_title("$T = 0$")


if __name__ == "__main__":
    from .registry import main

    main(__spec__.name)
