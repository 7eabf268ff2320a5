"""Points on the sphere ``|x|^2 = N`` and the force that moves them along it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..lowering import Array
from .landscape_sample import Sample

Indices = NDArray[np.intp]


class Point(NamedTuple):
    """Positions x (starts, N), ``e = H/N`` and ``mu = -x.grad H/|x|^2`` (starts,), force ``-grad H - mu x``
    (starts, N), which is tangent to the sphere."""

    x: Array
    energy: Array
    mu: Array
    force: Array

    def rows(self, which: Indices) -> Point:
        """Those starts only."""
        return Point(*(values[which] for values in self))

    def replaced(self, which: Indices, other: Point) -> None:
        """In place: starts ``which`` become ``other``."""
        for values, new in zip(self, other, strict=True):
            values[which] = new


class Trial(NamedTuple):
    """A step of several starts: where it ends, the estimated error ``|dx|/sqrt(N)`` (starts,), and ``h`` times the
    largest rate seen on the way (0: unknown)."""

    end: Point
    error: Array
    stiffness: Array


class Field:
    """``x -> Point`` of ``H/unit`` for one sample, counting passes over the couplings and gradients."""

    def __init__(self, sample: Sample, unit: float = 1.0) -> None:
        self.sample, self.unit = sample, unit
        self.passes = 0
        self.gradients = 0

    def at(self, x: Array) -> Point:
        """Energy, multiplier and force at x (starts, N), near the sphere."""
        self.passes += 1
        self.gradients += x.shape[0]
        energy, gradient = (part / self.unit for part in self.sample.gradient(x))
        mu = -np.einsum("si,si->s", x, gradient) / np.einsum("si,si->s", x, x)
        return Point(x, energy, mu, -(gradient + mu[:, None] * x))

    def physical(self, point: Point) -> Point:
        """The same of H."""
        return Point(point.x, *(part * self.unit for part in point[1:]))


def on_sphere(x: Array) -> Array:
    """The rows of x scaled to ``|x|^2 = N``."""
    scaled: Array = x * (np.sqrt(x.shape[1]) / np.linalg.norm(x, axis=1, keepdims=True))
    return scaled


def rms(v: Array) -> Array:
    """``|v|/sqrt(N)`` of each row."""
    norms: Array = np.linalg.norm(v, axis=1) / np.sqrt(v.shape[1])
    return norms
