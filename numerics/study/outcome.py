"""What a point of a study gave: numbers with their errors, or why there are none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite, nan
from typing import Any, NamedTuple

import numpy as np

from ..quantity import Quantity
from ..solution import PARTS_OF_ROWS, Solution

Value = bool | int | float | str
"""Of a parameter or an option at a point."""


UNKNOWN = "keep = "
"""How the reason begins where a name is asked for that the result does not have."""


class Column(NamedTuple):
    """A number by its name; at a ``place`` of an ``axis`` where places were asked for."""

    name: str
    axis: str = ""
    place: float = inf

    def __str__(self) -> str:
        return f"{self.name}({self.axis}={self.place:g})" if self.axis else self.name


class Entry(NamedTuple):
    """One number: nan where there is no value, or no estimate of its error; why there is no value."""

    column: Column
    value: float
    error: float = nan
    why: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Entries, in order; the ``reason`` of a failure, empty for none; the ``seconds`` that it took.

    One that may go better ``again``, with more memory say, is not kept.
    """

    entries: tuple[Entry, ...] = ()
    reason: str = ""
    seconds: float = 0.0
    again: bool = False


def entries_of(result: Any, places: Sequence[float] = (), keep: Sequence[str] = ()) -> tuple[Entry, ...]:
    """Of a solution its numbers, and its curves at these places of the first axis, or at the end of it.

    ``result`` may also be a number, a quantity, or a mapping of names to these. ``keep`` chooses among the names.
    """
    found = list(_entries(result, places))
    names = list(dict.fromkeys(entry.column.name for entry in found))
    for name in keep:
        if name not in names:
            raise ValueError(f"{UNKNOWN}{name!r}: there is no such number; choose among {', '.join(names)}")
    return tuple(entry for entry in found if not keep or entry.column.name in keep)


def _entries(result: Any, places: Sequence[float]) -> Iterator[Entry]:
    if isinstance(result, Solution):
        yield from (_entry(name, number) for name, number in result.numbers.items())
        if result.axes and result.curves:
            yield from _along(result, places)
    elif isinstance(result, Mapping):
        yield from (_entry(str(name), number) for name, number in result.items())
    else:
        yield _entry("value", result)


def _along(solution: Solution, places: Sequence[float]) -> Iterator[Entry]:
    """Rows of the first axis."""
    axis = next(iter(solution.axes))
    rows = solution.at(places if len(places) else solution.axes[axis].values[-1:])
    if not len(places):
        yield Entry(Column(axis), float(rows[axis][-1]))
    for name in (name for name in rows if name != axis and not name.endswith(PARTS_OF_ROWS)):
        errors = rows.get(f"{name}_error", np.full(len(rows[name]), nan))
        for i, place in enumerate(rows[axis]):
            column = Column(name, axis, float(place)) if len(places) else Column(name)
            yield Entry(column, _number(rows[name][i]), _number(errors[i]))


def _entry(name: str, number: Any) -> Entry:
    if isinstance(number, Quantity):
        return Entry(Column(name), _number(number.value), _number(number.error), number.reason)
    try:
        return Entry(Column(name), _number(number))
    except (TypeError, ValueError) as error:
        kind = type(number).__name__
        raise ValueError(f"{name} is a {kind}; a point gives a solution, a number, or numbers by name") from error


def _number(value: Any) -> float:
    """A double; nan for none and for what is not finite."""
    own = nan if value is None else float(value)
    return own if isfinite(own) else nan
