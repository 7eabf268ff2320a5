"""Phase diagram of the spiked matrix-tensor model: every threshold line, with error bounds, as data and as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, log10
from typing import Any, ClassVar

import numpy as np
from sympy import Rational

from theory.printing import as_latex
from theory.systems import SpikedMatrixTensor

from .kept import Kept
from .lowering import Array
from .progress import Progress, silent
from .provenance import Record, as_csv, versions
from .quantity import Axis, Quantity
from .rounding import rounded_up
from .solution import Solution
from .storage import Format
from .thresholds import Locator, evaluate_table

TABLE_NOISES = ("0.1", "0.25", "0.5", "1", "2", "4", "10", "100")
"""``Delta_p`` of the table beside a diagram of the usual range."""
TABLE_DIGITS = 8


@dataclass(frozen=True, eq=False, repr=False)
class SpikedDiagram(Solution):
    """Threshold lines ``1/Delta_2`` at order p as functions of ``delta_p`` (one array entry for each point)."""

    p: int
    delta_p: Array
    lines: dict[str, Quantity]
    settings: Mapping[str, Any] = field(default_factory=dict)
    form: ClassVar[Format] = Format("ruggedflow phase diagram", 1, "phase_diagram")
    together: ClassVar[str] = r"$1/\Delta_2$"

    @property
    def axes(self) -> dict[str, Axis]:
        """``delta_p``."""
        return {"delta_p": Axis(self.delta_p, r"$\Delta_p$", logarithmic=True)}

    @property
    def quantities(self) -> dict[str, Quantity]:
        """The lines."""
        return self.lines

    def line(self, name: str) -> Array:
        """``1/Delta_2`` along a line, nan where it does not exist."""
        return np.asarray(self.lines[name].value)

    def edges(self) -> list[Array]:
        """Edges of the regions from the bottom up: impossible, hard, Bayes-AMP, ML-AMP, gradient flow, no minima.

        A line that does not exist leaves no region below it; regions do not overlap. Zero and infinity close the list.
        """
        easy = self.line("bayes_amp")
        possible = np.minimum(np.nan_to_num(self.line("information_theoretic"), nan=0.0), easy)
        ml_amp = np.maximum(self.line("ml_amp"), easy)
        flow = np.maximum(self.line("gradient_flow"), ml_amp)
        trivial = np.maximum(self.line("trivialization_any_overlap"), flow)
        return [np.zeros_like(easy), possible, easy, ml_amp, flow, trivial, np.full_like(easy, np.inf)]


def phase_diagram(
    p: int, delta_p: Array, progress: Progress = silent, kept: Kept[Quantity] | None = None
) -> SpikedDiagram:
    """Every threshold of ``SpikedMatrixTensor(p)`` in ``1/Delta_2`` at the noises ``delta_p > 0``.

    ``progress`` names each line when it is done; ``kept`` are those that are done already.
    """
    noises = np.asarray(delta_p, dtype=np.float64)
    if not (noises.ndim == 1 and noises.size and np.all(noises > 0) and np.all(np.isfinite(noises))):
        raise ValueError(f"delta_p = {delta_p} must be a list of positive numbers")
    family = SpikedMatrixTensor.family(p)
    locator, lines = Locator(family, noises), {}
    for number, name in enumerate(family.thresholds):
        task = (p, noises.tolist(), name)
        found = None if kept is None else kept.read(task)
        if found is None:
            found = locator(name).quantity(family.thresholds[name].meaning, "delta_p")
            if kept is not None:
                kept.write(task, found)
        lines[name] = found
        progress((number + 1) / len(family.thresholds), name)
    return SpikedDiagram(p, noises, lines, {"system": "spiked-matrix-tensor", "p": p})


def to_csv(diagrams: list[SpikedDiagram]) -> str:
    """All points of all diagrams as comma-separated values with a header."""
    return as_csv([{"p": diagram.p, **row} for diagram in diagrams for row in diagram.rows()])


COLUMNS = {
    "information_theoretic": "IT",
    "dynamic_spinodal": "spinodal",
    "bayes_amp": "AMP",
    "langevin": "Langevin",
    "ml_amp": "ML-AMP",
    "gradient_flow": "gradient flow",
    "trivialization": "triv.\\ ($m=0$)",
    "trivialization_connected": "triv.\\ (connected)",
    "trivialization_any_overlap": "triv.\\ (any $m$)",
}


def to_latex(orders: list[int], between: tuple[float, float] | None = None) -> str:
    """A booktabs table of thresholds ``1/Delta_2``, each to eight digits from its exact equation.

    Its noises are the usual ones, or round numbers ``between`` two (which are among them).
    """
    noises = TABLE_NOISES if between is None else round_numbers(*between)
    head = " & ".join(["$p$", r"$\Delta_p$", *COLUMNS.values()])
    lines = [
        r"% \usepackage{booktabs}",
        r"% Thresholds of the spiked matrix-tensor model in $1/\Delta_2$; a dash: no such threshold there.",
        rf"\begin{{tabular}}{{rr{'l' * len(COLUMNS)}}}",
        r"\toprule",
        rf"{head} \\",
    ]
    for p in orders:
        lines.append(r"\midrule")
        lines += _table_rows(p, noises)
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def round_numbers(low: float, high: float) -> tuple[str, ...]:
    """Both ends, and the numbers 1, 2, 5, 10, ... between them; only powers of ten where the range is wide."""
    decades = range(floor(log10(low)), ceil(log10(high)) + 1)
    leading = (1, 2, 5) if len(decades) <= 4 else (1,)
    inside = [text for k in decades for d in leading if low < float(text := f"{d}e{k}") < high]
    return tuple(f"{float(text):.12g}" for text in (repr(low), *inside, repr(high)))


def _table_rows(p: int, noises: Sequence[str]) -> list[str]:
    family = SpikedMatrixTensor.family(p)
    points = [{family.free[0]: Rational(noise)} for noise in noises]
    rows = []
    for noise, values in zip(noises, evaluate_table(family, points, TABLE_DIGITS, COLUMNS), strict=True):
        cells = [values[name].text() if values[name].exists else "--" for name in COLUMNS]
        rows.append(" & ".join([str(p), noise, *cells]) + r" \\")
    return rows


def to_record(diagrams: list[SpikedDiagram], command: str) -> Record:
    """What reproduces the diagram: versions, parameters, settings, and the equation and source of each line."""
    return {
        "system": "spiked-matrix-tensor",
        "command": command,
        "parameters": {"p": [d.p for d in diagrams], "delta_p": diagrams[0].delta_p.tolist()},
        "control": "inverse_delta_2",
        "largest_error": {f"p={d.p}": {k: _largest(v) for k, v in d.lines.items() if v.exists.any()} for d in diagrams},
        "thresholds": {f"p={d.p}": _definitions(d.p) for d in diagrams},
        "versions": versions(),
    }


def _definitions(p: int) -> dict[str, dict[str, str]]:
    return {
        name: {
            "meaning": threshold.meaning,
            "equation": "; ".join(f"{as_latex(e.lhs)} = {as_latex(e.rhs)}" for e in threshold.defining),
            "reference": threshold.reference,
        }
        for name, threshold in SpikedMatrixTensor.family(p).thresholds.items()
    }


def _largest(line: Quantity) -> float:
    return float(rounded_up(np.nanmax(line.error)))
