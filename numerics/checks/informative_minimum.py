r"""The minimum that is aligned with the signal: descent from the signal at finite N against Kac-Rice.

Theory: ``f'(1) = (g'(m)/m)^2 (1 - m^2)``, largest m; ``mu`` and ``E`` there (``theory.inference``). The Hessian is a
GOE of bulk ``mu +- 2 sqrt(f''(1))`` minus a spike along the signal (``theory.kac_rice``): the lowest eigenvalue is the
outlier where ``theta = g''(m)(1 - m^2)/sqrt(f''(1)) > 1``, and the edge otherwise.

Simulation: Newton's method on the sphere (``numerics.simulation.minimum``), started at the signal itself. Each disorder
is used with both signs of its noise, which removes the part of the fluctuations that is odd in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sympy import Rational

from theory.inference import MaximumLikelihood
from theory.kac_rice.complexity import jet_of
from theory.kac_rice.hessian import hessian_of
from theory.landscape import GaussianLandscape
from theory.random_matrices import BBPTransition
from theory.symbols import OVERLAP, SIGNAL_OVERLAP, SPIKE
from theory.systems import SpikedMatrixTensor

from ..extrapolation import SMOOTH, SizeLaw
from ..lowering import Array, lower
from ..roots import between
from ..simulation import sample
from ..simulation.minimum import descend
from .check import Check
from .panels import Row
from .plan import Point, Run, Sizes
from .samples import declared, with_noise, with_signal

GRID = 4001
"""Overlaps among which a change of sign is sought."""


@dataclass(frozen=True)
class Case:
    """A landscape, and whether its lowest eigenvalue is an outlier."""

    label: str
    landscape: GaussianLandscape
    outlier: bool


OBSERVABLES = {
    "m": r"$m$",
    "mu": r"$\mu$",
    "energy": r"$E$",
    "lambda_min": r"$\lambda_{\min}$",
    "width": r"$\mu - \lambda_{\min}$",
    "overlap": r"$\langle v, e\rangle^2$",
}
"""``width``: of the spectrum below its centre; ``overlap``: squared, of the lowest mode and the signal's direction."""
EDGE = {"lambda_min": SizeLaw.series(2 / 3, 2), "width": SizeLaw.series(2 / 3, 2)}
CASES = (
    Case("matrix-tensor", SpikedMatrixTensor(3, Rational(3, 10), 1), False),
    Case("f ≠ g, outlier", GaussianLandscape(OVERLAP + OVERLAP**2 / 8, 6 * SIGNAL_OVERLAP**5 / 5), True),
)


def aligned(landscape: GaussianLandscape) -> dict[str, float]:
    """``OBSERVABLES`` of the aligned minimum, the one of largest m."""
    theory = MaximumLikelihood(landscape)
    gap = lower((SIGNAL_OVERLAP,), [theory.fixed_point.lhs - theory.fixed_point.rhs])
    grid = np.linspace(1e-6, 1, GRID)
    changes = np.flatnonzero(np.diff(np.sign(gap(grid)[0])))
    if changes.size == 0:
        raise ValueError(f"{landscape!r} has no minimum aligned with its signal; try a stronger signal")
    m = float(between(lambda x: gap(x)[0], grid[changes[-1]], grid[changes[-1] + 1]).value)
    mu, energy = (float(v) for v in lower((SIGNAL_OVERLAP,), [theory.multiplier, theory.energy])(m))
    smallest, overlap = lowest_mode(landscape, m, mu)
    return dict(zip(OBSERVABLES, (m, mu, energy, smallest, mu - smallest, overlap), strict=True))


def lowest_mode(landscape: GaussianLandscape, m: float, mu: float) -> tuple[float, float]:
    """``sigma (t - theta - 1/theta)``, ``t = mu/sigma``, and ``1 - 1/theta^2``; a spike below 1 acts as one of 1."""
    law = hessian_of(jet_of(landscape))
    scale, spike = (float(v) for v in lower((SIGNAL_OVERLAP,), [law.scale, law.spike])(m))
    outlier = BBPTransition(SPIKE)
    position, overlap = lower((SPIKE,), [outlier.position, outlier.overlap_squared])(max(1.0, spike))
    return mu - scale * float(position), float(overlap)


def measured(point: Point[Sizes]) -> Array:
    """``OBSERVABLES``, averaged over both signs of the noise."""
    drawn = sample(with_signal(CASES[point.case].landscape, point.wrong["signal"]), point.size, point.seeds())
    ends = [descend(with_noise(drawn, sign), drawn.signal) for sign in (1, -1)]
    found = [(end.overlap, end.modes.mu, end.modes.energy, end.modes.values[0], end.modes.overlaps[0]) for end in ends]
    m, mu, energy, smallest, overlap = np.mean(found, axis=0)
    return np.array([m, mu, energy, smallest, mu - smallest, overlap])


def predicted(run: Run[Sizes], k: int) -> list[Row]:
    """All depend on the same minima: m counts as the independent one.

    The resolution is relative: to mu and to E, for m to the smaller of m and four times its distance to 1, for ``mu -
    lambda_min`` to twice that, for the overlap to 2. For lambda_min itself, which carries the noise of mu while two
    powers of 1/N are fitted, to twice mu: ``mu - lambda_min`` is the sharper test.
    """
    case = CASES[k]
    values = aligned(case.landscape)
    values["m"] *= run.wrong["overlap"]
    m, mu = values["m"], values["mu"]
    scales = {"m": min(m, 4 * abs(1 - m)), "lambda_min": 2 * mu, "width": 2 * values["width"], "overlap": 2.0}
    return [
        Row(
            f"{case.label}: {name}",
            values[name],
            place,
            run.plan.resolution * scales.get(name, abs(values[name])),
            independent=name == "m",
            panel=case.label,
            symbol=symbol,
        )
        for place, (name, symbol) in enumerate(OBSERVABLES.items())
    ]


CHECK = Check(
    name="informative-minimum",
    description="descent from the signal against the aligned minimum of Kac-Rice",
    systems=("spiked-matrix-tensor", "landscape"),
    reason="5 % (10 %, quick): the Bayes-optimal overlap is 13 % below that of the minimum in the first landscape, and "
    "the outlier of the second is 17 % farther from the centre of the spectrum than the edge.",
    doing="descent from the signal",
    default=Sizes((48, 64, 96, 128, 256), (200, 160, 120, 80, 40), 0.05),
    quick=Sizes((32, 48, 64, 128), (100, 80, 60, 40), 0.1),
    count=lambda _: len(CASES),
    measure=measured,
    predict=predicted,
    laws=lambda _, k: [SMOOTH if CASES[k].outlier else EDGE.get(name, SMOOTH) for name in OBSERVABLES],
    theory_mistakes={"overlap": 1.0},
    simulation_mistakes={"signal": 1.0},
    remarks=("Means extrapolated in 1/N, the edge of the spectrum (matrix-tensor) in N^(-2/3) and N^(-4/3).",),
    facts={"cases": [{"label": case.label, **declared(case.landscape)} for case in CASES]},
)
