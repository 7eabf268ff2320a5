r"""An order parameter as numbers: chi along q, linear between points or ``1/sqrt(f'')`` on bands; bounds that it gives.

``G(q) = int_0^q (K - f') ds``, ``K = int_0^s du/chi^2``, is the variation of the functional: lowest where x grows, if
chi is the minimum. It bounds how far the functional of any admissible chi lies above its minimum:

- T = 0: ``rho = c/chi`` with ``c^2 = min_q int_q^1 f'/int_q^1 K`` is admissible in the dual problem, since
  ``1/chi >= 2 rho - rho^2 chi``: the minimum is at least ``int rho``.
- T > 0: by convexity the minimum is at least ``J - (1/2) int d(x/T)(q) [G(q) - min G]``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar

from ..lowering import Array
from .covariance import UnitCovariance
from .interior_point import atanh_ratio

SAMPLES = 64
"""Points inside each stretch of an exact order parameter at which G is evaluated before its minima are refined."""
EXPECTED_STRETCHES = 30
MARGINAL = 1e-9
"""Relative rounding of a curvature that vanishes at marginal jumps."""
NODES, WEIGHTS = np.polynomial.legendre.leggauss(40)


@dataclass(frozen=True, eq=False)
class OrderParameter:
    """Points q from 0 to 1 (T = 0) or to the largest overlap of the support, chi there, which stretches are bands.

    In the units of ``f``. At T > 0 ``chi = (1 - q)/T`` beyond the last point.
    """

    f: UnitCovariance
    temperature: float
    q: Array
    chi: Array
    band: NDArray[np.bool_]

    @cached_property
    def slopes(self) -> tuple[Array, Array]:
        """``x/T`` at the beginning and at the end of each stretch."""
        length = np.diff(self.q)
        linear = np.divide(-np.diff(self.chi), length, out=np.zeros_like(length), where=length > 0)
        ends = [np.where(self.band, self.slope_on_band(q), linear) for q in (self.q[:-1], self.q[1:])]
        return ends[0], ends[1]

    def slope_on_band(self, q: ArrayLike) -> Array:
        """``-d/dq f''^(-1/2) = f'''/(2 f''^(3/2))``."""
        _, _, second, third = self.f(q)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope: Array = third / (2 * second**1.5)
        return slope

    @property
    def admissible(self) -> bool:
        """Whether x nowhere falls, up to the accuracy of its slopes, and grows on every band."""
        first, last = self.slopes
        slack = 1e-6 * (1 + np.max(np.abs(last), initial=0.0))
        ends = np.append(first, np.inf if self.temperature == 0 else 1 / self.temperature)
        inside = True
        for a, b in zip(self.q[:-1][self.band], self.q[1:][self.band], strict=True):
            x = self.slope_on_band(np.linspace(a, b, 200))
            inside &= bool(np.all(np.diff(x) > -slack) and x[-1] > x[0])
        starts = bool(np.all(first >= -slack)) and bool(np.all(self.chi > 0))
        return inside and starts and bool(np.all(ends[1:] >= last - slack)) and self.stable

    @property
    def stable(self) -> bool:
        """``G'' = 1/chi^2 - f'' >= 0`` where x jumps (de Almeida, Thouless): local, and exact next to a transition."""
        curvature = 1 / self.chi**2 - self.f(self.q)[2]
        jumps = self.growth > 0
        jumps[self.q == 1] = False
        return bool(np.all(curvature[jumps] >= -MARGINAL / self.chi[jumps] ** 2))

    @property
    def growth(self) -> Array:
        """``d(x/T)`` at each point: the jump there; without what grows inside bands."""
        first, last = self.slopes
        before = np.concatenate([[0.0], last])
        after = np.append(first, before[-1] if self.temperature == 0 else 1 / self.temperature)
        growth: Array = after - before
        return growth

    @cached_property
    def _accumulated(self) -> tuple[Array, Array]:
        """``K`` and ``int_0^q K`` at the points."""
        steps = np.diff(self.q)
        k = np.zeros_like(self.q)
        values = self.f(self.q)
        rise = np.where(self.band, np.diff(values[1]), steps / (self.chi[:-1] * self.chi[1:]))
        k[1:] = np.cumsum(rise)
        inside = np.where(
            self.band,
            (k[:-1] - values[1][:-1]) * steps + np.diff(values[0]),
            k[:-1] * steps + self._weighted(steps, self.chi[:-1], self.chi[1:]),
        )
        return k, np.concatenate([[0.0], np.cumsum(inside)])

    @staticmethod
    def _weighted(length: Array, left: Array, right: Array) -> Array:
        """``int_0^h s ds/(chi_a chi(s)) = (h/chi_a)^2 (x - ln(1 + x))/x^2``, ``x = chi_b/chi_a - 1``."""
        x = right / left - 1
        small = np.abs(x) < 1e-3
        with np.errstate(divide="ignore", invalid="ignore"):
            exact = (x - np.log1p(x)) / x**2
        series = 1 / 2 - x / 3 + x**2 / 4 - x**3 / 5 + x**4 / 6 - x**5 / 7
        return (length / left) ** 2 * np.where(small, series, exact)

    def integrals(self, q: ArrayLike) -> tuple[Array, Array]:
        """``K`` and ``int_0^q K`` anywhere."""
        x = np.asarray(q, dtype=float)
        k, total = self._accumulated
        i = np.clip(np.searchsorted(self.q, x, side="right") - 1, 0, max(self.q.size - 2, 0))
        if self.q.size == 1:
            k_here, total_here = np.zeros_like(x), np.zeros_like(x)
        else:
            k_here, total_here = self._inside(x, i, k, total)
        beyond = x > self.q[-1]
        if self.temperature == 0 or not beyond.any():
            return k_here, total_here
        rest, left = 1 - np.where(beyond, x, self.q[-1]), 1 - self.q[-1]
        squared = self.temperature**2
        tail = k[-1] + squared * (1 / rest - 1 / left)
        sum_tail = total[-1] + (k[-1] - squared / left) * (x - self.q[-1]) + squared * np.log(left / rest)
        return np.where(beyond, tail, k_here), np.where(beyond, sum_tail, total_here)

    def _inside(self, x: Array, i: NDArray[np.intp], k: Array, total: Array) -> tuple[Array, Array]:
        here, start = self.f(x), self.f(self.q[i])
        length, step = self.q[i + 1] - self.q[i], x - self.q[i]
        share = np.divide(step, length, out=np.zeros_like(step), where=length > 0)
        chi = self.chi[i] + (self.chi[i + 1] - self.chi[i]) * share
        linear_k = k[i] + step / (self.chi[i] * chi)
        linear_sum = total[i] + k[i] * step + self._weighted(step, self.chi[i], chi)
        band_k = k[i] + here[1] - start[1]
        band_sum = total[i] + (k[i] - start[1]) * step + here[0] - start[0]
        band = self.band[i]
        return np.where(band, band_k, linear_k), np.where(band, band_sum, linear_sum)

    def variation(self, q: ArrayLike) -> Array:
        """``G(q)``."""
        x = np.asarray(q, dtype=float)
        result: Array = self.integrals(x)[1] - self.f(x)[0]
        return result

    @cached_property
    def parts(self) -> tuple[float, float]:
        """``f'(0) chi(0) + int f'' chi`` and ``int 1/chi`` (+ ``T ln(1 - q)`` at T > 0)."""
        first, second, steps = 0.0, 0.0, np.diff(self.q)
        values = self.f(self.q)
        for i, length in enumerate(steps):
            left, right = self.chi[i], self.chi[i + 1]
            if self.band[i]:
                nodes = self.q[i] + length * (NODES + 1) / 2
                first += length / 2 * float(WEIGHTS @ np.sqrt(self.f(nodes)[2]))
                second += length / 2 * float(WEIGHTS @ np.sqrt(self.f(nodes)[2]))
                continue
            slope = (right - left) / length
            first += values[1][i + 1] * right - values[1][i] * left - slope * (values[0][i + 1] - values[0][i])
            mean = (left + right) / 2
            second += length / mean * float(atanh_ratio(np.array([(left - right) / (left + right)]))[0][0])
        first += self.f.field * float(self.chi[0])
        if self.temperature > 0:
            last = self.q[-1]
            first += (float(self.f(1.0)[0]) - values[0][-1]) / self.temperature - values[1][-1] * self.chi[-1]
            second += self.temperature * np.log1p(-last)
        return float(first), float(second)

    @property
    def functional(self) -> float:
        """``-F``."""
        return sum(self.parts) / 2

    @cached_property
    def gap(self) -> float:
        """How far at most the functional lies above its minimum (see the module)."""
        return max(self._cold_gap() if self.temperature == 0 else self._warm_gap(), 0.0)

    def _cold_gap(self) -> float:
        """``J - c int 1/chi``; towards q = 1 the ratio tends to ``f'(1)/K(1)``."""
        k_end, total_end = (float(part) for part in self.integrals(1.0))
        f_end = self.f(1.0)

        def ratio(q: Array) -> Array:
            falling = f_end[0] - self.f(q)[0]
            rest = total_end - self.integrals(q)[1]
            # both vanish at 1, where differences of numbers of order one say nothing
            near = 1 - q < 1e-5
            value: Array = np.where(near, f_end[1] / k_end, falling / np.where(near, 1.0, rest))
            return value

        least = min(self._lowest(ratio), float(f_end[1] / k_end))
        return self.functional - min(1.0, float(np.sqrt(least))) * self.parts[1]

    def _warm_gap(self) -> float:
        """Weights of atoms times ``G - min G``; on a band G varies by rounding alone."""
        lowest = self._lowest(self.variation)
        excess = self.variation(self.q) - lowest
        gap = float(np.maximum(self.growth, 0.0) @ excess)
        first, last = self.slopes
        on_bands = np.where(self.band, (last - first) * np.maximum(excess[:-1], excess[1:]), 0.0)
        return (gap + float(np.sum(on_bands))) / 2

    def _lowest(self, function: Callable[[Array], Array]) -> float:
        """Minimum over q, from a fine sample, its lowest places refined."""
        points = self._sample
        values = function(points)
        lowest = float(np.min(values))
        inner = np.flatnonzero((values[1:-1] <= values[:-2]) & (values[1:-1] <= values[2:])) + 1
        for i in inner[np.argsort(values[inner])][:12]:
            ends = (float(points[i - 1]), float(points[i + 1]))
            found = minimize_scalar(lambda q: float(function(np.array([q]))[0]), bounds=ends, method="bounded")
            lowest = min(lowest, float(found.fun))
        return lowest

    @cached_property
    def _sample(self) -> Array:
        inside = max(4, SAMPLES * EXPECTED_STRETCHES // max(self.q.size, 1))
        u = (1 - np.cos(np.pi * np.arange(inside) / inside)) / 2
        ends = self.q if self.q[-1] == 1 else np.append(self.q, 1 - (1 - self.q[-1]) * np.array([0.5, 1e-3]))
        cells = ends[:-1, None] + np.diff(ends)[:, None] * u
        return np.append(cells.ravel(), ends[-1])
