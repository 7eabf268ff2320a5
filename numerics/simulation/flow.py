r"""Gradient flow on the sphere, ``dx/dt = -grad H - mu x`` with ``mu = -x.grad H/N``, of several starts at once.

Each start has its own step, chosen so that the estimated error of a step is below ``rtol`` (in ``|dx|/sqrt(N)``), and
all share each pass over the couplings. A start begins with Dormand-Prince 5(4), cheapest while accuracy sets the step,
and goes over to Runge-Kutta-Chebyshev once stability does. Every step ends on the sphere and none raises the energy.
Within, everything is in the landscape's own unit (``unit_of``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..arrays import reals
from ..errors import ConvergenceError
from ..lowering import Array
from . import chebyshev, embedded
from .landscape_sample import Sample
from .sphere import Field, Indices, Point, Trial, rms
from .starts import saved_starts
from .unit import unit_of

Mask = NDArray[np.bool_]
Observer = Callable[[int, Indices, Point], None]
"""Called with the index of an output time, the starts that have reached it, and where they are."""

RTOL = 1e-4
GRADIENT_TOLERANCE = 1e-8
ROUNDING = 1e-13
"""Energies per spin closer than this, relative to 1 + |e|, are equal."""
FLAT = 1e-13
"""A force below this part of ``mu`` cannot be told from none."""
SLOW_FACTOR = 0.1
"""Tolerance of the second-order method over ``rtol``: it then errs as little as the first."""
STABILITY_LIMITED = 2.0
PATIENCE = 20
"""Steps at the limit of stability before a start changes method."""
MARGIN = 1.2
FIRST_ITERATIONS, ITERATIONS, REFRESH = 16, 3, 25
"""Power iterations for the spectral radius, the first time and every so many steps."""
SMALLEST_STEP = 1e-12
"""In units of the largest rate that was seen, at least of the landscape's own."""


@dataclass(frozen=True, eq=False)
class Flow:
    """Where each start ended: x (starts, N), at times ``t`` (starts,) with energy per spin and ``|F|/sqrt(N)``.

    ``t`` is the last time asked for, or that at which the gradient fell below the tolerance (``converged``).
    """

    x: Array
    t: Array
    energy: Array
    gradient_norm: Array
    converged: Array
    statistics: Mapping[str, int]


def gradient_flow(
    sample: Sample,
    start: ArrayLike,
    times: ArrayLike,
    *,
    rtol: float = RTOL,
    gradient_tolerance: float = GRADIENT_TOLERANCE,
    observe: Observer | None = None,
) -> Flow:
    """``dx/dt = -grad H - mu x`` from each row of ``start`` through all ``times``.

    Parameters
    ----------
    sample
        One realisation of the landscape.
    start
        (starts, N) or (N,); scaled to the sphere.
    times
        Increasing, >= 0, in units of ``dx/dt = -grad H - mu x``; hit exactly. The flow runs from 0 to the last.
    rtol
        Error of a step, ``|dx|/sqrt(N)``, within [1e-12, 1).
    gradient_tolerance
        A start stops where ``|F|/sqrt(N)`` is below it, >= 0, in the landscape's own unit (``unit_of``), or below what
        rounding leaves of ``mu``; it stays there at all later times. With 0 it never stops.
    observe
        Called with ``(k, which, point)`` when starts ``which`` are at ``times[k]``, for each start in order of time.

    Returns a ``Flow``. Raises ``ValueError`` for a bad argument, ``ConvergenceError`` when no step is small enough.
    """
    grid = output_times(times)
    if not 1e-12 <= rtol < 1:
        raise ValueError(f"rtol = {rtol}: expected a tolerance within [1e-12, 1); try {RTOL:g}")
    if not 0 <= gradient_tolerance < np.inf:
        raise ValueError(f"gradient_tolerance = {gradient_tolerance}: expected a number >= 0; try 1e-8")
    x, field = saved_starts(start, sample.size), Field(sample, unit_of(sample))
    run = _Run(field, x, grid * field.unit, rtol, gradient_tolerance, observe)
    while run.active.any():
        run.advance()
    return run.result()


def output_times(times: ArrayLike) -> Array:
    """Finite, >= 0 and increasing, or ``ValueError``."""
    grid = np.atleast_1d(reals("times", times))
    if grid.ndim != 1 or grid.size == 0 or not np.all(np.isfinite(grid)) or grid[0] < 0 or np.any(np.diff(grid) <= 0):
        raise ValueError(f"times = {np.array2string(grid, threshold=6)}: expected increasing times >= 0; try [1, 10]")
    return grid


