"""Descent in steps on one realisation: momentum, a penalty, a bath, batches, with or without the sphere.

The equations are those of ``theory.generalized_linear.EffectiveProcess`` before any average:
``w(t+1) = b [w(t) + beta (w(t) - w(t-1)) - eta (grad H + lambda_R w) + sqrt(2 T eta) phi]``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape

from ...lowering import Array, lower
from .sample import SampledRisk


class Motion(NamedTuple):
    """As the arguments of ``solve_descent``; ``sphere`` is whether ``|w|^2 = N`` is kept."""

    eta: float
    momentum: float = 0.0
    ridge: float = 0.0
    temperature: float = 0.0
    batch: float = 1.0
    persistence: float = 0.0
    sphere: bool = True


class Descended(NamedTuple):
    """After 0 ... n steps: overlap, energy per spin (with the penalty), and ``C(t, 0) = w(t).w(0)/N``, (n + 1,)."""

    m: Array
    energy: Array
    correlation: Array


def descend(sample: SampledRisk, start: Array, motion: Motion, steps: int, random: np.random.Generator) -> Descended:
    """``steps`` steps from ``start`` (N,), at rest."""
    w = before = start
    seen, rows, size = _Batch(sample.labels.size, motion, random), list[tuple[Any, ...]](), sample.size
    of_data = _of_data(sample.landscape)
    for step in range(steps + 1):
        loss, force = of_data(sample.fields(w[None])[0], sample.labels)
        penalty = 0.5 * motion.ridge * (w @ w)
        energy = (float(np.sum(loss)) + penalty) / size
        rows.append((w @ sample.signal / size, energy, w @ start / size))
        if step < steps:
            gradient = sample.combined((seen.weights() * force)[None])[0] + motion.ridge * w
            moved = w + motion.momentum * (w - before) - motion.eta * gradient
            if motion.temperature > 0:
                moved += np.sqrt(2 * motion.temperature * motion.eta) * random.standard_normal(size)
            before, w = w, moved * np.sqrt(size / (moved @ moved)) if motion.sphere else moved
    return Descended(*np.transpose(rows))


class _Batch:
    """Which data count: anew in each step, or, persistent, leaving and returning at rates that keep the fraction."""

    def __init__(self, count: int, motion: Motion, random: np.random.Generator) -> None:
        self.motion, self.random, self.count = motion, random, count
        self.inside: NDArray[np.bool_] = random.random(count) < motion.batch

    def weights(self) -> Array:
        """``1/b`` for those of this step; the next call is another step."""
        b, tau, now = self.motion.batch, self.motion.persistence, self.inside
        if b < 1:
            chance = self.random.random(self.count)
            leaving, coming = (self.motion.eta * rate / tau if tau else 0.0 for rate in ((1 - b) / b, 1.0))
            self.inside = np.where(now, chance >= leaving, chance < coming) if tau else chance < b
        return now / b


@lru_cache(maxsize=32)
def _of_data(landscape: GeneralizedLinearLandscape) -> Callable[..., list[Array]]:
    """``l(u, y)`` and ``l'(u, y)`` of arrays."""
    return lower((FIELD, SIGNAL_FIELD), [landscape.loss, landscape.force])
