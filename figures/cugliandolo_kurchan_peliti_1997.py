"""Cugliandolo, Kurchan, Peliti 1997, "Energy flow, partial equilibration, and effective temperatures in systems with
slow dynamics" (Phys. Rev. E 55, 3898).

Integrated response against correlation, and its slope: one temperature of the slow motion of a pure model, a continuum
of them in a mixture, and both in a mixture with a step above a continuum.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sympy import Rational

from numerics.dynamics import DynamicsSolution, solve_dynamics
from numerics.dynamics.effective_temperatures import EffectiveTemperatures
from theory import OVERLAP, GaussianLandscape

from .style import new_figure

TITLE = "effective temperatures of slow motion: response over correlation, three models (PRE 55, 3898)"
FAST: dict[str, Any] = {"t_max": 1e4, "rtol": 1e-4}
Q = OVERLAP


class Model(NamedTuple):
    """A landscape and the temperature of the bath."""

    landscape: GaussianLandscape
    temperature: float
    title: str


MODELS = (
    Model(GaussianLandscape(Q**3 / 2), 0.4, r"$q^3/2$, $T = 0.4$"),
    Model(GaussianLandscape(Q**2 / 2 + Q**4 / 32), 0.0, r"$q^2/2 + q^4/32$, $T = 0$"),
    Model(GaussianLandscape(Q**2 / 2 + Rational(11, 80) * Q**4), 0.3, r"$q^2/2 + 0.55\,q^4/4$, $T = 0.3$"),
)
"""One step; a continuum; a step, and a continuum below."""
FRACTIONS = (1e-4, 1e-2, 1.0)
"""Of the time reached."""
COLDEST, HOTTEST = 0.1, 30.0
EDGE = 1e-9
"""Inside a piece."""


def draw(t_max: float = 1e7, rtol: float = 1e-6, models: Sequence[Model] = MODELS) -> dict[str, Figure]:
    """``chi`` above, ``T_eff`` below, at three times t, and what they go to."""
    figure = new_figure(3, height=5.0)
    panels = figure.subplots(2, len(models), sharex=True, squeeze=False)
    for (response, temperature), model in zip(panels.T, models, strict=True):
        solution = solve_dynamics(model.landscape, t_max, temperature=model.temperature, rtol=rtol, method="long-time")
        draw_model(response, temperature, solution)
        response.set_title(model.title)
        temperature.set_xlabel("$C(t, s)$")
    panels[0, 0].set_ylabel(r"$\chi(t, s)$")
    panels[1, 0].set_ylabel(r"$T_{\rm eff}$")
    panels[0, 0].legend(frameon=False, loc="lower left")
    return {"effective_temperatures": figure}


def draw_model(response: Axes, temperature: Axes, solution: DynamicsSolution) -> None:
    """The later, the darker; dashed, for t to infinity."""
    colours = colormaps["viridis_r"](np.linspace(0.2, 0.85, len(FRACTIONS)))
    for colour, fraction in zip(colours, FRACTIONS, strict=True):
        t = fraction * solution.t_reached
        found = solution.fluctuation_dissipation(t)
        label = rf"$t = 10^{{{np.log10(t).round(2) + 0.0:g}}}$"
        c, values = found.values["correlation"], found.values
        response.plot(c, values["chi"], color=colour, lw=1.5, label=label)
        temperature.plot(c, values["effective_temperature"], color=colour, lw=1.5)
        if found.law is not None and fraction == 1:
            draw_law(response, temperature, found.law)
    response.set(xlim=(0, 1.02), ylim=(0, None))
    temperature.set(yscale="log", ylim=(COLDEST, HOTTEST))


def draw_law(response: Axes, temperature: Axes, law: EffectiveTemperatures) -> None:
    """Piece by piece, so that corners and jumps are sharp."""
    style: Any = {"color": "black", "lw": 0.9, "ls": "--", "zorder": 3}
    places = [np.linspace(piece.upper - EDGE, piece.lower + EDGE, 201) for piece in law.pieces]
    chi, hot = (np.concatenate([function(c) for c in places]) for function in (law.chi, law.temperature))
    c = np.concatenate(places)
    response.plot([1.0, *c], [0.0, *chi], label=r"$t \to \infty$", **style)
    temperature.plot(c, hot, **style)


if __name__ == "__main__":
    from .registry import main

    main(__spec__.name)
