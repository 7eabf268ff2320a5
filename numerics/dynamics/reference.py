"""The reference integrator: collocation on panels, to rising order until two orders agree."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from .. import course
from ..course import value
from ..errors import ConvergenceError
from ..lowering import Array
from .history import History, steep
from .model import Model, first_kinetic
from .panel import Values, solve_panel
from .two_time import Reached
from .uniform import Grid, UniformTwoTime

LARGEST_ORDER = 24
LARGEST_SIZE = 5500
"""Times of the finer grid; C and R on two grids then take 1 GB."""
REACH, FIRST, GROWTH = 6.5, 0.1, 4.0
"""Width of a panel in units of the fastest time scale: wider ones would not converge; and of the first, over
that and the tolerance, where friction is infinite, with the ratio of the ends of the next ones."""


def solve(model: Model, t_max: float, *, rtol: float, reached: Reached = lambda t: None) -> UniformTwoTime:
    """All of the two-time equations on ``[0, t_max]``, to ``rtol``.

    Panels end where the temperature steps. Each is one implicit Radau step of high order; the run is repeated with two
    more times per panel, and the first panel a quarter as wide where friction is infinite at time 0, until the two
    agree. The finer one is returned, with the difference as its error: that of the coarser one, larger than its own by
    a factor of ten or more until rounding (about 1e-14). Cost grows as ``t_max^3``, memory as ``t_max^2``.

    Raises ``ConvergenceError`` where that takes more than ``LARGEST_SIZE`` times or rounding is in the way.
    """
    coarse, grid, best, fruitless = None, _first_grid(model, t_max, rtol), np.inf, 0
    while fruitless < 2:
        _require_size(grid, t_max, rtol, best, not model.frozen)
        fine = _march(model, grid, reached)
        if fine is None:
            coarse, grid = None, _narrower(grid, grid.order)
            continue
        if coarse is not None:
            fine, error = _with_errors(fine, coarse)
            if error <= rtol:
                return fine
            fruitless, best = (fruitless + 1 if error > best / 2 else 0), min(error, best)
        wide = grid.order + 2 > LARGEST_ORDER
        coarse, grid = (None, _narrower(grid, 16)) if wide else (fine, _finer(grid, model))
    raise ConvergenceError(
        f"rtol = {rtol:g} is out of reach: runs of rising order keep differing by {best:.1g} up to t = {t_max:g}"
    )


def _first_grid(model: Model, t_max: float, rtol: float) -> Grid:
    pieces = np.union1d(course.pieces(model.schedule, t_max), course.pieces(model.friction, t_max))
    edges = np.concatenate([[0.0], *(_edges(model, a, b, rtol) for a, b in pairwise(pieces))])
    return Grid(edges, max(6, 2 * int(np.ceil(0.5 - 0.8 * np.log10(rtol)))))


def _edges(model: Model, start: float, end: float, rtol: float) -> Array:
    """Of a piece without steps: even ones, or as narrow as the friction of a mass makes them.

    A friction that is infinite at time 0 leaves an error of the order of the first width in R, which is a function of
    t'/t near time 0: panels are in proportion to time there.
    """
    rate = _rate(model) if model.mass == 0 else _inertial_rate(model)
    if model.mass == 0 or model.friction.expression.is_number:
        fast = rate if model.mass == 0 else rate + float(model.friction.expression) / model.mass
        count = int(np.clip(np.ceil((end - start) * fast / REACH), 1, LARGEST_SIZE))
        return np.linspace(start, end, count + 1)[1:]
    first = start + FIRST * rtol * min(REACH / rate, end - start)
    graded = steep(model, start, first)
    edges = [start, first] if graded else [start]
    while edges[-1] < end and len(edges) < LARGEST_SIZE:
        fast = rate + float(value(model.friction, edges[-1], start, end)) / model.mass
        edges.append(min(end, edges[-1] + REACH / fast, GROWTH * edges[-1] if graded else end))
    return np.array(edges[1:])


def _rate(model: Model) -> float:
    """Twice the rate at which ``f''(C) R`` decays with ``t - s``: at ``s > t`` it grows as fast.

    ``R`` decays with ``mu``; ``f''(C)`` with ``T f'''/f''``, and as a Gaussian of width ``(f' f'''/f'')^(-1/2)``.
    """
    functions = (model.noise, model.memory, model.memory_slope, model.drift)
    noise, memory, slope, drift = (float(np.sum(np.abs(series))) for series in functions)
    edge, decay = np.sqrt(memory), slope / memory if memory > 0 else 0.0
    multiplier = max(2 * edge, drift + edge / 2, np.sqrt(noise), model.beta * noise)
    return float(2 * (multiplier + model.temperature * (1 + decay)) + np.sqrt(noise * decay))


def _inertial_rate(model: Model) -> float:
    """``(mu/M)^(1/2)`` with the largest ``mu``: what pulls, and ``M K``, to which all of the energy may go."""
    energy = np.abs(model.covariance).sum() * (model.beta + 1 / _rate(model)) + np.abs(model.planted).sum()
    return float(np.sqrt((_rate(model) + 2 * energy) / model.mass + first_kinetic(model)))


def _finer(grid: Grid, model: Model) -> Grid:
    """Two more times in each panel; a narrower first one, and more like the second, where friction is constant over
    the first."""
    if not steep(model, *grid.edges[:2]) or grid.panels == 1:
        return grid._replace(order=grid.order + 2)
    first, second = grid.edges[1:3]
    more = int(np.ceil(np.log(GROWTH) / np.log(min(GROWTH, second / first))))
    earlier = np.geomspace(first / GROWTH, first, more + 1)[:-1]
    return Grid(np.insert(grid.edges, 1, earlier), grid.order + 2)


def _narrower(grid: Grid, order: int) -> Grid:
    return Grid(np.append(grid.places(np.array([0.0, 0.5])), grid.edges[-1]), order)


def _require_size(grid: Grid, t_max: float, rtol: float, best: float, long_time: bool) -> None:
    if grid.size + 2 * grid.panels <= LARGEST_SIZE:
        return
    reach = float(np.mean(grid.widths)) * (LARGEST_SIZE // (grid.order + 2))
    so_far = f"best error so far {best:.1g}; " if np.isfinite(best) else ""
    other = (
        "use method = 'long-time'"
        if long_time
        else "the other one has no friction that is infinite at t = 0; use a shorter t_max"
    )
    raise ConvergenceError(
        f"t_max = {t_max:g} at rtol = {rtol:g} is too long for the reference method ({so_far}it reaches about"
        f" t = {reach:.2g}); {other} or a larger rtol"
    )


def _march(model: Model, grid: Grid, reached: Reached) -> UniformTwoTime | None:
    """One run; None when its panels are too wide to converge."""
    history = History.begin(model, grid)
    values, iterations = None, 0
    with np.errstate(over="ignore", invalid="ignore"):
        for panel in range(grid.panels):
            found = solve_panel(model, history, panel, _guess(history, panel, values))
            if found is None:
                return None
            values, iterations = found[0], iterations + found[1]
            reached(float(grid.edges[panel + 1]))
    statistics = {"panels": grid.panels, "order": grid.order, "times": grid.size, "iterations": iterations}
    others, estimates = history.overlaps[1], np.zeros((6, grid.panels))
    return UniformTwoTime(grid, *history.plain(), history.one, others, estimates, statistics)


def _guess(history: History, panel: int, before: Values | None) -> Values:
    """The panel before, shifted along the diagonal."""
    n = history.grid.order
    velocity = np.zeros((2, history.times(panel).stop))
    if before is None:
        overlaps = np.repeat(history.overlaps[:, :1], n, axis=1)
        return Values(np.ones((2, n, 1)), np.ones((2, n, n)), overlaps, velocity, np.zeros(2))
    first = before.far[:, :, : n + 1] if panel > 1 else np.repeat(before.far, n + 1, axis=2)
    far, overlaps = np.concatenate([first, before.far[:, :, 1:]], axis=2), np.repeat(before.overlaps[:, -1:], n, axis=1)
    return Values(far, before.near, overlaps, velocity, np.zeros(2))


def _with_errors(fine: UniformTwoTime, coarse: UniformTwoTime) -> tuple[UniformTwoTime, float]:
    """The finer run with its estimates, and the largest of them: of C and R as it is, of the rest relative.

    ``R(t,s)`` at s within a first panel that was split is singular: its error is told, but not waited for.
    """
    estimates = fine.compared(coarse)
    scale = np.concatenate([np.max(np.abs(fine.one), axis=1), [1.0, 1.0, 1.0]])
    relative = np.max(estimates, axis=1) / np.where(scale > 0, scale, 1.0)
    if fine.grid.panels > coarse.grid.panels:
        estimates[3:5] = np.maximum(estimates[3:5], fine.compared_at_start(coarse))
    return replace(fine, estimates=estimates), float(np.max(relative))
