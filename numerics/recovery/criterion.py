"""When a run of gradient flow has found the signal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sympy import Rational

from theory.inference import MaximumLikelihood
from theory.landscape import GaussianLandscape
from theory.symbols import SIGNAL_OVERLAP
from theory.systems import SpikedMatrixTensor

from ..lowering import lower
from ..thresholds import Locator

STEPS = 10_000
"""Of state evolution, from the signal to its fixed point."""


@dataclass(frozen=True)
class SpikedLine:
    """``SpikedMatrixTensor(p)`` at noise ``delta_p > 0`` of the tensor, as a function of ``1/Delta_2``."""

    p: int
    delta_p: float

    def landscape(self, signal: float) -> GaussianLandscape:
        """At ``1/Delta_2 = signal > 0``."""
        return SpikedMatrixTensor(self.p, 1 / Rational(repr(float(signal))), self.delta_p)

    @cached_property
    def threshold(self) -> float:
        """``1/Delta_2`` at the gradient-flow threshold, ``g''(0) = sqrt(f''(1))``."""
        return float(Locator(SpikedMatrixTensor.family(self.p), [self.delta_p])("gradient_flow").value[0])

    @cached_property
    def goal(self) -> float:
        """Overlap that is a success: half of that of the informative minimum at the threshold."""
        update = lower((SIGNAL_OVERLAP,), [MaximumLikelihood(self.landscape(self.threshold)).state_evolution])
        m = 1.0
        for _ in range(STEPS):
            m = float(update(m)[0])
        return m / 2


def first_overlap(size: int) -> float:
    """``N^(-1/2)``."""
    return float(size**-0.5)


def deadline(size: int) -> float:
    """``(ln N)^2/4``, in units of ``dx/dt = -grad H - mu x``."""
    return float(np.log(size)) ** 2 / 4
