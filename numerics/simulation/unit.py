r"""The landscape's own unit of energy: what runs, steps and tolerances are measured in.

``H -> lambda H``, ``t -> t/lambda``, ``T -> lambda T`` changes no trajectory. Runs are made on ``H/unit``, so it
changes no result of ours either: not in the last bit where lambda is a power of two, to rounding where it is not.
"""

from __future__ import annotations

import numpy as np

from ..lowering import Array
from ..rounding import power_below
from .landscape_sample import Sample
from .unseen import ConditionedLandscape

NUDGE = 1e-4
"""Displacement, in units of ``|x|``, that tells a Hessian-vector product."""


def unit_of(sample: Sample) -> float:
    """The power of two below half of ``(|grad H|^2 + |H'' v|^2)^(1/2)/sqrt N``, at a point and a v that are random but
    always the same; 1 for a landscape that is flat there. ``ValueError`` where double precision cannot hold it.

    All that is orthogonal to the signal: a start there feels the noise alone, however steep the signal is elsewhere.
    """
    if isinstance(sample, ConditionedLandscape):
        return power_below(0.5 * sample.roughness)
    x, v = (_across(y, sample.signal) for y in np.random.default_rng(0).standard_normal((2, sample.size)))
    gradient, nudged = sample.gradient(np.stack([x, x + NUDGE * v]))[1] / np.sqrt(sample.size)
    parts = np.concatenate((gradient, (nudged - gradient) / NUDGE)).reshape(2, -1)
    noise = _norm(np.stack([_across(part, sample.signal, scaled=False) for part in parts]))
    return power_below(0.5 * (noise if noise != 0 else _norm(parts)))


def _across(y: Array, signal: Array, *, scaled: bool = True) -> Array:
    """The part of y (N,) orthogonal to the signal, as long as sqrt N if ``scaled``."""
    across = y - (y @ (signal / signal.size)) * signal
    return across * (np.sqrt(y.size) / np.linalg.norm(across)) if scaled else across


def _norm(v: Array) -> float:
    """Without overflow of the squares."""
    largest = float(np.max(np.abs(v)))
    return largest * float(np.linalg.norm(v / largest)) if largest != 0 else 0.0
