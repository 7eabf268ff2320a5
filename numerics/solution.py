"""What solvers and experiments return: quantities over named axes, evaluated, shown, drawn, exported and kept alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import fields, replace
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from theory.naming import called

from . import storage
from .arrays import reals
from .dataset import dataset
from .lowering import Array
from .packing import packed, unpacked
from .provenance import Record, made
from .quantity import Axis, Quantity
from .rounding import rounded_up
from .storage import Arrays
from .table import Cell, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .picture import Style

ROWS = 8
"""Of a table of a long axis."""
SAME = 1e-9
"""Relative difference of two places on an axis that are the same."""
PARTS_OF_ROWS = ("_error", "_low", "_high")


class Solution(ABC):
    """Base of all results: a subclass is a frozen data class (``eq = repr = False``) with ``axes`` and ``quantities``.

    ``settings`` is what was asked for, ``statistics`` counts the work, ``message`` says in a sentence how it went.
    """

    settings: Mapping[str, Any]
    statistics: Mapping[str, Any] = MappingProxyType({})
    message: str = ""
    form: ClassVar[storage.Format]
    """Of its files."""
    parts: ClassVar[tuple[type, ...]] = (Quantity,)
    """Data classes within its fields."""
    measured: ClassVar[bool] = False
    """Drawn as points with bars, not as curves with bands."""

    together: ClassVar[str] = ""
    """What all curves are values of, where they share a panel."""

    @property
    @abstractmethod
    def axes(self) -> Mapping[str, Axis]:
        """By name; the first is that of ``at``, of tables and of plots."""

    @property
    @abstractmethod
    def quantities(self) -> Mapping[str, Quantity]:
        """By name, each over some of the axes, or over none: a number."""

    @property
    def numbers(self) -> dict[str, Quantity]:
        """The quantities over no axis."""
        return {name: quantity for name, quantity in self.quantities.items() if not quantity.over}

    @property
    def curves(self) -> dict[str, Quantity]:
        """The quantities over the first axis alone."""
        return self._along(next(iter(self.axes), ""))

    def _along(self, axis: str) -> dict[str, Quantity]:
        return {name: quantity for name, quantity in self.quantities.items() if quantity.over == (axis,)}

    @property
    def about(self) -> Record:
        """What was asked for, without lists."""
        return {name: value for name, value in self.settings.items() if not isinstance(value, list)}

    def at(self, places: ArrayLike) -> dict[str, Array]:
        """Rows of the first axis and of what is over it alone, with ``NAME_error`` where errors are estimated.

        Only at values that are on the axis, where a subclass does not say more. ``ValueError`` for others.
        """
        name, i = self._first, self._places(np.atleast_1d(reals("places", places)))
        rows = {name: self.axes[name].values[i]}
        for key, quantity in self.curves.items():
            rows[key] = quantity.value[i]
            rows |= {} if quantity.error is None else {f"{key}_error": quantity.error[i]}
        return rows

    @property
    def _first(self) -> str:
        if not self.axes:
            raise ValueError(f"{type(self).__name__} has no axis, only numbers: {', '.join(self.quantities)}")
        return next(iter(self.axes))

    def _places(self, asked: Array) -> NDArray[np.intp]:
        """Indices on the first axis."""
        values = self.axes[self._first].values
        places: NDArray[np.intp] = np.argmin(np.abs(values - asked[:, None]), axis=1)
        missing = np.flatnonzero(~(np.abs(values[places] - asked) <= SAME * np.abs(asked)))
        if missing.size:
            first = missing[0]
            raise ValueError(self._missing(float(asked[first]), float(values[places[first]])))
        return places

    def _missing(self, asked: float, near: float) -> str:
        return f"{self._first} = {asked:g} was not computed (nearest: {near:g})"

    def table(self, places: ArrayLike | None = None) -> Table:
        """The numbers; or rows along the first axis, at these places or at a few, errors in brackets."""
        if places is None and (self.numbers or not self.curves):
            return Table(("", "value", "meaning, or why there is none"), self._number_rows())
        name = self._first
        rows = self.at(thinned(self.axes[name].values, ROWS) if places is None else places)
        columns = [key for key in rows if key != name and not key.endswith(PARTS_OF_ROWS)]
        errors = {key: rows.get(f"{key}_error", np.full(rows[key].shape, None)) for key in columns}
        lines: list[list[Cell]] = [
            [f"{place:.6g}", *(Quantity(rows[key][i], errors[key][i]) for key in columns)]
            for i, place in enumerate(rows[name])
        ]
        return Table((name, *columns), lines)

    def _number_rows(self) -> list[list[Cell]]:
        shown = self.numbers or self.quantities
        return [[name, q, q.reason or remarks(q)] for name, q in shown.items()]

    def rows(self, axis: str | None = None) -> list[Record]:
        """A record for each place on an axis, by default the first: all over it alone, and each ``NAME_error``.

        Errors are rounded up to three digits; an empty text stands where there is no value.
        """
        name = axis or self._first
        columns = {key: quantity.entries() for key, quantity in self._along(name).items()}
        return [
            {name: float(place)} | dict(part for key in columns for part in _fields(key, columns[key][i]))
            for i, place in enumerate(self.axes[name].values)
        ]

    @property
    def drawn(self) -> tuple[Axis, Mapping[str, Quantity]]:
        """What ``plot`` shows: the first axis, and what is over it alone."""
        curves = {key: curve for key, curve in self.curves.items() if not key.endswith(PARTS_OF_ROWS)}
        return self.axes[self._first], curves

    def level(self, name: str) -> Quantity | None:
        """A number, or a curve on the same axis, to which the curve of that name is compared."""
        del name
        return None

    def plot(
        self,
        ax: Axes | None = None,
        name: str | None = None,
        *,
        lines: str | Iterable[str] = (),
        labels: Mapping[str, str] = MappingProxyType({}),
        figsize: tuple[float, float] | None = None,
        x_label: str = "",
        style: Style | None = None,
    ) -> Figure:
        """Each curve in a panel of its own (thresholds in one); in ``ax``, one of them, by default the first.

        Bands, or bars where it was measured, are one error wide.

        Parameters
        ----------
        ax
            To draw in, in its own style.
        name, lines
            The one curve, or those, to be drawn; by default all that do not vanish.
        labels
            Of curves, by name; LaTeX between dollars.
        figsize, x_label
            Width and height in inches; below the lowest panel.
        style
            A file of Matplotlib settings, or settings, on top of the house's.

        Returns the figure. ``ValueError`` for what does not fit.
        """
        from .drawing import draw_curves, draw_numbers
        from .picture import look, restyled

        axis, curves = self.drawn if self.curves else (None, {})
        shown = curves or self.numbers
        wanted = wanted_curves(shown, name, lines, labels)
        chosen = wanted or [key for key, curve in shown.items() if not curve.over or np.any(curve.value)] or list(shown)
        chosen = chosen[:1] if ax is not None and curves and not wanted else chosen
        with look(style) if ax is None else nullcontext():
            named = {key: replace(shown[key], symbol=labels.get(key, shown[key].symbol)) for key in chosen}
            if axis is not None:
                how: Any = {"bars": self.measured, "together": self.together, "level": self.level}
                figure = draw_curves(axis, named, ax, **how)
            else:
                figure = draw_numbers(named, ax)
            return restyled(figure, figsize, x_label)

    def to_xarray(self) -> Any:
        """An ``xarray.Dataset`` of the quantities with ``NAME_error``, settings and versions as attributes.

        ``ImportError`` in one line without xarray.
        """
        return dataset(self.axes, self.quantities, self.about | {"message": self.message})

    def save(self, path: str | Path) -> Path:
        """Write all of it to one npz file with a fingerprint, whole or not at all; ``load`` reads it back."""
        header, arrays = self._packed()
        return storage.write(path, self.form, header | made(), arrays)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """What ``save`` wrote. ``OSError`` for a file that cannot be read, ``ValueError`` for one that is not ours."""
        header, arrays = storage.read(path, cls.form)
        try:
            return cls._unpacked(header, arrays)
        except (LookupError, ValueError, TypeError, AttributeError, OverflowError, MemoryError) as error:
            raise ValueError(f"{path}: damaged ({' '.join(str(error).split())})") from error

    def _packed(self) -> tuple[Record, Arrays]:
        """Header and arrays of a file: the fields."""
        arrays: Arrays = {}
        kept = {field.name: getattr(self, field.name) for field in fields(cast(Any, self))}
        return {"solution": packed(kept, "solution", arrays)}, arrays

    @classmethod
    def _unpacked(cls, header: Record, arrays: Arrays) -> Self:
        """The inverse of ``_packed``, which raises where they do not fit together."""
        return cls(**unpacked(header["solution"], arrays, {kind.__name__: kind for kind in cls.parts}))

    def _heading(self) -> list[str]:
        """What it is and what was asked for."""
        return [type(self).__name__, *(f"{name:>18}  {value}" for name, value in self.about.items())]

    def __str__(self) -> str:
        return "\n".join(filter(None, [*self._heading(), str(self.table()), self.message]))

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        before, after = escape("\n".join(self._heading())), escape(self.message)
        return f"<pre>{before}</pre>{self.table()._repr_html_()}<p>{after}</p>"

    def _repr_latex_(self) -> str:
        return self.table()._repr_latex_()


def _fields(name: str, number: Quantity) -> Iterator[tuple[str, Any]]:
    """Of a record of numbers: ``name`` and, where errors are estimated, ``name_error``."""
    yield name, float(number.value) if number.exists else ""
    if number.error is not None:
        yield f"{name}_error", float(rounded_up(number.error)) if number.exists else ""


def wanted_curves(
    shown: Iterable[str], name: str | None, lines: str | Iterable[str], labels: Iterable[str]
) -> list[str]:
    """Those asked for by name; none for all. ``ValueError`` for one, or a label of one, that is not shown."""
    known, wanted = list(shown), [name] if name else [lines] if isinstance(lines, str) else list(lines)
    for key in (*wanted, *labels):
        if key not in known:
            asked = "labels" if key not in wanted else "name" if name else "lines"
            raise ValueError(f"{called(asked, key)}: no such curve; choose among {', '.join(known)}")
    return wanted


def remarks(quantity: Quantity) -> str:
    """Its meaning and its note."""
    return "; ".join(filter(None, (quantity.meaning.removesuffix("."), quantity.note)))


def thinned(values: Array, count: int) -> Array:
    """At most ``count`` of them, evenly, both ends among them. ``ValueError`` for fewer than two."""
    if count < 2:
        raise ValueError(f"points = {count}: expected an integer >= 2")
    kept: Array = values[np.unique(np.linspace(0, values.size - 1, min(count, values.size)).round().astype(int))]
    return kept
