r"""Gradient flow of phase retrieval from a given overlap against the effective process of infinite size.

Theory (``numerics.generalized_linear.dynamics``; Mignacco, Krzakala, Urbani, Zdeborova 2020): ``m(t)``, energy, ``mu``
and ``C(t, 0)`` of the flow, each with its error, which is part of the comparison.

Simulation: ``simulate_risk``, extrapolated in 1/N. Energy and mu at the start, and the mean square of the labels, have
means that are known exactly: they are controls of all that follows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape
from theory.systems.phase_retrieval import PhaseRetrieval

from ..generalized_linear.dynamics import DescentSolution, solve_descent
from ..generalized_linear.simulation import simulate_risk
from ..lowering import lower
from .check import Check, Measured
from .panels import Curve, Row, along
from .plan import Point, Run, Sizes
from .risk_samples import declared

LANDSCAPE, ALPHA = PhaseRetrieval(1), 3.0
OVERLAPS = (0.2, 0.0)
"""Of the starts, by case."""
ROWS = {"m": "m", "energy": "energy", "mu": "mu", "correlation": "C(t, 0)"}
NODES = 160
"""Of Gauss and Hermite's rule in each field: the loss has poles at ``y = +-i sqrt(a)``."""


@dataclass(frozen=True)
class Times(Sizes):
    """``times[case]``: without a signal at the start finite sizes soon find it. ``resolution`` is absolute."""

    times: tuple[tuple[float, ...], ...] = ((0.1, 0.3, 0.8), (0.1, 0.2, 0.4))
    walkers: int = 4096
    sets: int = 24


def measured(point: Point[Times]) -> Measured:
    """The rows at each time, (samples, rows times); controls, (samples, 3)."""
    times, overlap = point.plan.times[point.case], point.wrong["signal"] * OVERLAPS[point.case]
    found = simulate_risk(
        LANDSCAPE, point.size, ALPHA, point.samples, point.own_seed, t_max=times[-1], at=times, overlap=overlap
    )
    places = [int(np.argmin(np.abs(found.t - t))) for t in times]
    arrays = {name: found[name][..., 0] if name == "correlation" else found[name] for name in ROWS}
    energy, mu = expected_start(LANDSCAPE, found["y"].shape[1] / point.size, overlap)
    squares = (found["y"] ** 2).mean(axis=1) - 1
    controls = np.column_stack([found["energy"][:, 0, 0] - energy, found["mu"][:, 0, 0] - mu, squares])
    return np.column_stack([arrays[name][:, 0, places] for name in ROWS]), controls


@lru_cache(maxsize=64)
def expected_start(landscape: GeneralizedLinearLandscape, alpha: float, overlap: float) -> tuple[float, float]:
    """``alpha E[l]`` and ``-alpha E[u l']`` of fields with this correlation, exact at any N."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    y, rest = nodes[:, None], nodes[None, :]
    u = overlap * y + np.sqrt(1 - overlap**2) * rest
    parts = lower((FIELD, SIGNAL_FIELD), [landscape.loss, -FIELD * landscape.force])(u, y)
    weight = np.multiply.outer(weights, weights) / (2 * np.pi)
    energy, mu = (alpha * float(np.sum(weight * part)) for part in parts)
    return energy, mu


def predicted(run: Run[Times], case: int) -> list[Row | Curve]:
    """The effective process; values of one run err together: the last energy counts as the independent one."""
    plan, overlap, times = run.plan, OVERLAPS[case], run.plan.times[case]
    how: Any = {"walkers": plan.walkers, "samples": plan.sets, "seed": run.seed + 1}
    theory = solve_descent(LANDSCAPE, ALPHA, times[-1], overlap=overlap, times=times, **how)
    without = ("m",) if overlap == 0 else ()
    return against(f"m(0) = {overlap:g}", theory, times, ROWS, plan.resolution, run.wrong["energy"], without)


def against(
    title: str,
    theory: DescentSolution,
    times: ArrayLike,
    names: Mapping[str, str],
    resolution: float,
    wrong: float,
    without: Sequence[str] = (),
) -> list[Row | Curve]:
    """Rows and curves of a solution at ``times``, measured in the order of ``names``; ``wrong`` multiplies energies.

    ``resolution`` is relative to values above 1 and absolute below.
    """
    found, curve, count = theory.at(times), theory.at(theory.t), np.size(times)
    made: list[Row | Curve] = []
    for row, (name, label) in enumerate(names.items()):
        if name in without:
            continue
        factor = wrong if name == "energy" else 1.0
        where, scale = (title, label, "t = ", times), np.maximum(1.0, np.abs(found[name]))
        values, errors = (factor * found[name], row * count, resolution * scale), found[f"{name}_error"]
        made += along(*where, *values, errors, independent=name == "energy")
        made.append(Curve(title, f"${label}$", theory.t, factor * curve[name]))
    return made


CHECK = Check(
    name="phase-retrieval-dynamics",
    description="gradient flow of phase retrieval against the effective process",
    systems=("phase-retrieval",),
    reason="0.07 (0.25, quick): flow without memory, on fresh data at every time, has 2.6 to 4.6 times the energy at "
    "the same overlap, and 4 times mu or more.",
    doing="gradient flow",
    default=Times((128, 256, 512), (500, 350, 220), 0.07),
    quick=Times((64, 128, 256), (150, 100, 60), 0.25, walkers=1024, sets=8),
    count=lambda _: len(OVERLAPS),
    measure=measured,
    predict=predicted,
    axis="$t$",
    theory_mistakes={"energy": 1.0},
    simulation_mistakes={"signal": 1.0},
    sites=640,
    remarks=(
        "Extrapolated in 1/N; errors of theory are those that it states. From overlap 0 only early times: what is of "
        "order 1/N grows with the instability towards the signal, exponentially.",
    ),
    facts={"alpha": ALPHA, "overlaps": list(OVERLAPS), "landscape": declared(LANDSCAPE)},
)
