r"""Recovery of the signal by gradient flow at finite N within a given time: what the two-time equations say, and runs.

A start with ``m = N^(-1/2)``, as large as that of a random point, has until ``(ln N)^2/4`` to reach ``RECOVERED``. Growth
at any exponential rate is in time when N is large, since it takes of order ``ln N``; growth as a power of time is not,
since it takes a power of N. So the transition sharpens at the gradient-flow threshold as N grows.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import newton

from theory.landscape import GaussianLandscape

from ..dynamics import solve_dynamics
from ..lowering import Array
from ..simulation import SampledLandscape, gradient_flow, starts_with_overlap

RECOVERED = 0.4
"""Overlap that counts as success: minima that hold the signal have more, states that have not found it much less."""
RTOL, CLOSE, TINY = 1e-2, 3e-3, 1e-6
"""Of the two-time equations; of the logarithm of an overlap that is sought; and an overlap that grows linearly."""


def deadline(size: int) -> float:
    """``(ln N)^2/4``, in units of ``dx/dt = -grad H - mu x``."""
    return float(np.log(size)) ** 2 / 4


def overlap_needed(landscape: GaussianLandscape, time: float) -> float:
    """``m(0)`` from which ``m(time) = RECOVERED`` at infinite size."""

    def ahead(logarithm: float) -> float:
        solution = solve_dynamics(landscape, time, overlap=float(np.exp(logarithm)), rtol=RTOL)
        return float(np.log(solution.two_time.one_time(np.array([time])).m[0] / RECOVERED))

    linear = np.log(TINY) - ahead(float(np.log(TINY)))
    return float(np.exp(newton(ahead, linear, x1=linear - 0.2, tol=CLOSE)))


def overlaps_reached(drawn: SampledLandscape, random: np.random.Generator) -> Array:
    """``m`` at the deadline of two runs that differ in the sign of the signal, ``x*`` or ``-x*``, shape (2,).

    As long as m is small it is a part ``N^(-1/2) M(t)`` that both have, plus noise with opposite signs.
    """
    signal, size = drawn.signal, drawn.size
    start = starts_with_overlap(signal, size**-0.5, 1, random)
    mirrored = start - 2 * size**-0.5 * signal
    return np.array([_reached(drawn, signal, start), _reached(drawn, -signal, mirrored)])


def _reached(drawn: SampledLandscape, signal: Array, start: Array) -> float:
    sample = replace(drawn, planted=replace(drawn.planted, vector=signal))
    end = gradient_flow(sample, start, [deadline(sample.size)])
    return float(end.x[0] @ signal) / sample.size
