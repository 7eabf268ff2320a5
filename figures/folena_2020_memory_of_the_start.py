"""Folena, Franz, Ricci-Tersenghi 2020, "Rethinking mean-field glassy dynamics and its relation with the energy
landscape: the surprising case of the spherical mixed p-spin model" (Phys. Rev. X 10, 031045; arXiv 1903.01421).

Gradient flow of the 3+4 model from equilibrium below the onset temperature, about 0.91: what is left of the start, and
the response of the slow motion, which is compared with the ageing that forgets its start.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numerics.dynamics import DynamicsSolution, Equilibrium, solve_dynamics
from numerics.dynamics.effective_temperatures import EffectiveTemperatures, predicted
from numerics.dynamics.model import model
from theory import OVERLAP, GaussianLandscape

from .style import BLUE, GREEN, ORANGE, PURPLE, new_figure

TITLE = "what gradient flow remembers of a start in equilibrium, and its response (arXiv 1903.01421)"
FAST: dict[str, Any] = {"t_max": 1e4, "rtol": 1e-4}
LANDSCAPE = GaussianLandscape(OVERLAP**3 / 2 + OVERLAP**4 / 2)
BETAS = (0.0, 1.0, 1.1, 1.2)
"""Of the starts; 0 is random. T_d is 0.805."""
COLOURS = (PURPLE, BLUE, GREEN, ORANGE)
FIRST, POINTS = 1.0, 121
RANGE = (0.5, 3.0)
"""Of temperatures."""


def draw(t_max: float = 1e7, rtol: float = 1e-6, betas: Sequence[float] = BETAS) -> dict[str, Figure]:
    """``C(t, 0)``, ``chi`` over C at the last time, and ``T_eff``; dashed, for t to infinity from a random start."""
    figure = new_figure(3, height=3.0)
    memory, response, temperature = figure.subplots(1, 3)
    for beta, colour in zip(betas, COLOURS, strict=False):
        start: Any = {"start": Equilibrium(beta)} if beta > 0 else {}
        solution = solve_dynamics(LANDSCAPE, t_max, rtol=rtol, method="long-time", **start)
        draw_start((memory, response, temperature), solution, rf"$\beta = {beta:g}$", colour)
    draw_law(response, temperature)
    memory.set(xscale="log", yscale="log", xlim=(FIRST, t_max), xlabel="$t$", ylabel="$C(t, 0)$")
    memory.legend(frameon=False, loc="lower left")
    response.set(xlim=(0, 1.02), ylim=(0, 1), xlabel="$C(t, s)$", ylabel=r"$\chi(t, s)$")
    response.set_title(rf"$t = 10^{{{np.log10(t_max):g}}}$")
    temperature.set(xlim=(0, 1.02), ylim=RANGE, xlabel="$C(t, s)$", ylabel=r"$T_{\rm eff}$")
    return {"memory": figure}


def draw_start(panels: tuple[Axes, Axes, Axes], solution: DynamicsSolution, label: str, colour: str) -> None:
    """A start in all panels."""
    memory, response, temperature = panels
    t = np.minimum(np.geomspace(FIRST, solution.t_reached, POINTS), solution.t_reached)
    memory.plot(t, solution.C(t, 0.0), color=colour, label=label)
    found = solution.fluctuation_dissipation(solution.t_reached)
    response.plot(found.values["correlation"], found.values["chi"], color=colour)
    temperature.plot(found.values["correlation"], found.values["effective_temperature"], color=colour)


def law() -> EffectiveTemperatures:
    """Of the ageing that forgets its start."""
    found = predicted(model(LANDSCAPE))
    if isinstance(found, str):
        raise ValueError(found)
    return found


def draw_law(response: Axes, temperature: Axes) -> None:
    """One step: straight."""
    c = np.array([1 - 1e-9, 0.0])
    style: Any = {"color": "black", "lw": 0.9, "ls": "--", "zorder": 3}
    response.plot([1.0, *c], [0.0, *law().chi(c)], **style)
    temperature.plot(c, law().temperature(c), **style)


if __name__ == "__main__":
    from .registry import main

    main(__spec__.name)
