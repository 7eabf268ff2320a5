"""A solution with any axes: what solvers return that need no more than ``Solution`` gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from numpy.typing import ArrayLike

from .provenance import Record
from .quantity import Axis, Quantity
from .solution import Solution, thinned
from .storage import Format
from .table import Table

LINES = 12
"""Of a table of rows."""


@dataclass(frozen=True, eq=False, repr=False)
class Curves(Solution):
    """``along`` are the axes and ``found`` the quantities, by name."""

    along: Mapping[str, Axis]
    found: Mapping[str, Quantity]
    settings: Mapping[str, Any]
    statistics: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""
    parts: ClassVar[tuple[type, ...]] = (Quantity, Axis)

    @property
    def axes(self) -> Mapping[str, Axis]:
        """Those given."""
        return self.along

    @property
    def quantities(self) -> Mapping[str, Quantity]:
        """Those given."""
        return self.found

    def tables(self, places: ArrayLike | None = None) -> list[Table]:
        """The numbers, if there are any, and the rows along the first axis, at these places or at a few."""
        numbers = [self.table()] if self.numbers else []
        some = thinned(self.axes[self._first].values, LINES) if self.curves and places is None else places
        return [*numbers, *([self.table(some)] if self.curves else [])]

    def record(self, places: ArrayLike | None = None) -> Record:
        """For JSON: the numbers, and rows along the first axis, at these places or at all."""
        rows = self.at(self.axes[self._first].values if places is None else places) if self.curves else {}
        columns = {name: values.tolist() for name, values in rows.items()}
        return {
            "settings": dict(self.settings),
            "numbers": {name: _record(quantity) for name, quantity in self.numbers.items()},
            "rows": [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)],
            "statistics": dict(self.statistics),
            "message": self.message,
        }


def _record(number: Quantity) -> Record:
    value, error = (None if part is None else float(part) for part in (number.value, number.error))
    return {"value": value, "error": error, "note": number.note, "meaning": number.meaning}


class FlowSolution(Curves):
    """Of a law in time, over it; of a ``Flow`` the unknown also over its variable."""

    form = Format("ruggedflow flow", 1, "FlowSolution.save")


class Numbers(Curves):
    """What theory predicts, at given parameters."""

    form = Format("ruggedflow numbers", 1, "Numbers.save")


class Averages(Curves):
    """Over the samples of an experiment."""

    form = Format("ruggedflow averages", 1, "Averages.save")
    measured = True
