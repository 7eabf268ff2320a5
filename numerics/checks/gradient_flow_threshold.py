r"""Success probability of gradient flow at finite N against ``1/Delta_2``, on both sides of the predicted threshold.

Theory: at infinite size flow from m = 0+ finds the signal of the spiked matrix-tensor model beyond ``Delta_2`` with
``g''(0) = sqrt(f''(1))`` (``theory.thresholds``; Sarao Mannelli, Biroli, Cammarota, Krzakala, Zdeborova 2019). How that
comes about as N grows is predicted by the two-time equations (``numerics.dynamics``), started with ``m = N^(-1/2)`` and
stopped in time (see ``recovery``): the ``1/Delta_2`` at which they are just in time is where half of the runs should be.

The crossings at the sizes in reach lie far below the threshold and move with N, and not as a power of it: growth during
the transient, and algebraic growth below the threshold, are as good as exponential growth when N is a few hundred. What is
compared is therefore the threshold times the ratio of the crossing measured to the one predicted for the same N, as it
extrapolates to infinite size. Extrapolations of the crossings themselves are among the remarks.

Simulation: N^(-1/2) is also the size of the noise in m, so that runs spread, but symmetrically about that prediction as
long as m is small. Pairs of runs have opposite noise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.optimize import minimize
from scipy.special import log_ndtr, ndtr
from sympy import Rational

from theory.landscape import GaussianLandscape
from theory.systems import SpikedMatrixTensor
from theory.thresholds import spiked_matrix_tensor

from ..lowering import Array
from ..simulation import sample
from ..statistics import extrapolate as plain
from ..statistics import wilson
from ..thresholds import Locator
from .comparison import Comparison
from .extrapolation import extrapolate
from .recovery import RECOVERED, overlap_needed, overlaps_reached, deadline
from .report import Panel, Report, Series
from .samples import with_signal
from .tasks import Progress, gather, perturbation, stream

P, DELTA_P = 3, 1
"""Order and noise of the tensor."""


@dataclass(frozen=True)
class Settings:
    """``signals`` are the ``1/Delta_2``, ``pairs`` of runs of each size for each; ``resolution`` that of the threshold."""

    signals: tuple[float, ...] = (1.2, 1.45, 1.7, 2.0)
    sizes: tuple[int, ...] = (64, 128, 256, 512)
    pairs: tuple[int, ...] = (400, 350, 130, 12)
    resolution: float = 0.25


DEFAULT = Settings()
QUICK = Settings(sizes=(32, 64, 128), pairs=(200, 100, 50), resolution=0.5)
EXPONENT, OTHER = 1.0, 0.5
"""Power of 1/N in which the ratio is extrapolated, and the one whose result tells how much that matters."""
DRIFTS = (0.25, 1 / 3, 0.5)
"""Powers in which the crossing itself is extrapolated, for the remarks."""
STEEP, PLACE = (0.05, 20.0), (0.02, 50.0)
"""Slopes and crossings within which a success curve is fitted."""
