"""Probability that a run of finite size succeeds: noise of order ``N^(-1/2)`` first, the two-time equations after.

While m is small a run is as if it had started with another overlap and met no noise (``theory.dynamics.Escape``):
``kappa z/sqrt(N)`` for a start at random, ``m0 + (kappa^2 - 1)^(1/2) z/sqrt(N)`` for one with overlap ``m0``, z a
standard Gaussian. It succeeds where that is more than what the two-time equations at finite m need.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, hypot, pi, sqrt
from typing import NamedTuple

from scipy.special import ndtr

from theory.landscape import GaussianLandscape

from ..dynamics.escape import escape
from ..dynamics.growth_rate import LongTimeLimit
from .crossing import CLOSE, TINY, NoNeedError, deadline, first_overlap, relative_need


class Chance(NamedTuple):
    """A probability of success and its error, as N -> infinity."""

    value: float
    error: float


@dataclass(frozen=True)
class Odds:
    """``needed`` is sqrt(N) times the overlap at the start that does without noise, ``widening`` kappa^2."""

    needed: float
    widening: LongTimeLimit

    def chance(self, given: float | None = None) -> Chance:
        """Of starts with ``sqrt(N) m0 = given``; None: of starts at random."""
        variance = self.widening.value if given is None else max(self.widening.value - 1, self.widening.error)
        place, width = (given or 0.0) - self.needed, sqrt(variance)
        density = exp(-0.5 * (place / width) ** 2) / sqrt(2 * pi)
        error = density / width * hypot(CLOSE * self.needed, 0.5 * place * self.widening.error / variance)
        return Chance(float(ndtr(place / width)), error)


def odds(landscape: GaussianLandscape, size: int, goal: float) -> Odds:
    """Of ``m >= goal`` at the deadline (``deadline``), for ``N = size``.

    Errors left are those of finite N, of order ``t/sqrt(N)`` in the logarithm of the growth. ``ValueError`` for a
    signal that does not attract at m = 0, ``ConvergenceError`` where no start succeeds.
    """
    try:
        needed = relative_need(landscape, size, goal)
    except NoNeedError:
        needed = TINY / first_overlap(size)  # or less, which is as good as none
    return Odds(needed, escape(landscape, deadline(size)).widening)
