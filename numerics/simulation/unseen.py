r"""A landscape drawn only where it is looked at, in the span of what has been seen: no couplings of N spins.

The noise has covariance ``N f(x.y/N)``, the same in any axes. So axes are chosen as a run goes: the signal first, then
whatever comes up that is orthogonal to all before (a start, thermal noise, the new part of a gradient). Orthogonal to
the a axes so far, the gradients at the points ``x_s`` are, component by component, independent Gaussians of covariance
``K_st = f'(x_s.x_t/N)``; those seen vanish there, the next one has variance ``v = K_tt - k.K^-1 k`` in each component:
a new axis, and ``sqrt(v)`` times a chi variable of N - a degrees of freedom along it. Along the axes H is a polynomial
with Gaussian couplings as in ``SampledLandscape``. Those of a new axis are drawn freely, then moved by what gradients
seen before say of them, ``Cov(J, g) K^-1 (g - g_drawn)`` (Matheron's rule). What is seen has the exact joint law of
energies and gradients of a landscape of N spins (Bolthausen, Commun. Math. Phys. 325, 333, 2014, conditions so); the
cost is that of as many spins as there are axes, about one for each gradient, whatever N.
"""

from __future__ import annotations

from math import comb, sqrt

import numpy as np
from numpy.random import Generator
from scipy.linalg import solve_triangular

from theory.landscape import GaussianLandscape

from ..errors import ConvergenceError
from ..lowering import Array
from ..power_series import evaluate
from ..rounding import power_below
from .couplings import Couplings, no_couplings
from .device import Device, backend_of
from .landscape_sample import Sample, series_of, vectors
from .packed import Precision, Seed, entries, packed_normal, require_precision, require_size, seed_sequence, stream

LARGEST_MEMORY, LARGEST_SPAN = 1 << 30, 4096
"""Bytes of the couplings, and axes: a run that needs more stops."""
ROUNDING = 1e-13
"""Of the variance of a gradient: noise that every one is seen with, or what is new in it could not be told from zero.
A direction that is left out never comes back, one that begins too large by 3e-7 of the gradient does no harm."""
AXES_STREAM = 1 << 22


