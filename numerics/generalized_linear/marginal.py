"""Energies between which a loss has marginal minima: the edge of the bulk of their Hessian is at zero."""

from __future__ import annotations

from dataclasses import dataclass, replace

from theory.generalized_linear import GeneralizedLinearLandscape

from ..errors import ConvergenceError
from ..quantity import Quantity
from .complexity import AGREED, STEPS, Complexity, complexity, described, require_resolved
from .field_law import Labels
from .minima import Minima, Population, Saddle, to_zero
from .saddle_search import ROUGH, edge_at_zero, rough_minima

NONE = "there are not exponentially many marginal ones at this overlap"
BELOW = (
    "the Hessian of the most numerous ones has an outlier along the signal below zero (b > 1): how rare those without "
    "are is not derived"
)
STRIDE = 0.1
"""Of the tilt, over the inverse of the energy."""


@dataclass(frozen=True)
class Window:
    """Lowest and highest energy of marginal points, of all of them and of those without an outlier below zero.

    The latter have the same ends where the last ones have no outlier there, and none that is known where they have.
    """

    points: tuple[Quantity, Quantity]
    minima: tuple[Quantity, Quantity]


def window(
    landscape: GeneralizedLinearLandscape, alpha: float, *, overlap: float = 0.0, labels: Labels = "quenched"
) -> Window:
    """Where the complexity of marginal points is positive, annealed over the inputs.

    Raises ValueError for arguments out of range.
    """
    try:
        top = complexity(landscape, alpha, "marginal", overlap=overlap, labels=labels)
        reason = "" if top.sigma > top.error else NONE
    except ConvergenceError as failure:
        reason = str(failure)
    if reason:
        none = Quantity.absent(reason), Quantity.absent(reason)
        return Window(none, none)
    rough = Population(landscape, labels, overlap, ROUGH)
    start = edge_at_zero(rough, rough_minima(landscape, alpha, overlap, labels).saddle)
    low, high = (_end(rough, start, sign) for sign in (1, -1))
    return Window((low[0], high[0]), (low[1], high[1]))


def _end(rough: Population, top: Minima, sign: int) -> tuple[Quantity, Quantity]:
    """Towards lower energies, larger tilts, or higher ones."""
    try:
        last, error = _refined(rough, _followed(rough, top, sign * STRIDE / abs(top.energy)))
    except ConvergenceError as failure:
        lost = Quantity.absent(str(failure))
        return lost, lost
    end = Quantity(last.energy, error)
    return end, end if last.stable else Quantity.absent(outlier_below(last))


def outlier_below(found: Complexity) -> str:
    """Why marginal points are no minima; empty where they are."""
    return "" if found.stable else BELOW


def _followed(population: Population, top: Minima, stride: float) -> Minima:
    def solve(near: Saddle, sigma_zero: bool) -> Minima:
        return edge_at_zero(population, near, sigma_zero=sigma_zero)

    return to_zero(solve, top, stride)


def _refined(rough: Population, found: Minima) -> tuple[Complexity, float]:
    """On finer grids until two agree, with the change of the energy between them."""
    error = float("inf")
    for step in STEPS:
        population = replace(rough, step=step)
        before, found = found, edge_at_zero(population, found.saddle, sigma_zero=True)
        error = abs(found.energy - before.energy) + 1e-13 * abs(found.energy)
        if error < AGREED * abs(found.energy):
            break
    require_resolved(population, found)
    return described(population, found, "marginal"), error
