"""What a threshold in alpha is: a value with its error, or the reason for none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..errors import ConvergenceError

STEPS = (0.1, 0.05, 0.025, 0.0125)
"""Spacings of the grid of fields: each threshold is computed on two of them that agree, or on the finest two."""
AGREED = 1e-9


@dataclass(frozen=True)
class CriticalAlpha:
    """A critical ``alpha = M/N``.

    ``error`` estimates the error of ``alpha``; ``note`` qualifies the value, or says why there is none; ``state`` holds
    what else is known there (``chi``, ``s``, ``Sigma``, ...), by the theory's names.
    """

    alpha: float = np.nan
    error: float = np.nan
    note: str = ""
    state: Mapping[str, float] = field(default_factory=dict)

    @property
    def exists(self) -> bool:
        """Whether there is a value."""
        return bool(np.isfinite(self.alpha))


def absent(note: str) -> CriticalAlpha:
    """No such threshold."""
    return CriticalAlpha(note=note)


def refined(compute: Callable[[float], CriticalAlpha], steps: Sequence[float] = STEPS) -> CriticalAlpha:
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
            raise ConvergenceError(f"found alpha = {coarse.alpha:.6g} on a coarse grid only: {fine.note}")
        error = abs(fine.alpha - coarse.alpha) + 1e-13 * abs(fine.alpha)
        coarse = replace(fine, error=error)
        if error <= AGREED * abs(fine.alpha):
            break
    return coarse