class ConditionedLandscape:
    """``H`` of N = ``spins``, seen from a few points; a ``Sample`` whose vectors are coordinates y on its axes.

    They have length ``size``, zeros where there is no axis yet, and ``|y|^2 = size`` on the sphere: ``y = sqrt(size/N)
    x``, so that overlaps, energies per spin, multipliers and the norms of forces are those of the N spins.
    """

    def __init__(
        self,
        landscape: GaussianLandscape,
        size: int,
        seed: Seed,
        *,
        dtype: Precision = "float32",
        device: Device = "cpu",
    ) -> None:
        require_size(size)
        require_precision(dtype)
        covariance, self.planted = series_of(landscape)
        self.scale = power_below(sqrt(max(covariance[1:], default=0.0)))
        self.noise = covariance / self.scale**2
        self.spins, self.size, self.dtype = size, span_of(landscape, size, dtype), dtype
        self.slope = np.arange(1, self.noise.size) * self.noise[1:]
        self.bend = float((np.arange(1, self.slope.size) * self.slope[1:]).sum())
        self.rng = stream(seed_sequence(seed), AXES_STREAM)
        self.axes, self.points = 1, 0
        backend = backend_of(device)
        self.couplings: dict[int, Couplings] = {
            degree: no_couplings(degree, self.size, dtype, backend) for degree in self._degrees()
        }
        for degree, couplings in self.couplings.items():
            couplings.append(packed_normal(1, degree, self._amplitude(degree), self.rng, dtype))
        self.constant = self._amplitude(0) * self.rng.standard_normal()
        self.seen, self.factor = np.zeros((1, 1)), np.zeros((1, 1))

    @property
    def signal(self) -> Array:
        """The first axis."""
        vector = np.zeros(self.size)
        vector[0] = sqrt(self.size)
        return vector

    @property
    def curvature(self) -> float:
        """Bound of ``|H''|`` on the sphere, as N -> infinity: ``2 sqrt(f''(1)) + max |g''|``."""
        return 2 * self.scale * sqrt(self.bend) + float(np.abs(self.planted[2]).sum())

    @property
    def roughness(self) -> float:
        """``(|grad H|^2 + |H'' v|^2)^(1/2)/sqrt N`` of the noise: ``(f'(1) + f''(1))^(1/2)``."""
        return self.scale * sqrt(self.slope.sum() + self.bend)

    def gradient(self, x: Array) -> tuple[Array, Array]:
        """``H/N`` (rows,) and the gradient (rows, size) at each row of x, one after the other."""
        rows = [self._look(row) for row in vectors("x", x, self.size, 2) / sqrt(self.size)]
        return np.array([energy for energy, _ in rows]), sqrt(self.size) * np.stack([slope for _, slope in rows])

    def normal(self, rng: Generator) -> Array:
        """A standard normal vector of N components that nothing seen depends on, in the coordinates."""
        vector = np.zeros(self.size)
        vector[: self.axes] = rng.standard_normal(self.axes)
        if self.axes < self.spins:
            self._require_room()
            vector[self.axes] = sqrt(rng.chisquare(self.spins - self.axes))
            self._add_axis(np.zeros(self.points))
        return vector

    def hessian_vector(self, x: Array, v: Array) -> Array:
        """There is none: ``ValueError``."""
        raise ValueError("a conditioned landscape is seen through gradients alone; for its Hessian try 'dense'")

    def hessian(self, x: Array) -> Array:
        """There is none: ``ValueError``."""
        return self.hessian_vector(x, x)

    def _look(self, u: Array) -> tuple[float, Array]:
        """``H/N`` and its gradient in ``u = x/sqrt(N)`` (size,): along the axes, then what is new."""
        energy, slope = np.full(1, self.constant), np.zeros((1, self.axes))
        here = np.ascontiguousarray(u[None, : self.axes])
        for couplings in self.couplings.values():
            couplings.add_gradient(here, energy, slope)
        total = np.zeros(self.size)
        total[: self.axes] = slope[0]
        if self.axes < self.spins:
            self._meet(u, total)
        height, drift = (evaluate(series, u[:1])[0] for series in self.planted[:2])
        total *= self.scale
        total[0] -= drift
        return float(self.scale * energy[0] - height), total

    def _meet(self, u: Array, total: Array) -> None:
        """The part of the gradient at u that is orthogonal to all axes: to ``total``, along a new one."""
        count, own = self.points, evaluate(self.slope, np.atleast_1d(u @ u))[0]
        known = evaluate(self.slope, self.seen[:count, : self.axes] @ u[: self.axes])
        row = solve_triangular(self.factor[:count, :count], known, lower=True) if count else known
        fresh = max(own - row @ row, 0.0) + ROUNDING * own
        self._require_room()
        self.seen = _grown(self.seen, count + 1, self.axes)
        self.factor = _grown(self.factor, count + 1, count + 1)
        self.seen[count, : self.axes] = u[: self.axes]
        self.factor[count, : count + 1] = *row, sqrt(fresh)
        self.points += 1
        length = sqrt(self.rng.chisquare(self.spins - self.axes) / self.spins)
        total[self.axes] = sqrt(fresh) * length
        self._add_axis(np.append(np.zeros(count), length))

    def _require_room(self) -> None:
        """For one more axis, or ``ConvergenceError``."""
        if self.axes == self.size:
            raise ConvergenceError(
                f"after {self.points} gradients the run spans {self.size} directions, and more couplings than fit; "
                "try a shorter time, a larger rtol, or fewer starts"
            )

    def _add_axis(self, whitened: Array) -> None:
        """Couplings of one more axis, given the gradients along it where it was seen, ``L whitened``, ``K = L L^T``."""
        blocks = {degree: self._drawn(degree) for degree in self._degrees()}
        self._condition(blocks, whitened)
        self.axes += 1
        self.seen = _grown(self.seen, self.points, self.axes)
        for degree, block in blocks.items():
            self.couplings[degree].append(block)

    def _drawn(self, degree: int) -> Array:
        """Couplings of a new axis: it comes ``degree - k`` times among the indices, k = degree - 1 ... 0."""
        parts = [
            packed_normal(self.axes, k, sqrt(comb(degree, k)) * self._amplitude(degree), self.rng, "float64")
            for k in range(degree - 1, -1, -1)
        ]
        return np.concatenate(parts)

    def _condition(self, blocks: dict[int, Array], whitened: Array) -> None:
        """In place: what the points seen, which have nothing along the new axis, say of it."""
        if not self.points:
            return
        seen = np.ascontiguousarray(self.seen[: self.points, : self.axes])
        factor = self.factor[: self.points, : self.points]
        heads = {degree: block[: entries(self.axes, degree - 1)] for degree, block in blocks.items()}
        drawn = sum((self.couplings[p].values(head, seen) for p, head in heads.items()), np.zeros(self.points))
        missing = whitened - solve_triangular(factor, drawn, lower=True)
        weights = solve_triangular(factor, missing, lower=True, trans="T")
        for degree, head in heads.items():
            head[:] += degree * self.noise[degree] * self.couplings[degree].powers(seen, weights)

    def _degrees(self) -> list[int]:
        return [degree for degree, f in enumerate(self.noise) if degree > 0 and f > 0]

    def _amplitude(self, degree: int) -> float:
        """Of a coupling in ``H/N`` as a polynomial of ``x/sqrt(N)``: ``Cov(H/N, H'/N) = f(q)/N``."""
        return sqrt(self.noise[degree] / self.spins) if degree < self.noise.size else 0.0


def span_of(landscape: GaussianLandscape, size: int, dtype: Precision = "float32") -> int:
    """How many axes a run of N = ``size`` may have: as many as spins, or as the couplings among them fit."""
    noise, _ = series_of(landscape)
    most = min(size, LARGEST_SPAN)
    return max(2, next((a - 1 for a in range(3, most + 1) if _bytes(noise, a, dtype) > LARGEST_MEMORY), most))


def span_memory(landscape: GaussianLandscape, size: int, dtype: Precision = "float32") -> int:
    """Bytes of all that, at most."""
    noise, _ = series_of(landscape)
    span = span_of(landscape, size, dtype)
    return 2 * _bytes(noise, span, dtype) + 3 * 8 * span**2


def _bytes(noise: Array, axes: int, dtype: Precision) -> int:
    numbers = sum(entries(axes, degree) for degree, f in enumerate(noise) if degree > 0 and f > 0)
    return numbers * np.dtype(dtype).itemsize


def spins(sample: Sample) -> int:
    """N, which need not be the length of the vectors."""
    return sample.spins if isinstance(sample, ConditionedLandscape) else sample.size


def normal(sample: Sample, rng: Generator) -> Array:
    """A standard normal vector of N components, in the coordinates of the sample."""
    return sample.normal(rng) if isinstance(sample, ConditionedLandscape) else rng.standard_normal(sample.size)


def _grown(array: Array, rows: int, columns: int) -> Array:
    """Room for that many, zeros where there was none."""
    if array.shape[0] >= rows and array.shape[1] >= columns:
        return array
    room = np.zeros((max(array.shape[0], 2 * rows), max(array.shape[1], 2 * columns)))
    room[: array.shape[0], : array.shape[1]] = array
    return room
