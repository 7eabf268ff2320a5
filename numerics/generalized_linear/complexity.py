"""Complexity at overlap q with its error: all critical points, minima, or a given fraction of negative directions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from sympy import Rational

from theory.generalized_linear import GeneralizedLinearLandscape, HessianSpectrum
from theory.generalized_linear.symbols import ALPHA
from theory.naming import called

from ..errors import ConvergenceError
from ..quantity import Axis, Quantity
from ..solution import Solution
from ..storage import Format
from .curvature import curvature_floor
from .field_law import FieldLaw, Labels
from .minima import Minima, Population, lowest_curvature
from .quadrature import REACH
from .saddle_search import ROUGH, Found, Kind, from_more_data, polished, rough_minima, search
from .saddles import CriticalPoints, law_at, solve_critical_points
from .singular import none_found, outnumbered, singular_end
from .spectrum import HessianEdge, LabelSpectrum, radial_force

STEPS = (0.1, 0.05, 0.025)
AGREED = 1e-9
RESOLVED = 3.0
"""Nodes, at least, that a law of the fields has to be spread over; Gaussians on three are known to 1e-3 or better."""
ELSEWHERE = (1.05, 0.95)
"""Times the energy found, where Sigma is compared."""
SAME = 1e-7
"""Change of Sigma, at most, and tilt times energy, at most, where Sigma does not depend on the energy."""
UNSEEN = 0.1
"""Share of the data, at most, whose force changes by more than its width ``1/sqrt(c)`` between two nodes."""
NAMED = ("total", "minima", "marginal")
"""Kinds that have a name."""
CUT_OFF = 1e-9
"""Probability, at most, of fields as large as any that are looked at."""


@dataclass(frozen=True, eq=False, repr=False)
class Complexity(Solution):
    """Critical points of one kind at overlap q.

    ``sigma`` with ``error``; ``energy`` per dimension; ``index``, fraction of negative eigenvalues; ``tilt`` s, the
    slope of ``Sigma`` in the energy; ``hessian`` the lower end of the spectrum: its edge, b there, and the outlier
    along the signal; ``unit``, how large the loss is. ``stable``: nothing of the spectrum lies below zero.
    ``flat``: why there is no energy, index or Hessian (all nan), where Sigma is the same over a range of energies.
    """

    kind: Kind
    sigma: float
    error: float
    energy: float
    index: float
    tilt: float
    hessian: HessianEdge
    unit: float = 1.0
    settings: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""
    form: ClassVar[Format] = Format("ruggedflow complexity of a loss", 1, "complexity")
    parts: ClassVar[tuple[type, ...]] = (HessianEdge,)

    @property
    def axes(self) -> dict[str, Axis]:
        """None."""
        return {}

    @property
    def quantities(self) -> dict[str, Quantity]:
        """``sigma, energy, index, tilt``, and of the Hessian ``edge, attraction, outlier``."""
        outlier = self.hessian.outlier
        return {
            "sigma": Quantity(self.sigma, self.error, "complexity, annealed over the inputs"),
            "energy": Quantity(self.energy, None, "energy per dimension", self.flat),
            "index": Quantity(self.index, None, "fraction of negative eigenvalues"),
            "tilt": Quantity(self.tilt, None, "slope of the complexity in the energy"),
            "edge": Quantity(self.hessian.edge, None, "edge of the bulk of the Hessian"),
            "attraction": Quantity(self.hessian.attraction, None, "b at the edge"),
            "outlier": Quantity(outlier, None, "outlier along the signal", "b <= 1" if np.isnan(outlier) else ""),
        }

    @property
    def flat(self) -> str:
        """Why there is no energy; empty where there is one."""
        if not np.isnan(self.energy):
            return ""
        return f"Sigma is the same over a range of energies: none is that of the most numerous, give {called('energy')}"

    @property
    def stable(self) -> bool:
        """Whether these are minima, outlier included."""
        lowest = self.hessian.edge if np.isnan(self.hessian.outlier) else self.hessian.outlier
        return bool(lowest >= -1e-6 * self.unit)


def complexity(
    landscape: GeneralizedLinearLandscape,
    alpha: float,
    kind: Kind = "minima",
    *,
    overlap: float = 0.0,
    energy: float | None = None,
    labels: Labels = "quenched",
) -> Complexity:
    """``Sigma`` of critical points of one kind at overlap q, at a given energy or at that of the most numerous.

    Annealed over the inputs, so that it is never below the typical one; over the labels as ``labels`` says.
    ``"minima"`` are the critical points whose bulk is not below zero: their outlier along the signal may be (``stable``
    says); ``"marginal"`` those whose bulk ends at zero, whatever their number among
    the former. The error is the change between the two finest grids. Raises ValueError for arguments out of range,
    ConvergenceError where there are no such critical points or none is found.
    """
    _check(kind, energy)
    name = kind if kind == "total" else "minima" if kind in NAMED else ""
    limit = singular_end(landscape, alpha, overlap, labels, name, energy) if name else None
    try:
        population, found, error = _solved(landscape, alpha, overlap, labels, kind, energy, singular=limit is not None)
    except ConvergenceError as failure:
        if limit is None:
            raise
        raise ConvergenceError(none_found(limit, name, str(failure))) from failure
    if limit and kind != "marginal" and limit.sigma > found.sigma + error:
        raise ConvergenceError(outnumbered(limit, name))
    result = described(population, found, kind, error)
    if kind == "total" and energy is None and _is_flat(replace(population, step=STEPS[0]), found):
        nowhere = HessianEdge(np.nan, np.nan, np.nan, np.nan, np.nan, False)
        result = replace(result, energy=np.nan, index=np.nan, hessian=nowhere)
    asked = {"landscape": repr(landscape), "alpha": alpha, "kind": kind, "overlap": overlap, "energy": energy}
    message = (
        "minima: nothing of the spectrum lies below zero" if result.stable else "part of the spectrum lies below zero"
    )
    return replace(result, settings={**asked, "labels": labels}, message=result.flat or message)


def _is_flat(population: Population, found: Found) -> bool:
    """Whether critical points of another energy are as many, as eigenvectors of a matrix are."""
    if isinstance(found, Minima):
        return False
    for ratio in ELSEWHERE:
        try:
            other = solve_critical_points(population, found.saddle, energy=ratio * found.energy)
        except ConvergenceError:
            continue
        return abs(other.saddle.s * other.energy) < SAME and abs(other.sigma - found.sigma) < SAME
    return False


def _solved(
    landscape: GeneralizedLinearLandscape,
    alpha: float,
    overlap: float,
    labels: Labels,
    kind: Kind,
    energy: float | None,
    *,
    singular: bool,
) -> tuple[Population, Found, float]:
    """The saddle on the finest grid, and the change of Sigma between the two finest on which it is found."""
    rough, coarse = _start(landscape, alpha, overlap, labels), Population(landscape, labels, overlap, ROUGH)
    if not isinstance(rough, str):
        found = _found(coarse, kind, rough, energy)
    elif kind == "minima" and not singular:
        found = _followed(replace(coarse, step=STEPS[0]), alpha, energy, rough)
    else:
        others = "" if kind == "minima" else f"critical points of kind {kind} are looked for from minima, and "
        raise ConvergenceError(others + rough)
    error, population = np.inf, coarse
    for step in STEPS:
        finer = replace(coarse, step=step)
        try:
            before, found = found, polished(finer, found, kind, energy)
        except ConvergenceError:
            if step == STEPS[-1] and np.isinf(error):
                raise
            continue
        population = finer
        if step < STEPS[0]:
            error = abs(found.sigma - before.sigma) + 1e-13
            if error < AGREED:
                break
    require_resolved(population, found)
    if kind == "total" and isinstance(found, Minima) and found.saddle.xi > 0:
        raise ConvergenceError("the most numerous critical points are not minima, and were not found")
    return population, found, float(error)


def _followed(population: Population, alpha: float, energy: float | None, trouble: str) -> Found:
    """Minima from more data; else what the ``trouble`` is without."""
    try:
        return from_more_data(population, alpha, energy)
    except ConvergenceError:
        raise ConvergenceError(trouble) from None


@lru_cache(maxsize=32)
def _start(landscape: GeneralizedLinearLandscape, alpha: float, overlap: float, labels: Labels) -> Minima | str:
    """The most numerous minima on the coarsest grid, or why there are none."""
    try:
        return rough_minima(landscape, alpha, overlap, labels)
    except ConvergenceError as failure:
        return str(failure)


def _found(population: Population, kind: Kind, rough: Minima, energy: float | None) -> Found:
    """On the coarsest grid, else on the next (laws are narrow at small alpha, and some are between its nodes)."""
    try:
        return search(population, kind, rough, energy)
    except ConvergenceError as failure:
        try:
            return search(replace(population, step=STEPS[0]), kind, rough, energy)
        except ConvergenceError:
            if energy is None:
                raise
            raise failure from None


def _check(kind: Kind, energy: float | None) -> None:
    if not (kind in NAMED or (not isinstance(kind, str) and 0 < kind < 1)):
        names = ", ".join(map(repr, NAMED))
        raise ValueError(f"kind = {kind!r} must be {names} or a fraction between 0 and 1; try 'minima'")
    if energy is not None and not (np.isfinite(energy) and energy != 0):
        raise ValueError(f"energy = {energy} must be a number other than zero; try energy = 0.5")


def _law(population: Population, found: Found) -> FieldLaw:
    """Of the data."""
    return law_at(population, found.saddle) if isinstance(found, CriticalPoints) else population.law(found.saddle)


def require_resolved(population: Population, found: Found) -> None:
    """Raise ConvergenceError for a law that the grid does not hold: too narrow, or beyond its end."""
    law = _law(population, found)
    nodes, beyond = law.nodes, law.at_the_end
    spacing = np.sqrt(found.saddle.c) * np.abs(law.data.fields[4]) * law.data.weight_u
    if nodes < RESOLVED or law.probability[spacing > 1].sum() > UNSEEN:
        narrow = f"the law of their fields is narrower than the grid ({nodes:.2g} nodes)"
        raise ConvergenceError(f"no critical points found: {narrow}, as where nearly all data are fitted")
    if beyond > CUT_OFF:
        raise ConvergenceError(
            f"no critical points found: a share {beyond:.1g} of the data has fields beyond {REACH:g}"
        )


def described(population: Population, found: Found, kind: Kind, error: float = np.nan) -> Complexity:
    """What is known at a saddle."""
    saddle = found.saddle
    law = _law(population, found)
    if isinstance(found, CriticalPoints):
        floor, index = curvature_floor(population.landscape), found.index
    else:
        floor, index = lowest_curvature(population, found.saddle.g), 0.0
    hessian = hessian_of(population, law, floor, saddle.alpha)
    return Complexity(kind, found.sigma, error, found.energy, index, saddle.s, hessian, population.unit)


def hessian_of(population: Population, law: FieldLaw, floor: float, alpha: float) -> HessianEdge:
    """Edge and outlier of the Hessian under a law of the data at overlap q, with curvatures above ``floor``."""
    if not np.isfinite(floor):
        return HessianEdge(-np.inf, 0.0, np.nan, np.nan, 0.0, False)
    theory = HessianSpectrum(overlap=Rational(repr(population.overlap)))
    multiplier = law.evaluate((radial_force(),), {ALPHA: alpha})[0]
    return LabelSpectrum(law, floor, theory, population.unit).hessian(alpha, multiplier)
