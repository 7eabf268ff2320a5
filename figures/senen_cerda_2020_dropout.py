"""Senen-Cerda, Sanders 2020, "Asymptotic convergence rate of Dropout on shallow linear neural networks" (2012.01978).

What dropout leaves of each singular value against the probability to keep a unit, with descent that draws its masks;
the rate of approach of gradient flow, by width; and a signal in noise, of which the strength tells what is learned.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from numerics.experiments.dropout_flow import Network, Target, start, strengths, target
from numerics.lowering import Array, lower
from numerics.solve import solve_prediction, solve_threshold
from numerics.statistics import mean_and_error
from theory.prediction import Threshold
from theory.random_matrices.marchenko_pastur import GAMMA
from theory.random_matrices.spiked_rectangle import critical
from theory.systems.dropout_flow import LAMBDA, UNITS, VALUE, DropoutFlow, equalising_rate

from .style import BLUE, GREEN, GREY, ORANGE, new_figure

TITLE = "dropout in linear networks: what is learned, how fast, and of a signal in noise (arXiv 2012.01978)"
FAST: dict[str, Any] = {"samples": 2}
COLOURS = (BLUE, GREEN, ORANGE)
WIDTHS = (2, 4, 8)
STEPS = 200
"""Of descent with masks, in a unit of time."""
SIZE = 100
NEAR = 1e-4
"""Relative distance from the minimum at which flows start."""
OPAQUE: Any = {"facecolor": "white", "edgecolor": "none", "framealpha": 1.0}
"""Of legends over lines."""


def draw(samples: int = 8) -> dict[str, Figure]:
    """Three panels."""
    figure = new_figure(3)
    values, rates, noise = figure.subplots(1, 3)
    draw_values(values, samples)
    draw_rates(rates)
    draw_noise(noise, samples)
    return {"dropout": figure}


def known(of: DropoutFlow, name: str) -> float:
    """A number that is predicted; nan where there is none."""
    value = solve_prediction(of.prediction(name), {}).value
    return np.nan if value is None else float(value)


def draw_values(axes: Axes, samples: int) -> None:
    """Against p, for modes 3, 2, 1 and four units; dotted: where modes disappear."""
    systems = {p: DropoutFlow("3,2,1", 4, p) for p in np.linspace(0.02, 0.999, 50).tolist()}
    for k, colour in enumerate(COLOURS):
        axes.plot([*systems], [known(of, f"value_{k + 1}") for of in systems.values()], color=colour)
    for p in (0.15, 0.3, 0.45, 0.6, 0.75, 0.9):
        random = [np.random.default_rng((seed, round(100 * p))) for seed in range(samples)]
        found = mean_and_error([strengths(DropoutFlow("3,2,1", 4, p), STEPS, 60, own) for own in random])
        for k, colour in enumerate(COLOURS):
            axes.errorbar(
                p, found[0][k], found[1][k], fmt="o", ms=3.5, color=colour, label=f"mode {k + 1}" * (p == 0.9)
            )
    draw_thresholds(axes, DropoutFlow("3,2,1", 4), ("probability_2", "probability_3"))
    axes.set(xlabel="probability $p$ to keep a unit", ylabel="singular values of $W_2 W_1$", xlim=(0, 1), ylim=(0, 3))
    axes.legend(loc="upper left", title="$f = 4$", **OPAQUE)


def draw_thresholds(axes: Axes, of: DropoutFlow, names: tuple[str, ...]) -> None:
    """Vertical lines."""
    for prediction in of.predictions():
        if isinstance(prediction, Threshold) and prediction.name in names:
            axes.axvline(float(solve_threshold(prediction, {}).value), color=GREY, lw=0.8, ls=":")


def draw_rates(axes: Axes) -> None:
    """Against p, of a target of one number."""
    p = np.linspace(0.01, 1, 200)
    for width, colour in zip(WIDTHS, COLOURS, strict=True):
        theory = lower((LAMBDA,), [equalising_rate().subs({VALUE: 1, UNITS: width})])((1 - p) / p)[0]
        axes.plot(p, theory, color=colour)
        places = (0.1, 0.25, 0.4, 0.55, 0.7, 0.85)
        axes.plot(
            places, [measured_rate(width, own) for own in places], "o", ms=3.5, color=colour, label=f"$f = {width}$"
        )
    axes.set(xlabel="probability $p$ to keep a unit", ylabel="rate of approach", xlim=(0, 1), ylim=(0, None))
    axes.legend(frameon=False)


def measured_rate(width: int, p: float) -> float:
    """At which shares of hidden units become equal in the flow, near a minimum of balanced weights."""
    of, away = DropoutFlow(1, width, p), np.random.default_rng(0).standard_normal(width)
    each = np.sqrt(known(of, "value_1") / width) * (1 + NEAR * (away - away.mean()))
    seen, times = (
        Target(np.ones((1, 1)), np.ones((1, 1)), np.ones((1, 1))),
        np.array([1.0, 2.0]) / known(of, "equalising"),
    )
    spread = [there.shares.std() for there in Network(seen, each[None], each[:, None], float(of.penalty)).flow(times)]
    return float(np.log(spread[0] / spread[1]) / (times[1] - times[0]))


def in_noise(theta: float) -> DropoutFlow:
    """With two hidden units, at p = 1/4."""
    return DropoutFlow(theta, 2, "1/4", sigma=1, gamma="1/2")


def draw_noise(axes: Axes, samples: int) -> None:
    """Against the strength of the signal; dotted: where it leaves the noise."""
    theta = np.linspace(0.2, 4, 100).tolist()
    names = {"value_1": "mode of the signal", "noise_value": "mode of noise", "learned_1": "learned of the signal"}
    for (name, label), colour in zip(names.items(), COLOURS, strict=True):
        axes.plot(theta, [known(in_noise(own), name) for own in theta], color=colour, label=label)
    places = np.array([0.4, 0.8, 1.2, 1.6, 2, 2.4, 2.8, 3.2, 3.6])
    found = np.array([mean_and_error([learned(own, seed) for seed in range(samples)]) for own in places.tolist()])
    for k, colour in enumerate(COLOURS):
        axes.errorbar(places, found[:, 0, k], found[:, 1, k], fmt="o", ms=3.5, color=colour)
    axes.axvline(float(critical().subs(GAMMA, in_noise(1).gamma)), color=GREY, lw=0.8, ls=":")
    axes.set(xlabel=r"strength of the signal $\theta$", ylabel="singular values of $W_2 W_1$", ylim=(-0.05, 2.1))
    axes.legend(loc="upper left", title=f"$f = 2$, $p = 1/4$, $N = {SIZE}$", **OPAQUE)


def learned(theta: float, seed: int) -> Array:
    """First and second value, and what is learned of the signal (3,), of one network at its minimum."""
    of, random = in_noise(theta), np.random.default_rng((seed, round(100 * theta)))
    found = start(of, target(of, SIZE, 2 * SIZE, random), random).minimised()
    return np.append(found.values, found.learned)


if __name__ == "__main__":
    from .registry import main

    main(__spec__.name)
