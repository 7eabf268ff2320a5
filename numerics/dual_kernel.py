"""Gaussian averages ``E F(u) F(v)`` as fast functions of the correlation, in closed form or as a series.

``F(u) = sum_k c_k h_k(u)``, ``h_k`` Hermite's polynomials normalised in the Gaussian measure, of which Mehler's formula
(1866) makes ``sum_k c_k^2 rho^k``. What is left out after K terms is at most ``|rho|^(K+1) (E F^2 - sum_k c_k^2)``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.polynomial import polynomial
from sympy import Expr

from theory.networks.kernels import RHO, X, closed_form

from .errors import ConvergenceError
from .lowering import Array, lower

TERMS = 200
REACH, PANEL = 38.0, 0.5
"""Where the Gaussian measure is zero in double precision; oscillations of ``h_200`` are as long as a panel."""
NODES, FINER = 16, 24
"""Of a panel, and to see the error."""


@dataclass(frozen=True, eq=False)
class Series:
    """``coefficients`` ``c_k^2`` (K + 1,), ``total`` = ``E F^2``, and the error that quadrature makes in each value."""

    coefficients: Array
    total: float
    error: float

    def __call__(self, rho: Array) -> tuple[Array, Array]:
        """Values and errors, in the shape of ``rho`` in [-1, 1]; at 1 the value is the total."""
        left = max(self.total - float(np.sum(self.coefficients)), 0.0)
        beyond = np.where(rho == 1, 0.0, left * np.abs(rho) ** self.coefficients.size)
        value = np.where(rho == 1, self.total, polynomial.polyval(rho, self.coefficients))
        return value, beyond + self.error


@cache
def series(function: Expr, places: tuple[float, ...] = ()) -> Series:
    """Of a function of ``X`` that is smooth between those places.

    Raises ``ConvergenceError`` where the quadrature does not settle.
    """
    coarse, fine = (_measured(function, places, nodes) for nodes in (NODES, FINER))
    scale = fine[-1]
    error = float(np.max(np.abs(np.cumsum(fine[:-1] - coarse[:-1])))) + abs(fine[-1] - coarse[-1]) + 1e-15 * scale
    if not error <= 1e-3 * scale:
        raise ConvergenceError(f"the kernel of {function} is known to {error:.1g} of {scale:.3g} only")
    return Series(fine[:-1], float(scale), error)


def _measured(function: Expr, places: Sequence[float], nodes: int) -> Array:
    """(K + 2,): all ``c_k^2``, then ``E F^2``."""
    x, w = _nodes(places, nodes)
    half = np.exp(-(x**2) / 4) / (2 * np.pi) ** 0.25
    values = lower([X], [function])([x])[0][0] * half
    squares = [np.sum(w * values * state) ** 2 for state in _oscillator(x, half)]
    return np.array([*squares, np.sum(w * values**2)])


def _nodes(places: Sequence[float], nodes: int) -> tuple[Array, Array]:
    """Gauss-Legendre in panels that end at the places."""
    ends = np.unique([*np.arange(-REACH, REACH + PANEL / 2, PANEL), *places])
    y, w = np.polynomial.legendre.leggauss(nodes)
    half = np.diff(ends)[:, None] / 2
    return (ends[:-1, None] + half * (y + 1)).ravel(), (half * w).ravel()


def _oscillator(x: Array, ground: Array) -> Iterator[Array]:
    """``h_k(x)`` times the root of the Gaussian density, from that root on."""
    before, now = np.zeros_like(x), ground
    for k in range(TERMS + 1):
        yield now
        before, now = now, (x * now - np.sqrt(k) * before) / np.sqrt(k + 1)


def dual_values(function: Expr, rho: Array, places: tuple[float, ...] = ()) -> tuple[Array, Array]:
    """``E F(u) F(v)`` and its error at correlations of any shape, which rounding may bring out of [-1, 1]."""
    inside, closed = np.clip(rho, -1, 1), closed_form(function)
    if closed is None:
        return series(function, places)(inside)
    value = lower([RHO], [closed])(inside)[0]
    return value, 1e-14 * np.abs(value)
