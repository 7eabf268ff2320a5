"""Where a study looks: the nodes of a grid, the first axis slowest, or a list of points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from theory.naming import called, nearest

from .outcome import Value

SPACINGS = ("linear", "log", "inverse")
"""Even in x, in its logarithm, in 1/x."""
MOST = 10**7


@dataclass(frozen=True)
class Points:
    """``rows`` by ``names``; ``axes`` of a grid by name, None of a list; ``spacings`` of those that were given one."""

    names: tuple[str, ...]
    rows: Sequence[Mapping[str, Value]]
    axes: Mapping[str, tuple[Value, ...]] | None = None
    spacings: Mapping[str, str] = field(default_factory=dict)

    def record(self) -> Any:
        """For JSON: the argument of ``points_of`` that gives them back."""
        return [dict(row) for row in self.rows] if self.axes is None else {k: list(v) for k, v in self.axes.items()}

    def values(self) -> dict[str, tuple[Value, ...]]:
        """The different ones, by name."""
        if self.axes is not None:
            return dict(self.axes)
        return {name: tuple(dict.fromkeys(row[name] for row in self.rows)) for name in self.names}


def says(row: Mapping[str, Value]) -> str:
    """``delta_p = 1, t_max = 10``."""
    return ", ".join(f"{name} = {value}" for name, value in row.items())


def points_of(over: Any) -> Points:
    """A grid from a mapping of names to axes, or a list from mappings of names to values.

    An axis is a list or an array of numbers or texts, or ``{"from": 0.1, "to": 10, "points": 20, "spacing": "log"}``;
    the spacing is ``linear`` (the default), ``log`` or ``inverse``. ``ValueError`` for anything else.
    """
    if isinstance(over, Mapping):
        spacings = {
            str(k): given["spacing"] for k, given in over.items() if isinstance(given, Mapping) and "spacing" in given
        }
        return _grid({str(name): _axis(str(name), given) for name, given in over.items()}, spacings)
    if isinstance(over, Iterable) and not isinstance(over, str):
        return _list(list(over))
    raise ValueError(f"{called('over', over)} must name axes, such as {{'delta_p': [1, 2]}}, or list points")


def _grid(axes: Mapping[str, tuple[Value, ...]], spacings: Mapping[str, str]) -> Points:
    total = int(np.prod([float(len(axis)) for axis in axes.values()])) if axes else 0
    if not 0 < total <= MOST:
        raise ValueError(f"over has {total} points; give at least one axis, and at most {MOST} points")
    names = tuple(axes)
    return Points(names, [dict(zip(names, values, strict=True)) for values in product(*axes.values())], axes, spacings)


def _list(rows: Sequence[Any]) -> Points:
    names = tuple(rows[0]) if rows and isinstance(rows[0], Mapping) else ()
    if not names:
        raise ValueError("points must be a list of mappings, such as [{'delta_p': 1}, {'delta_p': 2}]")
    plain = []
    for number, row in enumerate(rows):
        if not isinstance(row, Mapping) or set(row) != set(names):
            raise ValueError(f"point {number} of the list is {row}; each must give {', '.join(names)}")
        plain.append({name: plain_value(name, row[name]) for name in names})
    _require_different("points", [tuple(row.values()) for row in plain])
    return Points(names, plain)


def _axis(name: str, given: Any) -> tuple[Value, ...]:
    if isinstance(given, Mapping):
        return _range(name, given)
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ValueError(f"{called(name, given)} must be a list of values, or say from, to and points")
    values = [plain_value(name, value) for value in given]
    if not values:
        raise ValueError(f"{called(name)} has no values")
    _require_different(name, values)
    return tuple(values)


def _require_different(name: str, values: Sequence[Any]) -> None:
    seen = set()
    for value in values:
        if value in seen:
            raise ValueError(f"{called(name)} has {value} twice")
        seen.add(value)


def _range(name: str, given: Mapping[str, Any]) -> tuple[Value, ...]:
    known = ("from", "to", "points", "spacing")
    for key in given:
        if key not in known:
            raise ValueError(f"{called(name)} has no {key!r}; {nearest(str(key), known, ', '.join(known))}")
    if missing := [key for key in known[:3] if key not in given]:
        raise ValueError(f"{called(name)} lacks {missing[0]!r}, as in {{from=0.1, to=10, points=20, spacing='log'}}")
    low, high, count, spacing = given["from"], given["to"], given["points"], given.get("spacing", "linear")
    for end in (low, high):
        if isinstance(end, bool) or not isinstance(end, int | float) or not np.isfinite(end):
            raise ValueError(f"{called(name)} goes from {low!r} to {high!r}: both must be numbers")
    if isinstance(count, bool) or not isinstance(count, int) or not 2 <= count <= MOST:
        raise ValueError(f"{called(name)} has points = {count!r}: expected a whole number >= 2")
    return _spaced(name, float(low), float(high), count, spacing)


def _spaced(name: str, low: float, high: float, count: int, spacing: Any) -> tuple[Value, ...]:
    """Ends exactly, and between them the shortest decimals that are even to ten digits."""
    if spacing not in SPACINGS:
        raise ValueError(f"{called(name)} has spacing = {spacing!r}: it is one of {', '.join(SPACINGS)}")
    if low == high or (spacing != "linear" and not (low > 0 and high > 0)):
        needed = "different" if low == high else f"positive for spacing = {spacing!r}"
        raise ValueError(f"{called(name)} goes from {low:g} to {high:g}: both must be {needed}")
    if spacing == "log":
        inner = np.geomspace(low, high, count)
    elif spacing == "inverse":
        inner = 1 / np.linspace(1 / low, 1 / high, count)
    else:
        inner = np.linspace(low, high, count)
    values = [low, *(float(f"{value:.10g}") for value in inner[1:-1]), high]
    _require_different(name, values)
    return tuple(plain_value(name, value) for value in values)


def plain_value(name: str, value: Any) -> Value:
    """What JSON holds: a whole number as an integer, so that 3 and 3.0 are one point. ``ValueError`` for the rest."""
    own = value.item() if isinstance(value, np.generic) else value
    if isinstance(own, float) and own.is_integer() and abs(own) < 2**53:
        return int(own)
    if isinstance(own, bool | int | str) or (isinstance(own, float) and np.isfinite(own)):
        return own
    raise ValueError(f"{called(name, repr(own))} must be a number or a text")
