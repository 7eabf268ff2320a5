r"""The minimum that is aligned with the signal: descent from the signal at finite N against Kac-Rice.

Theory: ``f'(1) = (g'(m)/m)^2 (1 - m^2)``, largest m; ``mu`` and ``E`` there (``theory.inference``). The Hessian is a
GOE of bulk ``mu +- 2 sqrt(f''(1))`` minus a spike along the signal (``theory.kac_rice``): the lowest eigenvalue is the
outlier where ``theta = g''(m)(1 - m^2)/sqrt(f''(1)) > 1``, and the edge otherwise.

Simulation: Newton's method on the sphere (``numerics.simulation.minimum``), started at the signal itself. Each disorder
is used with both signs of its noise, which removes the part of the fluctuations that is odd in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from sympy import Rational

from theory.inference import MaximumLikelihood
from theory.kac_rice.complexity import jet_of
from theory.kac_rice.hessian import hessian_of
from theory.landscape import GaussianLandscape
from theory.random_matrices import BBPTransition
from theory.symbols import OVERLAP, SIGNAL_OVERLAP, SPIKE
from theory.systems import SpikedMatrixTensor

from ..lowering import Array, lower
from ..roots import between
from ..simulation import sample
from ..simulation.minimum import Minimum, descend
from .comparison import Comparison
from .extrapolation import SMOOTH, Law, Limit, extrapolate
from .report import Panel, Report, Series
from .samples import declared, with_noise, with_signal
from .tasks import Progress, gather, mean_and_error, perturbation, results_at, stream

GRID = 4001
"""Overlaps among which a change of sign is sought."""


@dataclass(frozen=True)
class Case:
    """A landscape, and the laws of extrapolation that are not the one in 1/N, by observable."""

    label: str
    landscape: GaussianLandscape
    laws: Mapping[str, Law]


@dataclass(frozen=True)
class Settings:
    """``samples`` of each size, each with both signs of the noise.

    ``resolution`` is relative: to mu and to E, for m to the smaller of m and four times its distance to 1, for
    ``mu - lambda_min`` to twice that, for the overlap to 2. For lambda_min itself, which carries the noise of mu while
    two powers of 1/N are fitted, to twice mu: ``mu - lambda_min`` is the sharper test.
    """

    sizes: tuple[int, ...] = (48, 64, 96, 128, 256)
    samples: tuple[int, ...] = (200, 160, 120, 80, 40)
    resolution: float = 0.05


DEFAULT = Settings()
QUICK = Settings(sizes=(32, 48, 64, 128), samples=(100, 80, 60, 40), resolution=0.1)
EDGE = Law.series(2 / 3, 2)
OBSERVABLES = {
    "m": r"$m$",
    "mu": r"$\mu$",
    "energy": r"$E$",
    "lambda_min": r"$\lambda_{\min}$",
    "width": r"$\mu - \lambda_{\min}$",
    "overlap": r"$\langle v, e\rangle^2$",
}
"""``width``: of the spectrum below its centre; ``overlap``: squared, of the lowest mode and the signal's direction."""
CASES = (
    Case("matrix-tensor", SpikedMatrixTensor(3, Rational(3, 10), 1), {"lambda_min": EDGE, "width": EDGE}),
    Case(
        "f ≠ g, outlier",
        GaussianLandscape(OVERLAP + OVERLAP**2 / 8, 6 * SIGNAL_OVERLAP**5 / 5),
        {},
    ),
)


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
    """Arguments: see ``numerics.checks``; ``perturb``: ``overlap`` multiplies the predicted m, ``signal`` sampled g."""
    chosen = settings or (QUICK if quick else DEFAULT)
    wrong = perturbation(perturb, overlap=1.0, signal=1.0)
    points = [
        (case, size, number, seed, wrong["signal"])
        for case in range(len(CASES))
        for size, count in zip(chosen.sizes, chosen.samples, strict=True)
        for number in range(count)
    ]
    found = gather(measured, points, workers=workers, progress=progress, title="descent from the signal")
    comparisons, panels = [], []
    for index, case in enumerate(CASES):
        prediction = predicted(case.landscape)
        prediction["m"] *= wrong["overlap"]
        groups = [results_at(points, found, index, size) for size in chosen.sizes]
        means, errors = (np.array(v) for v in zip(*(mean_and_error(group) for group in groups), strict=True))
        for k, name in enumerate(OBSERVABLES):
            limit = extrapolate(chosen.sizes, means[:, k], errors[:, k], case.laws.get(name, SMOOTH))
            comparisons.append(compared(case, name, prediction, limit, chosen))
            panels.append(panel(case, name, prediction[name], limit, chosen.sizes, means[:, k], errors[:, k]))
    remarks = ("Means extrapolated in 1/N, the edge of the spectrum (matrix-tensor) in N^(-2/3) and N^(-4/3).",)
    cases = [{"label": case.label, **declared(case.landscape)} for case in CASES]
    made = {**asdict(chosen), "seed": seed, "cases": cases}
    return Report("informative-minimum", tuple(comparisons), made, tuple(panels), remarks)


