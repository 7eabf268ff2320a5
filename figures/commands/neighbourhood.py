"""`ruggedflow neighbourhood SYSTEM`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from theory.domain import Between, Real
from theory.naming import called
from theory.system import System
from theory.systems import Landscape

from .answer import Answer
from .averages import answered, fields
from .files import CURVES, FILE, file_to_write, picture_to_write
from .question import Option, answers

if TYPE_CHECKING:
    from numerics.curves import Numbers

ENERGY = Option(
    Real(-1e50, 1e50),
    "Energy per spin of the minimum; by default halfway from the lowest to the most numerous that are not marginal.",
)
OVERLAP = Option(Between(-1, 1, "0.7"), "Overlap with that minimum, of other critical points, -1 < q < 1.")
NEIGHBOUR = Option(Real(-1e50, 1e50), "Energy per spin of those; with --overlap.")
OUTPUT = Option(FILE, "File to keep the curve in.")
PLOT = Option(FILE, "Draw the curve to a PNG, PDF or SVG file.", draws=CURVES)


def _unplanted(kind: type[System]) -> bool:
    return getattr(kind.exemplar(), "mean", None) == 0


@answers(Landscape, applies=_unplanted)
def of_landscape(
    landscape: Landscape,
    *,
    energy: Annotated[float | None, ENERGY] = None,
    overlap: Annotated[float | None, OVERLAP] = None,
    neighbour_energy: Annotated[float | None, NEIGHBOUR] = None,
    output: Annotated[Any, OUTPUT] = None,
    plot: Annotated[Any, PLOT] = None,
) -> Answer:
    """The lowest critical points by overlap, and the lowest barrier; or those of one energy at one overlap."""
    from numerics.neighbourhood import AVERAGE, halfway, neighbourhood, neighbours

    file, picture = file_to_write("output", output), picture_to_write(plot)
    for name, value, other in (("overlap", overlap, neighbour_energy), ("neighbour_energy", neighbour_energy, overlap)):
        if value is not None and other is None:
            missing = "neighbour_energy" if name == "overlap" else "overlap"
            raise ValueError(f"{called(name, f'{value:g}')} needs {called(missing)} beside it")
    energy = halfway(landscape) if energy is None else energy
    if overlap is None or neighbour_energy is None:
        answer = answered(landscape, neighbourhood(landscape, energy), file, picture)
    else:
        if picture is not None:
            raise ValueError(f"{called('plot')} draws a curve; leave {called('overlap')} out")
        answer = answered(landscape, neighbours(landscape, energy, overlap, neighbour_energy), file, None)
    return replace(answer, record={**answer.record, **_keys(answer.solution), "average": AVERAGE})


def _keys(found: Numbers) -> dict[str, Any]:
    """Flat keys of the numbers, those of the barrier in a mapping of their own."""
    flat: dict[str, Any] = {}
    for name, number in found.numbers.items():
        whole, _, part = name.partition("_")
        into, key = (flat.setdefault(whole, {}), part or "energy") if whole == "barrier" else (flat, name)
        into |= fields(key, number)
    return flat
