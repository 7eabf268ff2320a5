"""A grid that is halved where a number changes most, until a budget of points is spent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import inf, isnan, sqrt
from typing import Any

from theory.naming import called

from ..arrays import require_whole
from .outcome import Value
from .points import Points, plain_value
from .study import Study

Row = Mapping[str, Value]
SHARE = 4
"""A round spends at most this fraction of what is left: the next one knows better where."""


@dataclass(frozen=True)
class Refinement:
    """By the number ``by``, to ``budget`` points in all."""

    by: str
    budget: int

    def check(self, points: Points) -> None:
        """ValueError for points that cannot be refined so."""
        require_whole("budget", self.budget, 1)
        if points.axes is None:
            raise ValueError(f"{called('refine')} needs axes to halve; give a grid instead of a list")
        if self.budget < len(points.rows):
            raise ValueError(f"{called('budget', self.budget)} is less than the {len(points.rows)} points of the grid")


def refined(run: Callable[[Points], Study], points: Points, how: Refinement) -> Study:
    """``run`` of the grid, then again and again of all points with those between two neighbours on a line along an
    axis whose numbers differ most. What exists on one side only differs infinitely.

    Which points are added follows from the numbers alone, so that an interrupted study goes on to the same ones.
    """
    how.check(points)
    study = run(points)
    while extra := _between(study, how, points.spacings):
        rows = sorted([*study.points.rows, *extra], key=lambda row: [_place(value) for value in row.values()])
        study = run(Points(points.names, rows))
    return study


def _between(study: Study, how: Refinement, spacings: Mapping[str, str]) -> list[Row]:
    """Rows to add in a round."""
    left = how.budget - len(study.outcomes)
    segments = [(change, row) for change, row in _segments(study, how.by, spacings) if change > 0]
    segments.sort(key=lambda segment: -segment[0])
    return [row for _, row in segments[: min(left, max(1, left // SHARE))]]


def _segments(study: Study, by: str, spacings: Mapping[str, str]) -> Iterator[tuple[float, Row]]:
    """How much the number changes between neighbours, and the row halfway."""
    numbers, rows = _numbers(study, by), study.points.rows
    for name in study.points.names:
        lines: dict[Any, list[int]] = {}
        for index, row in enumerate(rows):
            if not isinstance(row[name], str | bool):
                lines.setdefault(tuple(v for k, v in row.items() if k != name), []).append(index)
        for line in lines.values():
            line.sort(key=lambda index: _place(rows[index][name]))
            for one, two in pairwise(line):
                middle = _halfway(rows[one][name], rows[two][name], spacings.get(name, "linear"))
                if middle is not None:
                    yield _change(numbers[one], numbers[two]), {**rows[one], name: middle}


def _numbers(study: Study, by: str) -> list[float]:
    found = {str(column): quantity.value for column, quantity in study.columns.items()}
    if by not in found and found:
        raise ValueError(f"{called('refine', by)}: there is no such number; choose among {', '.join(found)}")
    numbers: list[float] = found[by].tolist() if found else [float("nan")] * len(study.outcomes)
    return numbers


def _change(one: float, two: float) -> float:
    if isnan(one) or isnan(two):
        return 0.0 if isnan(one) and isnan(two) else inf
    return abs(two - one)


def _halfway(one: Any, two: Any, spacing: str) -> Value | None:
    """To ten digits; None where no number is left between, or no whole one between whole ones."""
    if spacing == "whole":
        middle = (one + two) // 2
    else:
        exact = {"linear": (one + two) / 2, "log": sqrt(abs(one * two)), "inverse": 2 * one * two / ((one + two) or 1)}
        middle = float(f"{exact[spacing]:.10g}")
    return plain_value("refine", middle) if one < middle < two else None


def _place(value: Value) -> tuple[bool, Any]:
    return isinstance(value, str), value
