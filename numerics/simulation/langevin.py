r"""Langevin dynamics on the sphere, ``dx = (-grad H - mu x) dt + sqrt(2T) dW`` with ``|x|^2 = N``.

Strang splitting: half a step of gradient flow, Brownian motion on the sphere for a whole one, the other half. Flow
between two kicks is one midpoint step, so a step costs two gradients. Weak order 2: at high temperature the response
to a force is too large by a factor ``T h coth(T h)``, ``1 + (T h)^2/3`` for small h; the flow adds an error of order
``(lambda h)^2``, ``lambda`` the largest rate. Energies of ``f = q^2/2`` are too low by a fraction that is within a
factor two of ``(lambda h)^2/100 + (T h)^2/3`` (measured at T = 0.3 ... 5 against the two-time equations).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from theory.course import Course

from ..course import average, steps, value
from ..lowering import Array
from . import chebyshev
from .brownian import kick
from .flow import Observer, output_times
from .landscape_sample import Sample
from .sphere import Field, Point, on_sphere
from .starts import saved_starts
from .unit import unit_of
from .unseen import normal, spins

RTOL = 1e-3
ITERATIONS = 12
MOST_STEPS = 10**8
NET = 33
"""Times at which the highest temperature between two outputs is looked for."""


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Where each start ended, x (starts, N), and the work: steps, passes over the couplings, gradients."""

    x: Array
    statistics: dict[str, int]


def langevin(
    sample: Sample,
    start: ArrayLike,
    times: ArrayLike,
    temperature: float | Course,
    rngs: Sequence[Generator],
    *,
    rtol: float = RTOL,
    step: float | None = None,
    observe: Observer | None = None,
) -> Trajectory:
    """``dx = (-grad H - mu x) dt + sqrt(2T) dW`` from each row of ``start`` through all ``times``.

    Parameters
    ----------
    sample, start, times
        As for ``gradient_flow``.
    temperature
        T > 0, or ``T(t) >= 0``, whose steps are hit exactly.
    rngs
        One generator for each start.
    rtol
        Bias aimed at in energies and correlations, within (0, 1): ``(lambda^2/64 + T^2/3) h^2 = rtol`` with the largest
        rate ``lambda = |H''| + mu``.
    step
        A step to use instead, > 0.
    observe
        Called with ``(k, which, point)`` at each of ``times``; ``point.mu`` has no thermal part.

    Raises ``ValueError`` for a bad argument, and where the last time takes more than ``MOST_STEPS`` steps.
    """
    grid, x = output_times(times), saved_starts(start, sample.size)
    _require(temperature, rtol, step, len(rngs), x.shape[0])
    field = Field(sample, unit_of(sample))
    bath = temperature.scaled(1 / field.unit) if isinstance(temperature, Course) else temperature / field.unit
    walk, breaks = _Walk(field, bath, rngs, field.at(x)), steps(bath, grid[-1] * field.unit)
    stiffness = _curvature(field, walk.now) if step is None else 0.0
    everyone = np.arange(x.shape[0])
    for k, until in enumerate(grid * field.unit):
        for end in (*breaks[(walk.t < breaks) & (breaks < until)], *[until][: int(until > walk.t)]):
            rate = stiffness + float(np.max(walk.now.mu))
            largest = _step(rate, walk.hottest(end), rtol) if step is None else step * field.unit
            _require_steps(grid[-1], (grid[-1] * field.unit - walk.t) / largest)
            walk.go(end, largest)
        if observe is not None:
            observe(k, everyone, field.physical(walk.now))
    counts = {"steps": walk.steps, "passes": field.passes, "gradients": field.gradients}
    return Trajectory(walk.now.x, counts)


class _Walk:
    """All starts in step."""

    def __init__(self, field: Field, bath: float | Course, rngs: Sequence[Generator], now: Point) -> None:
        self.field, self.bath, self.rngs, self.now = field, bath, rngs, now
        self.t, self.steps = 0.0, 0

    def go(self, end: float, largest: float) -> None:
        """Equal steps, none longer than ``largest``; half steps of flow meet in whole ones."""
        count = int(np.ceil((end - self.t) / largest))
        times = np.linspace(self.t, end, count + 1)
        h = (end - self.t) / count
        x = self._drift(self.now, h / 2)
        for a, b in pairwise(times[:-1]):
            x = self._drift(self.field.at(self._kick(x, a, b)), h)
        x = self._drift(self.field.at(self._kick(x, times[-2], end)), h / 2)
        self.now, self.t = self.field.at(x), end
        self.steps += count

    def hottest(self, end: float) -> float:
        """The highest temperature from now to ``end``."""
        if not isinstance(self.bath, Course):
            return self.bath
        return float(np.max(value(self.bath, np.linspace(self.t, end, NET), self.t, end)))

    def _kick(self, x: Array, start: float, end: float) -> Array:
        """Brownian motion for ``s = int T dt``."""
        mean = average(self.bath, start, end) if isinstance(self.bath, Course) else self.bath
        sample = self.field.sample
        return kick(x, mean * (end - start), self.rngs, spins(sample), partial(normal, sample))

    def _drift(self, at: Point, h: float) -> Array:
        """Gradient flow by the midpoint rule."""
        middle = self.field.at(on_sphere(at.x + 0.5 * h * at.force))
        return on_sphere(at.x + h * middle.force)


def _step(rate: float, temperature: float, rtol: float) -> float:
    """``(lambda^2/64 + T^2/3) h^2 = rtol``; ``rate`` has no thermal part."""
    return float(np.sqrt(rtol / ((max(rate, 0.0) + temperature) ** 2 / 64 + temperature**2 / 3)))


def _curvature(field: Field, at: Point) -> float:
    """``|H''|``: largest rate of the force, less the multiplier, over all starts."""
    direction = np.broadcast_to(np.random.default_rng(0).standard_normal(at.x.shape[1]), at.x.shape)
    rate, _ = chebyshev.spectral_radius(field, at, direction, ITERATIONS)
    return float(np.max(rate - np.abs(at.mu)))


def _require_steps(t_max: float, steps: float) -> None:
    if steps > MOST_STEPS:
        reach = t_max * MOST_STEPS / steps
        raise ValueError(
            f"t_max = {t_max:g} takes {steps:.1e} steps, {MOST_STEPS:.0e} reach about {reach:.1g}; try that"
        )


def _require(temperature: float | Course, rtol: float, step: float | None, generators: int, starts: int) -> None:
    if not isinstance(temperature, Course) and not 0 < temperature < np.inf:
        raise ValueError(f"temperature = {temperature}: expected a number > 0; gradient_flow has T = 0")
    if not 0 < rtol < 1:
        raise ValueError(f"rtol = {rtol}: expected a tolerance within (0, 1); try {RTOL:g}")
    if step is not None and not 0 < step < np.inf:
        raise ValueError(f"step = {step}: expected a number > 0; try 0.05")
    if generators != starts:
        raise ValueError(f"rngs has {generators} generators for {starts} starts: expected one for each")
