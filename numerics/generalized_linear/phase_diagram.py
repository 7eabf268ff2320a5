"""Phase diagram of phase retrieval in the plane of alpha and of the softening a: named lines with errors, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from theory.systems.phase_retrieval import PhaseRetrieval

from ..kept import Kept, kept_in, sweep_kept
from ..lowering import Array
from ..progress import Progress, counting, silent
from ..provenance import Record, as_csv, versions
from ..quantity import Axis, Quantity
from ..solution import Solution
from ..storage import Format
from ..threshold_values import ThresholdValue
from .thresholds import evaluate_critical
from .topology import OVERLAPS, Line, overlap_lines

LINES = (
    "bbp_initial",
    "bbp_kac_rice_dominant_quenched",
    "bbp_kac_rice_dominant_annealed",
    "bbp_threshold_1rsb",
    "bbp_ground_state_frsb",
    "bbp_kac_rice_zero_complexity",
)


@dataclass(frozen=True, eq=False, repr=False)
class RetrievalDiagram(Solution):
    """``lines[name][i]`` at ``softening[i]``; ``overlaps`` are lines of alpha against q at the softening ``panel``."""

    softening: Array
    lines: dict[str, list[ThresholdValue]]
    panel: float
    overlaps: dict[str, Line]
    settings: Mapping[str, Any] = field(default_factory=dict)
    form: ClassVar[Format] = Format("ruggedflow phase diagram of phase retrieval", 1, "retrieval_diagram")
    together: ClassVar[str] = r"$\alpha$"
    parts: ClassVar[tuple[type, ...]] = (ThresholdValue, Line)

    @property
    def axes(self) -> dict[str, Axis]:
        """``a``, and the overlap ``q`` at ``a = panel``."""
        overlap = [Axis(line.overlap, "$q$") for line in self.overlaps.values()]
        return {"a": Axis(self.softening, "$a$", logarithmic=True)} | ({"q": overlap[0]} if overlap else {})

    @property
    def quantities(self) -> dict[str, Quantity]:
        """The lines over ``a``, and those over ``q``."""
        along_q = {name: Quantity(line.alpha, None, over=("q",)) for name, line in self.overlaps.items()}
        return {name: _joined(points) for name, points in self.lines.items()} | along_q

    def line(self, name: str) -> Array:
        """alpha along a line, nan where there is none."""
        return np.asarray(self.quantities[name].value)


def _joined(points: Sequence[ThresholdValue]) -> Quantity:
    """Thresholds at every a as one array."""
    value, error = (
        np.array([np.nan if x is None else x for x in row], dtype=np.float64)
        for row in zip(*((p.value, p.error) for p in points), strict=True)
    )
    return Quantity(value, error, points[0].meaning, over=("a",), notes=tuple(p.note for p in points))


def retrieval_diagram(
    softening: Sequence[float] | Array,
    *,
    panel: float = 1.0,
    overlaps: Array = OVERLAPS,
    lines: Sequence[str] = LINES,
    workers: int | None = 1,
    progress: Progress = silent,
    keep: Path | None = None,
) -> RetrievalDiagram:
    """Every named threshold of ``PhaseRetrieval(a)`` at each a > 0, and the lines in (alpha, q) at ``a = panel``.

    ``progress`` counts the values. The folder ``keep`` holds those that are done; what it holds is not computed again.
    Raises ValueError for a softening that is not positive, ``Interrupted`` on Ctrl-C.
    """
    values = np.asarray(softening, dtype=np.float64)
    if not (values.ndim == 1 and values.size and np.all(values > 0) and np.all(np.isfinite(values))):
        raise ValueError(f"softening = {softening} must be a list of positive numbers; try [0.01, 0.1, 1]")
    points = [(name, float(a)) for name in lines for a in values]
    done = counting(progress, len(points) + 1, "values")
    where: dict[str, Any] = {"workers": workers, "name": lambda point: f"{point[0]} at a = {point[1]:g}"}
    kept = None if keep is None else in_folder(keep)
    found = sweep_kept(_threshold, points, kept, done=done, what="thresholds", **where)
    table = {name: found[i * len(values) : (i + 1) * len(values)] for i, name in enumerate(lines)}
    at_panel = overlap_lines(PhaseRetrieval(panel), overlaps=overlaps)
    done()
    return RetrievalDiagram(values, table, panel, at_panel, {"system": "phase-retrieval", "a of the lines in q": panel})


def _threshold(point: tuple[str, float]) -> ThresholdValue:
    name, a = point
    return evaluate_critical(PhaseRetrieval(a), [name])[name]


def in_folder(folder: Path) -> Kept[ThresholdValue]:
    """Where thresholds are kept."""
    return kept_in(folder, ThresholdValue)


def to_csv(diagram: RetrievalDiagram) -> str:
    """The lines in (a, alpha) as comma-separated values with a header."""
    return as_csv(diagram.rows())


def overlaps_to_csv(diagram: RetrievalDiagram) -> str:
    """The lines in (q, alpha) at one a."""
    return as_csv([{"a": diagram.panel, **row} for row in diagram.rows("q")])


def to_record(diagram: RetrievalDiagram, command: str) -> Record:
    """What the lines mean, how they were computed, and every value with its error and remarks."""
    lines = {
        name: {
            "meaning": points[0].meaning,
            "reference": points[0].reference,
            "alpha": [p.value if p.exists else None for p in points],
            "error": [p.error if p.exists else None for p in points],
            "note": [p.note for p in points],
        }
        for name, points in diagram.lines.items()
    }
    overlaps = {
        name: {"q": line.overlap.tolist(), "alpha": [float(x) if np.isfinite(x) else None for x in line.alpha]}
        for name, line in diagram.overlaps.items()
    }
    return {
        "command": command,
        "versions": versions(),
        "a": diagram.softening.tolist(),
        "lines": lines,
        "overlap_panel": {"a": diagram.panel, "labels": "quenched", "lines": overlaps},
    }
