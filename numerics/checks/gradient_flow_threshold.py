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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..extrapolation import SizeLaw, extrapolate
from ..lowering import Array
from ..recovery import SpikedLine, SuccessCurve, deadline, first_overlap, fit_success, relative_need
from ..simulation import SampledLandscape, gradient_flow, sample, starts_with_overlap
from ..statistics import wilson
from .check import Check, Findings, Outcome
from .comparison import Comparison
from .plan import Plan, Point, Run
from .planted import with_signal_at
from .report import Panel, Series
from .samples import with_signal

MODEL = SpikedLine(3, 1)


@dataclass(frozen=True)
class Signals(Plan):
    """``signals`` are the ``1/Delta_2``, ``pairs`` of runs of each size for each.

    ``resolution`` is relative to the threshold.
    """

    signals: tuple[float, ...] = (1.2, 1.45, 1.7, 2.0)
    sizes: tuple[int, ...] = (64, 128, 256, 512, 1024)
    pairs: tuple[int, ...] = (160, 140, 40, 5, 1)
    resolution: float = 0.2

    def layout(self, case: int) -> Sequence[tuple[int, int]]:
        """Of any signal."""
        return list(zip(self.sizes, self.pairs, strict=True))


EXPONENT, OTHER = 1.0, 2 / 3
"""Power of 1/N in which the ratio is extrapolated, and the one whose result tells how much that matters."""
DRIFTS = (0.25, 1 / 3, 0.5)
"""Powers in which the crossing itself is extrapolated, for the remarks."""


def measured(point: Point[Signals]) -> Array:
    """How many of a pair of runs succeed, (1,)."""
    signal = point.plan.signals[point.case]
    seeds = np.random.SeedSequence((point.seed, point.size, round(1e6 * signal), point.number))
    drawn = sample(with_signal(MODEL.landscape(signal), point.wrong["signal"]), point.size, seeds)
    reached = overlaps_reached(drawn, np.random.default_rng(seeds.spawn(1)[0]))
    return np.array([float(np.sum(reached > MODEL.goal))])


def overlaps_reached(drawn: SampledLandscape, random: np.random.Generator) -> Array:
    """``m`` at the deadline of two runs that differ in the sign of the signal, ``x*`` or ``-x*``, shape (2,).

    As long as m is small it is a part ``N^(-1/2) M(t)`` that both have, plus noise with opposite signs.
    """
    signal, overlap = drawn.signal, first_overlap(drawn.size)
    start = starts_with_overlap(signal, overlap, 1, random)
    runs = ((signal, start), (-signal, start - 2 * overlap * signal))
    ends = [gradient_flow(with_signal_at(drawn, x), first, [deadline(drawn.size)]).x[0] @ x for x, first in runs]
    return np.array(ends) / drawn.size


def needed_at(point: tuple[float, int, float]) -> float:
    """Overlap that a start needs over that which it has, at (1/Delta_2, N, factor of theta)."""
    signal, size, factor = point
    return relative_need(with_signal(MODEL.landscape(signal), factor), size, MODEL.goal)


def concluded(run: Run[Signals], outcomes: Sequence[Outcome]) -> Findings:
    """A success curve at each size, and its crossing beside the predicted one."""
    plan, signals = run.plan, np.array(run.plan.signals)
    grid = [(signal, size, run.wrong["theta"]) for size in plan.sizes for signal in plan.signals]
    needed = np.reshape(run.map(needed_at, grid, "two-time equations"), (len(plan.sizes), -1))
    counts = {n: np.stack([o.samples[n][0][:, 0] for o in outcomes]).astype(np.int64) for n in plan.sizes}
    curves = {n: fit_success(signals, need, counts[n], runs=2) for n, need in zip(plan.sizes, needed, strict=True)}
    return Findings([compared(curves, plan.resolution)], panels(signals, curves, counts), remarks(curves))


def compared(curves: Mapping[int, SuccessCurve], resolution: float) -> Comparison:
    """The threshold times the ratio at infinite size; how much the exponent matters joins the error."""
    ratios = [curve.crossing[0] / curve.predicted for curve in curves.values()]
    errors = [curve.crossing[1] / curve.predicted for curve in curves.values()]
    limit, other = (
        extrapolate(list(curves), ratios, errors, SizeLaw.series(exponent)) for exponent in (EXPONENT, OTHER)
    )
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
    fits = {power: extrapolate(list(curves), values, errors, SizeLaw((power,))) for power in DRIFTS}
    powers = ", ".join(f"{fit.value:.2f} +- {fit.error:.2f} in N^-{power:.2g}" for power, fit in fits.items())
    return (
        "Half of the runs from m = N^(-1/2) succeed within (ln N)^2/4 at 1/Delta_2 = "
        f"{', '.join(listed)} for N = {', '.join(map(str, curves))}, in brackets the prediction for that N.",
        f"The ratio of the two is extrapolated in N^-{EXPONENT:g}; the difference to N^-{OTHER:.2g} joins the error.",
        f"The crossing by itself extrapolates to {powers}. These are not used: in theory its drift is no power of N.",
    )


def panels(signals: Array, curves: Mapping[int, SuccessCurve], counts: Mapping[int, Any]) -> tuple[Panel, ...]:
    """Success curves, and the crossing against N."""
    fine = np.linspace(signals.min(), signals.max(), 101)
    series = [Series.theory("threshold", [MODEL.threshold, MODEL.threshold], [0, 1])]
    for i, (size, curve) in enumerate(curves.items(), 1):
        share = wilson(counts[size].sum(axis=1), 2 * counts[size].shape[1])
        series.append(Series.theory("", fine, curve(fine), i))
        series.append(Series.simulation(f"N = {size}", signals, share.value, share.error, i))
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


CHECK = Check(
    name="gradient-flow-threshold",
    description="success probability of gradient flow at finite size against the threshold",
    systems=("spiked-matrix-tensor",),
    reason="a fifth of 1/Delta_2 = 2 (0.45 of it, quick): the threshold of Bayes-optimal message passing is at 1.",
    doing="gradient flow",
    default=Signals(),
    quick=Signals(sizes=(48, 80, 144), pairs=(90, 68, 27), resolution=0.45),
    count=lambda plan: len(plan.signals),
    measure=measured,
    conclude=concluded,
    theory_mistakes={"theta": 1.0},
    simulation_mistakes={"signal": 1.0},
    facts={"p": MODEL.p, "delta_p": MODEL.delta_p},
)
