"""Functions of time as numbers, each piece between two steps by itself."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from theory.course import TIME, Course

from .lowering import Array, lower

UNIT = Course("1")
NUDGE = 256 * float(np.finfo(np.float64).eps)
"""Relative distance from a step at which its sides are told apart."""
SAMPLES = 400
GAUSS = 12


def value(course: Course, t: Array | float, start: Array | float, end: Array | float) -> Array:
    """At times of the piece from ``start`` to ``end``, ends included: there, of that side."""
    inside = np.clip(t, np.multiply(start, 1 + NUDGE), np.multiply(end, 1 - NUDGE))
    return np.asarray(course.height * lower((TIME,), [course.expression])(course.speed * inside)[0])


def steps(course: Course | float | None, t_max: float) -> Array:
    """Steps and kinks before ``t_max``."""
    breaks = course.breaks if isinstance(course, Course) else ()
    return np.array([t for t in breaks if t < t_max * (1 - NUDGE)])


def pieces(course: Course | None, t_max: float) -> Array:
    """0, the steps and kinks before ``t_max``, and ``t_max``."""
    return np.array([0.0, *steps(course, t_max), t_max])


def average(course: Course, start: float, end: float) -> float:
    """Over an interval without a step."""
    nodes, weights = np.polynomial.legendre.leggauss(GAUSS)
    return float(weights @ value(course, start + 0.5 * (end - start) * (1 + nodes), start, end) / 2)


def range_of(name: str, course: Course, t_max: float) -> tuple[float, float]:
    """The least and the largest value on [0, t_max], looked for on a net; ``ValueError`` unless it is >= 0 there."""
    edges = pieces(course, t_max)
    net = np.concatenate([np.linspace(0, 1, SAMPLES), np.geomspace(1e-9, 1, SAMPLES)])
    times = [(a + (b - a) * net, a, b) for a, b in pairwise(edges)]
    values = np.concatenate([value(course, t, a, b) for t, a, b in times])
    bad = ~(values >= 0)
    if np.any(bad):
        t = float(np.concatenate([t for t, _, _ in times])[bad][0])
        raise ValueError(f"{name} = {course} is {values[bad][0]:g} at t = {t:g}: expected numbers >= 0 up to {t_max:g}")
    return float(values.min()), float(values.max())


def highest(temperature: float, schedule: Course, t_max: float) -> float:
    """Of a schedule given in place of a temperature, to three digits."""
    if temperature != 0:
        raise ValueError(
            f"temperature = {temperature:g} does not go with schedule = {schedule}; give one of them, say schedule = "
            f"'0:{temperature:g}, 10:0.2'"
        )
    found = range_of("schedule", schedule, t_max)[1]
    if not np.isfinite(found):
        raise ValueError(f"schedule = {schedule} is infinite somewhere up to t = {t_max:g}: expected finite numbers")
    return float(f"{found:.3g}")


def packed(course: Course) -> Array:
    """As numbers: what a file keeps."""
    return np.array([course.height, course.speed, *course.text.encode()])


def unpacked(numbers: Array) -> Course:
    """The inverse of ``packed``; ``ValueError`` for numbers that are none."""
    height, speed, *letters = numbers
    return Course(bytes(int(letter) for letter in letters).decode(), float(height), float(speed))


def require_friction(mass: float, friction: Course, t_max: float) -> None:
    """``ValueError`` for one that is negative somewhere, or that goes with no mass."""
    if mass == 0 and friction.expression != 1:
        raise ValueError(f"friction = {friction} is that of a mass; give mass = 1 as well, or leave it out: it is 1")
    range_of("friction", friction, t_max)
