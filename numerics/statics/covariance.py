"""A covariance as numbers, in its own unit of energy: ``f/f'(1)``, energies in ``sqrt(f'(1))``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sympy import sqrt

from theory.landscape import GaussianLandscape
from theory.symbols import OVERLAP

from ..lowering import Array, lower, lower_exact


@dataclass(frozen=True)
class UnitCovariance:
    """``f(q)`` without ``f(0)``, divided by ``f'(1)``, and its derivatives; ``unit`` is ``sqrt(f'(1))``.

    Raises ValueError where a parameter has no value, or where f is too large or too small for double precision.
    """

    landscape: GaussianLandscape

    def __post_init__(self) -> None:
        if self.landscape.free_symbols:
            raise ValueError(f"{self.landscape.free_symbols[0]} has no value; statics are those of one landscape")
        if not (np.isfinite(self.unit) and self.unit > 0):
            raise ValueError(f"covariance = {self.landscape.covariance}: sqrt(f'(1)) = {self.unit} is no double number")

    def __getstate__(self) -> dict[str, Any]:
        """Compiled functions do not travel to other processes."""
        return {"landscape": self.landscape}

    @cached_property
    def scaled(self) -> GaussianLandscape:
        """``(f - f(0))/f'(1)``."""
        f = self.landscape.f
        return GaussianLandscape((self.landscape.covariance - f(0, 0)) / f(1), 0, name=self.landscape.name)

    @cached_property
    def unit(self) -> float:
        """``sqrt(f'(1))``."""
        return float(lower_exact((), [sqrt(self.landscape.f(1))])()[0])

    @cached_property
    def _functions(self) -> Callable[..., list[Array]]:
        return lower((OVERLAP,), [self.scaled.f(k, OVERLAP) for k in range(4)])

    def __call__(self, q: ArrayLike) -> list[Array]:
        """``f, f', f'', f'''`` at q."""
        return self._functions(q)

    @cached_property
    def field(self) -> float:
        """``f'(0)``, at most 1."""
        return float(self(0.0)[1])
