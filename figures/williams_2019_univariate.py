"""Williams, Trager, Silva, Panozzo, Zorin, Bruna 2019, "Gradient dynamics of shallow univariate ReLU networks".

arXiv 1906.07842. What a network learns between its samples, from a cubic to a linear spline; how its knots move in the
adaptive regime; the crossover in the charge; and what directions remember of a start with vanishing output weights.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numerics.experiments.univariate_relu import (
    DURATION,
    GROWN,
    PROBES,
    STEPS,
    X,
    Y,
    cubic,
    descent,
    direct,
    flow,
    on_circle,
    on_knots,
    output,
    reduced,
    remembered,
    splines,
    starts,
    trained,
    weights_of,
)
from numerics.lowering import Array, lower
from numerics.solve import solve_threshold
from numerics.statistics import mean_and_error
from theory.systems.univariate_relu import DELTA, OUTPUT, crossover, half_memory, memory

from .style import BLUE, GREEN, GREY, ORANGE, PURPLE, new_figure

TITLE = "univariate ReLU networks: splines, knots, crossover, memory of directions (arXiv 1906.07842)"
FAST: dict[str, Any] = {"size": 32, "samples": 2}
CHARGES = {-1e4: BLUE, -100.0: GREEN, 1.0: ORANGE}
CROSSOVER = (-3000.0, -1000.0, -500.0, -250.0, -120.0, -60.0, -30.0, -12.0, -4.0)
REMEMBERED = (-6.0, -4.0, -2.0, -1.0, -0.5, -0.2, -0.05, 0.5, 1.0, 2.0)
FRAMES = np.diff(np.geomspace(1, 5000, 120).astype(int), prepend=0)
"""Steps between the frames of paths of knots."""


def draw(size: int = 64, samples: int = 4) -> dict[str, Figure]:
    """Networks of that many units."""
    figure = new_figure(2, height=5.4)
    (learnt, knots), (between, kept) = figure.subplots(2, 2)
    draw_learnt(learnt, 4 * size)
    draw_knots(knots, size)
    draw_crossover(between, size, samples)
    draw_memory(kept, size)
    return {"univariate": figure}


def drawn(size: int, samples: int) -> Array:
    """Starts (2, samples, m)."""
    return starts(on_knots, size, samples, np.random.default_rng(0))


def draw_learnt(axes: Axes, size: int) -> None:
    """f between the samples."""
    for (delta, colour), name in zip(CHARGES.items(), ("-10^4", "-100", "1"), strict=True):
        weights = trained(descent, weights_of(drawn(size, 1), delta), delta)
        axes.plot(PROBES, output(weights, PROBES)[0], color=colour, label=rf"$\delta = {name}$")
    for spline, style, name in zip(splines(), (":", "--"), ("linear spline", "cubic spline"), strict=True):
        axes.plot(PROBES, spline @ Y, color="black", ls=style, lw=1.2, label=name)
    axes.plot(X, Y, "o", color="black", ms=4)
    axes.set(xlabel="$x$", ylabel="$f(x)$", ylim=(-0.7, 1.2))
    axes.legend(frameon=False, loc="upper right", ncols=2)


def draw_knots(axes: Axes, size: int, delta: float = 1.0) -> None:
    """Their paths at a charge of the adaptive regime, the line as thick as the unit bends f."""
    state, step = weights_of(drawn(size, 1), delta), DURATION / np.hypot(delta, GROWN) / STEPS
    times, paths = step * np.cumsum(FRAMES), []
    for steps in FRAMES:
        state = flow(descent, state, step, steps)
        paths.append(state[:, 0])
    a, b, c = np.transpose(paths, (1, 2, 0))
    grown = abs(a * c)[:, -1]
    seen = np.where(abs(b) < 1.6 * abs(a), -b / a, np.nan)  # many pass through infinity
    for knot, width in zip(seen, grown / grown.max(), strict=True):
        axes.plot(knot, times, color=ORANGE, lw=0.3 + 1.2 * width)
    for place in X:
        axes.axvline(place, color="black", ls=":", lw=0.8)
    axes.set(xlim=(-1.5, 1.5), yscale="log", ylim=(times[0], times[-1]))
    axes.set(xlabel=rf"knots $-b/a$, $\delta = {delta:g}$", ylabel="$t$")


def draw_crossover(axes: Axes, size: int, samples: int) -> None:
    """The share of the cubic spline against the charge: networks, and the reduced flow."""
    first = drawn(size, samples)
    found = [mean_and_error(cubic(trained(descent, weights_of(first, d), d))) for d in CROSSOVER]
    values, errors = np.transpose(found)
    theory = [cubic(direct(trained(reduced(d), first, d))).mean() for d in CROSSOVER]
    bars: Any = {"fmt": "o", "ms": 3, "lw": 1, "color": BLUE, "label": "networks"}
    axes.plot(np.negative(CROSSOVER), theory, color="black", lw=1.1, label="reduced flow")
    axes.errorbar(np.negative(CROSSOVER), values, errors, **bars)
    for level in (0, 1):
        axes.axhline(level, color=GREY, ls=":", lw=0.8)
    axes.set(xscale="log", xlabel=r"$-\delta$", ylabel="from linear (0) to cubic spline (1)")
    axes.legend(frameon=False)


def draw_memory(axes: Axes, size: int) -> None:
    """Of ``a/b`` in active units after one sample, and where it is half."""
    delta = -(np.linspace(-REMEMBERED[0], 0, 300) ** 2) / -REMEMBERED[0]
    axes.plot(delta, lower((DELTA,), [memory().subs(OUTPUT, 1)])(delta)[0], color="black", lw=1.1, label="theory")
    axes.plot([0, REMEMBERED[-1]], [0, 0], color="black", lw=1.1)
    first = starts(on_circle, size, 1, np.random.default_rng(0))
    axes.plot(REMEMBERED, [remembered(first, d)[0] for d in REMEMBERED], "o", ms=3, color=PURPLE, label="networks")
    for threshold in (crossover(), half_memory()):
        axes.axvline(float(solve_threshold(threshold, {}).value), color=GREY, ls=":", lw=0.8)
    axes.set(xlabel=r"$\delta$", ylabel="memory of $a/b$", ylim=(-0.04, 1))
    axes.legend(frameon=False)


if __name__ == "__main__":
    from .registry import main

    main(__spec__.name)
