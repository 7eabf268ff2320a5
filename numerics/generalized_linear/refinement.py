"""Critical values of ``alpha = M/N``, on grids fine enough for two to agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ..errors import ConvergenceError
from ..threshold_values import ThresholdValue

STEPS = (0.1, 0.05, 0.025, 0.0125)
"""Spacings of the grid of fields: each threshold is computed on two of them that agree, or on the finest two."""
AGREED = 1e-9


def critical_alpha(
    alpha: float, error: float | None = None, note: str = "", state: Mapping[str, float] | None = None
) -> ThresholdValue:
    """At ``alpha = M/N``; the error may follow."""
    return ThresholdValue(alpha, error, note=note, control="alpha", state=dict(state or {}))


def absent(note: str) -> ThresholdValue:
    """No such threshold, and why."""
    return ThresholdValue(note=note, control="alpha")


def refined(compute: Callable[[float], ThresholdValue], steps: Sequence[float] = STEPS) -> ThresholdValue:
    """``compute(step)`` on finer and finer grids until two agree; the error is their difference and rounding.

    ``steps`` are whatever tells the grids apart, coarse to fine.
    Solvers that fail on the first grid raise; those that fail on a finer one leave the coarser value with its doubt.
    """
    coarse = compute(steps[0])
    for step in steps[1:]:
        if not coarse.exists:
            return coarse
        fine = compute(step)
        if not fine.exists:
            raise ConvergenceError(f"found alpha = {coarse.value:.6g} on a coarse grid only: {fine.note}")
        error = abs(fine.value - coarse.value) + 1e-13 * abs(fine.value)
        coarse = replace(fine, error=error)
        if error <= AGREED * abs(fine.value):
            break
    return coarse
