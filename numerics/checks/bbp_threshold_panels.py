"""Figures of the check of the Hessian at threshold states: both sides of the transition, and limits in N."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from .joint import Limits, Means
from .report import Panel, Series
from .threshold_states import NAMES, scale_and_spike

SYMBOLS = {
    "mu": r"$\mu/\sigma$",
    "edge": r"$(\mu - \lambda_1)/\sigma$",
    "width": r"$(\mu - \lambda_{\min})/\sigma$",
    "overlap": r"$\langle v, e\rangle^2$",
}
Groups = Mapping[float, Sequence[Means]]
Ends = Mapping[float, Limits]


def panels(
    signals: Sequence[float], groups: Groups, ends: Ends, theory: Callable[[float], Mapping[str, float]]
) -> tuple[Panel, ...]:
    """Outlier and overlap, without units, against ``1/Delta_2``; mu and the edge of each signal against N."""
    made = [against_signal(name, signals, groups, ends, theory) for name in ("width", "overlap")]
    return (*made, *(against_size(name, signals, groups, ends) for name in ("mu", "edge")))


def unit(name: str, signal: float) -> float:
    """``sigma``, but for overlaps."""
    return 1.0 if name == "overlap" else scale_and_spike(signal)[0]


def against_signal(
    name: str,
    signals: Sequence[float],
    groups: Groups,
    ends: Ends,
    theory: Callable[[float], Mapping[str, float]],
) -> Panel:
    """Theory, each size, and the limit."""
    k, units = list(NAMES).index(name), np.array([unit(name, signal) for signal in signals])
    curve = np.linspace(0.5 * min(signals), 1.1 * max(signals), 201)
    series = [Series.theory("theory", curve, [theory(signal)[name] / unit(name, signal) for signal in curve])]
    for j, group in enumerate(groups[signals[0]]):
        values, errors = (np.array([getattr(groups[s][j], part)[k] for s in signals]) for part in ("value", "error"))
        series.append(Series.simulation(f"N = {group.size}", signals, values / units, errors / units, j + 1))
    values, errors = (np.array([getattr(ends[s], part)[k] for s in signals]) for part in ("value", "error"))
    series.append(Series.simulation(r"$N \to \infty$", signals, values / units, errors / units, len(series)))
    return Panel(NAMES[name], r"$1/\Delta_2$", SYMBOLS[name], tuple(series))


def against_size(name: str, signals: Sequence[float], groups: Groups, ends: Ends) -> Panel:
    """In units of sigma: 2 at infinite size for every ``1/Delta_2``."""
    k, series, label = list(NAMES).index(name), [], ""
    for i, signal in enumerate(signals, 1):
        fit, sigma = ends[signal].fits[k], unit(name, signal)
        x, line = fit.axis([group.size for group in groups[signal]])
        values, errors = (np.array([getattr(g, part)[k] for g in groups[signal]]) for part in ("value", "error"))
        series.append(Series.theory("", line, fit.along(line) / sigma, i))
        series.append(Series.simulation(rf"$1/\Delta_2 = {signal:g}$", x, values / sigma, errors / sigma, i))
        label = fit.label
    return Panel(NAMES[name], label, SYMBOLS[name], (Series.theory("theory", [0, line[-1]], [2, 2]), *series))
