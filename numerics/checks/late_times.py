"""The end of gradient flow from a random start: runs to late times and to rest, and what theory says of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from theory.energies import threshold_energy
from theory.landscape import GaussianLandscape
from theory.symbols import OVERLAP, SIGNAL_OVERLAP

from ..dynamics import DynamicsSolution, solve_dynamics
from ..lowering import Array
from ..simulation import simulate
from .batches import Batch
from .joint import Limits, Means


@dataclass(frozen=True)
class Problem:
    """Two batches of runs: ``late`` of diluted landscapes, the others down to a minimum of dense ones."""

    label: str
    landscape: GaussianLandscape
    late: bool


PURE = GaussianLandscape(OVERLAP**3 / 2)
MIXED = GaussianLandscape(OVERLAP**2 / 4 + OVERLAP**3 / 2)
PROBLEMS = tuple(
    Problem(label, landscape, late)
    for late in (True, False)
    for label, landscape in (("pure p = 3", PURE), ("mixed p = 2, 3", MIXED))
)
SPARSENESS = 4
"""Size over connectivity of the diluted landscapes."""
AGEING = -2 / 3
"""``e - e_inf ~ t^(-2/3)``."""
LATER = 10.0
"""Factor between the two windows in time."""
THEORY_RTOL, RUN_RTOL = 1e-5, 1e-3
AT_REST, LATEST = 1e-5, 1e5
"""Gradient at which a run counts as finished, and the time it has."""
STARTS = 4


def measured(point: tuple[Batch, tuple[float, ...]]) -> Array:
    """One batch: e and mu at the times and at infinity, (samples, 2 times + 2); at rest e, mu, lowest eigenvalue."""
    batch, window = point
    problem = PROBLEMS[batch.case]
    # signal: 0 where nothing is wrong
    landscape = GaussianLandscape(problem.landscape.covariance, batch.signal * SIGNAL_OVERLAP)
    return _late(landscape, batch, window) if problem.late else _at_rest(landscape, batch)


def _late(landscape: GaussianLandscape, batch: Batch, window: tuple[float, ...]) -> Array:
    found = simulate(
        landscape,
        batch.size,
        batch.samples,
        batch.own_seed,
        t_max=window[-1],
        at=window,
        waiting_times=(),
        rtol=RUN_RTOL,
        ensemble="diluted",
        connectivity=batch.size // SPARSENESS,
    )
    places = [int(np.argmin(np.abs(found.t - t))) for t in window]
    e, mu = (found[name][:, 0, places] for name in ("energy", "mu"))
    return np.column_stack([e, mu, e @ to_infinity(window), mu @ to_infinity(window)])


def _at_rest(landscape: GaussianLandscape, batch: Batch) -> Array:
    found = simulate(
        landscape,
        batch.size,
        batch.samples,
        batch.own_seed,
        t_max=LATEST,
        starts=STARTS,
        waiting_times=(),
        hessian_times="end",
        gradient_tolerance=AT_REST,
        rtol=RUN_RTOL,
    )
    means = [found[name][..., -1].mean(axis=1) for name in ("energy", "mu", "lambda_min")]
    return np.column_stack(means)


def to_infinity(times: Sequence[float]) -> Array:
    """Weights w with ``w.v = v_inf`` of the least-squares fit ``v = v_inf + c t^(-2/3)``."""
    t = np.asarray(times, dtype=np.float64)
    weights: Array = np.linalg.pinv(np.column_stack([np.ones(t.size), t**AGEING]))[0]
    return weights


@dataclass(frozen=True, eq=False)
class Theory:
    """Of one landscape: the two-time equations, ``e_th`` and ``2 sqrt(f''(1))``; ``energy``, ``multiplier`` scale them.

    ``drift`` (2,), of e and mu: how far the fit in ``t^(-2/3)`` moves from the window to times ten times later.
    """

    solution: DynamicsSolution
    threshold: float
    marginal: float
    drift: Array
    energy: float = 1.0
    multiplier: float = 1.0

    @classmethod
    def of(cls, landscape: GaussianLandscape, window: Sequence[float], energy: float, multiplier: float) -> Theory:
        """Solved to ten times the window."""
        solution = solve_dynamics(landscape, LATER * window[-1], rtol=THEORY_RTOL)
        weights, times = to_infinity(window), np.asarray(window)
        here, later = (
            np.array([weights @ solution.at(t)[name] for name in ("energy", "mu")]) for t in (times, LATER * times)
        )
        threshold = float(threshold_energy(landscape).equation.rhs)
        marginal = 2 * float(landscape.f(2)) ** 0.5
        return cls(solution, energy * threshold, multiplier * marginal, np.abs(later - here), energy, multiplier)

    def at(self, times: ArrayLike) -> tuple[Array, Array, Array, Array]:
        """e, its error, mu, its error."""
        found = self.solution.at(times)
        return (
            self.energy * found["energy"],
            found["energy_error"],
            self.multiplier * found["mu"],
            found["mu_error"],
        )


@dataclass(frozen=True, eq=False)
class Outcome:
    """What the runs of one problem average to at each size and at infinite size, beside its theory."""

    problem: Problem
    theory: Theory
    groups: Sequence[Means]
    limit: Limits

    @property
    def pure(self) -> bool:
        """Whether the energy has a predicted limit."""
        return self.problem.landscape == PURE
