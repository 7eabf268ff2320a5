"""When a run of gradient flow has found the signal, and where half of the runs do, from the two-time equations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import brentq
from sympy import Rational

from theory.inference import MaximumLikelihood
from theory.landscape import GaussianLandscape
from theory.symbols import SIGNAL_OVERLAP
from theory.systems import SpikedMatrixTensor

from ..dynamics import solve_dynamics
from ..errors import ConvergenceError
from ..lowering import lower
from ..thresholds import Locator

STEPS = 10_000
"""Of state evolution, from the signal to its fixed point."""
RTOL, CLOSE, TINY = 1e-4, 3e-3, 1e-6
"""Of the two-time equations; of the logarithm of an overlap that is sought; and an least overlap of a start."""
LOWEST, HIGHEST = 0.05, 1.5
"""Over the threshold: signals among which the crossing is sought."""


class NoNeedError(ConvergenceError):
    """Every start succeeds that has an overlap worth the name."""


class SignalLine(ABC):
    """Landscapes as a function of the strength of their signal, which ``control`` names; the rest is at ``place``."""

    @property
    @abstractmethod
    def place(self) -> Mapping[str, float]:
        """Names and values of what does not vary."""

    @property
    @abstractmethod
    def control(self) -> str:
        """Name of what does."""

    @property
    @abstractmethod
    def threshold(self) -> float:
        """Of gradient flow at infinite size, ``g''(0) = sqrt(f''(1))``."""

    @abstractmethod
    def landscape(self, signal: float) -> GaussianLandscape:
        """At ``signal > 0``."""

    @cached_property
    def goal(self) -> float:
        """Overlap that is a success: half of that of the informative minimum at the threshold."""
        update = lower((SIGNAL_OVERLAP,), [MaximumLikelihood(self.landscape(self.threshold)).state_evolution])
        m = 1.0
        for _ in range(STEPS):
            m = float(update(m)[0])
        return m / 2

    def __str__(self) -> str:
        return ", ".join(f"{name} = {value:g}" for name, value in self.place.items())


@dataclass(frozen=True)
class SpikedLine(SignalLine):
    """``SpikedMatrixTensor(p)`` at noise ``delta_p > 0`` of the tensor, as a function of ``1/Delta_2``."""

    p: int
    delta_p: float

    @property
    def place(self) -> Mapping[str, float]:
        """p and ``delta_p``."""
        return {"p": self.p, "delta_p": self.delta_p}

    @property
    def control(self) -> str:
        """``inverse_delta_2``."""
        return "inverse_delta_2"

    def landscape(self, signal: float) -> GaussianLandscape:
        """At ``1/Delta_2 = signal > 0``."""
        return SpikedMatrixTensor(self.p, 1 / Rational(repr(float(signal))), self.delta_p)

    @cached_property
    def threshold(self) -> float:
        """``1/Delta_2``."""
        return float(Locator(SpikedMatrixTensor.family(self.p), [self.delta_p])("gradient_flow").value[0])


def first_overlap(size: int) -> float:
    """``N^(-1/2)``."""
    return float(size**-0.5)


def deadline(size: int) -> float:
    """``(ln N)^2/4``, in units of ``dx/dt = -grad H - mu x``."""
    return float(np.log(size)) ** 2 / 4


def relative_need(landscape: GaussianLandscape, size: int, goal: float) -> float:
    """Overlap at the start with which ``m = goal`` at the deadline, over the one that a run has, ``N^(-1/2)``."""

    def ahead(logarithm: float) -> float:
        return _ahead(landscape, size, float(np.exp(logarithm)), goal)

    low, high = float(np.log(TINY)), 0.0
    if ahead(low) >= 0:
        raise NoNeedError(f"any start with an overlap of {TINY:g} or more ends above m = {goal:.3g} at N = {size}")
    if ahead(high) <= 0:
        raise ConvergenceError(
            f"no start with an overlap of {TINY:g} ... 1 ends with m = {goal:.3g} at N = {size} in {landscape!r}"
        )
    return float(np.exp(brentq(ahead, low, high, xtol=CLOSE))) / first_overlap(size)


def predicted_crossing(model: SignalLine, size: int) -> float:
    """Signal at which a start with ``m = N^(-1/2)`` reaches the goal at the deadline."""

    def ahead(signal: float) -> float:
        return _ahead(model.landscape(signal), size, first_overlap(size), model.goal)

    low, high = LOWEST * model.threshold, HIGHEST * model.threshold
    if not ahead(low) < 0 < ahead(high):
        raise ConvergenceError(f"no crossing at N = {size}, {model} within {low:g} ... {high:g}")
    return float(brentq(ahead, low, high, xtol=CLOSE * model.threshold))


def _ahead(landscape: GaussianLandscape, size: int, overlap: float, goal: float) -> float:
    """``ln(m/goal)`` at the deadline."""
    time = deadline(size)
    solution = solve_dynamics(landscape, time, overlap=overlap, rtol=RTOL)
    return float(np.log(solution.two_time.one_time(np.array([time])).m[0] / goal))
