"""Cugliandolo, Kurchan 1993, "Analytical solution of the off-equilibrium dynamics" (Phys. Rev. Lett. 71, 173).

Ageing of the pure spherical 3-spin model: correlations, violation of the fluctuation-dissipation theorem, energy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numerics.dynamics import DynamicsSolution, solve_dynamics
from numerics.dynamics.effective_temperatures import EffectiveTemperatures, predicted
from numerics.lowering import Array
from theory import OVERLAP, GaussianLandscape
from theory.dynamics import Ageing

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
    q = _law(warm).exponents["plateau"]
    panels[0, 0].axhline(q, color=GREY, lw=0.8, ls="--", zorder=0)
    panels[0, 0].annotate("$q$", (0.03, q), (0, 2), xycoords=("axes fraction", "data"),
                          textcoords="offset points", color=GREY)  # fmt: skip
    _draw_correlation(panels[0, 1], cold)
    panels[0, 0].legend(frameon=False, title=r"$t_w$", loc="lower left")
    _draw_response(panels[1, 0], warm, cold)
    _draw_energy(panels[1, 1], cold)
    return {"ageing": figure}


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


def _draw_response(axes: Axes, *solutions: DynamicsSolution) -> None:
    """``chi`` against ``C`` along ``t_w`` at three times t (the later, the thicker), and what they go to."""
    for solution, colour in zip(solutions, (BLUE, ORANGE), strict=True):
        for width, fraction in zip((0.6, 1.1, 1.8), FRACTIONS, strict=True):
            found = solution.fluctuation_dissipation(fraction * solution.t_reached)
            label = rf"$T = {solution.model.temperature:g}$" if fraction == 1 else None
            axes.plot(found.values["correlation"], found.values["chi"], color=colour, lw=width, label=label)
        _draw_law(axes, _law(solution))
    axes.set(xlim=(0, 1.02), ylim=(0, None), xlabel=r"$C(t, t_w)$", ylabel=r"$\chi(t, t_w)$")
    powers = ", ".join(f"10^{{{np.log10(f * solutions[0].t_reached).round(2) + 0.0:g}}}" for f in FRACTIONS)
    axes.set_title(rf"thin to thick: $t = {powers}$")
    axes.legend(frameon=False)


def _law(solution: DynamicsSolution) -> EffectiveTemperatures:
    law = predicted(solution.model)
    if isinstance(law, str):
        raise ValueError(law)
    return law


def _draw_law(axes: Axes, law: EffectiveTemperatures) -> None:
    """Straight in each sector of time."""
    ends = [(piece.upper, piece.chi) for piece in law.pieces]
    points: Any = np.transpose([(1.0, 0.0), *ends, (0.0, float(law.chi(np.array(0.0))))])
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
