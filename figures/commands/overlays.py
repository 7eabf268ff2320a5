"""`ruggedflow phase-diagram --with-dynamics --with-simulation`: points over a diagram of any two parameters."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.progress import part
from numerics.provenance import Record
from theory.domain import Real

from .progress import fraction, going_on

if TYPE_CHECKING:
    from numerics.diagram.landscapes import Landscapes
    from numerics.diagram.of_system import Range
    from numerics.diagram.overlay import Overlay
    from numerics.diagram.source import Source
    from numerics.diagram.success import Runs

TABLES = {"dynamics": "dynamics.csv", "simulation": "simulation.csv"}
"""By kind; what is finished is kept in folders of the same names."""
SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Of the x axis, where points are unless places are given."""


@dataclass(frozen=True)
class Wanted:
    """Which ``kinds`` of points, at which places in x, and the runs of those from simulation."""

    kinds: tuple[str, ...]
    places: tuple[float, ...]
    runs: Runs

    @classmethod
    def of(cls, kinds: Sequence[str], at: Sequence[float] | None, x: Range, whole: bool, runs: Runs) -> Wanted:
        """``ValueError`` for a place that is not on the axis."""
        if at is not None:
            return cls(tuple(kinds), tuple(sorted({Real(*x.ends).accept("measure_at", value) for value in at})), runs)
        if whole:
            return cls(tuple(kinds), tuple(np.arange(np.ceil(x.low), x.high + 0.5).tolist()), runs)
        shares = np.array(SHARES)
        spread = x.low * (x.high / x.low) ** shares if x.logarithmic else x.low + (x.high - x.low) * shares
        return cls(tuple(kinds), tuple(float(f"{value:.3g}") for value in spread), runs)

    def require(self, landscapes: Landscapes, source: Source) -> None:
        """``ValueError`` where the system has no such points."""
        from numerics.diagram.success import require_runs

        if "dynamics" in self.kinds:
            landscapes.require("with_dynamics", source)
        if "simulation" in self.kinds:
            require_runs(landscapes, source)

    def found(self, landscapes: Landscapes, source: Source, about: Record, folder: Path | None) -> list[Overlay]:
        """With a bar; what is in the folder already is not computed again, so that an interruption loses nothing."""
        from numerics.diagram.growth import growth_overlay
        from numerics.diagram.success import success_overlays

        overlays: list[Overlay] = []
        with fraction() as progress, going_on(folder):
            for number, kind in enumerate(self.kinds):
                tell, own = part(progress, number, len(self.kinds)), None if folder is None else folder / kind
                where: dict[str, Any] = {"folder": own, "workers": self.runs.workers, "absent": absent}
                if kind == "dynamics":
                    overlays.append(growth_overlay(landscapes, source, self.places, about, progress=tell, **where))
                else:
                    runs = replace(self.runs, **where)
                    overlays += success_overlays(landscapes, source, self.places, runs, tell)
        return overlays


def absent(reason: str) -> None:
    """Said at once: the rest goes on."""
    sys.stderr.write(f"ruggedflow: a point is left out: {reason}\n")
