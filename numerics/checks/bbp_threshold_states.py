r"""Hessian at the end of gradient flow in the spiked matrix-tensor model, on both sides of its threshold.

Theory (``theory.kac_rice.HessianLaw``, ``theory.thresholds``): flow ends on marginal states, ``mu = 2 sigma`` with
``sigma = sqrt(f''(1))``, whose Hessian is ``sigma GOE - g''(0) e e^T + mu``, e the direction of the signal. So its bulk
begins at 0, and beyond ``theta = g''(0)/sigma = 1``, the gradient-flow threshold, one eigenvalue leaves it, to
``sigma (2 - theta - 1/theta)``, with squared overlap ``1 - 1/theta^2`` with e (Sarao Mannelli, Biroli, Cammarota,
Krzakala, Zdeborova 2019).

Simulation: all that is said of infinite size first and infinite time later, where m stays 0 during the flow
(``threshold_states``). The limit of infinite size is taken by laws that were found on a twin whose answer is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
from scipy.optimize import brentq

from theory.random_matrices import BBPTransition
from theory.symbols import SPIKE

from ..lowering import Array, lower
from .bbp_threshold_panels import panels
from .comparison import Comparison
from .extrapolation import Limit
from .joint import Limits, Means, limits, means
from .report import Report
from .tasks import Progress, gather, perturbation, results_at
from .threshold_states import NAMES, Point, laws_of, measured, scale_and_spike


@dataclass(frozen=True)
class Settings:
    """``signals`` are the ``1/Delta_2``, two or more above the threshold; ``samples`` of each size for each of them.

    In each sample ``starts`` flow to states of their own, and at each of these ``directions`` signals are planted.

    ``resolution`` is relative: to theta for the outlier and its overlap, to 2 sigma for mu and the edge, and four times
    that for the place of the threshold. A twentieth tells ``theta = g''(0)/sqrt(f''(1))`` from ``g''(0)/sqrt(f'(1))``,
    whose transition is that of message passing: 8% larger at ``1/Delta_2 = 5``, more below.
    """

    signals: tuple[float, ...] = (0.5, 1.0, 3.5, 5.0)
    sizes: tuple[int, ...] = (32, 64, 128, 256)
    samples: tuple[int, ...] = (160, 130, 80, 60)
    starts: tuple[int, ...] = (8, 8, 4, 2)
    directions: int = 64
    resolution: float = 0.05


DEFAULT = Settings()
QUICK = Settings(
    signals=(1.0, 3.5, 5.0),
    sizes=(24, 32, 64, 128),
    samples=(90, 60, 40, 26),
    starts=(8, 8, 8, 4),
    directions=32,
    resolution=0.2,
)
WIDER, SOUGHT = 4.0, (1e-3, 1e3)
"""For the threshold: its resolution over that of theta, and where it is sought."""


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
    points = planned(chosen, seed, wrong["signal"])
    found = gather(measured, points, workers=workers, progress=progress, title="flow to threshold states")
    groups = {
        signal: [means(size, results_at(points, found, signal, size)) for size in chosen.sizes]
        for signal in chosen.signals
    }
    ends = {signal: limits_of(signal, own) for signal, own in groups.items()}
    comparisons = [c for signal in chosen.signals for c in compared(signal, wrong["theta"], ends[signal], chosen)]
    threshold = detachment(1.0)
    above = [signal for signal in chosen.signals if signal > threshold]
    if len(above) > 1:
        overlaps = [ends[signal].fits[-1] for signal in above]
        freedom = min(float(ends[signal].degrees[-1]) for signal in above)
        comparisons.append(detached(above, overlaps, wrong["theta"], chosen.resolution, freedom))
    remarks = (
        f"p = 3, Delta_p = 1: in theory the outlier detaches at the gradient-flow threshold {threshold:g}.",
        "Extrapolated in N^(-0.55), N^(-4/3) (mu), N^(-0.6), 1/N (the edge, the outlier below), N^(-2/3), 1/N "
        "(overlaps a little above) and 1/N, N^(-4/3) (the outlier above, other overlaps); a further power is part of "
        "the error.",
    )
    pictures = panels(chosen.signals, groups, ends, lambda signal: predicted(signal, wrong["theta"]))
    return Report("bbp-threshold-states", tuple(comparisons), {**asdict(chosen), "seed": seed}, pictures, remarks)


def planned(chosen: Settings, seed: int, factor: float) -> list[Point]:
    """One point for each sample; the largest take longest, and go first."""
    sizes = sorted(zip(chosen.sizes, chosen.samples, chosen.starts, strict=True), reverse=True)
    return [
        (signal, size, number, seed, factor, starts, chosen.directions)
        for size, count, starts in sizes
        for signal in chosen.signals
        for number in range(count)
    ]


@cache
def transition() -> Callable[..., list[Array]]:
    """``theta -> (mu - lambda)/sigma`` of the outlier, and its squared overlap."""
    bbp = BBPTransition(SPIKE)
    return lower((SPIKE,), [bbp.position, bbp.overlap_squared])


def predicted(signal: float, factor: float = 1.0) -> dict[str, float]:
    """Every observable at infinite size; a spike below 1 acts as one of 1. ``factor`` multiplies theta."""
    sigma, theta = scale_and_spike(signal)
    position, overlap = transition()(max(1.0, factor * theta))
    return {"mu": 2 * sigma, "edge": 2 * sigma, "width": sigma * float(position), "overlap": float(overlap)}


def limits_of(signal: float, groups: Sequence[Means]) -> Limits:
    """Each observable at infinite size, by the law of its side of the transition; eigenvalues have the unit sigma."""
    sigma, theta = scale_and_spike(signal)
    units = [sigma, sigma, sigma, 1.0]
    return limits(groups, [law.scaled(unit) for law, unit in zip(laws_of(theta), units, strict=True)])


def compared(signal: float, factor: float, found: Limits, chosen: Settings) -> list[Comparison]:
    """Only the outlier's place counts as independent: all else is measured on the same states."""
    values, scales = predicted(signal, factor), resolutions(signal, chosen.resolution)
    return [
        Comparison(
            f"{NAMES[name]} at 1/Delta_2 = {signal:g}",
            values[name],
            0.0,
            float(found.value[k]),
            float(found.error[k]),
            scales[name],
            None,
            float(found.degrees[k]),
            name == "width",
        )
        for k, name in enumerate(NAMES)
    ]


def resolutions(signal: float, relative: float) -> dict[str, float]:
    """What a theta larger by that much would change, from 1 on; for mu and the edge that much of 2 sigma."""
    sigma, theta = scale_and_spike(signal)
    right, changed = (
        predicted(signal, max(1.0, theta) / theta),
        predicted(signal, max(1.0, theta) / theta * (1 + relative)),
    )
    edge = relative * 2 * sigma
    outlier = abs(changed["width"] - right["width"]) if theta > 1 else edge
    return {"mu": edge, "edge": edge, "width": outlier, "overlap": abs(changed["overlap"] - right["overlap"])}


def detached(
    signals: Sequence[float], overlaps: Sequence[Limit], factor: float, relative: float, freedom: float
) -> Comparison:
    """``1/Delta_2`` where ``theta = (1 - overlap)^(-1/2)`` falls to 1, by a straight line in a plot of logarithms.

    That theta is not quite a power of ``1/Delta_2`` moves the crossing as much as for the theta of the theory; this is
    allowed for. ``relative`` is the resolution of theta, ``freedom`` that of the errors.
    """
    shares = np.clip([limit.value for limit in overlaps], 0.0, 0.999)
    errors = np.array([limit.error for limit in overlaps]) / (2 - 2 * shares)
    x, theory = np.log(signals), np.log([scale_and_spike(s)[1] for s in signals])
    fit, covariance = np.polyfit(x, -0.5 * np.log1p(-shares), 1, w=1 / errors, cov="unscaled")
    slope = -np.array([-fit[1] / fit[0], 1.0]) / fit[0]
    straight = np.polyfit(x, theory, 1, w=1 / errors)
    threshold = detachment(1.0)
    value = threshold * float(np.exp(straight[1] / straight[0] - fit[1] / fit[0]))
    error = value * float(np.sqrt(slope @ covariance @ slope))
    label, resolution = "1/Delta_2 where the outlier detaches", WIDER * relative * threshold
    return Comparison(label, detachment(factor), 0.0, value, error, resolution, None, freedom, False)


def detachment(factor: float) -> float:
    """``1/Delta_2`` where ``factor theta = 1``; the gradient-flow threshold for a factor of 1."""
    return float(brentq(lambda signal: factor * scale_and_spike(signal)[1] - 1, *SOUGHT))
