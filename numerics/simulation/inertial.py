r"""Langevin dynamics with a mass on the sphere, ``M x'' + gamma x' = -grad H - mu x + sqrt(2 gamma T) noise``.

The splitting BAOAB along geodesics: half a kick by the force, half a step of free motion (a great circle), the friction
and noise of a whole step on the velocity, the other halves. One gradient a step, second order, exact for free motion
and for the noise; with ``gamma = 0`` it is symplectic and reversible.

Source: Leimkuhler, Matthews (Proc. R. Soc. A 472, 20160138, 2016).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from theory.course import Course

from ..course import average, pieces
from ..lowering import Array
from .flow import Observer, output_times
from .landscape_sample import Sample
from .langevin import Trajectory, _curvature, _require_steps
from .sphere import Field, Point, on_sphere, rms
from .starts import saved_starts

ERROR = 8.0
"""``(omega h)^2/ERROR`` is about the error of energies, ``omega`` the fastest frequency, and ``(gamma h/M)^2/12`` that
of free diffusion: ``omega`` has ``gamma/M`` in it."""


@dataclass(frozen=True)
class Motion:
    """Mass > 0, friction and temperature over time."""

    mass: float
    friction: Course
    bath: Course


def inertial(
    sample: Sample,
    start: ArrayLike,
    times: ArrayLike,
    motion: Motion,
    rngs: Sequence[Generator],
    *,
    rtol: float,
    observe: Observer,
) -> Trajectory:
    """From each row of ``start``, at rest, through all ``times``; as ``langevin``, and ``point.mu`` has ``M K``."""
    grid, x = output_times(times), saved_starts(start, sample.size)
    field, t, everyone = Field(sample), 0.0, np.arange(x.shape[0])
    now, v, steps = field.at(x), np.zeros_like(x), 0
    stiffness = _curvature(field, now)
    breaks = np.union1d(pieces(motion.friction, grid[-1]), pieces(motion.bath, grid[-1]))
    for k, until in enumerate(grid):
        for end in (*breaks[(t < breaks) & (breaks < until)], *[until][: int(until > t)]):
            frequency = np.sqrt((stiffness + np.max(np.abs(now.mu))) / motion.mass) + float(np.max(rms(v)))
            frequency += average(motion.friction, t, end) / motion.mass
            largest = float(np.sqrt(ERROR * rtol) / frequency)
            _require_steps(grid[-1], (grid[-1] - t) / largest)
            edges = np.linspace(t, end, int(np.ceil((end - t) / largest)) + 1)
            for a, b in pairwise(edges):
                now, v = _step(field, motion, now, v, a, b, rngs)
            t, steps = end, steps + edges.size - 1
        observe(k, everyone, now._replace(mu=now.mu + motion.mass * rms(v) ** 2))
    return Trajectory(now.x, {"steps": steps, "passes": field.passes, "gradients": field.gradients})


def _step(
    field: Field, motion: Motion, now: Point, v: Array, start: float, end: float, rngs: Sequence[Generator]
) -> tuple[Point, Array]:
    h = end - start
    x, v = _along(now.x, v + 0.5 * h / motion.mass * now.force, h / 2)
    x, v = _along(x, _damped(x, v, motion, start, end, rngs), h / 2)
    then = field.at(on_sphere(x))
    return then, _tangent(then.x, v) + 0.5 * h / motion.mass * then.force


def _along(x: Array, v: Array, h: float) -> tuple[Array, Array]:
    """A great circle for a time h."""
    speed = rms(v)[:, None]
    angle = h * speed
    return np.cos(angle) * x + h * np.sinc(angle / np.pi) * v, np.cos(angle) * v - speed * np.sin(angle) * x


def _damped(x: Array, v: Array, motion: Motion, start: float, end: float, rngs: Sequence[Generator]) -> Array:
    """An Ornstein-Uhlenbeck process of the velocity."""
    decay = average(motion.friction, start, end) * (end - start) / motion.mass
    if decay == 0:
        return v
    heat = average(motion.bath, start, end) / motion.mass
    noise = np.stack([rng.standard_normal(x.shape[1]) for rng in rngs]) if heat > 0 else np.zeros_like(x)
    damped: Array = np.exp(-decay) * v + np.sqrt(-np.expm1(-2 * decay) * heat) * _tangent(x, noise)
    return damped


def _tangent(x: Array, v: Array) -> Array:
    """The part along the sphere."""
    along: Array = v - (np.einsum("si,si->s", v, x) / x.shape[1])[:, None] * x
    return along
