"""What the check of the dynamics found for one of its cases, beside theory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..dynamics import DynamicsSolution
from ..lowering import Array
from .comparison import Comparison
from .dynamics_cases import WAITING, Case
from .joint import Limits, Means

ROWS = ("m", "e", "mu", *(f"C(t, {wait:g})" for wait in WAITING))
M, E, MU, C = range(4)
"""Rows; the correlations follow one another."""
NAMES = ("m", "energy", "mu")
"""In a ``DynamicsSolution``."""


class Column(NamedTuple):
    """A row, a time, where it is among rows times times, and whether it is compared or only drawn."""

    row: int
    t: float
    place: int
    compared: bool


def columns_of(case: Case, t: Array, times: Sequence[float]) -> list[Column]:
    """All that has something to say: m with a signal, ``C(t, t_w)`` after ``t_w``, the others after 0."""
    first = dict.fromkeys(range(len(ROWS)), 0.0) | {C + w: wait for w, wait in enumerate(WAITING)}
    rows = [row for row in first if row != M or case.overlap]
    return [
        Column(row, float(time), row * t.size + k, bool(np.any(np.isclose(time, times, rtol=1e-9))))
        for row in rows
        for k, time in enumerate(t)
        if time > first[row]
    ]


@dataclass(frozen=True, eq=False)
class Outcome:
    """Theory, the smallest size and the limit of infinite size; the last two have one entry for each column.

    ``energy`` multiplies theory's e, a deliberate mistake; ``bias`` is the relative one of the runs.
    """

    case: Case
    theory: DynamicsSolution
    columns: Sequence[Column]
    smallest: Means
    limit: Limits
    energy: float = 1.0
    bias: float = 0.0

    def predicted(self, row: int, t: Array) -> tuple[Array, Array]:
        """Value and estimated error at times t."""
        found = self.theory.at(t)
        if row >= C:
            return self.theory.C(t, WAITING[row - C]), found["correlation_error"]
        value, error = found[NAMES[row]], found[f"{NAMES[row]}_error"]
        return (self.energy * value, error) if row == E else (value, error)

    def comparisons(self, resolution: float) -> list[Comparison]:
        """Values of one run err together: the last energy counts as the independent one."""
        chosen = [k for k, column in enumerate(self.columns) if column.compared]
        last = max(k for k in chosen if self.columns[k].row == E)
        return [self._comparison(k, resolution, k == last) for k in chosen]

    def _comparison(self, k: int, resolution: float, independent: bool) -> Comparison:
        row, t, *_ = self.columns[k]
        value, error = (float(v[0]) for v in self.predicted(row, np.array([t])))
        return Comparison(
            f"{self.case.label}: {ROWS[row]} at t = {t:g}",
            value,
            error,
            float(self.limit.value[k]),
            float(np.hypot(self.limit.error[k], self.bias * abs(value))),
            resolution * (abs(value) if row in (E, MU) else 1.0),
            None,
            float(self.limit.degrees[k]),
            independent,
        )
