"""What is measured along a run, and when."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10

import numpy as np
from numpy.typing import ArrayLike

from ..arrays import reals
from ..lowering import Array
from .diluted import DilutedLandscape
from .hessian import lowest
from .landscape_sample import Sample
from .sphere import Indices, Point, rms
from .unseen import spins

POINTS_PER_DECADE = 8
FIRST_TIME = 0.1

OVER_TIME = ("m", "mu", "energy", "gradient_norm")
"""Arrays (starts, times)."""
PARTICIPATION = "participation"
"""One more in a diluted sample."""
OVER_HESSIAN_TIMES = ("lambda_min", "lambda_min_overlap")
"""Arrays (starts, Hessian times)."""


@dataclass(frozen=True, eq=False)
class Schedule:
    """Output times ``t``, increasing from 0 to ``t_max``, and the waiting times and Hessian times among them."""

    t: Array
    waiting: Array
    hessian: Array

    def places(self, times: Array) -> Indices:
        """Their indices in ``t``."""
        return np.searchsorted(self.t, times)


def schedule(t_max: float, at: ArrayLike | None, waiting: ArrayLike, hessian: ArrayLike | str) -> Schedule:
    """A logarithmic grid, eight points per decade from 0.1 on, joined by 0, ``t_max`` and every time asked for.

    ``hessian = "end"`` stands for ``t_max``. Raises ``ValueError`` for a time outside [0, t_max].
    """
    if not 0 < t_max < np.inf:
        raise ValueError(f"t_max = {t_max}: expected a finite time > 0; try 100")
    if isinstance(hessian, str) and hessian != "end":
        raise ValueError(f"hessian_times = {hessian!r}: expected times or 'end'")
    asked = _times("at", () if at is None else at, t_max)
    waits = _times("waiting_times", waiting, t_max)
    curved = np.array([t_max]) if isinstance(hessian, str) else _times("hessian_times", hessian, t_max)
    t = np.unique(np.concatenate(([0.0, t_max], _logarithmic(t_max), asked, waits, curved)))
    return Schedule(t, waits, curved)


def _logarithmic(t_max: float) -> Array:
    first = min(FIRST_TIME, t_max / 10)
    # whole powers of 10^(1/8), so that runs of different length share their times
    steps = np.arange(np.ceil(POINTS_PER_DECADE * np.log10(first)), np.log10(t_max) * POINTS_PER_DECADE)
    times = np.array([round(t, 12 - min(0, floor(log10(t)))) for t in 10.0 ** (steps / POINTS_PER_DECADE)])
    return times[times < t_max]


def _times(name: str, times: ArrayLike, t_max: float) -> Array:
    array = np.unique(reals(name, times))
    bad = array[~((array >= 0) & (array <= t_max))]
    if bad.size:
        raise ValueError(f"{name} holds {bad[0]:g}: expected times within [0, t_max = {t_max:g}]")
    return array


class Recorder:
    r"""Fills arrays (starts, times, ...) as a run goes by; an ``Observer`` of ``gradient_flow`` and ``langevin``.

    ``m = x.x*/N``, ``e = H/N``, ``mu = -x.grad H/N + T (1 - 1/N)`` (the constraint with Ito's term, as in the two-time
    equations; ``bath`` has T at the output times), ``gradient_norm = |P grad H|/sqrt(N)``, in a diluted sample
    ``participation``, ``correlation = x(t).x(t_w)/N`` (starts, times, waiting times), and at the Hessian times the
    lowest eigenvalue of ``P (H'' + mu) P`` with the squared overlap of its eigenvector and the signal (starts, Hessian
    times).
    The Hessian's ``mu`` has no thermal part: it is that of the landscape at the point.
    """

    def __init__(self, sample: Sample, starts: int, plan: Schedule, bath: Array) -> None:
        self.sample, self.plan = sample, plan
        self.thermal = bath * (1 - 1 / spins(sample))
        self.waits, self.curved = plan.places(plan.waiting), plan.places(plan.hessian)
        shape = (starts, plan.t.size)
        over_time = (*OVER_TIME, PARTICIPATION) if isinstance(sample, DilutedLandscape) else OVER_TIME
        self.arrays = {name: np.full(shape, np.nan) for name in over_time}
        self.arrays |= {name: np.full((starts, plan.hessian.size), np.nan) for name in OVER_HESSIAN_TIMES}
        self.arrays["correlation"] = np.full((*shape, plan.waiting.size), np.nan)
        # states up to the last waiting time: what C(t, t_w) needs on both sides of t_w
        kept = int(self.waits[-1]) + 1 if self.waits.size else 0
        self.states = np.empty((kept, starts, sample.size))

    def __call__(self, k: int, which: Indices, point: Point) -> None:
        """Starts ``which`` are at the k-th output time."""
        self.arrays["m"][which, k] = point.x @ self.sample.signal / self.sample.size
        self.arrays["mu"][which, k] = point.mu + self.thermal[k]
        self.arrays["energy"][which, k] = point.energy
        self.arrays["gradient_norm"][which, k] = rms(point.force)
        if isinstance(self.sample, DilutedLandscape):
            self.arrays[PARTICIPATION][which, k] = self.sample.participation(point.x)
        self._correlate(k, which, point.x)
        for h in np.flatnonzero(self.curved == k):
            self._curvature(int(h), which, point.x)

    def measured(self) -> dict[str, Array]:
        """All arrays; ``RuntimeError`` if an entry of them is not a number."""
        for name, values in self.arrays.items():
            if not np.all(np.isfinite(values)):
                raise RuntimeError(f"{name} is not finite")
        return self.arrays

    def _correlate(self, k: int, which: Indices, x: Array) -> None:
        """``C(t_k, t_w) = C(t_w, t_k)`` for all that has been reached."""
        correlation, size = self.arrays["correlation"], self.sample.size
        if k < len(self.states):
            self.states[k, which] = x
        for w, place in enumerate(self.waits):
            if place <= k:
                correlation[which, k, w] = np.einsum("si,si->s", x, self.states[place, which]) / size
            if place == k:
                correlation[which, :k, w] = np.einsum("si,ksi->sk", x, self.states[:k, which]) / size

    def _curvature(self, h: int, which: Indices, x: Array) -> None:
        for start, position in zip(which, x, strict=True):
            modes = lowest(self.sample, position)
            self.arrays["lambda_min"][start, h] = modes.values[0]
            self.arrays["lambda_min_overlap"][start, h] = modes.overlaps[0]
