r"""Hessian at the end of gradient flow in the spiked matrix-tensor model, on both sides of its threshold.

Theory (``theory.kac_rice.HessianLaw``, ``theory.thresholds``): flow ends on marginal states, ``mu = 2 sigma`` with
``sigma = sqrt(f''(1))``, whose Hessian is ``sigma GOE - g''(0) e e^T + mu``, e the direction of the signal. So its bulk
begins at 0, and beyond ``theta = g''(0)/sigma = 1``, the gradient-flow threshold, one eigenvalue leaves it, to
``sigma (2 - theta - 1/theta)``, with squared overlap ``1 - 1/theta^2`` with e (Sarao Mannelli, Biroli, Cammarota,
Krzakala, Zdeborova 2019).

Simulation: all that is said of infinite size first and infinite time later, where m stays 0 during the flow. At m = 0
the signal exerts no force, ``g'(0) = 0``; a start with m of order ``N^-1/2`` would leave instead of ending there. So
the flow runs in the noise of the landscape to its very end, and a signal is planted at right angles to where that is.
The Hessian is then that of the complete landscape, at a point with m = 0 exactly, and nothing of it is assumed: the
noise is not independent of the point, so that neither its bulk nor its edge need be those of a GOE.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import brentq
from sympy import Rational

from theory.kac_rice.complexity import jet_of
from theory.kac_rice.hessian import hessian_of
from theory.landscape import GaussianLandscape
from theory.random_matrices import BBPTransition
from theory.symbols import SIGNAL_OVERLAP, SPIKE
from theory.systems import SpikedMatrixTensor

from ..errors import ConvergenceError
from ..lowering import Array, lower
from ..simulation import SampledLandscape, gradient_flow, lowest, random_starts, sample
from .comparison import Comparison
from .extrapolation import Limit, extrapolate
from .planted import across, with_signal_at, without_signal
from .report import Panel, Report, Series
from .samples import with_signal
from .tasks import Progress, gather, mean_and_error, perturbation, results_at, stream

P, DELTA_P = 3, 1
"""Order and noise of the tensor."""
LONGEST, FLAT = 1e4, 1e-4
"""Latest time, and ``|F|/sqrt(N)`` at which the flow has ended."""


@dataclass(frozen=True)
class Settings:
    """``signals`` are the ``1/Delta_2``, two or more above the threshold; ``samples`` of each size for each of them.

    ``directions`` signals are planted at each end point. ``resolution`` is relative: to theta for the outlier and its
    overlap, to 2 sigma for mu and the edge, and four times that for the place of the threshold.
    """

    signals: tuple[float, ...] = (0.5, 1.0, 3.5, 5.0)
    sizes: tuple[int, ...] = (64, 128, 256)
    samples: tuple[int, ...] = (120, 60, 30)
    directions: int = 12
    resolution: float = 0.05


DEFAULT = Settings()
QUICK = Settings(signals=(1.0, 3.5, 5.0), sizes=(32, 64, 128), samples=(60, 36, 16), resolution=0.12)
OBSERVABLES = {
    "mu": r"$\mu$",
    "edge": r"$\mu - \lambda_1$",
    "width": r"$\mu - \lambda_{\min}$",
    "overlap": r"$\langle v, e\rangle^2$",
}
"""Multiplier; bulk edge without a signal and lowest eigenvalue with one, from the centre; squared overlap with e."""
NAMES = {"mu": "mu", "edge": "bulk edge", "width": "outlier", "overlap": "overlap with the signal"}
EDGE = (2 / 3, 1)
CORRECTIONS = {"mu": (EDGE, EDGE), "edge": (EDGE, EDGE), "width": (EDGE, (1.0, 1)), "overlap": ((1.0, 2), (1.0, 1))}
"""Exponent and number of terms in 1/N below and above the threshold."""
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
    points = [
        (signal, size, number, seed, wrong["signal"], chosen.directions)
        for size, count in sorted(zip(chosen.sizes, chosen.samples, strict=True), reverse=True)
        for signal in chosen.signals
        for number in range(count)
    ]
    found = gather(measured, points, workers=workers, progress=progress, title="flow to threshold states")
    threshold = detachment(1.0)
    limits, comparisons, shown = {}, [], []
    for signal in chosen.signals:
        groups = [results_at(points, found, signal, size) for size in chosen.sizes]
        means, errors = (np.array(v) for v in zip(*(mean_and_error(group) for group in groups), strict=True))
        limits[signal] = limits_of(signal > threshold, chosen.sizes, means, errors)
        comparisons += compared(signal, wrong["theta"], limits[signal], chosen)
        shown.append((means, errors))
    above = [signal for signal in chosen.signals if signal > threshold]
    if len(above) > 1:
        comparisons.append(detached(above, [limits[s]["overlap"] for s in above], wrong["theta"], chosen))
    remarks = (
        f"p = {P}, Delta_p = {DELTA_P}: in theory the outlier detaches at the gradient-flow threshold {threshold:g}.",
        "Extrapolated in N^(-2/3) (mu, edge, and the outlier below) and 1/N (the overlap below: to second order).",
    )
    pictures = panels(chosen, wrong["theta"], shown, limits)
    return Report("bbp-threshold-states", tuple(comparisons), {**asdict(chosen), "seed": seed}, pictures, remarks)


def landscape_at(signal: float) -> GaussianLandscape:
    """The spiked matrix-tensor model at ``1/Delta_2 = signal``."""
    return SpikedMatrixTensor(P, 1 / Rational(repr(float(signal))), DELTA_P)


def predicted(signal: float, factor: float = 1.0) -> dict[str, float]:
    """Every observable at infinite size; a spike below 1 acts as one of 1. ``factor`` multiplies theta."""
    sigma, theta = scale_and_spike(signal)
    bbp = BBPTransition(SPIKE)
    position, overlap = lower((SPIKE,), [bbp.position, bbp.overlap_squared])(max(1.0, factor * theta))
    return {"mu": 2 * sigma, "edge": 2 * sigma, "width": sigma * float(position), "overlap": float(overlap)}


def scale_and_spike(signal: float) -> tuple[float, float]:
    """``sigma`` and ``theta`` at m = 0."""
    law = hessian_of(jet_of(landscape_at(signal)))
    scale, spike = lower((SIGNAL_OVERLAP,), [law.scale, law.spike])(0.0)
    return float(scale), float(spike)


def measured(point: tuple[float, int, int, int, float, int]) -> Array:
    """In the order of ``OBSERVABLES``, at (1/Delta_2, N, number, seed, factor of g, directions)."""
    signal, size, number, seed, factor, directions = point
    seeds = stream(seed, size, round(1e6 * signal), number)
    drawn = sample(with_signal(landscape_at(signal), factor), size, seeds)
    random = np.random.default_rng(seeds.spawn(1)[0])
    noise = without_signal(drawn)
    x = end_of_flow(noise, random_starts(size, 1, random))
    alone = lowest(noise, x)
    modes = [lowest(with_signal_at(drawn, across(x, random)), x) for _ in range(directions)]
    width = alone.mu - np.mean([mode.values[0] for mode in modes])
    overlap = np.mean([mode.overlaps[0] for mode in modes])
    return np.array([alone.mu, alone.mu - alone.values[0], width, overlap])


def end_of_flow(landscape: SampledLandscape, start: Array) -> Array:
    """Where the gradient has vanished, (N,)."""
    flow = gradient_flow(landscape, start, [LONGEST], gradient_tolerance=FLAT)
    if not flow.converged.all():
        raise ConvergenceError(f"gradient flow has not ended by t = {LONGEST:g}: |F| = {flow.gradient_norm[0]:.1e}")
    return np.asarray(flow.x[0])


def limits_of(above: bool, sizes: Sequence[int], means: Array, errors: Array) -> dict[str, Limit]:
    """Each observable extrapolated to infinite size; means and errors (sizes, observables)."""
    limits = {}
    for k, name in enumerate(OBSERVABLES):
        exponent, terms = CORRECTIONS[name][int(above)]
        limits[name] = extrapolate(sizes, means[:, k], errors[:, k], exponent=exponent, terms=terms)
    return limits


def compared(signal: float, factor: float, limits: Mapping[str, Limit], chosen: Settings) -> list[Comparison]:
    """Only the outlier's place counts as independent: all else is measured on the same states."""
    values, scales = predicted(signal, factor), resolutions(signal, chosen.resolution)
    return [
        Comparison(
            f"{NAMES[name]} at 1/Delta_2 = {signal:g}",
            values[name],
            0.0,
            limit.value,
            limit.error,
            scales[name],
            None,
            sum(chosen.samples) - 2 * len(chosen.samples),
            name == "width",
        )
        for name, limit in limits.items()
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


def detached(signals: Sequence[float], overlaps: Sequence[Limit], factor: float, chosen: Settings) -> Comparison:
    """``1/Delta_2`` where ``theta = (1 - overlap)^(-1/2)`` falls to 1, by a straight line in a plot of logarithms.

    That theta is not quite a power of ``1/Delta_2`` moves the crossing as much as for the theta of the theory; this is
    allowed for.
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
    label, freedom = "1/Delta_2 where the outlier detaches", sum(chosen.samples) - 2 * len(chosen.samples)
    resolution = WIDER * chosen.resolution * threshold
    return Comparison(label, detachment(factor), 0.0, value, error, resolution, None, freedom, False)


def detachment(factor: float) -> float:
    """``1/Delta_2`` where ``factor theta = 1``; the gradient-flow threshold for a factor of 1."""
    return float(brentq(lambda signal: factor * scale_and_spike(signal)[1] - 1, *SOUGHT))


def panels(
    chosen: Settings,
    factor: float,
    shown: Sequence[tuple[Array, Array]],
    limits: Mapping[float, Mapping[str, Limit]],
) -> tuple[Panel, ...]:
    """Outlier and overlap, without units, against ``1/Delta_2``; mu and the edge of one signal against N."""
    curve = np.linspace(0.5 * min(chosen.signals), 1.1 * max(chosen.signals), 201)
    theory = [predicted(signal, factor) for signal in curve]
    pictures = []
    for k, name in ((2, "width"), (3, "overlap")):
        units = [1.0 if name == "overlap" else scale_and_spike(signal)[0] for signal in chosen.signals]
        scale = np.array([1.0 if name == "overlap" else t["mu"] / 2 for t in theory])
        series = [Series.theory("theory", curve, np.array([t[name] for t in theory]) / scale)]
        for j, size in enumerate(chosen.sizes):
            values, errors = (np.array([pair[i][j, k] for pair in shown]) / units for i in (0, 1))
            series.append(Series.simulation(f"N = {size}", chosen.signals, values, errors, j + 1))
        ends = [limits[signal][name] for signal in chosen.signals]
        values, errors = (np.array([getattr(end, part) for end in ends]) / units for part in ("value", "error"))
        series.append(Series.simulation(r"$N \to \infty$", chosen.signals, values, errors, len(chosen.sizes) + 1))
        label = OBSERVABLES[name] if name == "overlap" else r"$(\mu - \lambda_{\min})/\sigma$"
        pictures.append(Panel(NAMES[name], r"$1/\Delta_2$", label, tuple(series)))
    return (*pictures, *(against_size(name, chosen, shown, limits) for name in ("mu", "edge")))


def against_size(
    name: str, chosen: Settings, shown: Sequence[tuple[Array, Array]], limits: Mapping[float, Mapping[str, Limit]]
) -> Panel:
    """In units of sigma, against ``N^(-2/3)``: 2 at infinite size for every ``1/Delta_2``."""
    k, x = list(OBSERVABLES).index(name), np.array(chosen.sizes) ** -EDGE[0]
    line = np.linspace(0, 1.05 * x.max(), 50)
    series = [Series.theory("theory", [0, line[-1]], [2, 2])]
    for i, (signal, (means, errors)) in enumerate(zip(chosen.signals, shown, strict=True), 1):
        sigma = scale_and_spike(signal)[0]
        fit = np.polynomial.polynomial.polyval(line, limits[signal][name].coefficients) / sigma
        series.append(Series.theory("", line, fit, i))
        label = rf"$1/\Delta_2 = {signal:g}$"
        series.append(Series.simulation(label, x, means[:, k] / sigma, errors[:, k] / sigma, i))
    return Panel(NAMES[name], r"$N^{-2/3}$", rf"$({OBSERVABLES[name].strip('$')})/\sigma$", tuple(series))
