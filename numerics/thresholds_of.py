"""Thresholds of any system."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

from theory.prediction import Threshold
from theory.system import System
from theory.systems import Landscape

from .errors import Interrupted
from .progress import Progress, part, silent
from .solve import solve_thresholds
from .threshold_values import Thresholds, ThresholdValue
from .thresholds import evaluate_thresholds


@singledispatch
def declared_thresholds(system: System) -> dict[str, Threshold]:
    """All that it has, by name."""
    return {p.name: p for p in system.predictions() if isinstance(p, Threshold)}


@declared_thresholds.register
def _(system: Landscape) -> dict[str, Threshold]:
    return {name: threshold for family, _ in system.families() for name, threshold in family.thresholds.items()}


@singledispatch
def thresholds_of(system: System, names: Sequence[str], digits: int = 15, progress: Progress = silent) -> Thresholds:
    """Those of these names, each by the solver of its law."""
    known = declared_thresholds(system)
    return solve_thresholds([known[name] for name in names], system.symbol_values, digits, progress)


@thresholds_of.register
def _(system: Landscape, names: Sequence[str], digits: int = 15, progress: Progress = silent) -> Thresholds:
    families = system.families()
    found: dict[str, ThresholdValue] = {}
    for number, (family, parameters) in enumerate(families):
        wanted = [name for name in names if name in family.thresholds]
        if wanted:
            own = part(progress, number, len(families))
            try:
                found |= evaluate_thresholds(family, parameters, digits, wanted, own)
            except Interrupted as error:
                found |= error.partial
                what = f"interrupted after {len(found)} of {len(names)} thresholds"
                raise Interrupted(what, Thresholds(found)) from error
    return Thresholds(found)
