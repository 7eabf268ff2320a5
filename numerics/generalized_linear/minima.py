"""Complexity of the minima of a generalised linear landscape at overlap q: the Kac-Rice action at its saddle point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from theory.generalized_linear import GeneralizedLinearLandscape, KacRiceAction
from theory.generalized_linear.symbols import (
    ALPHA,
    EDGE_DUAL,
    FORCE_DUAL,
    PLANTED_OVERLAP,
    RESOLVENT,
    SIGNAL_DUAL,
    TILT,
)

from ..errors import ConvergenceError
from ..lowering import Array, lower
from .bends import bends
from .continuation import followed
from .curvature import curvature_floor, curvature_unit
from .field_law import Data, FieldLaw, Labels, Values, law_of, require_slope, tabulate, tilt_values
from .newton import solved

THEORY = KacRiceAction()
OBSERVABLES = (
    THEORY.force_equation,
    THEORY.position_equation,
    THEORY.spectrum.stability,
    THEORY.signal_equation,
    THEORY.spectrum.attraction,
    THEORY.energy,
)
APART = 0.02
"""The least ``1 + gD`` of data, if larger, is so because the curvature jumps; nodes come closer to zero elsewhere."""
Edge = Literal["touching", "free"]
"""Whether the bulk of the Hessian is held at zero (xi free) or ends above it (xi = 0)."""


@dataclass(frozen=True)
class Saddle:
    """Parameters of the action; ``alpha`` and the tilt ``s`` among them."""

    g: float
    c: float
    xi: float
    alpha: float
    s: float = 0.0
    theta: float = 0.0

    def symbols(self, overlap: float) -> Values:
        """By the symbols of the theory."""
        return {
            RESOLVENT: self.g, FORCE_DUAL: self.c, EDGE_DUAL: self.xi, ALPHA: self.alpha, TILT: self.s,
            SIGNAL_DUAL: self.theta, PLANTED_OVERLAP: overlap,
        }  # fmt: skip


@dataclass(frozen=True)
class Minima:
    """Minima counted by the action: complexity ``sigma``, ``energy`` per dimension, ``attraction`` b and the saddle.

    ``stability = 1 - alpha E[t^2]`` is zero where the bulk touches zero, positive where there is a gap.
    """

    sigma: float
    energy: float
    attraction: float
    stability: float
    saddle: Saddle


@dataclass(frozen=True)
class Population:
    """Which critical points are counted: of what loss, at what overlap with the signal, labels quenched or annealed.

    ``step`` is the spacing of the grid.
    """

    landscape: GeneralizedLinearLandscape
    labels: Labels = "quenched"
    overlap: float = 0.0
    step: float = 0.05

    @property
    def data(self) -> Data:
        """The loss on the grid."""
        return tabulate(self.landscape, self.step, signal_free=self.overlap == 0)

    @property
    def at_overlap(self) -> bool:
        """Whether theta is an unknown: at overlap 0 of an even loss the condition along the signal holds by itself."""
        return self.overlap != 0 or not self.landscape.is_even

    @property
    def unit(self) -> float:
        """How large the loss is: multipliers times it are of order one."""
        return curvature_unit(self.landscape)

    def law(self, saddle: Saddle) -> FieldLaw:
        """Data at such minima."""
        data, scalars = self.data, saddle.symbols(self.overlap)
        return law_of(data, tilt_values(data, THEORY.functional.tilt, scalars), self.labels)

    def minima(self, saddle: Saddle) -> tuple[Minima, Array]:
        """What is counted there, and the residuals of the equations of c, g and theta."""
        law, scalars = self.law(saddle), saddle.symbols(self.overlap)
        force, position, stability, signal, attraction, energy = law.evaluate(OBSERVABLES, scalars)
        free = (RESOLVENT, FORCE_DUAL, EDGE_DUAL, PLANTED_OVERLAP)
        explicit = float(lower(free, [THEORY.functional.explicit])(*(scalars[x] for x in free))[0])
        sigma = explicit + saddle.alpha * law.log_mass + saddle.s * energy
        # on a grid halved by symmetry the condition along the signal holds by itself
        residuals = np.array([saddle.c * force, saddle.g * position, signal / self.unit if self.at_overlap else 0.0])
        return Minima(sigma, energy, attraction, stability, saddle), residuals


def solve_saddle(
    population: Population,
    start: Saddle,
    *,
    edge: Edge = "touching",
    condition: Callable[[Minima], float] | None = None,
    sigma_zero: bool = False,
    energy: float | None = None,
) -> Minima:
    """The saddle near ``start``. ``condition`` (zero) determines alpha; ``sigma_zero`` or a given ``energy`` determine
    the tilt; else both are fixed.

    Raises ConvergenceError if there is none near.
    """
    tilted = sigma_zero or energy is not None
    wanted = {"xi": edge == "touching", "theta": population.at_overlap, "alpha": condition is not None, "s": tilted}

    def residuals(values: dict[str, float]) -> list[float]:
        found, (force, position, signal) = population.minima(Saddle(**values))
        rows = [force, position]
        rows += [found.stability] if edge == "touching" else []
        rows += [signal] if population.at_overlap else []
        rows += [condition(found)] if condition is not None else []
        if tilted:
            rows.append(found.sigma if energy is None else found.energy / energy - 1)
        return rows

    unknowns = ["g", "c", *(name for name, free in wanted.items() if free)]
    return population.minima(Saddle(**solved(residuals, vars(start), unknowns, population.unit)))[0]


def follow(population: Population, start: Minima, s: float, **options: Any) -> Minima:
    """Continue a saddle to the tilt ``s`` in steps that adapt. Raises ConvergenceError, saying how far it got."""
    return followed(
        lambda tilt, near: solve_saddle(population, replace(near.saddle, s=tilt), **options),
        start,
        (start.saddle.s, s),
        lost=lambda at, _: f"Kac-Rice saddle lost at s = {at:.4g} on the way to s = {s:.4g}",
    )


def to_zero(solve: Callable[[Saddle, bool], Minima], start: Minima, stride: float) -> Minima:
    """From ``Sigma > 0`` in steps of the tilt until Sigma changes sign, then to where it is zero.

    ``solve(near, sigma_zero)`` finds a saddle at the tilt of ``near``, or that with ``Sigma = 0``. Raises
    ConvergenceError, saying how far it got.
    """
    here = start
    for _ in range(100):
        try:
            beyond = solve(replace(here.saddle, s=here.saddle.s + stride), False)
        except ConvergenceError:
            stride /= 2
            continue
        if beyond.sigma <= 0:
            weight = here.sigma / (here.sigma - beyond.sigma)
            return solve(replace(beyond.saddle, s=here.saddle.s + weight * stride), True)
        here = beyond
    raise ConvergenceError(f"Sigma = {here.sigma:.3g} > 0 still at s = {here.saddle.s:.3g}")


def complexity_of_minima(
    landscape: GeneralizedLinearLandscape,
    alpha: float,
    *,
    overlap: float = 0.0,
    s: float = 0.0,
    labels: Labels = "quenched",
    step: float = 0.05,
) -> Minima:
    """``Sigma`` of minima at overlap q, tilted by ``e^(-s N e)``: the dominant ones at ``s = 0``.

    ``Sigma(q, e)`` is traced by s. ``xi > 0`` where the bulk touches zero, else ``xi = 0`` and there is a gap. Raises
    ValueError for arguments out of range, ConvergenceError where no saddle is found.
    """
    require_slope(landscape)
    if not (np.isfinite(alpha) and alpha > 0):
        raise ValueError(f"alpha = {alpha} must be a positive number; try alpha = 4")
    if not -1 < overlap < 1:
        raise ValueError(f"overlap = {overlap} must lie strictly between -1 and 1; try overlap = 0")
    if labels not in ("quenched", "annealed"):
        raise ValueError(f"labels = {labels!r} must be 'quenched' or 'annealed'")
    coarse, fine = (Population(landscape, labels, overlap, h) for h in (max(0.2, step), step))
    for start in _guesses(landscape, alpha, s):
        for edge in ("touching", "free"):
            try:
                rough = solve_saddle(coarse, replace(start, xi=start.xi if edge == "touching" else 0.0), edge=edge)
                found = solve_saddle(fine, rough.saddle, edge=edge)
            except ConvergenceError:
                continue
            if admissible(found, edge, fine.unit):
                return found
    raise ConvergenceError(f"no Kac-Rice saddle found at alpha = {alpha:.6g}, overlap = {overlap:.6g}, s = {s:.6g}")


def lowest_curvature(population: Population, g: float) -> float:
    """Infimum of the curvature of data with ``1 + gD > 0``: that of the loss, or ``-1/g`` if that is lower.

    Where the curvature jumps over ``-1/g`` it is the least above.
    """
    floor = curvature_floor(population.landscape)
    if 1 + g * floor > 0 or not bends(population.landscape.loss):
        return max(floor, -1 / g)
    left = 1 + g * population.data.fields[4]
    least = float(left[left > 0].min(initial=1.0))
    return (least - 1) / g if least > APART else -1 / g


def admissible(minima: Minima, edge: Edge, unit: float) -> bool:
    """``xi >= 0`` where the edge is held, no negative bulk where it is free.

    Beyond ``1 + gD = 0`` for the most negative curvature such data are excluded, and ``E[t^2]`` diverges like
    ``-ln xi``: the edge is held by a xi that is exponentially small, zero on any grid, which changes nothing else.
    """
    return minima.saddle.xi * unit >= -1e-9 if edge == "touching" else minima.stability >= -1e-9


def _guesses(landscape: GeneralizedLinearLandscape, alpha: float, s: float) -> list[Saddle]:
    """``c ~ g^2`` as for linear regression, ``g = 1/(sqrt(alpha) - 1)``, below the pole of ``1/(1 + gD)``."""
    floor = curvature_floor(landscape)
    top = -1 / floor if -np.inf < floor < 0 else np.inf
    unit = curvature_unit(landscape)
    base = 1 / max(np.sqrt(alpha) - 1, 0.2) / unit
    sizes = dict.fromkeys(min(base * factor, 0.7 * top) for factor in (1.0, 0.3, 0.1, 3.0))
    return [Saddle(float(g), float(g * g * k), 0.1 / unit, alpha, s) for g in sizes for k in (1.0, 3.0)]
