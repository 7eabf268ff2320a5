"""Probability that a run of finite size succeeds: noise of order ``N^(-1/2)`` first, the two-time equations after.

While m is small a run is as if it had started with another overlap and met no noise (``theory.dynamics.Escape``):
``kappa z/sqrt(N)`` for a start at random, ``m0 + (kappa^2 - 1)^(1/2) z/sqrt(N)`` for one with overlap ``m0``, z a
standard Gaussian. It succeeds where that is more than what the two-time equations at finite m need.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from theory.landscape import GaussianLandscape

from ..dynamics.escape import escape
from .crossing import CLOSE, deadline, relative_need


class Chance(NamedTuple):
    """A probability and its error, as N -> infinity; ``needed`` sqrt(N) times the overlap that does, and kappa^2."""

    value: float
    error: float
    needed: float
    widening: float


def chance(landscape: GaussianLandscape, size: int, goal: float, *, given: float | None = None) -> Chance:
    """Of ``m >= goal`` at the deadline (``deadline``), for ``N = size`` and starts with ``sqrt(N) m0 = given``.

    None: starts at random. Errors left are those of finite N, about ``t/sqrt(N)`` in the logarithm of the growth.
    ``ValueError`` for a signal that does not attract at m = 0, ``ConvergenceError`` where no start succeeds.
    """
    needed = relative_need(landscape, size, goal)
    spread = escape(landscape, deadline(size)).widening
    variance = spread.value if given is None else max(spread.value - 1, spread.error)
    place, width = (given or 0.0) - needed, float(np.sqrt(variance))
    density = float(np.exp(-0.5 * (place / width) ** 2) / np.sqrt(2 * np.pi))
    error = density / width * float(np.hypot(CLOSE * needed, 0.5 * place * spread.error / variance))
    return Chance(float(ndtr(place / width)), error, needed, spread.value)
