r"""Recovery of the signal of a Gaussian landscape by gradient flow at finite N.

A run starts with ``m = N^(-1/2)``, the size of the overlap of a random point, and succeeds if it reaches half of the
overlap of the informative minimum within a time ``(ln N)^2/4``. Growth at any exponential rate is in time when N is
large, since it takes of order ``ln N``; growth as a power of time is not, since it takes a power of N. So what is
needed tends to the gradient-flow threshold as N grows, but slowly, as ``(ln N)^(-1/2)`` from above, and at the sizes in
reach it lies below: growth during the transient, and algebraic growth below the threshold, are as good as exponential
growth when N is a few hundred.

At every N the two-time equations, started with the same m and stopped at the same time, say where half of the runs
succeed: noise, also of order ``N^(-1/2)``, spreads the runs about them symmetrically as long as m is small. How far,
and so the probability of success anywhere, say ``odds``.
"""

from .crossing import SignalLine, SpikedLine, deadline, first_overlap, predicted_crossing, relative_need
from .curve import SuccessCurve, fit_success
from .diagram import SuccessPoint, success_points
from .odds import Chance, Odds, odds

__all__ = [
    "Chance",
    "Odds",
    "SignalLine",
    "SpikedLine",
    "SuccessCurve",
    "SuccessPoint",
    "deadline",
    "first_overlap",
    "fit_success",
    "odds",
    "predicted_crossing",
    "relative_need",
    "success_points",
]
