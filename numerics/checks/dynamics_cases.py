"""What the check of the dynamics runs, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Rational

from theory.landscape import GaussianLandscape
from theory.symbols import OVERLAP, SIGNAL_OVERLAP
from theory.systems import SpikedMatrixTensor

WAITING = (0.0, 1.0)
"""The ``t_w`` of ``C(t, t_w)``."""


SPARSENESS = 4
"""Size over connectivity of diluted landscapes: their own correction to mean field is then one in 1/N too."""


@dataclass(frozen=True)
class Case:
    """A problem; times to compare at; starts on each sample, few where samples differ more than starts."""

    label: str
    landscape: GaussianLandscape
    times: tuple[float, ...]
    starts: int
    overlap: float = 0.0
    temperature: float = 0.0
    diluted: bool = False

    def until(self, t_max: float) -> tuple[float, ...]:
        """The times up to there."""
        return tuple(t for t in self.times if t <= t_max)


@dataclass(frozen=True)
class Plan:
    """Sizes, samples of each, and terms in 1/N."""

    sizes: tuple[int, ...]
    samples: tuple[int, ...]
    terms: int


@dataclass(frozen=True)
class Settings:
    """A plan for each of ``CASES``, and the last time to compare at.

    ``resolution`` is relative to e and mu themselves; of m and C, which are at most 1, it is absolute.
    """

    plans: tuple[Plan, ...]
    t_max: float
    resolution: float


PURE = GaussianLandscape(OVERLAP**3 / 2)
FIELD = GaussianLandscape(OVERLAP**2 / 2 + OVERLAP**3 / 2, SIGNAL_OVERLAP / 2 + SIGNAL_OVERLAP**2 / 4)
CASES = (
    Case("pure p = 3", PURE, (1.0, 3.0, 10.0), 4),
    Case("mixed, f ≠ g", FIELD, (1.0, 3.0, 10.0), 2, overlap=0.3),
    Case("planted", SpikedMatrixTensor(3, Rational(3, 10), 1), (0.5, 1.0, 5.0), 2, overlap=0.4),
    Case("T = 0.5", PURE, (1.0, 3.0, 10.0), 4, temperature=0.5),
    Case("diluted p = 3", PURE, (5.0, 20.0, 50.0), 1, diluted=True),
)
SMALL, LARGER, SPARSE = (40, 64, 128, 256), (64, 96, 160, 256), (384, 768, 1536)
DEFAULT = Settings(
    (
        Plan(SMALL, (60, 100, 40, 30), 2),
        Plan(SMALL, (120, 200, 80, 60), 2),
        Plan(LARGER, (160, 160, 110, 70), 2),
        Plan(SMALL, (80, 150, 60, 36), 2),
        Plan(SPARSE, (100, 60, 24), 1),
    ),
    t_max=50.0,
    resolution=0.1,
)
QUICK = Settings(
    (
        Plan((48, 72, 128), (40, 30, 16), 1),
        Plan((48, 72, 128), (90, 70, 45), 1),
        Plan((64, 96, 128), (50, 30, 20), 1),
        Plan((48, 72, 128), (50, 40, 25), 1),
        Plan((256, 384, 512), (40, 30, 20), 1),
    ),
    t_max=5.0,
    resolution=0.16,
)
