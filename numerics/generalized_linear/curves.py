"""``Sigma(q)``: complexity followed in the overlap with the signal."""

from __future__ import annotations

from collections.abc import Sequence

from theory.generalized_linear import GeneralizedLinearLandscape

from ..errors import ConvergenceError
from ..progress import Progress, silent
from .complexity import Complexity, described
from .field_law import Labels
from .minima import Minima, Population
from .saddle_search import Found, Kind, polished, rough_minima, search

STEP = 0.1


def complexity_curve(
    landscape: GeneralizedLinearLandscape,
    alpha: float,
    kind: Kind,
    overlaps: Sequence[float],
    *,
    energy: float | None = None,
    labels: Labels = "quenched",
    progress: Progress = silent,
) -> list[Complexity | None]:
    """``Sigma(q)`` at increasing overlaps, each from the one before, on one grid; None where it is not found.

    Where the most numerous critical points become minima with a gap these go on (total only). No error is estimated
    (nan): that of single points by ``complexity`` is near 1e-8. Raises ConvergenceError if the first is not found.
    """
    populations = [Population(landscape, labels, overlap, STEP) for overlap in overlaps]
    rough = rough_minima(landscape, alpha, overlaps[0], labels)
    here = search(populations[0], kind, rough, energy)
    curve: list[Complexity | None] = [described(populations[0], here, kind)]
    minima = search(populations[0], "minima", rough, energy) if kind == "total" else here
    for number, population in enumerate(populations[1:], 1):
        progress(number / len(populations), f"Sigma at q = {overlaps[number]:.3g}")
        minima = _next(population, minima, "minima", energy) or minima
        found = _next(population, here, kind, energy)
        if kind == "total" and (found is None or isinstance(found, Minima)):
            found = minima if isinstance(minima, Minima) and minima.saddle.xi == 0 else None
        here = found or here
        curve.append(None if found is None else described(population, found, kind))
    return curve


def _next(population: Population, found: Found, kind: Kind, energy: float | None) -> Found | None:
    try:
        return polished(population, found, kind, energy)
    except ConvergenceError:
        return None