def predicted(landscape: GaussianLandscape) -> dict[str, float]:
    """m, mu, energy and smallest eigenvalue of the aligned minimum, the one of largest m."""
    theory = MaximumLikelihood(landscape)
    gap = lower((SIGNAL_OVERLAP,), [theory.fixed_point.lhs - theory.fixed_point.rhs])
    grid = np.linspace(1e-6, 1, GRID)
    changes = np.flatnonzero(np.diff(np.sign(gap(grid)[0])))
    if changes.size == 0:
        raise ValueError(f"{landscape!r} has no minimum aligned with its signal; try a stronger signal")
    m = float(between(lambda x: gap(x)[0], grid[changes[-1]], grid[changes[-1] + 1]).value)
    mu, energy = (float(v) for v in lower((SIGNAL_OVERLAP,), [theory.multiplier, theory.energy])(m))
    smallest, overlap = lowest_mode(landscape, m, mu)
    return {
        "m": m, "mu": mu, "energy": energy, "lambda_min": smallest, "width": mu - smallest, "overlap": overlap
    }  # fmt: skip


def lowest_mode(landscape: GaussianLandscape, m: float, mu: float) -> tuple[float, float]:
    """``sigma (t - theta - 1/theta)``, ``t = mu/sigma``, and ``1 - 1/theta^2``; a spike below 1 acts as one of 1."""
    law = hessian_of(jet_of(landscape))
    scale, spike = (float(v) for v in lower((SIGNAL_OVERLAP,), [law.scale, law.spike])(m))
    outlier = BBPTransition(SPIKE)
    position, overlap = lower((SPIKE,), [outlier.position, outlier.overlap_squared])(max(1.0, spike))
    return mu - scale * float(position), float(overlap)


def measured(point: tuple[int, int, int, int, float]) -> Array:
    """All observables at (case, N, number, seed, factor of g), averaged over both signs of the noise."""
    index, size, number, seed, factor = point
    drawn = sample(with_signal(CASES[index].landscape, factor), size, stream(seed, index, size, number))
    ends = [descend(with_noise(drawn, sign), drawn.signal) for sign in (1, -1)]
    return np.asarray(np.mean([observed(end) for end in ends], axis=0))


def observed(end: Minimum) -> tuple[float, ...]:
    """In the order of ``OBSERVABLES``."""
    modes = end.modes
    smallest = float(modes.values[0])
    return end.overlap, modes.mu, modes.energy, smallest, modes.mu - smallest, float(modes.overlaps[0])


def compared(case: Case, name: str, prediction: Mapping[str, float], limit: Limit, chosen: Settings) -> Comparison:
    """All depend on the same minima: m counts as the independent one."""
    m, mu = prediction["m"], prediction["mu"]
    scales = {"m": min(m, 4 * abs(1 - m)), "lambda_min": 2 * mu, "width": 2 * prediction["width"], "overlap": 2.0}
    return Comparison(
        f"{case.label}: {name}",
        prediction[name],
        0.0,
        limit.value,
        limit.error,
        chosen.resolution * scales.get(name, abs(prediction[name])),
        None,
        sum(chosen.samples) - 2 * len(chosen.samples),
        name == "m",
    )


def panel(
    case: Case, name: str, value: float, limit: Limit, sizes: Sequence[int], means: Array, errors: Array
) -> Panel:
    """Against the leading power of N: prediction at 0, measured values, and the fit that joins them."""
    x, line = limit.axis(sizes)
    series = (
        Series.theory("fit", line, limit.along(line), 1),
        Series.simulation("simulation", x, means, errors, 1),
        Series.simulation("extrapolated", [0], [limit.value], [limit.error], 2),
        Series.theory("theory", [0, line[-1]], [value, value], 0),
    )
    return Panel(case.label, limit.label, OBSERVABLES[name], series)
