r"""Hessian of phase retrieval where gradient flow ends when it finds no signal: edge, outlier, overlap, and BBP.

Theory (``theory.generalized_linear.HessianSpectrum``): bulk and outlier follow from the law of the fields (u, y) of the
data at the state reached, by free deformation; the outlier exists where ``b = alpha E[(1 - y^2) t]`` exceeds 1 at the
edge. Nothing is assumed of that law: it is the one measured. What 1RSB, full RSB and Kac-Rice say of the states is
reported beside it and not judged: none of them claims to be where gradient flow ends.

Simulation: labels independent of the data, which is what the directions orthogonal to the signal see of them; gradient
flow from a random point; then one dimension more, along which the data are their labels: the signal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from theory.systems.phase_retrieval import PhaseRetrieval

from ..generalized_linear.simulation import empirical_spectrum
from ..lowering import Array
from ..simulation import gradient_flow, lowest, random_starts
from .comparison import Comparison
from .descent_states import B, States, panels, remarks
from .extrapolation import Law
from .joint import limits, means
from .report import Report
from .risk_samples import declared, with_signal_beside, with_wrong_signal, without_signal
from .tasks import Progress, gather, perturbation, results_at, stream

LANDSCAPE = PhaseRetrieval(0.01)
BULK, EDGE, OUTLIER, OVERLAP = range(2, 6)
"""Among the observables, after ``E`` and ``B``."""
CLEARLY = 1.1
"""``b`` of all sizes beyond which outliers are compared; between its inverse and that, finite sizes blur them."""
RTOL = 1e-3


@dataclass(frozen=True)
class Settings:
    """``samples`` of each size at each alpha; flow to ``t_max``; ``resolution``: of alpha, relative; of overlaps."""

    alphas: tuple[float, ...] = (3.0, 4.5, 6.0)
    sizes: tuple[int, ...] = (64, 128, 256, 512)
    samples: tuple[int, ...] = (60, 44, 22, 9)
    t_max: float = 50.0
    resolution: float = 0.2


DEFAULT = Settings()
QUICK = Settings(alphas=(3.0, 6.0), sizes=(48, 96, 192), samples=(24, 18, 10), t_max=10.0, resolution=0.5)


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
    """See ``numerics.checks``; ``perturb``: ``alpha`` scales theory's, ``signal`` is a cosine to the true one."""
    chosen = settings or (QUICK if quick else DEFAULT)
    wrong = perturbation(perturb, alpha=1.0, signal=1.0)
    points = [
        (alpha, size, number, chosen.t_max, seed, wrong["alpha"], wrong["signal"])
        for size, count in sorted(zip(chosen.sizes, chosen.samples, strict=True), reverse=True)
        for alpha in chosen.alphas
        for number in range(count)
    ]
    found = gather(measured, points, workers=workers, progress=progress, title="the end of gradient flow")
    states = []
    for alpha in chosen.alphas:
        values = [np.array(results_at(points, found, alpha, size)) for size in chosen.sizes]
        states.append(States(alpha, [means(size, part) for size, part in zip(chosen.sizes, values, strict=True)]))
    return Report(
        "phase-retrieval-threshold-states",
        tuple(comparison for one in states for comparison in compared(one, chosen)),
        {**asdict(chosen), "seed": seed, "landscape": declared(LANDSCAPE)},
        panels(LANDSCAPE, states),
        remarks(LANDSCAPE, states, chosen.t_max),
    )


def measured(point: tuple[float, int, int, float, int, float, float]) -> Array:
    """Energy, b, ``alpha E[D/(1 + gD)]``, and measured less predicted: edge, outlier, squared overlap; (6,).

    At (alpha, N, number, last time, seed, factor of alpha, cosine).
    """
    alpha, size, number, t_max, seed, factor, cosine = point
    seeds = stream(seed, round(1e6 * alpha), size, number)
    random = np.random.default_rng(seeds.spawn(1)[0])
    drawn = without_signal(LANDSCAPE, size, alpha, seeds)
    x = gradient_flow(drawn, random_starts(size, 1, random), [t_max], rtol=RTOL).x[0]
    inside = lowest(drawn, x)
    theory = empirical_spectrum(drawn, x).hessian(factor * drawn.alpha, inside.mu)
    beside, place = with_signal_beside(drawn, x)
    mode = lowest(with_wrong_signal(beside, cosine, random), place)
    predicted = theory.outlier if theory.attraction > 1 else theory.edge
    bulk = theory.edge - inside.mu + 1 / theory.resolvent
    edge, outlier, overlap = inside.values[0] - theory.edge, mode.values[0] - predicted, mode.overlaps[0]
    return np.array([inside.energy, theory.attraction, bulk, edge, outlier, overlap - theory.overlap_squared])


def compared(found: States, chosen: Settings) -> list[Comparison]:
    """Differences at infinite size, which should be 0: of edges, and of outliers where all sizes have one."""
    scale = chosen.resolution * float(found.groups[-1].value[BULK])
    b = found.at_sizes(B)
    made = [_edge(found, scale)]
    if np.all(b > CLEARLY):
        made.append(_difference(found, "outlier", OUTLIER, scale))
    if np.all(b > CLEARLY) or np.all(b < 1 / CLEARLY):
        made.append(_difference(found, "squared overlap", OVERLAP, chosen.resolution))
    return made


def _edge(found: States, resolution: float) -> Comparison:
    """Half way between extrapolations in ``N^(-2/3)``, as of an edge, and in 1/N, as of a smooth average."""
    groups = [group.only([EDGE]) for group in found.groups]
    two = [limits(groups, Law.series(exponent, min(2, len(groups) - 2))) for exponent in (2 / 3, 1.0)]
    values = [float(fit.value[0]) for fit in two]
    error = float(np.hypot(max(fit.error[0] for fit in two), abs(values[0] - values[1]) / 2))
    return _zero(found, "bulk edge", sum(values) / 2, error, resolution, float(two[0].degrees[0]))


def _difference(found: States, name: str, place: int, resolution: float) -> Comparison:
    """Extrapolated in 1/N."""
    limit = limits([group.only([place]) for group in found.groups])
    return _zero(found, name, float(limit.value[0]), float(limit.error[0]), resolution, float(limit.degrees[0]))


def _zero(found: States, name: str, value: float, error: float, resolution: float, degrees: float) -> Comparison:
    label = f"alpha = {found.alpha:g}: {name}, measured less predicted"
    return Comparison(label, 0.0, 0.0, value, error, resolution, None, degrees, name != "squared overlap")
