"""Sarao Mannelli, Biroli, Cammarota, Krzakala, Urbani, Zdeborova 2020, "Complex dynamics in simple neural networks"
(arXiv 2006.06997): gradient flow of phase retrieval at finite size, and the states that it meets.

Recovery: how often a random start finds the signal, and how the place where half of them do moves with N, beside every
candidate for a threshold. Flow: overlap, lowest eigenvalue of the Hessian and its eigenvector's overlap along runs.
States: where the flow ends when there is no signal to find, beside replicas and Kac-Rice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sympy import Rational

from numerics.checks import phase_retrieval_threshold_states as end_states
from numerics.checks.descent_states import PREDICTIONS, B, E, predictions
from numerics.checks.plan import Point
from numerics.checks.risk_samples import without_signal
from numerics.generalized_linear import evaluate_critical, marginal_state
from numerics.generalized_linear.dynamics import solve_descent
from numerics.generalized_linear.field_law import FieldLaw
from numerics.generalized_linear.minima import Population, complexity_of_minima
from numerics.generalized_linear.one_step import one_step_law
from numerics.generalized_linear.simulation import Recovery, recovery, simulate_risk
from numerics.lowering import Array
from numerics.simulation import gradient_flow, random_starts
from numerics.simulation.ensemble import Ensemble
from numerics.statistics import Means, means
from numerics.sweep import sweep
from theory.systems import PhaseRetrieval

from .style import BLUE, CYAN, GREEN, GREY, ORANGE, PURPLE, new_figure
from .success_points import draw_shares

TITLE = "phase retrieval at finite size: recovery, flow, states (arXiv 2006.06997)"
FAST: dict[str, Any] = {"samples": {64: 20, 128: 12}, "followed": {128: 4}, "end_samples": 3}
LANDSCAPE = PhaseRetrieval(Rational(1, 100))
ALPHAS, T_MAX = (1.5, 2.0, 2.5, 3.0, 3.5), 300.0
"""Of the success curves; a run has that much time."""
SAMPLES = {128: 120, 256: 100, 512: 60}
"""Runs of each size at each alpha. With {1024: 24, 2048: 8, 4096: 3} besides, half an hour on two cores."""
QUICK_RUNS: dict[str, Any] = {"rtol": 1e-3, "gradient_tolerance": 1e-3}
LINES = {
    "bbp_initial": (BLUE, "-", "BBP, random $w$"),
    "bbp_kac_rice_dominant_quenched": (GREEN, "-.", "BBP, dominant minima"),
    "bbp_ground_state_frsb": (PURPLE, "--", "BBP, full RSB"),
    "bbp_threshold_1rsb": (ORANGE, ":", "BBP, 1RSB"),
}
FOLLOWED, UNTIL, FOLLOWED_RUNS = 3.0, 10.0, {128: 48, 512: 16}
"""alpha, last time, and runs of the flow that is followed."""
THEORY_UNTIL, THEORY_WALKERS = 2.0, 4096
"""Until when the effective process is precise enough to be drawn, and its walkers."""
END_ALPHAS, END_SIZE, END_SAMPLES, END_TIME = (2.5, 3.5, 4.5, 5.5, 6.5), 256, 12, 50.0
GROUND = 1
"""Full RSB among the predictions: energies are shown over its ground state's."""
SHOWN_ALPHA, BINS = 4.5, np.linspace(-2.2, 1.2, 69)


def draw(
    samples: Mapping[int, int] = SAMPLES,
    followed: Mapping[int, int] = FOLLOWED_RUNS,
    end_samples: int = END_SAMPLES,
    *,
    workers: int = 2,
    kept: Path | None = None,
) -> dict[str, Figure]:
    """The three figures, by name; ``kept`` is a folder from which finished runs of the first are taken again."""
    options: Any = {"t_max": T_MAX, "workers": workers, "output": kept, **QUICK_RUNS}
    curves = [recovery(LANDSCAPE, size, alphas(size), count, **options) for size, count in samples.items()]
    return {
        "recovery": draw_recovery(curves),
        "flow": draw_flow(followed, workers),
        "states": draw_states(end_samples, workers),
    }


