"""Where critical points of each kind are: lines in the plane of alpha and of the overlap with the signal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from theory.generalized_linear import GeneralizedLinearLandscape

from ..errors import ConvergenceError
from ..lowering import Array
from .field_law import Labels
from .kac_rice import at_transition, dominant_bbp, zero_complexity_bbp
from .minima import Edge, Minima, Population, Saddle, solve_saddle
from .saddle_search import rough_minima, search
from .saddles import ComplexSaddle, CriticalPoints, solve_critical_points

STEP = 0.1
OVERLAPS = np.linspace(0, 0.98, 50)
MIDDLE = 0.3
LARGEST = 100.0
"""Of alpha, where a line is given up."""
JUMP = 0.5
"""Of ln alpha, between a step and its extrapolation."""


@dataclass(frozen=True, eq=False)
class Line:
    """``alpha`` at each of ``overlap``, nan where there is none."""

    overlap: Array
    alpha: Array


def overlap_lines(
    landscape: GeneralizedLinearLandscape, labels: Labels = "quenched", overlaps: Array = OVERLAPS
) -> dict[str, Line]:
    """Lines in the plane of alpha and q for an even loss, by name.

    ``critical_points``, ``minima``: above this alpha none are left at this overlap (``Sigma = 0``; minima by their
    bulk). ``typical_stable``: above, the most numerous minima are unstable towards the signal (``b = 1, s = 0``, where
    ``Sigma >= 0``). ``lowest_stable``: above, all are (``b = 1, Sigma = 0``, where ``s >= 0``). Spacing of the nodes
    0.1: errors near 1e-6. A line that is not found is nan.
    """
    along = _Along(landscape, labels, np.asarray(overlaps, dtype=np.float64))
    makers: dict[str, Callable[[], Array]] = {
        "typical_stable": lambda: _stable(along, sigma_zero=False),
        "lowest_stable": lambda: _stable(along, sigma_zero=True),
        "minima": lambda: _minima(along),
        "critical_points": lambda: _total(along),
    }
    return {name: Line(along.q, _or_nan(make, along.q)) for name, make in makers.items()}


def _or_nan(make: Callable[[], Array], q: Array) -> Array:
    try:
        return make()
    except ConvergenceError:
        return np.full(len(q), np.nan)


@dataclass(frozen=True, eq=False)
class _Along:
    """A loss at several overlaps."""

    landscape: GeneralizedLinearLandscape
    labels: Labels
    q: Array

    def population(self, place: int) -> Population:
        return Population(self.landscape, self.labels, float(self.q[place]), STEP)

    @property
    def middle(self) -> int:
        return int(np.argmin(np.abs(self.q - MIDDLE)))


def _stable(along: _Along, *, sigma_zero: bool) -> Array:
    """From the transition at overlap 0 upwards."""
    first = (
        zero_complexity_bbp(along.landscape, along.labels)
        if sigma_zero
        else dominant_bbp(along.landscape, along.labels)
    )
    if not first.exists:
        raise ConvergenceError(first.note)
    state = first.state
    edge: Edge = "touching" if state["xi"] > 0 else "free"

    def step(population: Population, saddle: Saddle) -> Saddle:
        found = solve_saddle(population, saddle, edge=edge, condition=at_transition, sigma_zero=sigma_zero)
        if (found.saddle.s if sigma_zero else found.sigma) < -1e-9:
            raise ConvergenceError("the line ends")
        return found.saddle

    start = Saddle(state["g"], state["c"], state["xi"], first.value, state["s"])
    return _followed(along, range(len(along.q)), start, step)


def _minima(along: _Along) -> Array:
    """``Sigma = 0`` at ``s = 0``, from a middle overlap."""

    def step(population: Population, saddle: Saddle) -> Saddle:
        return solve_saddle(population, saddle, condition=_sigma).saddle

    start = step(along.population(along.middle), _near_zero(along).saddle)
    return _both_ways(along, along.middle, start, step)


def _total(along: _Along) -> Array:
    """The same of all critical points."""

    def step(population: Population, saddle: ComplexSaddle) -> ComplexSaddle:
        return solve_critical_points(population, saddle, sigma_zero=True).saddle

    population = along.population(along.middle)
    found = search(population, "total", _near_zero(along), None)
    if not isinstance(found, CriticalPoints):
        raise ConvergenceError("no critical points but minima")
    return _both_ways(along, along.middle, step(population, found.saddle), step)


def _sigma(minima: Minima) -> float:
    return minima.sigma


def _near_zero(along: _Along) -> Minima:
    """Minima whose Sigma is small at the middle overlap, on a coarse net of alpha."""
    points = []
    for alpha in np.geomspace(1.5, 24, 9):
        try:
            points.append(rough_minima(along.landscape, float(alpha), float(along.q[along.middle]), along.labels))
        except ConvergenceError:
            continue
    if not points:
        raise ConvergenceError("no minima for alpha from 1.5 to 24")
    return min(points, key=lambda minima: abs(minima.sigma))


S = TypeVar("S", Saddle, ComplexSaddle)


def _both_ways(along: _Along, middle: int, start: S, step: Callable[[Population, S], S]) -> Array:
    """alpha, followed upwards and downwards from one overlap."""
    up = _followed(along, range(middle, len(along.q)), start, step)
    down = _followed(along, range(middle, -1, -1), start, step)
    return np.where(np.isnan(up), down, up)


def _followed(along: _Along, places: Iterable[int], start: S, step: Callable[[Population, S], S]) -> Array:
    """alpha from place to place, until it is lost, large, or jumps to another solution."""
    alpha, before, here = np.full(len(along.q), np.nan), start, start
    logs: list[float] = []
    for place in places:
        try:
            before, here = here, _next(along.population(place), before, here, step)
        except ConvergenceError:
            break
        logs.append(float(np.log(here.alpha)))
        expected = 2 * logs[-2] - logs[-3] if len(logs) > 2 else logs[-1]
        if here.alpha > LARGEST or abs(logs[-1] - expected) > JUMP:
            break
        alpha[place] = here.alpha
    return alpha


def _next(population: Population, before: S, here: S, step: Callable[[Population, S], S]) -> S:
    """The next saddle on a line, from the last one; else from where the last two lead."""
    try:
        return step(population, here)
    except ConvergenceError:
        ahead = {name: 2 * value - getattr(before, name) for name, value in vars(here).items()}
        return step(population, replace(here, **ahead))
