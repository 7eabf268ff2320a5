"""Ferretti, Bianconi 2008, "Dynamics of condensation in growing complex networks" (Phys. Rev. E 78, 056102).

The partition function at finite times against its limit, on either side of the transition; how slowly it gets there
below; and the links of the condensate, a wave that moves to the lowest energy.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from scipy.stats import gamma

from numerics.curves import FlowSolution
from numerics.experiments.fitness_condensation import GrowingNetwork
from numerics.integro_differential import Masses, solve_flow
from numerics.lowering import Array, lower
from numerics.solve import solve_prediction, solve_threshold
from numerics.statistics import means
from theory.laws import Flow
from theory.systems.fitness_condensation import (
    TAU,
    TEMPERATURE,
    THETA,
    FitnessCondensation,
    condensation,
    wave,
)

from .style import BLUE, GREEN, GREY, ORANGE, PURPLE, new_figure

TITLE = "condensation in growing networks: partition function, slow-down, wave (Phys. Rev. E 78, 056102)"
FAST: dict[str, Any] = {"size": 10**4, "samples": 3}
TEMPERATURES = (0.15, 0.3, 0.45, 0.6, 0.7, 0.8, 1.0, 1.25, 1.6, 2.0)
COLOURS = (BLUE, GREEN, ORANGE, PURPLE)
COLD = (0.5, 0.3)
"""Below the transition at 0.71."""
START = 1000
"""Nodes from which on the fluctuations of a network are small."""
LATE = (15.0, 50.0, 200.0, 1000.0)
"""Of ``tau = ln t``."""


def draw(size: int = 10**5, samples: int = 8) -> dict[str, Figure]:
    """All for ``theta = 1``."""
    figure = new_figure(3, height=3.0)
    partition, approach, waves = figure.subplots(1, 3)
    draw_partition(partition, size, samples)
    draw_approach(approach)
    draw_wave(waves, COLD[1])
    return {"condensation": figure}


@cache
def system(temperature: float) -> FitnessCondensation:
    """At that temperature."""
    return FitnessCondensation(theta=1, temperature=temperature)


def flow(temperature: float, tau: ArrayLike, start: Masses | None = None) -> FlowSolution:
    """At these times; ``start`` as for ``solve_flow``."""
    law = next(p.law for p in system(temperature).predictions() if isinstance(p.law, Flow))
    return solve_flow(law, {}, tau, start)


def predicted(temperature: float, name: str) -> float:
    """For ``t -> infinity``; nan in the other phase."""
    value = solve_prediction(system(temperature).prediction(name), {}).value
    return np.nan if value is None else float(value)


def draw_partition(axes: Axes, size: int, samples: int) -> None:
    """``Z/(m t)`` against T: in the limit, measured, in the flow of what was measured early, and at a late time."""
    limit = np.nan_to_num([predicted(t, "partition") for t in TEMPERATURES], nan=1.0)
    axes.plot(TEMPERATURES, limit, color="black", label=r"$t \to \infty$")
    values, errors = np.array([grown(t, size, samples) for t in TEMPERATURES]).transpose(1, 2, 0)
    bars: Any = {"fmt": "o", "ms": 3, "lw": 1, "color": COLOURS[0], "label": f"{samples} networks, $t = {size:g}$"}
    axes.errorbar(TEMPERATURES, values[0], errors[0], **bars)
    axes.plot(TEMPERATURES, values[1], color=COLOURS[0], ls="--", lw=1.1, label=f"their flow from $t = {START}$")
    at_last = [flow(t, LATE[1:2]).quantities["partition"].value[0] for t in TEMPERATURES]
    axes.plot(TEMPERATURES, at_last, color=COLOURS[1], ls="--", lw=1.1, label=rf"$\ln t = {LATE[1]:g}$")
    critical = solve_threshold(condensation(system(1.0).theta), {}).value
    axes.axvline(float(critical), color=GREY, lw=0.8, ls=":")
    axes.set(xlabel="$T$", ylabel="$Z/(m t)$")
    axes.legend(frameon=False, fontsize=6.5)


def grown(temperature: float, size: int, samples: int) -> Array:
    """Means over networks and their errors (2, 2): ``Z/(m t)``, and what the flow makes of each from its beginnings."""
    found = []
    for seed in range(samples):
        network = GrowingNetwork(system(temperature)).draw(size, np.random.default_rng(seed))
        early = network.at(START)
        ahead = flow(temperature, [np.log(size / START)], (early.energies, early.shares))
        found.append((network.partition, ahead.quantities["partition"].value[0]))
    group = means(size, found)
    return np.array([group.value, group.error])


def draw_approach(axes: Axes) -> None:
    """``1 - z`` below the transition against ``ln t``."""
    tau = np.geomspace(3, LATE[-1], 60)
    for colour, temperature in zip(COLOURS, COLD, strict=False):
        found = flow(temperature, tau).quantities["partition"].value
        axes.plot(tau, 1 - found, color=colour, label=f"$T = {temperature}$")
    axes.plot(tau, 1 - late(0, tau, COLD[0]), color="black", ls=":", label=r"$(\theta + 1)/\ln t$")
    axes.set(xscale="log", yscale="log", xlabel=r"$\ln t$", ylabel="$1 - Z/(m t)$")
    axes.legend(frameon=False)


def late(which: int, tau: Array, temperature: float) -> Array:
    """Of ``wave``, the partition function or the mean energy of the condensate."""
    of = system(temperature)
    return lower((TAU,), [wave()[which].subs({THETA: of.theta, TEMPERATURE: of.temperature})])(tau)[0]


def draw_wave(axes: Axes, temperature: float, times: Sequence[float] = LATE) -> None:
    """``rho T/tau`` against ``epsilon tau/T``: a Gamma law that holds all links of the condensate."""
    found = flow(temperature, times)
    energies, x = found.axes["epsilon"].values, np.linspace(0, 8, 200)
    for colour, tau, density in zip(COLOURS, times, found.quantities["rho"].value, strict=False):
        scale = tau / temperature
        axes.plot(energies * scale, density / scale, color=colour, lw=1.1, label=rf"$\ln t = {tau:g}$")
    shape = float(system(temperature).theta) + 1
    axes.plot(x, predicted(temperature, "condensate") * gamma(shape).pdf(x), color="black", ls=":", label="condensate")
    axes.set(xlim=(0, x[-1]), ylim=(0, None), xlabel=r"$\epsilon \ln t/T$", ylabel=r"$\rho\, T/\ln t$")
    axes.legend(frameon=False)


if __name__ == "__main__":
    from .registry import main

    main(__spec__.name)
