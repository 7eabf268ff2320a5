"""Figures of the check of the threshold energy: limits in t and in N, e where landscapes are pure and mu otherwise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .late_times import AGEING, Outcome
from .report import Panel, Series


def panels(outcome: Outcome, window: Sequence[float]) -> list[Panel]:
    """Two for each problem."""
    name = "$e$" if outcome.pure else r"$\mu$"
    end = outcome.theory.threshold if outcome.pure else outcome.theory.marginal
    label = "$e_{th}$" if outcome.pure else "$2 \\sqrt{f''(1)}$"
    if outcome.problem.late:
        first = 0 if outcome.pure else len(window)
        value = theory_at(outcome, window)[-1]
        at_last = against_size(outcome, first + len(window) - 1, value, name, f"$t$ = {window[-1]:g}")
        return [at_last, against_time(outcome, window, first, name, end, label)]
    kept = against_size(outcome, 0 if outcome.pure else 1, end, name, "at rest")
    return [kept, against_size(outcome, 2, 0.0, r"$\lambda_{\min}$", "at rest")]


def theory_at(outcome: Outcome, t: Sequence[float]) -> list[float]:
    """e or mu by the two-time equations."""
    found = outcome.theory.at(t)
    return [float(v) for v in found[0 if outcome.pure else 2]]


def against_time(outcome: Outcome, window: Sequence[float], first: int, name: str, end: float, label: str) -> Panel:
    """Infinite sizes against ``t^(-2/3)``, down to t infinite at the left."""
    t = np.geomspace(window[0], outcome.theory.solution.t_reached, 100)
    x = np.asarray(window) ** AGEING
    last = 2 * len(window) + (0 if outcome.pure else 1)
    drift = outcome.theory.drift[0 if outcome.pure else 1]
    limit, places = outcome.limit, slice(first, first + len(window))
    series = (
        Series.theory("two-time equations", t**AGEING, theory_at(outcome, list(t)), 0),
        Series.theory(label, [0, x[0]], [end, end], 1),
        Series.simulation("N → ∞", x, limit.value[places], limit.error[places], 0),
        Series.simulation("t → ∞", 0.0, limit.value[last], np.hypot(limit.error[last], drift), 1),
    )
    return Panel(f"{outcome.problem.label}: N → ∞ first", "$t^{-2/3}$", name, series)


def against_size(outcome: Outcome, place: int, value: float, name: str, when: str) -> Panel:
    """One observable against the power of N in which it is extrapolated, theory at infinite size at the left."""
    limit = outcome.limit.fits[place]
    x, line = limit.axis([group.size for group in outcome.groups])
    y, error = (np.array([getattr(g, kind)[place] for g in outcome.groups]) for kind in ("value", "error"))
    series = (
        Series.theory("theory", [0, line[-1]], [value, value], 0),
        Series.theory("fit", line, limit.along(line), 1),
        Series.simulation("simulation", x, y, error, 1),
    )
    return Panel(f"{outcome.problem.label}, {when}", limit.label, name, series)
