"""The figure of a check: predictions along an axis, or against 1/N, with what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..extrapolation import Limits
from ..lowering import Array
from ..statistics import Means
from .comparison import Comparison
from .report import Panel, Series


@dataclass(frozen=True)
class Row:
    """One number that theory predicts at infinite size.

    Attributes
    ----------
    label, value, error
        What it is, and theory's value with its standard error.
    place
        Among the observables that are measured.
    resolution
        The deviation that matters; 0 for what is drawn and not judged.
    systematic
        Error of the measured value that its samples do not show.
    independent
        See ``Comparison``.
    panel, symbol
        Title of the panel it is drawn in, none where empty, and the label of its vertical axis.
    x
        Where it lies along the axis of the check; None: it is drawn against 1/N, with this ``series`` in the legend.
    """

    label: str
    value: float
    place: int
    resolution: float
    error: float = 0.0
    systematic: float = 0.0
    independent: bool = False
    panel: str = ""
    symbol: str = ""
    x: float | None = None
    series: str = ""


def along(
    title: str,
    name: str,
    at: str,
    where: ArrayLike,
    values: Array,
    first: int,
    resolution: ArrayLike,
    errors: ArrayLike = 0.0,
    systematic: ArrayLike = 0.0,
    *,
    x: ArrayLike | None = None,
    symbol: str = "",
    independent: bool = False,
    drawn: bool = True,
) -> list[Row]:
    """``title: name at ...`` for each place along the axis, observables from ``first`` on; see ``Row``.

    ``at`` is what the places are called, such as ``"t = "``, and ``x`` where they are drawn. If any is independent, the
    last is.
    """
    columns = np.broadcast_arrays(where, where if x is None else x, values, resolution, errors, systematic)
    shown = (title if drawn else "", symbol or f"${name}$")
    return [
        Row(
            f"{title}: {name} at {at}{place:g}",
            *(value, first + k, *known, independent and k == len(values) - 1, *shown, drawn_at),
        )
        for k, (place, drawn_at, value, *known) in enumerate(np.transpose(columns).tolist())
    ]


@dataclass(frozen=True, eq=False)
class Curve:
    """Theory along the axis of a check, drawn in the panel of that title and symbol."""

    panel: str
    symbol: str
    x: ArrayLike
    y: ArrayLike
    label: str = "theory"


@dataclass(frozen=True, eq=False)
class Entry:
    """A prediction, and what was measured in its case."""

    row: Row
    groups: Sequence[Means]
    limits: Limits

    def compared(self) -> Comparison:
        """At infinite size."""
        row, degrees = self.row, float(self.limits.degrees[self.row.place])
        return Comparison(
            row.label, row.value, row.error, *self.limit(), row.resolution, None, degrees, row.independent
        )

    def limit(self) -> tuple[float, float]:
        """Value and error at infinite size."""
        place = self.row.place
        return float(self.limits.value[place]), float(np.hypot(self.limits.error[place], self.row.systematic))


def drawn(entries: Sequence[Entry], curves: Sequence[Curve], axis: str) -> list[Panel]:
    """A panel for each title and symbol."""
    panels: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        if entry.row.panel:
            panels.setdefault((entry.row.panel, entry.row.symbol), []).append(entry)
    made = []
    for (title, symbol), own in panels.items():
        if own[0].row.x is None:
            made.append(Panel(title, "$1/N$", symbol, tuple(s for k, e in enumerate(own) for s in _against_size(e, k))))
        else:
            lines = [curve for curve in curves if (curve.panel, curve.symbol) == (title, symbol)]
            made.append(Panel(title, axis, symbol, (*_theory(own, lines), *_along(own))))
    return made


def _against_size(entry: Entry, colour: int) -> list[Series]:
    """Theory and, on the fit that joins them, means of each size and their limit."""
    row, place = entry.row, entry.row.place
    x = 1 / np.array([group.size for group in entry.groups])
    line = 1.05 * x.max() * np.linspace(1e-3, 1, 60) ** 2
    values, errors = ([getattr(group, name)[place] for group in entry.groups] for name in ("value", "error"))
    limit, error = entry.limit()
    return [
        Series.theory("", [0, line[-1]], [row.value, row.value], colour),
        Series.theory("", line, entry.limits.fits[place].at(1 / line), colour),
        Series.simulation(row.series, x, values, errors, colour),
        Series.simulation("", 0.0, limit, error, colour),
    ]


def _theory(entries: Sequence[Entry], lines: Sequence[Curve]) -> list[Series]:
    """The curves or, where there is none, a line through the predictions."""
    if lines:
        return [Series.theory(line.label, line.x, line.y, colour) for colour, line in enumerate(lines)]
    rows = [entry.row for entry in entries]
    return [Series.theory("theory", [row.x or 0.0 for row in rows], [row.value for row in rows])]


def _along(entries: Sequence[Entry]) -> list[Series]:
    """Means of each size, and their limits."""
    x = [entry.row.x or 0.0 for entry in entries]
    made = []
    for k, group in enumerate(entries[0].groups):
        values, errors = ([getattr(e.groups[k], name)[e.row.place] for e in entries] for name in ("value", "error"))
        made.append(Series.simulation(f"N = {group.size}", x, values, errors, k + 1))
    limits = np.transpose([entry.limit() for entry in entries])
    return [*made, Series.simulation("N → ∞", x, *limits)]
