r"""Hessian at the end of gradient flow in the spiked matrix-tensor model, on both sides of its threshold.

Theory (``theory.kac_rice.HessianLaw``, ``theory.thresholds``): with ``sigma = sqrt(f''(1))`` flow ends on marginal states,
``mu = 2 sigma``, whose Hessian is ``sigma GOE - g''(0) e e^T + mu``, e the direction of the signal. So its bulk begins at 0,
and beyond ``theta = g''(0)/sigma = 1``, the gradient-flow threshold, an eigenvalue ``sigma (2 - theta - 1/theta)`` leaves
it, of squared overlap ``1 - 1/theta^2`` with e (Sarao Mannelli, Biroli, Cammarota, Krzakala, Zdeborova 2019).

Simulation: that is a statement on infinite size first and infinite time later, where m stays 0 during the flow. At m = 0
the signal exerts no force, ``g'(0) = 0``; a start with m of order ``N^-1/2`` would leave instead of ending there. So the
flow runs in the noise of the landscape to its very end, and a signal is planted at right angles to where that is. The
Hessian is then that of the complete landscape at a point with m = 0 exactly, and nothing in it was assumed: the noise is
not independent of the point, and neither its edge nor its bulk need be those of a GOE.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from sympy import Rational

from theory.landscape import GaussianLandscape
from theory.random_matrices import BBPTransition
from theory.symbols import SPIKE
from theory.systems import SpikedMatrixTensor
from theory.thresholds import spiked_matrix_tensor

from ..errors import ConvergenceError
from ..lowering import Array, lower
from ..simulation import gradient_flow, lowest, random_starts, sample
from ..thresholds import Locator
from .comparison import Comparison
from .extrapolation import Limit, extrapolate
from .planted import across, with_signal_at, without_signal
from .report import Panel, Report, Series
from .samples import with_signal
from .tasks import Progress, gather, mean_and_error, perturbation, stream

P, DELTA_P = 3, 1
"""Order and noise of the tensor."""
LONGEST, FLAT = 1e4, 1e-4
"""Latest time, and ``|F|/sqrt(N)`` at which the flow has ended."""


@dataclass(frozen=True)
class Settings:
    """``signals`` are the ``1/Delta_2``, two or more above the threshold; ``samples`` of each size for each of them.

    ``directions`` signals are planted at each end point. ``resolution`` is relative to theta, as it enters the outlier and
    the overlap, and to 2 sigma for mu and the edge; in the place of the threshold twice that.
    """

    signals: tuple[float, ...] = (0.5, 1.0, 3.0, 5.0)
    sizes: tuple[int, ...] = (64, 128, 256)
    samples: tuple[int, ...] = (120, 60, 30)
    directions: int = 12
    resolution: float = 0.05


DEFAULT = Settings()
QUICK = Settings(signals=(1.0, 3.0, 5.0), sizes=(32, 64, 128), samples=(80, 50, 25), resolution=0.1)
OBSERVABLES = {
    "mu": r"$\mu$",
    "edge": r"$\mu - \lambda_1$",
    "width": r"$\mu - \lambda_{\min}$",
    "overlap": r"$\langle v, e\rangle^2$",
}
"""Multiplier; bulk edge without a signal and lowest eigenvalue with one, from the centre; squared overlap with e."""
NAMES = {"mu": "mu", "edge": "bulk edge", "width": "outlier", "overlap": "overlap with the signal"}
EDGE = (2 / 3, 1)
CORRECTIONS = {"mu": (EDGE, EDGE), "edge": (EDGE, EDGE), "width": (EDGE, (1.0, 1)), "overlap": ((1.0, 2), (1.0, 1))}
"""Exponent and number of terms in 1/N below and above the threshold."""
SMALLEST = 0.05
"""Resolution of an overlap that vanishes."""
