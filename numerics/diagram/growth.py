"""Over a diagram, from dynamics: how fast an overlap with the signal grows, and where it begins to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import brentq

from theory.end_states import single_minimum

from ..dynamics.growth_rate import LongTimeLimit, growth_rate
from ..dynamics.growth_threshold import FEWEST, TARGETS, extrapolated_threshold
from ..errors import ConvergenceError
from ..lowering import Array
from ..progress import Progress, silent
from ..provenance import Record
from ..quantity import Quantity
from ..study import Study, points_of, run
from .landscapes import Landscapes
from .overlay import DYNAMICS, Overlay
from .source import Source

T_MAX = 1e4
"""Of each run."""
BELOW = -0.1
"""Where, in ``1 - sqrt(f''(1))/g''(0)``, nothing should grow."""
REACH = 64.0
"""Over the line: y within which a signal of a given strength is sought."""
LABEL = "growth begins (two-time equations)"


@dataclass(frozen=True)
class Growth:
    """``lambda = d ln m/dt`` at late times, and ``1/lambda``, at a point of a diagram."""

    landscapes: Landscapes
    t_max: float

    def __call__(self, point: Mapping[str, Any]) -> dict[str, Quantity]:
        """By name."""
        found = growth_rate(self.landscapes(*point.values()), t_max=self.t_max)
        time = Quantity.absent(f"no exponential growth by t = {self.t_max:g}")
        if found.exponential:
            time = Quantity(*found.relaxation_time)
        return {"growth_rate": Quantity(*found.limit), "relaxation_time": time}


def growth_overlay(
    landscapes: Landscapes,
    source: Source,
    places: Sequence[float],
    about: Record,
    *,
    t_max: float = T_MAX,
    folder: Path | None = None,
    workers: int | None = 1,
    progress: Progress = silent,
    absent: Callable[[str], None] = lambda _: None,
) -> Overlay:
    """In a column above each place, y at which the rate of growth vanishes; the rates, above the line and below.

    Rates are measured at y near the line that ``source`` has; where they vanish is told by them alone. ``folder`` keeps
    each, and the same call goes on from it. ``absent`` is told why a place has no point.
    """
    columns: dict[float, list[float]] = {}
    for x in places:
        line = landscapes.threshold(source, x)
        if why := _unfit(landscapes, x, line):
            absent(f"{landscapes.x} = {x:g}: {why}")
        else:
            columns[x] = _column(landscapes, x, line)
    rows = [{landscapes.x: x, landscapes.y: y} for x, column in columns.items() for y in column]
    if not rows:
        raise ConvergenceError(
            f"{landscapes.x} = {', '.join(f'{x:g}' for x in places)}: nowhere can growth be followed"
        )
    where: Any = {"folder": folder, "workers": workers, "progress": progress}
    study = run(Growth(landscapes, t_max), points_of(rows), about={**about, "t_max": t_max}, **where)
    for reason in dict.fromkeys(study.failed.values()):
        absent(reason)
    found, ends = _numbers(study), []
    for x in columns:
        own = [row for row in found if row[0] == x and np.isfinite(row[4])]
        if len(own) < FEWEST:
            absent(f"{landscapes.x} = {x:g}: {len(own)} of {len(TARGETS)} rates are clearly above 0")
            continue
        controls, rates, errors = np.array(sorted(own, key=lambda row: row[2])).T[1:4]
        limits = [LongTimeLimit(*pair) for pair in zip(rates, errors, strict=True)]
        ends.append((x, *extrapolated_threshold(controls, limits)))
    x, y, error = np.reshape(np.array(ends), (-1, 3)).T
    names = (landscapes.x, landscapes.y, "growth_rate", "growth_rate_error", "relaxation_time", "relaxation_time_error")
    table = dict(zip(names, np.array(found).T, strict=True))
    return Overlay(DYNAMICS, LABEL, x, y, error, np.full(x.size, np.nan), table)


def _unfit(landscapes: Landscapes, x: float, line: float) -> str:
    """Why the threshold cannot be found from rates; empty if it can."""
    if not line > 0:
        return "there is no line of gradient flow above 0"
    if single_minimum(landscapes(x, line)):
        return "the flow ends in a single minimum, where the rate vanishes linearly"
    return ""


def _column(landscapes: Landscapes, x: float, line: float) -> list[float]:
    """y at which the signal has the strengths of ``TARGETS``, to six digits, and one on the other side of the line."""
    strength, found = landscapes.strength(x), []
    for target in (*TARGETS, BELOW):
        away = partial(lambda target, y: strength(y) - target, target)
        far = next((far for far in (line * REACH, line / REACH) if away(line) * away(far) < 0), None)
        if far is not None:
            found.append(float(f"{brentq(away, min(line, far), max(line, far), rtol=1e-6):.6g}"))
    return found


def _numbers(study: Study) -> list[tuple[float, ...]]:
    """x, y, rate, its error, relaxation time, its error; nan where there is none."""
    none = np.full(len(study.outcomes), np.nan)
    known = {str(column): quantity for column, quantity in study.columns.items()}
    columns: list[Array] = []
    for name in ("growth_rate", "relaxation_time"):
        quantity = known.get(name, Quantity(none))
        columns += [quantity.value, none if quantity.error is None else quantity.error]
    places = [[float(value) for value in row.values()] for row in study.points.rows]
    return [(*place, *row) for place, row in zip(places, np.transpose(columns).tolist(), strict=True)]
