"""What a check returns: every number that was compared, the verdict, and what to draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from html import escape
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..lowering import Array
from ..provenance import Record, versions
from ..quantity import with_error
from ..table import Table
from .comparison import Comparison
from .verdict import Judgement, Verdict, judge

EXIT_STATUS: dict[Verdict, int] = {"agree": 0, "disagree": 1, "undecided": 3}


@dataclass(frozen=True, eq=False)
class Series:
    """One curve (``error`` None: theory) or one set of points with error bars (simulation).

    What has the same ``colour``, a small integer, belongs together. An empty ``label`` stays out of the legend.
    """

    label: str
    x: Array
    y: Array
    error: Array | None = None
    colour: int = 0

    @classmethod
    def theory(cls, label: str, x: ArrayLike, y: ArrayLike, colour: int = 0) -> Series:
        """A curve."""
        return cls(label, _array(x), _array(y), None, colour)

    @classmethod
    def simulation(cls, label: str, x: ArrayLike, y: ArrayLike, error: ArrayLike, colour: int = 0) -> Series:
        """Points with standard errors."""
        return cls(label, _array(x), _array(y), _array(error), colour)


@dataclass(frozen=True, eq=False)
class Panel:
    """One pair of axes; labels may hold ``$...$``."""

    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    x_scale: str = "linear"
    y_scale: str = "linear"


@dataclass(frozen=True, eq=False, repr=False)
class Report:
    """The outcome of a check.

    Attributes
    ----------
    name
        As in ``CHECKS``.
    comparisons
        At least one.
    settings
        What it takes to run it again, as plain numbers and text.
    panels
        What its figure shows; the figure adds the z-scores.
    remarks
        Sentences on what was extrapolated and how, and on anything a reader should know.
    """

    name: str
    comparisons: tuple[Comparison, ...]
    settings: Mapping[str, Any]
    panels: tuple[Panel, ...] = ()
    remarks: tuple[str, ...] = field(default=())

    @cached_property
    def judgement(self) -> Judgement:
        """By the rule of ``numerics.checks.verdict``."""
        return judge(self.comparisons)

    @property
    def verdict(self) -> Verdict:
        """``"agree"``, ``"disagree"`` or ``"undecided"``."""
        return self.judgement.verdict

    @property
    def z(self) -> float:
        """The z-score that is largest in absolute value."""
        return self.judgement.z

    @property
    def message(self) -> str:
        """One sentence."""
        return self.judgement.message

    @property
    def exit_status(self) -> int:
        """0 agree, 1 disagree, 3 undecided."""
        return EXIT_STATUS[self.verdict]

    def table(self) -> Table:
        """A row for each comparison; a size of infinity is one that was extrapolated to."""
        return Table(("comparison", "N", "theory", "simulation", "z"), [_row(c) for c in self.comparisons])

    def __str__(self) -> str:
        return "\n".join([f"{self.name}: {self.verdict}", str(self.table()), self.message, *self.remarks])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        after = "<br>".join(map(escape, (self.message, *self.remarks)))
        return f"<pre>{escape(f'{self.name}: {self.verdict}')}</pre>{self.table()._repr_html_()}<p>{after}</p>"

    def record(self) -> Record:
        """All of it but the panels, for JSON; ``degrees`` is None where the errors are Gaussian."""
        return {
            "check": self.name,
            "verdict": self.verdict,
            "z": self.z,
            "p_value": self.judgement.p_value,
            "message": self.message,
            "remarks": list(self.remarks),
            "settings": dict(self.settings),
            "comparisons": [{**asdict(c), "z": c.z} for c in self.comparisons],
            "versions": versions(),
        }


def _row(c: Comparison) -> list[str]:
    size = "∞" if c.size is None else str(c.size)
    theory = with_error(c.predicted, c.predicted_error) if c.predicted_error else f"{c.predicted:.6g}"
    return [c.label, size, theory, with_error(c.measured, c.measured_error), f"{c.z:+.2f}"]


def _array(values: ArrayLike) -> Array:
    return np.atleast_1d(np.asarray(values, dtype=np.float64))
