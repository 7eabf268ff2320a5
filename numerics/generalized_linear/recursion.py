"""Parisi's recursions over the levels of replica symmetry breaking: free energies of a cavity field h down from ``-V``,
laws of h up from ``N(0, q_0)``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from scipy.sparse import csc_array

from ..lowering import Array

EXPONENT = 600.0
"""Free energies enter as exponentials, shifted so that this is the largest exponent."""

Kernel = Array | csc_array


class Kink(NamedTuple):
    """Where ``f_K'`` jumps: the smoothed delta there at the fields of level K - 1, ``f_K`` and the jump by labels."""

    delta: Array
    top: Array
    jump: Array


@dataclass(frozen=True, eq=False)
class Levels:
    """A loss at the cavity fields of level K, and what smooths functions of them from level to level.

    Rows are labels ``y`` (labels, 1) of weights ``weight``; columns cavity fields, ``n_i`` of them at level i.
    ``even[i]`` and ``odd[i]`` (``n_(i+1)``, ``n_i``) smooth functions of level i + 1 that are even and odd, where only
    positive h are kept, and are the same elsewhere. ``law`` (``n_0``,) is ``P_0``. ``loss``, ``envelope``, ``force``
    and ``stiffness`` are ``l``, ``V``, ``V'`` and ``V''`` at level K, without its ``kinks``.
    """

    y: Array
    weight: Array
    law: Array
    even: Sequence[Kernel]
    odd: Sequence[Kernel]
    loss: Array
    envelope: Array
    force: Array
    stiffness: Array
    kinks: Sequence[Kink] = ()


class Fields(Protocol):
    """Where a loss is looked at."""

    def levels(self, q: Array, chi: float) -> Levels:
        """At overlaps ``q_0 .. q_K`` (K + 1,)."""
        ...


@dataclass(frozen=True)
class Sweep:
    """What one pass down and up gives, level by level (0 to K).

    ``free`` is ``E[f]``, ``force`` ``E[f'^2]``, ``curvature`` ``E[f''^2]``; ``spread``, ``pull`` and ``loss`` are
    ``E[t^2]``, ``E[(1 - y^2) t]`` and ``E[l]`` at the last level, ``t = chi V''``. What jumps counts in all levels but
    the last.
    """

    free: Array
    force: Array
    curvature: Array
    spread: float
    pull: float
    loss: float


def overlaps(steps: int) -> Array:
    """``q = 1 - (1 - v)^2`` with v uniform (K + 1,): closer near 1, where x rises steeply; ``q = 1`` for no steps."""
    return np.asarray(1 - (1 - np.linspace(0, 1, steps + 1)) ** 2) if steps else np.ones(1)


def widths(x: Array, steps: Array, chi: float) -> Array:
    """``lambda_0 .. lambda_K`` from ``q_i - q_(i-1) = (lambda_(i-1) - lambda_i)/x_i``."""
    return np.asarray(chi + np.concatenate((np.cumsum((x * steps)[::-1])[::-1], [0.0])))


def normal_density(h: Array, variance: float) -> Array:
    """Of ``N(0, variance)``."""
    return np.asarray(np.exp(-(h**2) / (2 * variance)) / np.sqrt(2 * np.pi * variance))


def sweep(levels: Levels, x: Array, chi: float) -> Sweep:
    """Down and up with Parisi parameters ``x_1 .. x_K``."""
    down = Down(levels, x)
    law, means = levels.law[None, :], []
    for i in range(len(x) + 1):
        if i > 0:
            law = down.weights[i] * ((law / down.masses[i]) @ levels.even[i - 1].T)
        parts = (down.free[i], down.slopes[i] ** 2, down.curves[i] ** 2)
        means.append([_mean(levels, law, part) for part in parts])
    t = chi * levels.stiffness
    last = (_mean(levels, law, part) for part in (t**2, (1 - levels.y**2) * t, levels.loss))
    return Sweep(*np.array(means).T, *last)


def _mean(levels: Levels, law: Array, values: Array) -> float:
    """Over labels and fields."""
    return float(levels.weight @ (law * values).sum(axis=1))


class Down:
    """The pass down: ``f_i``, ``f_i'``, ``f_i''`` for i = K .. 0, and ``e^(x_i f_i)``, smoothed or not, for i > 0."""

    def __init__(self, levels: Levels, x: Array) -> None:
        self.free, self.slopes, self.curves = [-levels.envelope], [-levels.force], [-levels.stiffness]
        self.weights: list[Array] = [np.ones(1)]
        self.masses: list[Array] = [np.ones(1)]
        for i in range(len(x) - 1, -1, -1):
            self._descend(levels.even[i], levels.odd[i], x[i], levels.kinks if i == len(x) - 1 else ())

    def _descend(self, even: Kernel, odd: Kernel, x: float, kinks: Sequence[Kink]) -> None:
        """One level further, in front of those above it."""
        f, slope, curve = self.free[0], self.slopes[0], self.curves[0]
        shift = f.max(axis=1, keepdims=True) - EXPONENT / x
        weight = np.exp(np.maximum(x * (f - shift), -EXPONENT - 100))
        mass = weight @ even
        below = ((weight * slope) @ odd) / mass
        bent = ((weight * (curve + x * slope**2)) @ even) / mass - x * below**2
        for kink in kinks:
            bent = bent + np.exp(x * (kink.top - shift)) * kink.jump * kink.delta / mass
        self.weights[1:1], self.masses[1:1] = [weight], [mass]
        self.free[:0], self.slopes[:0], self.curves[:0] = [_smoothed(f, mass, even, x, shift)], [below], [bent]


def _smoothed(f: Array, mass: Array, even: Kernel, x: float, shift: Array) -> Array:
    """``ln(G * e^(x f))/x``; for small x from ``e^(x f) - 1``, or the quotient would lose all digits."""
    if x * np.ptp(f) > 1:
        return np.asarray(np.log(mass) / x + shift)
    top = f.max(axis=1, keepdims=True)
    return np.asarray(np.log1p(np.expm1(x * (f - top)) @ even) / x + top)
