"""Quadrature and interpolation in an interval, for functions that may have powers of any exponent at its ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import BarycentricInterpolator
from scipy.special import betainc, betaincinv

from .lowering import Array

FLATNESS = 4
"""``x(s)`` leaves both ends like this power of s, so that ``x^a`` is as smooth as ``s^(4 a)``."""


@dataclass(frozen=True, eq=False)
class Nodes:
    """Gauss-Legendre in s, ``x = low + (high - low) I_s(4, 4)``, I the incomplete beta function."""

    low: float
    high: float
    s: Array
    x: Array
    weights: Array

    @classmethod
    def between(cls, low: float, high: float, count: int) -> Nodes:
        """``count`` nodes x (n,) with weights (n,)."""
        y, w = np.polynomial.legendre.leggauss(count)
        s = (y + 1) / 2
        # derivative of the incomplete beta function: s^3 (1 - s)^3 / B(4, 4)
        slope = 140 * (s * (1 - s)) ** (FLATNESS - 1)
        width = high - low
        return cls(low, high, s, low + width * betainc(FLATNESS, FLATNESS, s), width * w / 2 * slope)

    def interpolation(self, places: Array) -> Array:
        """(k, n): from values at the nodes to values at k places, by Lagrange's polynomials in s."""
        s = betaincinv(FLATNESS, FLATNESS, (places - self.low) / (self.high - self.low))
        found: Array = BarycentricInterpolator(self.s, np.eye(self.s.size), rng=0)(s)
        return found

    def measure(self, places: Array, masses: Array) -> Array:
        """Density at the nodes whose integrals with polynomials in s are those of masses at places."""
        density: Array = masses @ self.interpolation(places) / self.weights
        return density
