r"""Success probability of gradient flow at finite N against ``1/Delta_2``, on both sides of the predicted threshold.

Theory: at infinite size flow from m = 0+ finds the signal of the spiked matrix-tensor model beyond ``Delta_2`` with
``g''(0) = sqrt(f''(1))`` (``theory.thresholds``; Sarao Mannelli, Biroli, Cammarota, Krzakala, Zdeborova 2019). How that
comes about as N grows is predicted by the two-time equations (``numerics.dynamics``), started with ``m = N^(-1/2)`` and
stopped in time (see ``numerics.recovery``): where they are just in time, half of the runs should be.

At the sizes in reach this crossing lies below the threshold and moves with N. So what is compared is the threshold
times the ratio of the crossing measured to the one predicted for the same N, as this ratio extrapolates to infinite
size. Extrapolations of the crossing itself are among the remarks.

Simulation: ``N^(-1/2)`` is also the size of the noise in m. Runs therefore spread, but about the prediction
symmetrically as long as m is small. They come in pairs of opposite noise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ..lowering import Array
from ..recovery import SpikedLine, SuccessCurve, deadline, first_overlap, fit_success, relative_need
from ..recovery.curve import Counts
from ..simulation import SampledLandscape, gradient_flow, sample, starts_with_overlap
from ..statistics import extrapolate as plain
from ..statistics import wilson
from .comparison import Comparison
from .extrapolation import Law, extrapolate
from .planted import with_signal_at
from .report import Panel, Report, Series
from .samples import with_signal
from .tasks import Progress, gather, perturbation, stream

MODEL = SpikedLine(3, 1)


@dataclass(frozen=True)
class Settings:
    """``signals`` are the ``1/Delta_2``, ``pairs`` of runs of each size for each.

    ``resolution`` is relative to the threshold.
    """

    signals: tuple[float, ...] = (1.2, 1.45, 1.7, 2.0)
    sizes: tuple[int, ...] = (64, 128, 256, 512, 1024)
    pairs: tuple[int, ...] = (160, 140, 40, 5, 1)
    resolution: float = 0.2


DEFAULT = Settings()
QUICK = Settings(sizes=(48, 80, 144), pairs=(90, 68, 27), resolution=0.45)
EXPONENT, OTHER = 1.0, 2 / 3
"""Power of 1/N in which the ratio is extrapolated, and the one whose result tells how much that matters."""
DRIFTS = (0.25, 1 / 3, 0.5)
"""Powers in which the crossing itself is extrapolated, for the remarks."""


def run(
    *,
    quick: bool = False,
    seed: int = 0,
    workers: int = 1,
    output: Path | None = None,
    progress: Progress | None = None,
    perturb: Mapping[str, float] | None = None,
    settings: Settings | None = None,
) -> Report:
    """Arguments: see ``numerics.checks``; ``perturb``: ``theta`` multiplies the predicted one, ``signal`` sampled g."""
    chosen = settings or (QUICK if quick else DEFAULT)
    wrong = perturbation(perturb, theta=1.0, signal=1.0)
    grid = [(signal, size, wrong["theta"]) for size in chosen.sizes for signal in chosen.signals]
    needed = gather(needed_at, grid, workers=workers, progress=progress, title="two-time equations")
    counts = outcomes(chosen, seed, wrong["signal"], workers, progress)
    curves = {
        size: fit_success(np.array(chosen.signals), row, counts[size], runs=2)
        for size, row in zip(chosen.sizes, np.reshape(needed, (len(chosen.sizes), -1)), strict=True)
    }
    return Report(
        "gradient-flow-threshold",
        (compared(curves, chosen.resolution),),
        {**asdict(chosen), "p": MODEL.p, "delta_p": MODEL.delta_p, "seed": seed},
        panels(chosen, curves, counts),
        remarks(curves),
    )


def needed_at(point: tuple[float, int, float]) -> float:
    """Overlap that a start needs over that which it has, at (1/Delta_2, N, factor of theta)."""
    signal, size, factor = point
    return relative_need(with_signal(MODEL.landscape(signal), factor), size, MODEL.goal)


def outcomes(chosen: Settings, seed: int, factor: float, workers: int, progress: Progress | None) -> dict[int, Counts]:
    """Successes of every pair by size, (signals, pairs); the largest sizes run first."""
    points = [
        (signal, size, number, seed, factor)
        for size, count in sorted(zip(chosen.sizes, chosen.pairs, strict=True), reverse=True)
        for signal in chosen.signals
        for number in range(count)
    ]
    found = gather(successes, points, workers=workers, progress=progress, title="gradient flow")
    by_size = {size: [n for n, point in zip(found, points, strict=True) if point[1] == size] for size in chosen.sizes}
    return {size: np.reshape(numbers, (len(chosen.signals), -1)) for size, numbers in by_size.items()}


def successes(point: tuple[float, int, int, int, float]) -> int:
    """How many of a pair of runs succeed, at (1/Delta_2, N, number, seed, factor of g)."""
    signal, size, number, seed, factor = point
    seeds = stream(seed, size, round(1e6 * signal), number)
    drawn = sample(with_signal(MODEL.landscape(signal), factor), size, seeds)
    return int(np.sum(overlaps_reached(drawn, np.random.default_rng(seeds.spawn(1)[0])) > MODEL.goal))


def overlaps_reached(drawn: SampledLandscape, random: np.random.Generator) -> Array:
    """``m`` at the deadline of two runs that differ in the sign of the signal, ``x*`` or ``-x*``, shape (2,).

    As long as m is small it is a part ``N^(-1/2) M(t)`` that both have, plus noise with opposite signs.
    """
    signal, overlap = drawn.signal, first_overlap(drawn.size)
    start = starts_with_overlap(signal, overlap, 1, random)
    runs = ((signal, start), (-signal, start - 2 * overlap * signal))
    ends = [gradient_flow(with_signal_at(drawn, x), first, [deadline(drawn.size)]).x[0] @ x for x, first in runs]
    return np.array(ends) / drawn.size


def compared(curves: Mapping[int, SuccessCurve], resolution: float) -> Comparison:
    """The threshold times the ratio at infinite size; how much the exponent matters joins the error."""
    ratios = [curve.crossing[0] / curve.predicted for curve in curves.values()]
    errors = [curve.crossing[1] / curve.predicted for curve in curves.values()]
    limit, other = (extrapolate(list(curves), ratios, errors, Law.series(exponent)) for exponent in (EXPONENT, OTHER))
    error = float(np.hypot(limit.error, limit.value - other.value))
    threshold, label = MODEL.threshold, "1/Delta_2 at the gradient-flow threshold"
    return Comparison(label, threshold, 0.0, threshold * limit.value, threshold * error, threshold * resolution)


def remarks(curves: Mapping[int, SuccessCurve]) -> tuple[str, ...]:
    """What was done, the drift of the crossing, and where that would lead."""
    values, errors = np.transpose([curve.crossing for curve in curves.values()])
    listed = [
        f"{value:.2f} +- {error:.2f} ({curve.predicted:.2f})"
        for value, error, curve in zip(values, errors, curves.values(), strict=True)
    ]
    fits = [plain(list(curves), values, errors, exponent=power) for power in DRIFTS]
    powers = ", ".join(
        f"{fit.value:.2f} +- {fit.error:.2f} in N^-{power:.2g}" for power, fit in zip(DRIFTS, fits, strict=True)
    )
    return (
        "Half of the runs from m = N^(-1/2) succeed within (ln N)^2/4 at 1/Delta_2 = "
        f"{', '.join(listed)} for N = {', '.join(map(str, curves))}, in brackets the prediction for that N.",
        f"The ratio of the two is extrapolated in N^-{EXPONENT:g}; the difference to N^-{OTHER:.2g} joins the error.",
        f"The crossing by itself extrapolates to {powers}. These are not used: in theory its drift is no power of N.",
    )


def panels(chosen: Settings, curves: Mapping[int, SuccessCurve], counts: Mapping[int, Counts]) -> tuple[Panel, ...]:
    """Success curves, and the crossing against N."""
    signals = np.linspace(min(chosen.signals), max(chosen.signals), 101)
    series = [Series.theory("threshold", [MODEL.threshold, MODEL.threshold], [0, 1])]
    for i, (size, curve) in enumerate(curves.items(), 1):
        share = wilson(counts[size].sum(axis=1), 2 * counts[size].shape[1])
        series.append(Series.theory("", signals, curve(signals), i))
        series.append(Series.simulation(f"N = {size}", chosen.signals, share.value, share.error, i))
    sizes, (values, errors) = list(curves), np.transpose([curve.crossing for curve in curves.values()])
    crossings = (
        Series.theory("threshold", [sizes[0], sizes[-1]], [MODEL.threshold, MODEL.threshold]),
        Series.theory("two-time equations", sizes, [curve.predicted for curve in curves.values()], 1),
        Series.simulation("simulation", sizes, values, errors, 1),
    )
    return (
        Panel("success", r"$1/\Delta_2$", "probability of success", tuple(series)),
        Panel("half of the runs succeed", r"$N$", r"$1/\Delta_2$", crossings, x_scale="log"),
    )
