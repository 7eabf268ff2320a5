"""Another signal, or none, in the noise of a sampled landscape."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.random import Generator

from ..lowering import Array
from ..simulation import SampledLandscape
from ..simulation.sphere import on_sphere


def without_signal(sample: SampledLandscape) -> SampledLandscape:
    """The same noise alone, g = 0."""
    nothing = np.zeros(1)
    return replace(sample, planted=replace(sample.planted, planted=nothing, drift=nothing, drift_slope=nothing))


def with_signal_at(sample: SampledLandscape, vector: Array) -> SampledLandscape:
    """The same noise with the signal at ``vector`` (N,), ``|vector|^2 = N``: as likely as where it was."""
    return replace(sample, planted=replace(sample.planted, vector=vector))


def across(x: Array, random: Generator) -> Array:
    """A signal uniform among those orthogonal to x (N,)."""
    vector: Array = random.standard_normal(x.size)
    for _ in range(2):
        vector -= (vector @ x / x.size) * x
    placed: Array = on_sphere(vector[None])[0]
    return placed
