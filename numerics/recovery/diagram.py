"""Points of the phase diagram from runs at finite N: ``1/Delta_2`` at which half of them succeed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import ConvergenceError
from ..lowering import Array
from ..progress import Progress, part, silent
from ..provenance import as_csv
from ..simulation import simulate
from ..statistics import wilson
from .crossing import SpikedLine, deadline, first_overlap, predicted_crossing, relative_need
from .curve import SuccessCurve, fit_success

FACTORS = (0.7, 0.85, 1.0, 1.2, 1.45)
"""``1/Delta_2`` of the runs, over the predicted crossing."""
DIGITS = 3
"""To which these are rounded, so that a folder of runs is found again."""
COLUMNS = (
    *("p", "delta_p", "size", "inverse_delta_2", "samples", "successes", "probability", "low", "high"),
    *("crossing", "crossing_error", "crossing_predicted"),
)
"""Of the table; ``low`` and ``high`` bound the probability at 95 %."""


@dataclass(frozen=True, eq=False)
class SuccessPoint:
    """``successes`` out of ``samples`` runs at each of ``signals = 1/Delta_2``, and the curve fitted to them."""

    model: SpikedLine
    size: int
    samples: int
    signals: Array
    successes: Array
    curve: SuccessCurve
    predicted: float

    @property
    def crossing(self) -> tuple[float, float]:
        """``1/Delta_2`` where half of the runs succeed, and its standard error."""
        return self.curve.crossing


def success_points(
    models: Sequence[SpikedLine],
    sizes: Sequence[int],
    samples: int,
    *,
    seed: int = 0,
    output: Path | None = None,
    workers: int | None = 1,
    progress: Progress = silent,
    absent: Callable[[str], None] | None = None,
) -> list[SuccessPoint]:
    """One point for each model and size, by ``samples >= 2`` runs at each of five ``1/Delta_2``.

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
    model: SpikedLine, size: int, samples: int, seed: int, output: Path | None, workers: int | None, progress: Progress
) -> SuccessPoint:
    predicted = predicted_crossing(model, size)
    signals: Array = np.round(predicted * np.array(FACTORS), DIGITS)
    needed = np.array([relative_need(model.landscape(float(signal)), size, model.goal) for signal in signals])
    rows = []
    for i, signal in enumerate(signals):
        folder = None if output is None else output / f"p{model.p}_delta_p{model.delta_p:g}_N{size}_signal{signal:g}"
        found = simulate(
            model.landscape(float(signal)),
            size,
            samples,
            _seed(seed, model.p, round(1e6 * model.delta_p), size, i),
            t_max=deadline(size),
            overlap=first_overlap(size),
            output=folder,
            resume=True,
            workers=workers,
            progress=part(progress, i, len(signals)),
        )
        rows.append(found["m"][:, 0, -1] > model.goal)
    successes = np.array(rows, dtype=np.int64)
    curve = fit_success(signals, needed, successes)
    return SuccessPoint(model, size, samples, signals, successes.sum(axis=1), curve, predicted)


def _seed(*where: int) -> int:
    """Runs at different places share no disorder."""
    return int(np.random.SeedSequence(where).generate_state(1, np.uint32)[0])


def to_csv(points: Sequence[SuccessPoint]) -> str:
    """A row for each ``1/Delta_2`` at which runs were made, with the crossing of its point."""
    rows = []
    for point in points:
        share = wilson(point.successes, point.samples)
        crossing = [f"{value:.6g}" for value in (*point.crossing, point.predicted)]
        for i, signal in enumerate(point.signals):
            numbers = (share.value[i], share.low[i], share.high[i])
            place = [point.model.p, point.model.delta_p, point.size, float(signal)]
            counts = [point.samples, int(point.successes[i])]
            row = [*place, *counts, *(f"{value:.6g}" for value in numbers), *crossing]
            rows.append(dict(zip(COLUMNS, row, strict=True)))
    return as_csv(rows)
