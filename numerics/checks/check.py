"""What a check declares, and the one way in which all of them run.

Prediction beside measurement, case by case: each case is drawn at several sizes N, the means of what is measured are
extrapolated to infinite size, and every ``Row`` of the prediction becomes a comparison there. What does not fit into
this, such as a theory of finite N, draws its own conclusion from the same samples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, cast

import numpy as np

from ..extrapolation import SMOOTH, Limits, SizeLaw, limits
from ..kept import Kept, kept_in, source_of
from ..lowering import Array
from ..progress import Progress, silent
from ..statistics import Means, means
from .comparison import Comparison
from .panels import Curve, Entry, Row, drawn
from .plan import P, Point, Run
from .report import Panel, Report

Measured = Array | tuple[Array, Array]
"""Observables (K,) or (samples, K), and controls (c,) or (samples, c) whose means are exactly 0."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What was measured in one case: ``samples`` of observables (n, K) and of controls (n, c), by size."""

    samples: Mapping[int, tuple[Array, Array]]
    law: SizeLaw | Sequence[SizeLaw] = SMOOTH

    @cached_property
    def groups(self) -> list[Means]:
        """Means of each size."""
        return [means(size, *arrays) for size, arrays in self.samples.items()]

    @cached_property
    def limits(self) -> Limits:
        """At infinite size."""
        return limits(self.groups, self.law)


@dataclass(frozen=True)
class Findings:
    """Besides the rows: what else is compared, drawn and said."""

    comparisons: Sequence[Comparison] = ()
    panels: Sequence[Panel] = ()
    remarks: Sequence[str] = ()


@dataclass(frozen=True, eq=False)
class Check(Generic[P]):
    """A prediction, an experiment, and the deviation that the comparison of the two has to see.

    Attributes
    ----------
    name, description, systems
        One word; one line; the names of the systems that it is about.
    reason
        Of the resolution, a sentence: which other theory, or which error, it is to exclude.
    doing
        What is simulated, for whoever waits.
    default, quick
        How much of it; ``quick`` has fewer samples and smaller sizes.
    count
        Number of cases, as a function of the plan.
    measure
        A function of a module, so that workers find it, from a ``Point`` to what is measured there.
    predict
        ``Row`` for each number and ``Curve`` for each line of the figure, of a case; ``axis`` is what rows lie along.
    laws
        Of extrapolation, as a function of plan and case: one for all observables, or one for each.
    theory_mistakes, simulation_mistakes
        Deliberate ones by name, each with the value that is no mistake: a check has to be able to fail. The latter are
        known to ``measure``.
    conclude
        What is found besides the rows.
    sites
        Of a point, about: small sizes go many samples at a time.
    remarks, facts
        Sentences on what was done, and what the record tells besides the plan.
    """

    name: str
    description: str
    reason: str
    doing: str
    default: P
    quick: P
    count: Callable[[P], int]
    measure: Callable[[Point[P]], Measured]
    predict: Callable[[Run[P], int], Sequence[Row | Curve]] = lambda _run, _case: ()
    axis: str = ""
    laws: Callable[[P, int], SizeLaw | Sequence[SizeLaw]] = lambda _plan, _case: SMOOTH
    theory_mistakes: Mapping[str, float] = field(default_factory=dict)
    simulation_mistakes: Mapping[str, float] = field(default_factory=dict)
    conclude: Callable[[Run[P], Sequence[Outcome]], Findings] = lambda _run, _outcomes: Findings()
    systems: tuple[str, ...] = ()
    sites: int = 1
    remarks: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    def run(
        self,
        *,
        quick: bool = False,
        seed: int = 0,
        workers: int | None = 1,
        progress: Progress = silent,
        keep: Path | None = None,
        perturb: Mapping[str, float] | None = None,
        plan: P | None = None,
    ) -> Report:
        """Run it.

        Parameters
        ----------
        quick, plan
            The plan of that name in place of ``default``; or any other.
        seed, workers
            The same seed gives the same report on any number of processes, >= 1.
        progress
            See ``numerics.progress``.
        keep
            Folder for what is measured: after Ctrl-C (``Interrupted``) the same call goes on from there.
        perturb
            Deliberate mistakes by name, such as ``{"theta": 1.1}``; ``ValueError`` for a name that is not known.
        """
        chosen = plan or (self.quick if quick else self.default)
        run = Run(chosen, seed, workers, progress, self._mistakes(perturb or {}))
        kept = None if keep is None else kept_in(keep, of=f"{self.name} {source_of(self.measure)}")
        outcomes = self._measured(run, kept)
        predicted = [(part, outcome) for k, outcome in enumerate(outcomes) for part in self.predict(run, k)]
        entries = [Entry(part, outcome.groups, outcome.limits) for part, outcome in predicted if isinstance(part, Row)]
        found = self.conclude(run, outcomes)
        return Report(
            self.name,
            (*(entry.compared() for entry in entries if entry.row.resolution), *found.comparisons),
            {**asdict(cast(Any, chosen)), "seed": seed, **self.facts},
            (*drawn(entries, [part for part, _ in predicted if isinstance(part, Curve)], self.axis), *found.panels),
            (*self.remarks, *found.remarks, *_quality(entries), f"Resolution: {self.reason}"),
        )

    def _mistakes(self, given: Mapping[str, float]) -> dict[str, float]:
        known = {**self.theory_mistakes, **self.simulation_mistakes}
        for name in given:
            if name not in known:
                raise ValueError(f"perturb = {name!r}: this check knows {', '.join(known)}")
        return known | dict(given)

    def points(self, run: Run[P]) -> list[Point[P]]:
        """Of every case and size; the largest take longest, and go first."""
        wrong = {name: run.wrong[name] for name in self.simulation_mistakes}
        made = []
        for case in range(self.count(run.plan)):
            for size, samples in run.plan.layout(case):
                most = max(1, self.sites // size)
                for number, first in enumerate(range(0, samples, most)):
                    made.append(Point(run.plan, case, size, number, min(most, samples - first), run.seed, wrong))
        return sorted(made, key=lambda point: -point.size)

    def _measured(self, run: Run[P], kept: Kept[Measured] | None) -> list[Outcome]:
        points = self.points(run)
        found: dict[tuple[int, int], list[Measured]] = {}
        for point, result in zip(points, run.map(self.measure, points, self.doing, kept), strict=True):
            found.setdefault((point.case, point.size), []).append(result)
        return [
            Outcome({size: _joined(found[case, size]) for size, _ in run.plan.layout(case)}, self.laws(run.plan, case))
            for case in range(self.count(run.plan))
        ]


def _joined(parts: Sequence[Measured]) -> tuple[Array, Array]:
    """Samples of all points, in the order of their numbers."""
    pairs = [part if isinstance(part, tuple) else (part, part[..., :0]) for part in parts]
    values, controls = (
        np.concatenate([np.atleast_2d(array) for array in arrays]) for arrays in zip(*pairs, strict=True)
    )
    return values, controls


def _quality(entries: Sequence[Entry]) -> tuple[str, ...]:
    """How well it was extrapolated."""
    found = [entry.limits.fits[entry.row.place].p_value for entry in entries if entry.row.resolution]
    return (f"The poorest of the {len(found)} extrapolations has a p-value of {min(found):.2g}.",) if found else ()
