"""Folena, Franz, Ricci-Tersenghi 2020, "Rethinking mean-field glassy dynamics and its relation with the energy
landscape: the surprising case of the spherical mixed p-spin model" (Phys. Rev. X 10, 031045; arXiv 1903.01421).

Where gradient flow ends, of a pure model and of mixtures: its energy against the one of ageing, with a continuous part
where one step is unstable, and against the one-step energy, which it does not approach there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sympy import Rational

from numerics.dynamics import DynamicsSolution, solve_dynamics
from numerics.errors import ConvergenceError
from numerics.lowering import Array
from numerics.thresholds import evaluate_thresholds
from theory import OVERLAP, GaussianLandscape
from theory.dynamics import Ageing
from theory.energies import energy_family

from .style import BLUE, GREEN, ORANGE, PURPLE, new_figure

TITLE = "where gradient flow of mixtures ends: its energy to t = 1e9 (arXiv 1903.01421)"
FAST: dict[str, Any] = {"t_max": 1e4, "rtol": 1e-4}
Q = OVERLAP
MIXTURES: Mapping[str, GaussianLandscape] = {
    r"$q^2/2 + q^{16}/2$": GaussianLandscape(Q**2 / 2 + Q**16 / 2),
    r"$q^2/2 + 0.55\,q^4/4$": GaussianLandscape(Q**2 / 2 + Rational(11, 80) * Q**4),
    r"$q^3/2 + q^4/2$": GaussianLandscape(Q**3 / 2 + Q**4 / 2),
    r"$q^3/2$": GaussianLandscape(Q**3 / 2),
}
"""The first two are unstable with one step; the others are not."""
COLOURS = (PURPLE, BLUE, ORANGE, GREEN)
POINTS, FIRST = 121, 1.0
APART = 1e-6
"""Energies that differ by less are the same."""


def draw(
    t_max: float = 1e9, rtol: float = 1e-6, mixtures: Mapping[str, GaussianLandscape] = MIXTURES
) -> dict[str, Figure]:
    """Distance to the energy at infinite time, and its exponent."""
    figure = new_figure(2, height=3.2)
    excess, exponent = figure.subplots(1, 2)
    for colour, (label, landscape) in zip(COLOURS, mixtures.items(), strict=False):
        solution = followed(landscape, t_max, rtol)
        draw_mixture(excess, exponent, landscape, solution, label, colour)
    excess.set(xscale="log", yscale="log", xlim=(FIRST, t_max), xlabel="$t$", ylabel=r"$e(t) - e_{\rm th}$")
    excess.set_title("full: ageing; dashed: one step")
    exponent.set(xscale="log", xlim=(FIRST, t_max), ylim=(0, 0.8), xlabel="$t$")
    exponent.set_ylabel(r"$-\,d\ln(e - e_{\rm th})/d\ln t$")
    exponent.axhline(2 / 3, color="black", lw=0.8, ls=":", zorder=0)
    excess.legend(frameon=False, loc="lower left")
    return {"energies": figure}


def followed(landscape: GaussianLandscape, t_max: float, rtol: float) -> DynamicsSolution:
    """Gradient flow to ``t_max``, or as far as the tolerance allows."""
    try:
        return solve_dynamics(landscape, t_max, rtol=rtol, method="long-time")
    except ConvergenceError as error:
        if not isinstance(error.partial, DynamicsSolution):
            raise
        return error.partial


def ageing_energy(landscape: GaussianLandscape) -> float:
    """Where gradient flow ages according to ``theory.energies.threshold_energy``; nan where that is absent."""
    return float(evaluate_thresholds(energy_family(landscape), {}, only=["threshold_energy"])["threshold_energy"].value)


def one_step_energy(landscape: GaussianLandscape) -> float:
    """The same with one ratio X for the whole slow sector, stable or not."""
    return float(Ageing(landscape).zero_temperature.energy)


def energies(solution: DynamicsSolution) -> tuple[Array, Array]:
    """Times and ``e(t)``."""
    t = np.minimum(np.geomspace(FIRST, solution.t_reached, POINTS), solution.t_reached)
    return t, solution.two_time.one_time(t).energy


def draw_mixture(
    excess: Axes, exponent: Axes, landscape: GaussianLandscape, solution: DynamicsSolution, label: str, colour: str
) -> None:
    """``e - e_th`` in both panels, and dashed with the one-step energy in its place where that is another one."""
    t, energy = energies(solution)
    end, one_step = ageing_energy(landscape), one_step_energy(landscape)
    lines: list[tuple[float, dict[str, Any]]] = [(end, {"ls": "-", "label": label})]
    if not abs(end - one_step) < APART:
        lines.append((one_step, {"ls": "--", "lw": 1.0}))
    for limit, style in lines:
        distance = energy - limit
        excess.plot(t, distance, color=colour, **style)
        exponent.plot(t, -np.gradient(np.log(distance), np.log(t)), color=colour, **style)


if __name__ == "__main__":
    from .registry import main

    main(__spec__.name)
