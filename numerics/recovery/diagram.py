"""Points of a phase diagram from runs at finite N: the strength of the signal at which half of them succeed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import ConvergenceError
from ..lowering import Array
from ..progress import Progress, part, silent
from ..provenance import Record
from ..simulation import simulate
from ..statistics import wilson
from .crossing import SignalLine, deadline, first_overlap, predicted_crossing
from .curve import SuccessCurve, fit_success
from .odds import odds

FACTORS = (0.7, 0.85, 1.0, 1.2, 1.45)
"""Signals of the runs, over the predicted crossing; to four digits, so that a folder of runs is found again."""
COLUMNS = (
    *("samples", "successes", "probability", "low", "high", "probability_predicted"),
    *("crossing", "crossing_error", "crossing_predicted"),
)
"""Of the table, after place, size and signal; ``low`` and ``high`` bound the probability at 95 %."""


@dataclass(frozen=True, eq=False)
class SuccessPoint:
    """``successes`` out of ``samples`` runs at each of ``signals``, and the curve fitted to them.

    ``expected`` are their probabilities as N -> infinity, to which nothing is fitted (``odds``).
    """

    model: SignalLine
    size: int
    samples: int
    signals: Array
    successes: Array
    expected: Array
    curve: SuccessCurve
    predicted: float

    @property
    def crossing(self) -> tuple[float, float]:
        """Signal with which half of the runs succeed, and its standard error."""
        return self.curve.crossing


def success_points(
    models: Sequence[SignalLine],
    sizes: Sequence[int],
    samples: int,
    *,
    seed: int = 0,
    output: Path | None = None,
    workers: int | None = 1,
    progress: Progress = silent,
    absent: Callable[[str], None] | None = None,
) -> list[SuccessPoint]:
    """One point for each model and size, by ``samples >= 2`` runs at each of five signals.

    ``output`` is a folder where each run is kept; what is there already, from the same seed, is not run again.
    ``progress`` counts the runs. A place where no crossing is found raises
    ``ConvergenceError``, before it is run; or it is left out, and ``absent`` is called with the reason.
    """
    if samples < 2:
        raise ValueError(f"samples = {samples}: expected at least 2; try 64")
    places = [(model, size) for model in models for size in sizes]
    points: list[SuccessPoint] = []
    for number, (model, size) in enumerate(places):
        tell = part(progress, number, len(places))
        try:
            points.append(_point(model, size, samples, seed, output, workers, tell))
        except ConvergenceError as error:
            if absent is None:
                raise
            absent(str(error))
    return points


def _point(
    model: SignalLine, size: int, samples: int, seed: int, output: Path | None, workers: int | None, progress: Progress
) -> SuccessPoint:
    predicted = predicted_crossing(model, size)
    signals = np.array([float(f"{predicted * factor:.4g}") for factor in FACTORS])
    expected = [odds(model.landscape(float(signal)), size, model.goal) for signal in signals]
    named = "_".join(f"{name}{value:g}" for name, value in model.place.items())
    rows = []
    for i, signal in enumerate(signals):
        folder = None if output is None else output / f"{named}_N{size}_signal{signal:g}"
        found = simulate(
            model.landscape(float(signal)),
            size,
            samples,
            _seed(seed, *model.place.values(), size, i),
            t_max=deadline(size),
            overlap=first_overlap(size),
            output=folder,
            resume=True,
            workers=workers,
            progress=part(progress, i, len(signals)),
        )
        rows.append(found["m"][:, 0, -1] > model.goal)
    successes = np.array(rows, dtype=np.int64)
    curve = fit_success(signals, np.array([one.needed for one in expected]), successes)
    chances = np.array([one.chance(given=1.0).value for one in expected])
    return SuccessPoint(model, size, samples, signals, successes.sum(axis=1), chances, curve, predicted)


def _seed(*where: float) -> int:
    """Runs at different places share no disorder."""
    whole = [part if isinstance(part, int) else round(1e6 * abs(part)) for part in where]
    return int(np.random.SeedSequence(whole).generate_state(1, np.uint32)[0])


def to_rows(points: Sequence[SuccessPoint]) -> list[Record]:
    """One for each signal at which runs were made, with the crossing of its point."""
    rows = []
    for point in points:
        share, crossing = wilson(point.successes, point.samples), (*point.crossing, point.predicted)
        for i, signal in enumerate(point.signals):
            numbers = (share.value[i], share.low[i], share.high[i], point.expected[i], *crossing)
            place = {**point.model.place, "size": point.size, point.model.control: float(signal)}
            counts = [point.samples, int(point.successes[i])]
            row = [*counts, *(float(f"{value:.6g}") for value in numbers)]
            rows.append(place | dict(zip(COLUMNS, row, strict=True)))
    return rows
