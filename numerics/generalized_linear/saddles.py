"""Complexity of all critical points, and of those with a given fraction of negative directions, at overlap q."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theory.generalized_linear import CriticalPointAction
from theory.generalized_linear.symbols import (
    ALPHA,
    FORCE_DUAL,
    INDEX_DUAL,
    PLANTED_OVERLAP,
    RESOLVENT_IMAGINARY,
    RESOLVENT_REAL,
    SIGNAL_DUAL,
    TILT,
)

from ..errors import ConvergenceError
from ..lowering import Array, lower
from .field_law import FieldLaw, Values, law_of, tilt_values
from .minima import Minima, Population
from .newton import solved

THEORY = CriticalPointAction()
EXPLICIT = (FORCE_DUAL, RESOLVENT_REAL, RESOLVENT_IMAGINARY, INDEX_DUAL, PLANTED_OVERLAP)
OBSERVABLES = (*THEORY.resolvent_equations, *THEORY.stationarity[2:], THEORY.energy, THEORY.index)


@dataclass(frozen=True)
class ComplexSaddle:
    """Parameters of the action: the resolvent at zero ``real + i imaginary``, c, theta, alpha, the tilt s by the energy
    and ``slope`` lambda by the index."""

    real: float
    imaginary: float
    c: float
    alpha: float
    s: float = 0.0
    theta: float = 0.0
    slope: float = 0.0

    def polar(self) -> dict[str, float]:
        """The unknowns of the solver. ``pressure = -lambda g_i/pi`` is xi where ``g_i`` vanishes."""
        return {
            "size": float(np.hypot(self.real, self.imaginary)),
            "angle": float(np.arctan2(self.imaginary, self.real)),
            "pressure": -self.slope * self.imaginary / np.pi,
            "c": self.c, "theta": self.theta, "s": self.s, "alpha": self.alpha,
        }  # fmt: skip

    def symbols(self, overlap: float) -> Values:
        """By the symbols of the theory."""
        return {
            RESOLVENT_REAL: self.real, RESOLVENT_IMAGINARY: self.imaginary, FORCE_DUAL: self.c, ALPHA: self.alpha,
            TILT: self.s, SIGNAL_DUAL: self.theta, INDEX_DUAL: self.slope, PLANTED_OVERLAP: overlap,
        }  # fmt: skip


@dataclass(frozen=True)
class CriticalPoints:
    """Critical points counted by the action: ``sigma``, ``energy`` per dimension, ``index`` k (fraction of negative
    directions) and the saddle."""

    sigma: float
    energy: float
    index: float
    saddle: ComplexSaddle


def law_at(population: Population, saddle: ComplexSaddle) -> FieldLaw:
    """Data at such critical points."""
    data = population.data
    return law_of(
        data, tilt_values(data, THEORY.functional.tilt, saddle.symbols(population.overlap)), population.labels
    )


def count(population: Population, saddle: ComplexSaddle) -> tuple[CriticalPoints, Array]:
    """What is counted there, and the residuals of the equations of ``g_r``, ``g_i``, c and theta, of order one."""
    law, scalars = law_at(population, saddle), saddle.symbols(population.overlap)
    real, imaginary, force, signal, energy, index = law.evaluate(OBSERVABLES, scalars)
    explicit = float(lower(EXPLICIT, [THEORY.functional.explicit])(*(scalars[x] for x in EXPLICIT))[0])
    sigma = explicit + saddle.alpha * law.log_mass + saddle.s * energy - saddle.slope * index
    size = np.hypot(saddle.real, saddle.imaginary)
    signal = signal / population.unit if population.at_overlap else 0.0
    residuals = np.array([size * real, size**2 / saddle.imaginary * imaginary, saddle.c * force, signal])
    return CriticalPoints(sigma, energy, index, saddle), residuals


def solve_critical_points(
    population: Population,
    start: ComplexSaddle,
    *,
    angle: float | None = None,
    index: float | None = None,
    energy: float | None = None,
    sigma_zero: bool = False,
) -> CriticalPoints:
    """The saddle near ``start``: with a given ``angle`` of the complex resolvent, else of a given index, else the one
    with ``lambda = 0``. A given energy determines s, ``sigma_zero`` alpha, which are fixed otherwise.

    Raises ConvergenceError for none.
    """
    names = ["size", "c"]
    names += ["angle"] if angle is None else []
    names += ["pressure"] if angle is not None or index is not None else []
    names += ["theta"] if population.at_overlap else []
    names += ["s"] if energy is not None else []
    names += ["alpha"] if sigma_zero else []
    known = start.polar() | ({} if angle is None else {"angle": angle})
    if angle is None and index is None:
        known["pressure"] = 0.0

    def residuals(values: dict[str, float]) -> list[float]:
        found, basic = count(population, _from_polar(values))
        rows = list(basic if population.at_overlap else basic[:3])
        rows += [found.energy / energy - 1] if energy is not None else []
        rows += [found.index / index - 1] if index is not None else []
        rows += [found.sigma] if sigma_zero else []
        return rows

    return count(population, _from_polar(solved(residuals, known, names, population.unit)))[0]


def _from_polar(values: dict[str, float]) -> ComplexSaddle:
    """From ``|g|``, ``arg g``, ``pressure = -lambda g_i/pi`` and the rest."""
    real, imaginary = (values["size"] * f(values["angle"]) for f in (np.cos, np.sin))
    slope = -np.pi * values["pressure"] / imaginary
    rest = {name: values[name] for name in ("c", "theta", "s", "alpha")}
    return ComplexSaddle(real, imaginary, slope=slope, **rest)


def spectrum_of_indices(
    population: Population, minima: Minima, *, energy: float | None = None, steps: int = 32
) -> list[CriticalPoints]:
    """``Sigma(q, k)``: critical points of every index k that is reached from minima whose bulk touches zero.

    Followed in the angle of the resolvent, which grows from 0 at ``k = 0`` to pi at ``k = 1``; in k where it turns
    back. Stops where it is lost.
    """
    path: list[CriticalPoints] = []
    here, stride = as_critical_points(minima), np.pi / steps
    while stride > 1e-3 and here.polar()["angle"] + stride < np.pi * (1 - 1e-3):
        found = _next(population, here, path[-1] if path else None, stride, energy)
        if found is None:
            stride /= 2
            continue
        here = found.saddle
        path.append(found)
    return path


def _next(
    population: Population, here: ComplexSaddle, last: CriticalPoints | None, stride: float, energy: float | None
) -> CriticalPoints | None:
    """By a larger angle, else by a larger index; None where neither is found on the same branch."""
    further = last.index + stride / np.pi if last else 1.0
    options = [(here.polar()["angle"] + stride, None), *([(None, further)] if further < 1 else [])]
    for angle, index in options:
        try:
            found = solve_critical_points(population, here, angle=angle, index=index, energy=energy)
        except ConvergenceError:
            continue
        if last is None or _same_branch(last, found):
            return found
    return None


def _same_branch(last: CriticalPoints, found: CriticalPoints) -> bool:
    """Whether Sigma changes by its slope: ``d Sigma = -lambda dk``."""
    change = found.sigma - last.sigma
    expected = -(last.saddle.slope + found.saddle.slope) / 2 * (found.index - last.index)
    return bool(found.index > last.index and abs(change - expected) < 0.01 + 0.3 * abs(change))


def as_critical_points(minima: Minima) -> ComplexSaddle:
    """Minima as the limit of critical points of vanishing index, ``-lambda g_i/pi = xi``."""
    at = minima.saddle
    imaginary = 1e-4 * at.g
    return ComplexSaddle(at.g, imaginary, at.c, at.alpha, at.s, at.theta, -np.pi * at.xi / imaginary)