def alphas(size: int) -> tuple[float, ...]:
    """Fewer where runs are long."""
    return ALPHAS if size <= 1024 else ALPHAS[1:-1]


def draw_recovery(curves: Sequence[Recovery]) -> Figure:
    """Success probability against alpha; alpha where it is one half against N."""
    figure = new_figure(2, height=3.4)
    left, right = figure.subplots(1, 2)
    thresholds = evaluate_critical(LANDSCAPE, list(LINES))
    for curve, colour in zip(curves, colormaps["viridis"](np.linspace(0.85, 0, len(curves))), strict=True):
        _draw_curve(left, curve, colour)
        right.errorbar(curve.size, *curve.half, color=colour, marker="o", ms=4, capsize=2, zorder=3)
    for key, (colour, style, label) in LINES.items():
        left.axvline(thresholds[key].value, color=colour, ls=style, lw=1.2)
        right.axhline(thresholds[key].value, color=colour, ls=style, lw=1.2, label=label)
    left.set(xlabel=r"$\alpha$", ylabel="probability of recovery", ylim=(-0.02, 1.02), xlim=(1.3, 4.7))
    left.set_title("phase retrieval, $a = 0.01$")
    left.legend(frameon=False, loc="upper left", fontsize=7, handletextpad=0.2, borderpad=0.2)
    right.set(xscale="log", xlabel=r"$N$", ylabel=r"$\alpha$", title="half of the runs recover", ylim=(1.9, 6.2))
    right.set_xticks([curve.size for curve in curves], [str(curve.size) for curve in curves])
    right.minorticks_off()
    right.legend(frameon=False, loc="upper left")
    return figure


def _draw_curve(axes: Axes, curve: Recovery, colour: Any) -> None:
    draw_shares(axes, curve.alphas, curve.succeeded, curve.samples, color=colour, label=f"$N = {curve.size}$")
    x = np.linspace(1.3, 4.0, 201)
    axes.plot(x, curve(x), color=colour, lw=1.0)


def draw_flow(runs: Mapping[int, int], workers: int) -> Figure:
    """m, lowest eigenvalue and squared overlap along runs from ``m = N^(-1/2)``; m also of the effective process."""
    figure = new_figure(2, height=3.1)
    panels = figure.subplots(1, 3)
    times = np.geomspace(0.02, UNTIL, 11)
    for (size, count), colour in zip(runs.items(), (CYAN, PURPLE, GREY), strict=False):
        first = size**-0.5
        options: Any = {"t_max": UNTIL, "overlap": first, "hessian_times": times, "workers": workers, **QUICK_RUNS}
        _draw_runs(panels, simulate_risk(LANDSCAPE, size, FOLLOWED, count, 1, at=times, **options), colour)
        theory = solve_descent(
            LANDSCAPE, FOLLOWED, THEORY_UNTIL, overlap=first, walkers=THEORY_WALKERS, workers=workers
        )
        t = np.geomspace(0.02, THEORY_UNTIL, 101)
        panels[0].plot(t, theory.at(t)["m"], color=colour, lw=1.2)
    panels[0].set(ylabel="$m$")
    panels[0].legend(frameon=False, loc="upper left")
    panels[1].set(ylabel=r"$\lambda_{\min}$", title=rf"$\alpha = {FOLLOWED:g}$, $m(0) = N^{{-1/2}}$")
    panels[2].set(ylabel=r"$\langle v, e\rangle^2$")
    for panel in panels:
        panel.set(xscale="log", xlabel="$t$")
    return figure


def _draw_runs(panels: Sequence[Axes], found: Ensemble, colour: str) -> None:
    style: Any = {"color": colour, "ls": "", "marker": "o", "ms": 2.8, "capsize": 1.2, "lw": 0.8}
    for panel, name in zip(panels, ("m", "lambda_min", "lambda_min_overlap"), strict=True):
        t, shown = found.hessian_times, found.mean(name)
        places = np.searchsorted(found.t, t) if name == "m" else np.arange(t.size)
        label = f"$N = {found.settings['size']}$"
        panel.errorbar(t, shown.value[places], shown.error[places], label=label, **style)


