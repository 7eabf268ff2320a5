"""Figures of the check of the dynamics: theory, the smallest size, and the limit of infinite size against time."""

from __future__ import annotations

import numpy as np

from .dynamics_cases import WAITING
from .dynamics_outcome import MU, C, E, M, Outcome
from .report import Panel, Series

SYMBOLS = {M: "$m$", E: "$e$", MU: r"$\mu$"}


def panels(outcome: Outcome) -> list[Panel]:
    """Energy and correlations; m and mu too where they say something else."""
    made = []
    for row in (M, E, MU) if outcome.case.overlap else (E,):
        shown = (curve(outcome, row, "theory", 0), smallest(outcome, row, 1), infinite(outcome, row, "N → ∞", 0))
        made.append(Panel(outcome.case.label, "$t$", SYMBOLS[row], shown, x_scale="log"))
    both = [curve(outcome, C + k, f"$t_w$ = {wait:g}", k) for k, wait in enumerate(WAITING)]
    both += [infinite(outcome, C + k, "", k) for k in range(len(WAITING))]
    return [*made, Panel(outcome.case.label, "$t$", "$C(t, t_w)$", tuple(both), x_scale="log")]


def curve(outcome: Outcome, row: int, label: str, colour: int) -> Series:
    """Theory."""
    times = [column.t for column in outcome.columns if column.row == row]
    fine = np.geomspace(times[0], times[-1], 100)
    return Series.theory(label, fine, outcome.predicted(row, fine)[0], colour)


def smallest(outcome: Outcome, row: int, colour: int) -> Series:
    """The smallest size."""
    chosen = [k for k, column in enumerate(outcome.columns) if column.row == row]
    group = outcome.smallest
    times = [outcome.columns[k].t for k in chosen]
    return Series.simulation(f"N = {group.size}", times, group.value[chosen], group.error[chosen], colour)


def infinite(outcome: Outcome, row: int, label: str, colour: int) -> Series:
    """Extrapolated."""
    chosen = [k for k, column in enumerate(outcome.columns) if column.row == row]
    times = [outcome.columns[k].t for k in chosen]
    return Series.simulation(label, times, outcome.limit.value[chosen], outcome.limit.error[chosen], colour)
