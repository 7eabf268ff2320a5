"""What one panel of the reference integrator makes of rates: first order in time, or second, with a mass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..lowering import Array


class Propagator(Protocol):
    """``x`` at the times of a panel, whose equation has ``-mu x`` and the rates on its right."""

    def onwards(self, start: Array, velocity: Array, rates: Array) -> tuple[Array, Array]:
        """From values and velocities at the left end; also the velocities at all times."""

    def from_diagonal(
        self, values: tuple[float, ...], velocities: tuple[float, ...], rates: Array
    ) -> tuple[Array, Array]:
        """Of several functions, (functions, times, t'), whose value and velocity at ``t = t'`` are given."""


@dataclass(frozen=True, eq=False)
class FirstOrder:
    """``x' = -mu x + rate``: ``integral`` is that from the left end, ``inverse`` that of ``1 + integral mu``."""

    integral: Array
    inverse: Array

    @classmethod
    def of(cls, integral: Array, mu: Array) -> FirstOrder:
        """Of a panel."""
        return cls(integral, np.asarray(np.linalg.inv(np.eye(len(integral)) + integral * mu)))

    def onwards(self, start: Array, velocity: Array, rates: Array) -> tuple[Array, Array]:
        """Velocities are none of its business."""
        return self.inverse @ (start + self.integral @ rates), np.zeros_like(rates)

    def from_diagonal(
        self, values: tuple[float, ...], velocities: tuple[float, ...], rates: Array
    ) -> tuple[Array, Array]:
        """A particular solution and the homogeneous one."""
        particular, homogeneous = self.inverse @ self.integral @ rates, self.inverse.sum(axis=1)
        missing = np.array(values)[:, None] - np.diagonal(particular, axis1=1, axis2=2)
        return particular + homogeneous[:, None] * (missing / homogeneous)[:, None, :], np.zeros_like(rates)


@dataclass(frozen=True, eq=False)
class SecondOrder:
    """``M x'' + gamma x' = -mu x + rate``, in ``x`` and ``v = x'``.

    ``(M + S gamma + S mu S) v = M v_0 + S (rate - mu x_0)`` and ``x = x_0 + S v`` with ``S`` the integral.
    """

    integral: Array
    mu: Array
    mass: float
    inverse: Array

    @classmethod
    def of(cls, integral: Array, mu: Array, mass: float, friction: Array) -> SecondOrder:
        """Of a panel."""
        matrix = mass * np.eye(len(integral)) + integral * friction + (integral * mu) @ integral
        return cls(integral, mu, mass, np.asarray(np.linalg.inv(matrix)))

    def onwards(self, start: Array, velocity: Array, rates: Array) -> tuple[Array, Array]:
        """Both at all times."""
        pull = self.integral @ (rates - self.mu[:, None] * start)
        found = self.inverse @ (self.mass * velocity + pull)
        return start + self.integral @ found, found

    def from_diagonal(
        self, values: tuple[float, ...], velocities: tuple[float, ...], rates: Array
    ) -> tuple[Array, Array]:
        """A particular solution and two homogeneous ones."""
        size = len(self.mu)
        (x, v), nothing = self.onwards(np.zeros((1, 1)), np.zeros((1, 1)), rates), np.zeros((size, 1))
        first = self.onwards(np.ones((1, 1)), np.zeros((1, 1)), nothing)
        second = self.onwards(np.zeros((1, 1)), np.ones((1, 1)), nothing)
        missing = np.array(values)[:, None] - np.diagonal(x, axis1=1, axis2=2)
        slower = np.array(velocities)[:, None] - np.diagonal(v, axis1=1, axis2=2)
        (a, a_v), (b, b_v) = ((part[:, 0] for part in pair) for pair in (first, second))
        wronskian = a * b_v - b * a_v
        by_first, by_second = (missing * b_v - b * slower) / wronskian, (a * slower - a_v * missing) / wronskian
        pairs = zip((x, v), first, second, strict=True)
        return tuple(y + p * by_first[:, None, :] + q * by_second[:, None, :] for y, p, q in pairs)  # type: ignore[return-value]
