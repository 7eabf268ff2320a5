"""Where the saddles of the Kac-Rice action are found: starts, continuations, and which of several counts."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Literal, TypeVar

import numpy as np

from theory.generalized_linear import GeneralizedLinearLandscape

from ..errors import ConvergenceError
from .continuation import followed
from .field_law import Labels
from .minima import Edge, Minima, Population, Saddle, admissible, complexity_of_minima, lowest_curvature, solve_saddle
from .saddles import CriticalPoints, solve_critical_points, spectrum_of_indices

Kind = Literal["total", "minima", "marginal"] | float
"""All critical points, minima, those whose bulk ends at zero, or whose fraction of negative eigenvalues is this."""
Found = Minima | CriticalPoints
Point = TypeVar("Point", Minima, CriticalPoints, Found)
ABOVE = 2.0
"""Times alpha, where saddles of a given index are looked for as well."""
ROUGH = 0.2
"""Spacing of the nodes while saddles are looked for."""
MORE = 1.5
"""Times alpha or, below it, 1, where minima are followed from if they are not found directly."""
ROUNDING = 1e-12
FEW = 0.01
"""Of g: a xi as small changes Sigma by its square, and may be lost between the nodes of a grid."""
EDGES: tuple[Edge, ...] = ("touching", "free")


def rough_minima(landscape: GeneralizedLinearLandscape, alpha: float, overlap: float, labels: Labels) -> Minima:
    """On the coarsest grid; where it is not found directly, followed from overlap 0."""
    try:
        return complexity_of_minima(landscape, alpha, overlap=overlap, labels=labels, step=ROUGH)
    except ConvergenceError:
        if overlap == 0:
            raise
    lost = f"no minima found at alpha = {alpha:.6g}, overlap = {overlap:.6g}"
    try:
        start = complexity_of_minima(landscape, alpha, labels=labels, step=ROUGH)
    except ConvergenceError:
        raise ConvergenceError(f"{lost}, nor at overlap 0 to start from") from None
    return followed(
        lambda q, near: either_edge(Population(landscape, labels, q, ROUGH), near.saddle, None),
        start,
        (0.0, overlap),
        lost=lambda at, _: f"{lost}: from overlap 0 they are followed to {at:.4g} and lost",
        steps=8,
        shortest=1e-3 / abs(overlap),
    )


def either_edge(population: Population, start: Saddle, energy: float | None) -> Minima:
    """The saddle with an admissible edge: held at zero from ``start``, or free from a g at or below that of the edge
    (where the equation for g is singular); else held by few data."""
    few: list[Minima] = []
    held: list[tuple[Edge, Saddle]] = [("touching", start)]
    free: list[tuple[Edge, Saddle]] = [("free", replace(start, g=start.g * k, xi=0.0)) for k in (1.0, 0.93, 0.8)]
    for edge, near in [*held, *free] if start.xi > 0 else [*free[:1], *held, *free[1:]]:
        try:
            found = solve_saddle(population, near, edge=edge, energy=energy)
        except ConvergenceError:
            continue
        if admissible(found, edge, population.unit):
            return found
        few += [found] if edge == "free" and _held_by_few(population, found) else []
    if few:
        return few[0]
    place = f"alpha = {start.alpha:.6g}, overlap = {population.overlap:.6g}, s = {start.s:.6g}"
    raise ConvergenceError(f"no minima near {place}")


def _held_by_few(population: Population, found: Minima) -> bool:
    """Whether data next to ``1 + gD = 0`` hold the edge by a small xi (``admissible``).

    With ``xi = 0`` what a grid has of ``E[t^2]``, which diverges there, depends on where its nodes are.
    """
    at = found.saddle
    held = population.minima(replace(at, xi=FEW * at.g))[0]
    return _leaves_data_out(population, at) and held.stability > 0


def _leaves_data_out(population: Population, saddle: Saddle) -> bool:
    """Whether ``1 + gD <= 0`` for some data, which are excluded."""
    return 1 + saddle.g * lowest_curvature(population, saddle.g) <= ROUNDING


def edge_at_zero(
    population: Population, start: Saddle, energy: float | None = None, *, sigma_zero: bool = False
) -> Minima:
    """The saddle with the edge of the bulk held at zero by a xi of either sign.

    ``xi < 0`` needs ``1 + gD > 0`` for all data: ``e^(xi D/(1 + gD))`` has no integral otherwise. Where minima with
    ``xi = 0`` leave out the data of most negative curvature their edge is at zero as it is (``admissible``).
    """
    found: list[Minima] = []
    trouble = ""
    for edge in EDGES:
        near = start if edge == "touching" else replace(start, xi=0.0)
        try:
            here = solve_saddle(population, near, edge=edge, energy=energy, sigma_zero=sigma_zero)
        except ConvergenceError:
            continue
        if edge == "touching" and admissible(here, edge, population.unit):
            return here
        if _leaves_data_out(population, here.saddle) == (edge == "free"):
            found.append(here)
        elif edge == "touching":
            trouble = ": where 1 + g l'' vanishes for some data, their law has no integral"
    if found:
        return max(found, key=lambda each: each.sigma)
    place = f"alpha = {start.alpha:.6g}, overlap = {population.overlap:.6g}, s = {start.s:.6g}"
    raise ConvergenceError(f"no marginal minima found near {place}{trouble}")


def search(population: Population, kind: Kind, rough: Minima, energy: float | None) -> Found:
    """The saddle of the kind asked for, from the most numerous minima."""
    if kind == "minima":
        return _minima_at(population, rough, energy)
    if kind == "marginal":
        return _marginal(population, rough, energy)
    return _critical(population, rough, None if kind == "total" else float(kind), energy)


def _marginal(population: Population, rough: Minima, energy: float | None) -> Minima:
    """From the most numerous marginal ones, else from minima of that energy."""
    try:
        first = edge_at_zero(population, rough.saddle)
        return _to_energy(lambda e, x: edge_at_zero(population, x.saddle, e), first, energy)
    except ConvergenceError:
        if energy is None:
            raise
    return edge_at_zero(population, _minima_at(population, rough, energy).saddle, energy)


def _to_energy(solve: Callable[[float | None, Point], Point], start: Point, energy: float | None) -> Point:
    """From the most numerous to a given energy, in steps that adapt."""
    if energy is None:
        return solve(None, start)
    return followed(
        solve,
        start,
        (start.energy, energy),
        lost=lambda _, here: (
            f"energy = {energy:.6g} is not reached: none found beyond energy {here.energy:.6g}, "
            f"Sigma = {here.sigma:.4g}"
        ),
        steps=4,
        shortest=2e-3,
        leaps=1,
    )


def _critical(population: Population, minima: Minima, index: float | None, energy: float | None) -> Found:
    """Of the given index, else the most numerous of any; minima with a gap compete."""
    path = spectrum_of_indices(population, _touching(population, minima))
    found = _on_path(population, path, index)
    if found and index is not None:
        found += _from_above(population, minima, index)
    if index is None:
        found += [minima] if minima.saddle.xi == 0 else []
        if not found and path and path[-1].saddle.slope < 0 and path[-1].index > 1 - 1e-3:
            raise ConvergenceError("the most numerous critical points are maxima, which are not solved for")
    if not found:
        reached = f"{path[-1].index:.4g}" if path else "none"
        kind = "with the largest Sigma" if index is None else f"of index {index:g}"
        raise ConvergenceError(f"no critical points found {kind}; the largest index reached is {reached}")
    best = max(found, key=lambda each: each.sigma)
    if energy is None:
        return best
    try:
        return _to_energy(
            lambda e, x: _again(population, x, index, e), _nearest(population, [*path, best], index, energy), energy
        )
    except ConvergenceError:
        if index is not None:
            raise
        return _gapped(population, minima, energy)


def _from_above(population: Population, minima: Minima, index: float) -> list[Found]:
    """Critical points of this index followed from twice as many data: at small alpha those of large index and energy
    lie on a branch that does not reach the minima."""
    alpha = minima.saddle.alpha
    try:
        start = rough_minima(population.landscape, ABOVE * alpha, population.overlap, population.labels)
        path = spectrum_of_indices(population, _touching(population, start))
        here = _on_path(population, path, index)[0]
        for less in np.geomspace(ABOVE * alpha, alpha, 12)[1:]:
            if isinstance(here, CriticalPoints):
                here = solve_critical_points(population, replace(here.saddle, alpha=float(less)), index=index)
    except (ConvergenceError, IndexError):
        return []
    return [here] if isinstance(here, CriticalPoints) else []


def from_more_data(population: Population, alpha: float, energy: float | None) -> Minima:
    """Minima, of this energy, followed to few data from where they are found directly."""
    many = MORE * max(alpha, 1.0)
    rough = rough_minima(population.landscape, many, population.overlap, population.labels)
    return followed(
        lambda a, near: either_edge(population, replace(near.saddle, alpha=float(np.exp(a))), energy),
        _minima_at(replace(population, step=ROUGH), rough, energy),
        (float(np.log(many)), float(np.log(alpha))),
        lost=lambda a, _: f"followed from more data minima are lost at alpha = {np.exp(a):.4g}",
        steps=4,
        shortest=0.02,
        leaps=1,
    )


def _on_path(population: Population, path: list[CriticalPoints], index: float | None) -> list[Found]:
    """Maxima of ``Sigma(k)`` on a path of all k, or the points where it passes the given k."""
    pairs = list(itertools.pairwise(path))
    if index is None:
        starts = [a for a, b in pairs if a.saddle.slope < 0 <= b.saddle.slope]
    else:
        starts = [a for a, b in pairs if (a.index - index) * (b.index - index) <= 0]
    found: list[Found] = []
    for start in starts:
        try:
            found.append(solve_critical_points(population, start.saddle, index=index))
        except ConvergenceError:
            continue
    return found


def _nearest(population: Population, path: list[Found], index: float | None, energy: float) -> Found:
    """A point of this energy found directly from the path, else the best."""
    for start in sorted(path, key=lambda point: abs(point.energy - energy))[:4]:
        try:
            return _again(population, start, index, energy)
        except ConvergenceError:
            continue
    return path[-1]


def _gapped(population: Population, minima: Minima, energy: float) -> Found:
    """At low energies critical points are minima with a gap."""
    found = _minima_at(population, minima, energy)
    if found.saddle.xi == 0:
        return found
    raise ConvergenceError(f"no critical points found at energy = {energy:.6g}")


def _touching(population: Population, minima: Minima) -> Minima:
    """The saddle with the bulk held at zero, whatever the sign of xi; else what there is."""
    try:
        return solve_saddle(population, minima.saddle, edge="touching")
    except ConvergenceError:
        return minima


def _again(population: Population, found: Found, index: float | None, energy: float | None) -> Found:
    if isinstance(found, Minima):
        return either_edge(population, found.saddle, energy)
    return solve_critical_points(population, found.saddle, index=index, energy=energy)


def polished(population: Population, found: Found, kind: Kind, energy: float | None) -> Found:
    """The same saddle on another grid."""
    if kind == "marginal" and isinstance(found, Minima):
        return edge_at_zero(population, found.saddle, energy)
    return _again(population, found, None if isinstance(kind, str) else kind, energy)


def _minima_at(population: Population, start: Minima, energy: float | None) -> Minima:
    return _to_energy(lambda e, x: either_edge(population, x.saddle, e), start, energy)
