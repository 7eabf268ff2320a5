"""What a study found: a table with a row for each point, and the same as labelled arrays."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..lowering import Array
from ..provenance import Record, versions, write_whole
from ..quantity import Quantity
from ..solution import ROWS
from ..storage import sealed_json, unsealed_json
from ..table import Cell, Table
from .files import canonical, key_of
from .folder import Folder
from .outcome import Column, Outcome, Value
from .points import Points, points_of

NOT_YET = "not finished"


@dataclass(frozen=True, eq=False, repr=False)
class Study:
    """Outcomes (None of what is not finished) at ``points``, in their order; ``about`` says what was asked."""

    about: Record
    points: Points
    outcomes: Sequence[Outcome | None]

    @cached_property
    def columns(self) -> dict[Column, Quantity]:
        """The numbers by column, each (n,) over the points; nan where there is none."""
        found: dict[Column, Array] = {}
        for index, outcome in enumerate(self.outcomes):
            for entry in outcome.entries if outcome is not None else ():
                if entry.column not in found:
                    found[entry.column] = np.full((2, len(self.outcomes)), np.nan)
                found[entry.column][:, index] = entry.value, entry.error
        return {
            column: Quantity(value, None if np.isnan(error).all() else error, over=("point",))
            for column, (value, error) in found.items()
        }

    @property
    def failed(self) -> dict[int, str]:
        """Why there is nothing, by index of the point."""
        return {i: outcome.reason for i, outcome in enumerate(self.outcomes) if outcome is not None and outcome.reason}

    @property
    def left(self) -> int:
        """How many points are not finished."""
        return sum(outcome is None for outcome in self.outcomes)

    @property
    def seconds(self) -> float:
        """That the finished points took, one after the other."""
        return sum(outcome.seconds for outcome in self.outcomes if outcome is not None)

    def expected(self, workers: int) -> float:
        """Seconds that what is left takes on so many processors, if it takes as long as what is finished; or nan."""
        finished = len(self.outcomes) - self.left
        return self.seconds / finished * self.left / min(workers, max(self.left, 1)) if finished else np.nan

    def note(self, index: int) -> str:
        """Of a point: why it failed, or why numbers are missing."""
        outcome = self.outcomes[index]
        if outcome is None:
            return NOT_YET
        return outcome.reason or "; ".join(f"{entry.column}: {entry.why}" for entry in outcome.entries if entry.why)

    def fields(self) -> dict[str, list[Any]]:
        """Columns of a table: parameters, each number and ``NAME_error`` (nan where there is none), ``note``.

        A number that is called like a parameter has an underscore behind it.
        """
        table: dict[str, list[Any]] = {name: [row[name] for row in self.points.rows] for name in self.points.names}
        for column, quantity in self.columns.items():
            name = free(str(column), table)
            table[name] = quantity.value.tolist()
            if quantity.error is not None:
                table[f"{name}_error"] = quantity.error.tolist()
        table[free("note", table)] = [self.note(index) for index in range(len(self.outcomes))]
        return table

    def table(self, rows: int | None = None) -> Table:
        """All points, or so many of them, evenly; errors in brackets."""
        total = len(self.outcomes)
        count = total if rows is None else min(max(rows, 1), total)
        chosen = np.unique(np.linspace(0, total - 1, count).round().astype(int)).tolist()
        notes = [self.note(index) for index in chosen]
        entries = {str(column): quantity.entries() for column, quantity in self.columns.items()}
        lines: list[list[Cell]] = [
            [*(_shown(value) for value in self.points.rows[i].values()), *(entries[name][i] for name in entries)]
            for i in chosen
        ]
        if not any(notes):
            return Table((*self.points.names, *entries), lines)
        return Table((*self.points.names, *entries, "note"), [[*a, b] for a, b in zip(lines, notes, strict=True)])

    def to_xarray(self) -> Any:
        """An ``xarray.Dataset`` with ``NAME_error``: over the axes of a grid, or over ``point``; and over the axis
        along which places were asked for.

        ``ImportError`` in one line without xarray.
        """
        from .labelled import labelled

        return labelled(self)

    def to_dataframe(self) -> Any:
        """A ``pandas.DataFrame`` of ``fields``. ``ImportError`` in one line without pandas."""
        try:
            import pandas
        except ImportError as error:
            raise ImportError("to_dataframe needs pandas: pip install 'ruggedflow[data]'") from error
        return pandas.DataFrame(self.fields())

    def save(self, path: str | Path) -> Path:
        """The table as the suffix says: .csv, .json, .npz (columns by name) or .nc (``to_xarray``)."""
        from .export import export

        return export(self, Path(path))

    def keep(self, folder: Path) -> None:
        """``table.csv``, the same for the same points however they came about, and ``record.json`` of how they did."""
        self.save(folder / "table.csv")
        write_whole(folder / "record.json", json.dumps(self._record(), indent=2) + "\n")

    def _record(self) -> Record:
        return {
            **self.about,
            "points": len(self.outcomes),
            "failed": len(self.failed),
            "seconds": self.seconds,
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": platform.platform(),
            "versions": versions(),
        }

    def __str__(self) -> str:
        total = len(self.outcomes)
        what = ", ".join(f"{name} = {value}" for name, value in self.about.items() if isinstance(value, str))
        left = f", {self.left} not finished" * bool(self.left)
        head = f"Study: {what}; {total} points{left}, {len(self.failed)} failed"
        return f"{head}\n{self.table(ROWS)}"

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return self.table(ROWS)._repr_html_()


def free(name: str, taken: Mapping[str, Any]) -> str:
    """The name, or one that nothing has yet."""
    while name in taken:
        name += "_"
    return name


def _shown(value: Value) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def declare(folder: Path, study: Study) -> None:
    """``study.json``: what is asked, and where."""
    write_whole(folder / "study.json", sealed_json({"about": study.about, "over": study.points.record()}))


def open_study(folder: str | Path) -> Study:
    """What a folder holds, finished or not. ``ValueError`` where there is no study, ``OSError`` as it is read."""
    path = Path(folder) / "study.json"
    try:
        record = unsealed_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ValueError(f"{folder} holds no study: there is no study.json in it") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    about, points, kept = record["about"], points_of(record["over"]), Folder(folder)
    text = canonical(about)
    return Study(about, points, tuple(kept.get(key_of(text, row)) for row in points.rows))
