"""What the check of the dynamics runs, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Rational

from theory.landscape import GaussianLandscape
from theory.symbols import OVERLAP, SIGNAL_OVERLAP
from theory.systems import SpikedMatrixTensor

WAITING = (0.0, 1.0)
"""The ``t_w`` of ``C(t, t_w)``."""


@dataclass(frozen=True)
class Case:
    """A problem; times to compare at; starts on each sample, few where samples differ more than starts."""

    label: str
    landscape: GaussianLandscape
    times: tuple[float, ...]
    starts: int
    overlap: float = 0.0
    temperature: float = 0.0

    def until(self, t_max: float) -> tuple[float, ...]:
        """The times up to there."""
        return tuple(t for t in self.times if t <= t_max)


@dataclass(frozen=True)
class Settings:
    """``samples`` of each of ``sizes`` for each of ``CASES``; ``terms`` in 1/N; the last time to compare at.

    ``resolution`` is relative to e and mu themselves; of m and C, which are at most 1, it is absolute.
    """

    sizes: tuple[int, ...]
    samples: tuple[tuple[int, ...], ...]
    terms: int
    t_max: float
    resolution: float


PURE = GaussianLandscape(OVERLAP**3 / 2)
FIELD = GaussianLandscape(OVERLAP**2 / 2 + OVERLAP**3 / 2, SIGNAL_OVERLAP / 2 + SIGNAL_OVERLAP**2 / 4)
CASES = (
    Case("pure p = 3", PURE, (1.0, 5.0, 20.0), 4),
    Case("mixed, f ≠ g", FIELD, (1.0, 5.0, 20.0), 2, overlap=0.3),
    Case("planted", SpikedMatrixTensor(3, Rational(3, 10), 1), (0.3, 1.0, 5.0), 2, overlap=0.4),
    Case("T = 0.5", PURE, (1.0, 3.0, 10.0), 4, temperature=0.5),
)
DEFAULT = Settings(
    sizes=(40, 64, 128, 256),
    samples=((80, 100, 40, 30), (120, 160, 60, 50), (120, 160, 60, 40), (80, 100, 40, 20)),
    terms=2,
    t_max=20.0,
    resolution=0.08,
)
QUICK = Settings(
    sizes=(48, 72, 128),
    samples=((30, 24, 16), (50, 40, 30), (50, 30, 20), (50, 40, 25)),
    terms=1,
    t_max=5.0,
    resolution=0.12,
)