def draw_states(samples: int, workers: int) -> Figure:
    """Energy over the ground state's, and b, of the states that flow reaches without a signal; law of their fields."""
    figure = new_figure(2, height=3.1)
    panels = figure.subplots(1, 3)
    plan = end_states.Ends((END_SIZE,), (samples,), 1.0, END_ALPHAS, END_TIME)
    right = end_states.CHECK.simulation_mistakes
    places = [(case, number) for case in range(len(END_ALPHAS)) for number in range(samples)]
    points = [Point(plan, case, END_SIZE, number, 1, 0, right) for case, number in places]
    found = np.array(sweep(end_states.measured, points, workers=workers))
    reached = [means(END_SIZE, part) for part in np.split(found, len(END_ALPHAS))]
    _draw_states(panels[:2], reached)
    fields = np.concatenate(sweep(misfits, range(samples), workers=workers))
    panels[2].stairs(np.histogram(fields, BINS, density=True)[0], BINS, color=GREY, label="gradient flow")
    for (name, law), colour in zip(laws(SHOWN_ALPHA).items(), (ORANGE, GREEN), strict=True):
        panels[2].plot(0.5 * (BINS[1:] + BINS[:-1]), density(law), color=colour, lw=1.2, label=name)
    panels[2].set(xlabel="$|u| - |y|$", ylabel="density", title=rf"$\alpha = {SHOWN_ALPHA:g}$", ylim=(0, None))
    panels[2].legend(frameon=False, loc="upper left")
    return figure


def _draw_states(panels: Sequence[Axes], reached: Sequence[Means]) -> None:
    theory = np.array([predictions(LANDSCAPE, alpha) for alpha in END_ALPHAS])
    scales = {E: theory[:, GROUND, E], B: np.ones(len(END_ALPHAS))}
    for panel, place, label in zip(panels, (E, B), ("$e/e_0$", "$b$"), strict=True):
        for k, colour in enumerate((ORANGE, PURPLE, GREEN)):
            panel.plot(END_ALPHAS, theory[:, k, place] / scales[place], color=colour, lw=1.2, label=PREDICTIONS[k])
        values, errors = (
            np.array([getattr(group, part)[place] for group in reached]) / scales[place] for part in ("value", "error")
        )
        style: Any = {"color": GREY, "ls": "", "marker": "o", "ms": 3.5, "capsize": 1.5}
        panel.errorbar(END_ALPHAS, values, errors, label=f"gradient flow, $N = {END_SIZE}$", **style)
        panel.set(xlabel=r"$\alpha$", ylabel=label)
    panels[0].set(ylim=(None, 1.75))
    panels[0].legend(frameon=False, loc="upper right")
    panels[1].axhline(1, color="black", lw=0.7)


def misfits(number: int) -> Array:
    """``|u| - |y|`` of all data at the end of one run."""
    seed = np.random.SeedSequence((7, number))
    drawn = without_signal(LANDSCAPE, END_SIZE, SHOWN_ALPHA, seed)
    start = random_starts(END_SIZE, 1, np.random.default_rng(seed.spawn(1)[0]))
    x = gradient_flow(drawn, start, [END_TIME], rtol=end_states.RTOL).x
    return np.asarray(np.abs(drawn.fields(x)[0]) - np.abs(drawn.labels))


def laws(alpha: float) -> dict[str, FieldLaw]:
    """Of the fields, in marginal 1RSB states and in the most numerous minima."""
    state = marginal_state(LANDSCAPE, alpha)
    saddle = complexity_of_minima(LANDSCAPE, alpha).saddle
    return {
        "1RSB": one_step_law(LANDSCAPE, state.chi, state.s, 0.0125),
        "Kac-Rice": Population(LANDSCAPE, step=0.0125).law(saddle),
    }


def density(law: FieldLaw) -> Array:
    """Of ``|u| - |y|``, on the bins."""
    u, y = np.broadcast_arrays(np.abs(law.data.fields[0]), np.abs(law.data.fields[1]))
    mass = np.histogram((u - y).ravel(), BINS, weights=np.broadcast_to(law.probability, u.shape).ravel())[0]
    return np.asarray(mass / np.diff(BINS))


if __name__ == "__main__":
    from .registry import main

    main(__spec__.name)
