r"""The Hessian at a critical point near a minimum, in sampled landscapes with both of them.

Theory (``theory.kac_rice.two_points``; Ros, Biroli, Cammarota 2019, arXiv 1809.05440): of the Hessian at x1, the row of
the direction towards the minimum has another mean and another variance, and an eigenvalue of its own beneath the bulk.

Simulation: every coupling is drawn, and the landscape conditioned on two critical points of given energies and overlap,
exactly and at any N (``numerics.simulation.conditioned``). The eigenvalue beneath the bulk is that of a matrix with a
row apart, as in ``bbp-rotation-invariant``, the twin with a known answer, and goes to infinite size like 1/N.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from sympy import Rational

from theory.random_matrices.bordered import CENTRE, SHARE, isolated, outside
from theory.random_matrices.semicircle import Y
from theory.symbols import OVERLAP
from theory.systems import Landscape

from ..lowering import Array, lower
from ..neighbourhood import Neighbours, Surroundings, minimum
from ..simulation import sample
from ..simulation.conditioned import mode_between
from .check import Check
from .panels import Row
from .plan import Point, Run, Sizes

PURE, MIXED = OVERLAP**3 / 2, OVERLAP**2 / 10 + OVERLAP**3 / 2
PLACES = ((PURE, -1.16, 0.75, -1.12), (PURE, -1.167, 0.9, -1.1), (MIXED, -1.255, 0.8, -1.2))
"""Covariance, energy of the minimum, overlap, energy of the other critical point."""
OVERLAPS = 0.1
"""Resolution of squared overlaps."""


@dataclass(frozen=True)
class Places(Sizes):
    """``places`` are numbers of ``PLACES``; ``resolution`` of the eigenvalue, in units of half the bulk's radius."""

    places: tuple[int, ...] = (0, 1, 2)


@cache
def seen_from(place: int) -> tuple[Landscape, Surroundings, Neighbours]:
    """Theory of one of the places."""
    covariance, energy, overlap, other = PLACES[place]
    landscape = Landscape(covariance)
    around = minimum(landscape, energy)
    return landscape, around.rough, around.exact.at(Rational(repr(overlap)), Rational(repr(other)), bulk=False)


def predicted(run: Run[Places], case: int) -> list[Row]:
    """Eigenvalue and squared overlap; ``share`` multiplies the variance of the row."""
    _, around, found = seen_from(run.plan.places[case])
    scale = float(around.theory.scale)
    share = run.wrong["share"] * float(found.share)
    y = lower((CENTRE, SHARE), [outside()])(float(found.centre), share)[0]
    z, alignment = (float(x) for x in lower((Y, SHARE), list(isolated()))(y, share))
    _, energy, overlap, other = PLACES[run.plan.places[case]]
    at = f"q = {overlap:g}, E = {energy:g}, {other:g}"
    return [
        Row(
            f"eigenvalue at {at}",
            scale * (float(found.shift) + z),
            0,
            scale * run.plan.resolution,
            independent=True,
            panel="eigenvalue of the direction to the minimum",
            symbol=r"$\lambda$",
            series=at,
        ),
        Row(
            f"squared overlap at {at}",
            alignment,
            1,
            OVERLAPS,
            panel="its overlap with that direction",
            symbol=r"$\langle v, e'\rangle^2$",
            series=at,
        ),
    ]


def measured(point: Point[Places]) -> Array:
    """Both, of each sample, (samples, 2)."""
    place = point.plan.places[point.case]
    landscape, around, found = seen_from(place)
    _, energy, overlap, other = PLACES[place]
    points = np.zeros((2, point.size))
    points[:, :2] = np.sqrt(point.size) * np.array([[1, 0], [overlap, np.sqrt(1 - overlap**2)]])
    ws = [-float(around.theory.scale) * float(t) for t in (around.shift, found.shift)]
    energies = [] if around.theory.pure else [energy, other]
    seeds = np.random.SeedSequence((point.seed, place, point.size, point.number)).spawn(point.samples)
    drawn = (sample(landscape, point.size, seed) for seed in seeds)
    return np.array([mode_between(one, landscape, points, ws, energies) for one in drawn])


CHECK = Check(
    name="neighbourhood",
    description="Hessian at a critical point near a minimum, in landscapes conditioned on both",
    reason="a tenth of what the eigenvalue would be off by if the row towards the minimum had the variance of others; "
    "a tenth of what is left of the overlap where the eigenvalue is in the bulk.",
    doing="conditioned landscapes",
    default=Places((40, 80, 160), (400, 300, 200), 0.03),
    quick=Places((30, 60, 120), (150, 120, 80), 0.06),
    count=lambda plan: len(plan.places),
    measure=measured,
    predict=predicted,
    theory_mistakes={"share": 1.0},
    systems=("landscape",),
    sites=1 << 13,
    remarks=("Extrapolated in 1/N, as outliers of random matrices.",),
)
