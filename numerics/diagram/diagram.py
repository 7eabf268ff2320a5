"""A phase diagram: thresholds of a system as lines in a plane of two parameters, and what lies between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from string import ascii_uppercase
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, label

from ..continuation import Box
from ..lowering import Array
from ..provenance import Record
from ..quantity import Axis, Quantity
from ..rounding import rounded_up
from ..solution import Solution, thinned
from ..storage import Format
from ..table import Table
from .overlay import Overlay
from .special import Beyond, SpecialPoint

CELLS = 300
"""Of the plane on each side, where regions are looked for."""
CENTRES = (np.arange(CELLS) + 0.5) / CELLS
FEW = 5
"""Places in a table."""
SMALL = 2e-3
"""Share of the plane below which a region is not told apart."""


class Region(NamedTuple):
    """A connected part of the plane: the lines ``beneath`` it, a place far inside, its share of the plane.

    ``depth`` is the distance of that place from the border of the region, in sides of the plane; ``number`` is that of
    the region among the connected parts of the plane without ``barriers``.
    """

    beneath: tuple[str, ...]
    x: float
    y: float
    share: float
    depth: float
    number: int


@dataclass(frozen=True, eq=False, repr=False)
class PhaseDiagram(Solution):
    """Lines over ``x`` (k,), the parameter ``names[0]``, in units of ``names[1]``; nan where one does not exist.

    Attributes
    ----------
    lines
        Thresholds by name, with an error at each place and the reason where there is none.
    beyond
        What the equations of a line say beyond a fold, over axes of their own.
    points
        Where lines end, fold, cross and merge, with errors.
    box
        From, to in x and in y; which of them is logarithmic.
    labels
        LaTeX of x and y.
    whole
        Whether x takes whole numbers only: lines are then guides to the eye, without special points.
    overlays
        What was measured, from dynamics and from simulation.
    """

    names: tuple[str, str]
    labels: tuple[str, str]
    x: Array
    lines: dict[str, Quantity]
    beyond: tuple[Beyond, ...]
    points: tuple[SpecialPoint, ...]
    box: Box
    settings: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""
    whole: bool = False
    overlays: tuple[Overlay, ...] = ()
    together: ClassVar[str] = "threshold"
    form: ClassVar[Format] = Format("ruggedflow diagram", 1, "PhaseDiagram.save")
    parts: ClassVar[tuple[type, ...]] = (Quantity, Axis, Beyond, SpecialPoint, Box, Overlay)

    @property
    def axes(self) -> dict[str, Axis]:
        """x, and one for each arc beyond a fold."""
        own = {self.names[0]: Axis(self.x, self.labels[0], logarithmic=self.box.logarithmic[0])}
        return own | {_arc(k): Axis(np.arange(float(arc.x.size)), "point") for k, arc in enumerate(self.beyond)}

    @property
    def quantities(self) -> dict[str, Quantity]:
        """Lines; arcs beyond folds as ``beyond_k_x`` and ``beyond_k_y``."""
        found = dict(self.lines)
        for k, arc in enumerate(self.beyond):
            meaning = f"{arc.line} beyond its fold"
            found[f"{_arc(k)}_x"] = Quantity(arc.x, None, meaning, over=(_arc(k),))
            found[f"{_arc(k)}_y"] = Quantity(arc.y, arc.error, meaning, over=(_arc(k),))
        return found

    def overlaid(self, *overlays: Overlay) -> PhaseDiagram:
        """With these besides."""
        return replace(self, overlays=(*self.overlays, *overlays))

    @property
    def shown(self) -> list[str]:
        """Lines that pass through the box."""
        low, high = self.box.y
        return [name for name, q in self.lines.items() if np.any((q.value >= low) & (q.value <= high))]

    @cached_property
    def parts_of_plane(self) -> NDArray[np.int_]:
        """Numbers (x, y) of the connected parts that are left between the ``barriers``, which are 0."""
        return np.asarray(label(~self.barriers)[0])

    @cached_property
    def regions(self) -> list[Region]:
        """The largest first. A line that ends in mid-air does not part them, and is beneath those above it alone."""
        found: list[Region] = []
        for number in [] if self.whole else range(1, int(self.parts_of_plane.max()) + 1):
            inside = self.parts_of_plane == number
            if inside.mean() > SMALL:
                depth = distance_transform_edt(np.pad(inside, 1))[1:-1, 1:-1]
                i, j = np.unravel_index(int(np.argmax(depth)), depth.shape)
                beneath = tuple(name for name in self.shown if self._heights(name)[i] <= CENTRES[j])
                x, y = (float(self.box.unscaled(axis, CENTRES[k])) for axis, k in enumerate((i, j)))
                found.append(Region(beneath, x, y, float(inside.mean()), float(depth.max()) / CELLS, number))
        return sorted(found, key=lambda region: -region.share)

    @cached_property
    def barriers(self) -> NDArray[np.bool_]:
        """Cells (x, y) of the plane through which a line passes, without gaps."""
        cells = np.zeros((CELLS, CELLS), dtype=bool)
        for name in self.shown:
            rows = np.floor(np.clip(self._heights(name), -1, 2) * CELLS)
            for i in range(CELLS):
                ends = rows[max(i - 1, 0) : i + 1]
                if np.all(np.isfinite(ends)):
                    low, high = np.clip([ends.min(), ends.max() + 1], 0, CELLS).astype(int)
                    cells[i, low:high] = True
        return cells

    def _heights(self, name: str) -> Array:
        """At the centres of cells, 0 and 1 at the sides of the box; nan where there is no line, or where it jumps."""
        scaled = self.box.scaled(np.column_stack([self.x, self.lines[name].value]))
        return np.interp(CENTRES, scaled[:, 0], scaled[:, 1])

    def plot(self, ax: Any = None, name: str | None = None, **look: Any) -> Any:
        """In a figure of its own or in ``ax``: lines, regions by letters, special points; see ``Solution.plot``."""
        from .picture import plot

        return plot(self, ax, name, **look)

    def tables(self) -> list[Table]:
        """Lines at a few places; special points; regions."""
        x, y = self.names
        points = [(p.kind, ", ".join(p.lines), Quantity(p.x, p.x_error), Quantity(p.y, p.y_error), p.note)
                  for p in self.points]  # fmt: skip
        regions = [
            (letter, f"{100 * sum(r.share for r in regions):.3g} %", ", ".join(regions[0].beneath) or "no line")
            for letter, regions in self.lettered().items()
        ]
        tables = [self.table(thinned(self.x, FEW))]
        measured = [
            (overlay.label.replace("$", ""), f"{place:.6g}", Quantity(value, error))
            for overlay in self.overlays
            for place, value, error in zip(overlay.x, overlay.y, overlay.error, strict=True)
        ]
        tables += [Table(("point", "of", x, y, "note"), points)] if points else []
        tables += [Table(("measured", x, y), measured)] if measured else []
        return [*tables, *([Table(("region", "of the plane", "above"), regions)] if regions else [])]

    def __str__(self) -> str:
        return "\n\n".join(["\n".join(self._heading()), *map(str, self.tables())])

    def lettered(self) -> dict[str, list[Region]]:
        """Regions by letter: those with the same lines beneath share one; the largest come first."""
        kinds: dict[tuple[str, ...], list[Region]] = {}
        for region in self.regions:
            kinds.setdefault(region.beneath, []).append(region)
        names = (*ascii_uppercase, *(f"{a}{b}" for a in ascii_uppercase for b in ascii_uppercase))
        return dict(zip(names, kinds.values(), strict=False))

    def points_record(self) -> list[Record]:
        """For JSON."""
        x, y = self.names
        return [
            {
                "kind": p.kind,
                "lines": list(p.lines),
                x: p.x,
                f"{x}_error": _or_none(p.x_error),
                y: p.y,
                f"{y}_error": _or_none(p.y_error),
                "note": p.note,
            }
            for p in self.points
        ]


def _or_none(error: float) -> float | None:
    return float(rounded_up(error)) if np.isfinite(error) else None


def _arc(k: int) -> str:
    return f"beyond_{k + 1}"