class _Run:
    """All starts on their way, each at a time ``t`` of its own."""

    def __init__(
        self, field: Field, x: Array, times: Array, rtol: float, tolerance: float, observe: Observer | None
    ) -> None:
        self.field, self.times, self.rtol, self.tolerance, self.observe = field, times, rtol, tolerance, observe
        self.now = self.field.at(x)
        count = x.shape[0]
        self.t, self.due = np.zeros(count), np.zeros(count, dtype=np.intp)
        self.h = 0.01 / np.maximum(rms(self.now.force), 1e-3)
        self.slow, self.limited = np.zeros(count, dtype=bool), np.zeros(count, dtype=np.int64)
        self.radius, self.age = np.zeros(count), np.zeros(count, dtype=np.int64)
        self.direction = np.broadcast_to(np.random.default_rng(0).standard_normal(x.shape[1]), x.shape).copy()
        self.active, self.converged = np.ones(count, dtype=bool), np.zeros(count, dtype=bool)
        self.rate = np.ones(count)
        self.steps = self.rejected = 0
        self._arrive(np.arange(count))

    def advance(self) -> None:
        """One trial step of every start that is still moving."""
        for slow in (False, True):
            which = np.flatnonzero(self.active & (self.slow == slow))
            if which.size:
                h, landing = self._steps(which)
                trial = self._stabilised(which, h) if slow else self._fast(which, h)
                self._judge(which, h, landing, trial)

    def result(self) -> Flow:
        """All starts have arrived."""
        counts = {"steps": self.steps, "rejected": self.rejected}
        counts |= {"passes": self.field.passes, "gradients": self.field.gradients}
        end = self.field.physical(self.now)
        return Flow(end.x, self.t / self.field.unit, end.energy, rms(end.force), self.converged, counts)

    def _steps(self, which: Indices) -> tuple[Array, Mask]:
        """Equal steps to the next output time, none longer than wanted, and whether this one lands on it."""
        room = self.times[self.due[which]] - self.t[which]
        count = np.ceil(room / np.minimum(self.h[which], room) * (1 - 1e-12))
        return room / count, count == 1

    def _fast(self, which: Indices, h: Array) -> Trial:
        trial = embedded.dormand_prince(self.field, self.now.rows(which), h)
        return trial._replace(error=trial.error / self.rtol)

    def _stabilised(self, which: Indices, h: Array) -> Trial:
        self._refresh(which[self.age[which] == 0])
        self.age[which] = (self.age[which] + 1) % REFRESH
        reach = np.minimum(h * self.radius[which], chebyshev.LARGEST_REACH)
        trial = chebyshev.chebyshev(self.field, self.now.rows(which), h, chebyshev.stages_for(reach))
        return trial._replace(error=trial.error / (SLOW_FACTOR * self.rtol))

    def _refresh(self, which: Indices) -> None:
        """Spectral radius there, going on from the direction of the last estimate."""
        if which.size:
            iterations = ITERATIONS if np.all(self.radius[which] > 0) else FIRST_ITERATIONS
            found = chebyshev.spectral_radius(self.field, self.now.rows(which), self.direction[which], iterations)
            self.radius[which], self.direction[which] = MARGIN * found[0], found[1]

    def _judge(self, which: Indices, h: Array, landing: Mask, trial: Trial) -> None:
        """Take the steps that are accurate and do not climb."""
        before = self.now.energy[which]
        good = (trial.error <= 1) & (trial.end.energy <= before + ROUNDING * (1 + np.abs(before)))
        self.rate[which] = np.fmax(self.rate[which], np.fmax(trial.stiffness / h, self.radius[which]))
        self._choose_steps(which, h, trial.error, good)
        self._choose_methods(which, trial.stiffness, good)
        self.rejected += int(np.count_nonzero(~good))
        self._take(which[good], h[good], landing[good], trial.end.rows(np.flatnonzero(good)))

    def _choose_steps(self, which: Indices, h: Array, error: Array, good: Mask) -> None:
        order = np.where(self.slow[which], chebyshev.ERROR_ORDER, embedded.ERROR_ORDER)
        factor = np.clip(0.85 * np.nan_to_num(error, nan=np.inf).clip(1e-12) ** (-1 / order), 0.2, 5.0)
        # a step cut short by an output time says nothing against a longer one
        longer = np.where(factor >= 1, np.maximum(self.h[which], h * factor), h * factor)
        wanted = np.where(good, longer, h * np.minimum(factor, 0.5))
        cap = chebyshev.LARGEST_REACH / np.where(self.radius[which] > 0, self.radius[which], np.inf)
        self.h[which] = np.where(self.slow[which] & (cap > 0), np.minimum(wanted, cap), wanted)
        if np.any(self.h[which] * self.rate[which] < SMALLEST_STEP):
            t = float(self.t[which][np.argmin(self.h[which])]) / self.field.unit
            raise ConvergenceError(f"gradient flow at t = {t:g}: no step is small enough for rtol = {self.rtol:g}")

    def _choose_methods(self, which: Indices, stiffness: Array, good: Mask) -> None:
        """A start goes over once stability has limited it for a while; a failed step asks for a new radius."""
        self.age[which[~good]] = 0
        change = np.where(stiffness > STABILITY_LIMITED, 1, -1) * good
        self.limited[which] = np.maximum(self.limited[which] + change, 0)
        self.slow[which] |= self.limited[which] >= PATIENCE

    def _take(self, which: Indices, h: Array, landing: Mask, end: Point) -> None:
        self.now.replaced(which, end)
        self.t[which] = np.where(landing, self.times[self.due[which]], self.t[which] + h)
        self.steps += which.size
        stopped = which[self._resting(end)]
        self.converged[stopped] = True
        self._arrive(np.union1d(which[landing], stopped))

    def _resting(self, point: Point) -> Mask:
        """Where the force is below the tolerance, or below what can be told from zero."""
        least = np.maximum(self.tolerance, FLAT * np.abs(point.mu)) if self.tolerance > 0 else 0.0
        return np.asarray(rms(point.force) < least)

    def _arrive(self, which: Indices) -> None:
        """Tell the observer of every output time reached; a start that has stopped reaches all of them."""
        self.converged[which] |= self._resting(self.now.rows(which))
        for k in range(self.times.size):
            there = which[(self.due[which] == k) & ((self.t[which] >= self.times[k]) | self.converged[which])]
            if there.size:
                if self.observe is not None:
                    self.observe(k, there, self.field.physical(self.now.rows(there)))
                self.due[there] = k + 1
        self.active[which] = ~self.converged[which] & (self.due[which] < self.times.size)
