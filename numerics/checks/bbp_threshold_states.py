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

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.optimize import brentq

from theory.random_matrices import BBPTransition
from theory.symbols import SPIKE

from ..extrapolation import Limit, SizeLaw
from ..lowering import Array, lower
from .check import Check, Findings, Outcome
from .comparison import Comparison
from .panels import Curve, Row
from .plan import Plan, Point, Run
from .threshold_states import NAMES, ends, laws_of, scale_and_spike


@dataclass(frozen=True)
class Settings(Plan):
    """``signals`` are the ``1/Delta_2``, two or more above the threshold; ``samples`` of each size for each of them.

    In each sample ``starts`` flow to states of their own, and at each of these ``directions`` signals are planted.

    ``resolution`` is relative: to theta for the outlier and its overlap, to 2 sigma for mu and the edge, and four times
    that for the place of the threshold.
    """

    signals: tuple[float, ...] = (0.5, 1.0, 3.5, 5.0)
    sizes: tuple[int, ...] = (32, 64, 128, 256)
    samples: tuple[int, ...] = (160, 170, 90, 110)
    starts: tuple[int, ...] = (8, 8, 4, 2)
    directions: int = 64
    resolution: float = 0.05

    def layout(self, case: int) -> Sequence[tuple[int, int]]:
        """Of any signal."""
        return list(zip(self.sizes, self.samples, strict=True))


SYMBOLS = {
    "mu": r"$\mu$",
    "edge": r"$\mu - \lambda_1$",
    "width": r"$\mu - \lambda_{\min}$",
    "overlap": r"$\langle v, e\rangle^2$",
}
WIDER, SOUGHT = 4.0, (1e-3, 1e3)
"""For the threshold: its resolution over that of theta, and where it is sought."""


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


def laws(plan: Settings, case: int) -> list[SizeLaw]:
    """Each observable has the law of its side of the transition; eigenvalues have the unit sigma."""
    sigma, theta = scale_and_spike(plan.signals[case])
    return [law.scaled(unit) for law, unit in zip(laws_of(theta), (sigma, sigma, sigma, 1.0), strict=True)]


def measured(point: Point[Settings]) -> Array:
    """In the order of ``NAMES``, averaged over starts and directions, (4,)."""
    plan, signal = point.plan, point.plan.signals[point.case]
    seeds = np.random.SeedSequence((point.seed, point.size, round(1e6 * signal), point.number))
    starts = plan.starts[plan.sizes.index(point.size)]
    return ends(signal, point.size, starts, plan.directions, seeds, point.wrong["signal"])


def rows(run: Run[Settings], case: int) -> list[Row | Curve]:
    """Only the outlier's place counts as independent: all else is measured on the same states."""
    signal, factor = run.plan.signals[case], run.wrong["theta"]
    values, scales = predicted(signal, factor), resolutions(signal, run.plan.resolution)
    made: list[Row | Curve] = []
    for k, (name, title) in enumerate(NAMES.items()):
        x = signal if name in ("width", "overlap") else None
        made.append(
            Row(
                f"{title} at 1/Delta_2 = {signal:g}",
                values[name],
                k,
                scales[name],
                independent=name == "width",
                panel=title,
                symbol=SYMBOLS[name],
                x=x,
                series=f"$1/\\Delta_2 = {signal:g}$",
            )
        )
        if case == 0 and x:
            fine = np.linspace(0.5 * min(run.plan.signals), 1.1 * max(run.plan.signals), 201)
            made.append(Curve(title, SYMBOLS[name], fine, [predicted(s, factor)[name] for s in fine]))
    return made


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


def concluded(run: Run[Settings], outcomes: Sequence[Outcome]) -> Findings:
    """Where the outlier detaches, from the overlaps above."""
    plan, threshold = run.plan, detachment(1.0)
    said = f"p = 3, Delta_p = 1: in theory the outlier detaches at the gradient-flow threshold {threshold:g}."
    above = [(signal, found.limits) for signal, found in zip(plan.signals, outcomes, strict=True) if signal > threshold]
    if len(above) < 2:
        return Findings(remarks=[said])
    signals, overlaps = [signal for signal, _ in above], [found.fits[-1] for _, found in above]
    freedom = min(float(found.degrees[-1]) for _, found in above)
    place = detached(signals, overlaps, run.wrong["theta"], plan.resolution, freedom)
    return Findings([place], remarks=[said])


CHECK = Check(
    name="bbp-threshold-states",
    description="Hessian where gradient flow ends: edge, outlier, overlap with the signal",
    systems=("spiked-matrix-tensor",),
    reason="a twentieth tells theta = g''(0)/sqrt(f''(1)) from g''(0)/sqrt(f'(1)), whose transition is that of message "
    "passing: 8 % larger at 1/Delta_2 = 5, more below.",
    doing="flow to threshold states",
    default=Settings(),
    quick=Settings(
        signals=(1.0, 3.5, 5.0),
        sizes=(24, 32, 64, 128),
        samples=(90, 60, 40, 26),
        starts=(8, 8, 8, 4),
        directions=32,
        resolution=0.2,
    ),
    count=lambda plan: len(plan.signals),
    measure=measured,
    predict=rows,
    axis=r"$1/\Delta_2$",
    laws=laws,
    theory_mistakes={"theta": 1.0},
    simulation_mistakes={"signal": 1.0},
    conclude=concluded,
    remarks=(
        "Extrapolated in N^(-0.55), N^(-4/3) (mu), N^(-0.6), 1/N (the edge, the outlier below), N^(-2/3), 1/N "
        "(overlaps a little above) and 1/N, N^(-4/3) (the outlier above, other overlaps); a further power is part of "
        "the error.",
    ),
)
