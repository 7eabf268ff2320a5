r"""Hessian of phase retrieval where gradient flow ends when it finds no signal: edge, outlier, overlap, and BBP.

Theory (``theory.generalized_linear.HessianSpectrum``): bulk and outlier follow from the law of the fields (u, y) of the
data at the state reached, by free deformation; the outlier exists where ``b = alpha E[(1 - y^2) t]`` exceeds 1 at the
edge. Nothing is assumed of that law: it is the one measured. What 1RSB, full RSB and Kac-Rice say of the states is
reported beside it and not judged: none of them claims to be where gradient flow ends.

Simulation: labels independent of the data, which is what the directions orthogonal to the signal see of them; gradient
flow from a random point; then one dimension more, along which the data are their labels: the signal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from theory.systems.phase_retrieval import PhaseRetrieval

from ..extrapolation import SizeLaw, limits
from ..generalized_linear.simulation import empirical_spectrum
from ..lowering import Array
from ..simulation import gradient_flow, lowest, random_starts
from .check import Check, Findings, Outcome
from .comparison import Comparison
from .descent_states import PREDICTIONS, B, E, crossing, predictions
from .panels import Curve, Row
from .plan import Point, Run, Sizes
from .risk_samples import declared, with_signal_beside, with_wrong_signal, without_signal

LANDSCAPE = PhaseRetrieval(0.01)
BULK, EDGE, OUTLIER, OVERLAP = range(2, 6)
"""Among the observables, after ``E`` and ``B``."""
CLEARLY = 1.1
"""``b`` of all sizes beyond which outliers are compared; between its inverse and that, finite sizes blur them."""
RTOL = 1e-3


@dataclass(frozen=True)
class Ends(Sizes):
    """Flow to ``t_max`` at each alpha; ``resolution``: of alpha, relative; of overlaps."""

    alphas: tuple[float, ...] = (3.0, 4.5, 6.0)
    t_max: float = 50.0


def measured(point: Point[Ends]) -> Array:
    """Energy, b, ``alpha E[D/(1 + gD)]``, and measured less predicted: edge, outlier, squared overlap; (6,)."""
    alpha = point.plan.alphas[point.case]
    seeds = point.seeds(round(1e6 * alpha))
    random = np.random.default_rng(seeds.spawn(1)[0])
    drawn = without_signal(LANDSCAPE, point.size, alpha, seeds)
    x = gradient_flow(drawn, random_starts(point.size, 1, random), [point.plan.t_max], rtol=RTOL).x[0]
    inside = lowest(drawn, x)
    theory = empirical_spectrum(drawn, x).hessian(point.wrong["alpha"] * drawn.alpha, inside.mu)
    beside, place = with_signal_beside(drawn, x)
    mode = lowest(with_wrong_signal(beside, point.wrong["signal"], random), place)
    predicted = theory.outlier if theory.attraction > 1 else theory.edge
    bulk = theory.edge - inside.mu + 1 / theory.resolvent
    edge, outlier, overlap = inside.values[0] - theory.edge, mode.values[0] - predicted, mode.overlaps[0]
    return np.array([inside.energy, theory.attraction, bulk, edge, outlier, overlap - theory.overlap_squared])


def shown(run: Run[Ends], case: int) -> list[Row | Curve]:
    """Energy and b beside those of ``PREDICTIONS``, which are not judged."""
    alphas = run.plan.alphas
    theory = np.array([predictions(LANDSCAPE, alpha) for alpha in alphas])
    made: list[Row | Curve] = []
    for place, title, symbol in ((E, "energy", "$e$"), (B, "b at the edge", "$b$")):
        value = float(theory[case, 1, place])
        made.append(Row(title, value, place, 0.0, panel=title, symbol=symbol, x=alphas[case]))
        if case == 0:
            made += [Curve(title, symbol, alphas, theory[:, k, place], name) for k, name in enumerate(PREDICTIONS)]
    return made


def concluded(run: Run[Ends], outcomes: Sequence[Outcome]) -> Findings:
    """Differences at infinite size, which should be 0; and the states of theory beside those reached."""
    cases = list(zip(run.plan.alphas, outcomes, strict=True))
    comparisons = [c for alpha, found in cases for c in compared(f"alpha = {alpha:g}", found, run.plan.resolution)]
    return Findings(comparisons, (), remarks(run.plan, outcomes))


def compared(where: str, found: Outcome, resolution: float) -> list[Comparison]:
    """Edges, and outliers where all sizes have one."""
    scale = resolution * float(found.groups[-1].value[BULK])
    b = np.array([group.value[B] for group in found.groups])
    made = [_zero(f"{where}: bulk edge", *_edge(found), scale)]
    if np.all(b > CLEARLY):
        made.append(_zero(f"{where}: outlier", *_smooth(found, OUTLIER), scale))
    if np.all(b > CLEARLY) or np.all(b < 1 / CLEARLY):
        made.append(_zero(f"{where}: squared overlap", *_smooth(found, OVERLAP), resolution, independent=False))
    return made


def _edge(found: Outcome) -> tuple[float, float, float]:
    """Half way between extrapolations in ``N^(-2/3)``, as of an edge, and in 1/N, as of a smooth average."""
    terms = min(2, len(found.groups) - 2)
    two = [limits(found.groups, SizeLaw.series(exponent, terms)) for exponent in (2 / 3, 1.0)]
    values = [float(fit.value[EDGE]) for fit in two]
    error = float(np.hypot(max(fit.error[EDGE] for fit in two), abs(values[0] - values[1]) / 2))
    return sum(values) / 2, error, float(two[0].degrees[EDGE])


def _smooth(found: Outcome, place: int) -> tuple[float, float, float]:
    """In 1/N."""
    return float(found.limits.value[place]), float(found.limits.error[place]), float(found.limits.degrees[place])


def _zero(
    what: str, value: float, error: float, degrees: float, resolution: float, independent: bool = True
) -> Comparison:
    return Comparison(
        f"{what}, measured less predicted", 0.0, 0.0, value, error, resolution, None, degrees, independent
    )


def remarks(plan: Ends, outcomes: Sequence[Outcome]) -> list[str]:
    """Energies and b of the states reached, and of those of theory; none of these is judged."""
    made = []
    for alpha, found in zip(plan.alphas, outcomes, strict=True):
        theory = predictions(LANDSCAPE, alpha)
        e, b = found.limits.fits[E], found.limits.fits[B]
        rows = "; ".join(f"{name} {row[0]:.4g}, {row[1]:.4g}" for name, row in zip(PREDICTIONS, theory, strict=True))
        text = f"alpha = {alpha:g}: e = {e.value:.4g} +- {e.error:.1g}, b = {b.value:.4g} +- {b.error:.1g} in 1/N"
        made.append(f"{text} (t = {plan.t_max:g}). Theory, e and b: {rows}.")
    where = crossing(plan.alphas, [found.limits.fits[B] for found in outcomes])
    if where:
        made.append(f"b = 1, the BBP transition of the states reached, at alpha = {where[0]:.3g} +- {where[1]:.1g}.")
    return made


CHECK = Check(
    name="phase-retrieval-threshold-states",
    description="Hessian where gradient flow of phase retrieval ends: edge, outlier, overlap",
    systems=("phase-retrieval",),
    reason="a fifth of alpha: b is 1 for the law of a random point at alpha = 2.85, a third below where it is for full "
    "RSB. Half of alpha, quick: it tells an outlier from none.",
    doing="the end of gradient flow",
    default=Ends((64, 128, 256, 512), (60, 44, 22, 9), 0.2),
    quick=Ends((48, 96, 192), (24, 18, 10), 0.5, alphas=(3.0, 6.0), t_max=10.0),
    count=lambda plan: len(plan.alphas),
    measure=measured,
    predict=shown,
    axis=r"$\alpha$",
    simulation_mistakes={"alpha": 1.0, "signal": 1.0},
    conclude=concluded,
    remarks=(
        "Outliers and overlaps extrapolated in 1/N; edges in N^(-2/3) and in 1/N, whose difference is in the error: "
        "how the edge of states that rest at a finite N approaches that of infinite ones is not known.",
    ),
    facts={"landscape": declared(LANDSCAPE)},
)
