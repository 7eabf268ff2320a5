"""What was measured over a diagram: points with errors, and the numbers from which they were found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..lowering import Array
from ..provenance import Record
from ..rounding import rounded_up

DYNAMICS, SIMULATION = "dynamics", "simulation"


@dataclass(frozen=True, eq=False)
class Overlay:
    """Of a ``kind``, dynamics or simulation: ``y`` within ``error`` at ``x`` (k,), which the ``label`` says what it is.

    Attributes
    ----------
    expected
        (k,), y from theory for the same size; nan where there is none.
    columns
        The measurements from which y follows, (n,) each: x and y first.
    """

    kind: str
    label: str
    x: Array
    y: Array
    error: Array
    expected: Array
    columns: Mapping[str, Array]

    def rows(self) -> list[Record]:
        """Of a table of the measurements; an empty text where there is no number."""
        names, values = list(self.columns), np.transpose([*self.columns.values()])
        return [{name: _plain(v) for name, v in zip(names, row, strict=True)} for row in values]

    def record(self, x: str, y: str) -> Record:
        """For JSON; x and y are the names of the axes."""
        points = [
            {x: float(a), y: float(b), f"{y}_error": float(rounded_up(e)), f"{y}_expected": float(t)}
            for a, b, e, t in zip(self.x, self.y, self.error, self.expected, strict=True)
        ]
        kept = [{k: v for k, v in point.items() if np.isfinite(v)} for point in points]
        return {"kind": self.kind, "label": self.label, "points": kept, "measurements": self.rows()}


def _plain(value: float) -> float | int | str:
    if not np.isfinite(value):
        return ""
    return int(value) if float(value).is_integer() and abs(value) < 2**53 else float(value)
