"""Over a diagram, from simulation: y at which half of the runs at finite N find the signal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import numpy as np

from theory.naming import called
from theory.systems import GeneralizedLinear

from ..errors import ConvergenceError
from ..generalized_linear.simulation import Recovery, recovery
from ..lowering import Array
from ..progress import Progress, part, silent
from ..recovery import SuccessPoint, success_points
from ..recovery.diagram import to_rows
from ..statistics import wilson
from .landscapes import DiagramLine, Landscapes
from .of_system import Varied
from .overlay import SIMULATION, Overlay
from .source import Source

STEP, FIRST, MOST = 1.25, 2, 12
"""Between the alphas of the runs of a loss; how many on either side to begin with; and how many more at most."""
T_MAX = 100.0
"""Of the runs of a loss, which end before where they come to rest."""


@dataclass(frozen=True)
class Runs:
    """How many, of which sizes, from which seed; a folder that keeps each; who hears why a place has no point."""

    sizes: tuple[int, ...] = (64, 128)
    samples: int = 64
    seed: int = 0
    workers: int | None = 1
    folder: Path | None = None
    absent: Callable[[str], None] = lambda _: None


def require_runs(landscapes: Landscapes, source: Source) -> None:
    """ValueError for a system whose runs have no signal to find, or whose thresholds are in something else."""
    if not isinstance(landscapes.system, GeneralizedLinear):
        landscapes.require("with_simulation", source)
    elif landscapes.y != "alpha":
        raise ValueError(f"{called('with_simulation')} needs thresholds in alpha, not in {landscapes.y}")


def success_overlays(
    landscapes: Landscapes, source: Source, places: Sequence[float], runs: Runs, progress: Progress = silent
) -> list[Overlay]:
    """One for each size. Runs are made at y where theory, or what runs nearby did, expects half of them to succeed."""
    require_runs(landscapes, source)
    if isinstance(landscapes.system, GeneralizedLinear):
        return _of_loss(landscapes, source, places, runs, progress)
    lines = [DiagramLine(landscapes, x, landscapes.threshold(source, x)) for x in places]
    for line in (line for line in lines if not line.onset > 0):
        runs.absent(f"{line}: there is no line of gradient flow above 0")
    options: Any = {"seed": runs.seed, "output": runs.folder, "workers": runs.workers, "absent": runs.absent}
    known = [line for line in lines if line.onset > 0]
    return of_successes(success_points(known, runs.sizes, runs.samples, progress=progress, **options))


def of_successes(points: Sequence[SuccessPoint]) -> list[Overlay]:
    """One for each size: where half of the runs succeed, beside what the two-time equations say for the same N."""
    overlays = []
    for size in sorted({point.size for point in points}):
        own = [point for point in points if point.size == size]
        rows = to_rows(own)
        columns = {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}
        # of the flagship, whose panels have an order each, the last parameter is x
        x = np.array([list(point.model.place.values())[-1] for point in own])
        y, error = np.transpose([point.crossing for point in own])
        expected = np.array([point.predicted for point in own])
        overlays.append(Overlay(SIMULATION, half(size), x, y, error, expected, columns))
    return overlays


def half(size: int, until: str = "") -> str:
    """What is marked."""
    return rf"half of the runs succeed{until}, $N = {size}$"


def _of_loss(
    landscapes: Landscapes, source: Source, places: Sequence[float], runs: Runs, progress: Progress
) -> list[Overlay]:
    if runs.folder is None:  # a folder spares what was run before a bracket grew
        with TemporaryDirectory() as folder:
            return _of_loss(landscapes, source, places, replace(runs, folder=Path(folder)), progress)
    overlays, varied = list[Overlay](), Varied(landscapes.system, landscapes.x)
    cells = [(size, x) for size in runs.sizes for x in places]
    for size in runs.sizes:
        found: dict[float, Recovery] = {}
        for x in places:
            tell = part(progress, cells.index((size, x)), len(cells))
            own = runs.folder / f"{landscapes.x}{x:g}"
            try:
                found[x] = _bracketed(cast(GeneralizedLinear, varied.at(x)), size, _near(source, x), runs, own, tell)
            except ConvergenceError as failure:
                runs.absent(f"{landscapes.x} = {x:g}: {failure}")
        if found:
            y, error = np.transpose([each.half for each in found.values()])
            columns = _columns(landscapes.x, found)
            overlays.append(
                Overlay(
                    SIMULATION,
                    half(size, f" by $t = {T_MAX:g}$"),
                    np.array([*found]),
                    y,
                    error,
                    np.full(y.size, np.nan),
                    columns,
                )
            )
    return overlays


def _near(source: Source, x: float) -> float:
    """The middle one of the lines there."""
    values = [float(line.value[0]) for line in source.at(np.array([x]), list(source.meanings)).values()]
    known = [value for value in values if np.isfinite(value) and value > 0]
    if not known:
        raise ConvergenceError("no line says where runs might begin to succeed")
    return float(np.median(known))


def _bracketed(system: GeneralizedLinear, size: int, near: float, runs: Runs, folder: Path, tell: Progress) -> Recovery:
    """Runs at alphas about ``near``, and further up or down until fewer than a half and more succeed at the ends."""
    low, high = -FIRST, FIRST
    for number in range(MOST):
        alphas = [float(f"{near * STEP**k:.3g}") for k in range(low, high + 1)]
        options: Any = {"t_max": T_MAX, "seed": runs.seed, "output": folder, "workers": runs.workers}
        found = recovery(system, size, alphas, runs.samples, progress=part(tell, number, MOST), **options)
        shares = found.succeeded / found.samples
        if shares[0] < 0.5 < shares[-1]:
            return found
        low, high = (low - FIRST, high) if shares[0] >= 0.5 else (low, high + FIRST)
    raise ConvergenceError(f"N = {size}: no half of the runs from alpha = {alphas[0]:g} to {alphas[-1]:g}")


def _columns(x: str, found: dict[float, Recovery]) -> dict[str, Array]:
    """A row for each alpha at which runs were made."""
    rows = []
    for place, own in found.items():
        share = wilson(own.succeeded, own.samples)
        for i, alpha in enumerate(own.alphas):
            counts = (own.size, alpha, own.samples[i], own.succeeded[i])
            rows.append((place, *counts, share.value[i], share.low[i], share.high[i], *own.half))
    names = (x, "size", "alpha", "samples", "successes", "probability", "low", "high", "crossing", "crossing_error")
    return dict(zip(names, np.array(rows).T, strict=True))
