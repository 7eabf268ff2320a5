"""One realisation of a Gaussian landscape at finite N: energy, gradient, Hessian."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from math import sqrt
from typing import Any, Protocol

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray
from sympy import Poly, diff

from theory.landscape import GaussianLandscape
from theory.symbols import OVERLAP, SIGNAL_OVERLAP

from ..arrays import reals, require_shape
from ..lowering import Array
from ..memory import require_memory
from ..power_series import coefficients, evaluate
from ..rounding import power_below
from . import kernel
from .couplings import Couplings, couplings_of
from .device import Device, backend_of
from .packed import (
    SIGNAL_STREAM,
    Precision,
    Seed,
    entries,
    packed_normal,
    require_precision,
    require_size,
    scale_of,
    seed_sequence,
    stream,
)


class Sample(Protocol):
    """A fixed ``H`` on ``R^N`` (the polynomial itself, off the sphere too) and the signal planted in it."""

    @property
    def size(self) -> int:
        """``N``."""

    @property
    def signal(self) -> Array:
        """``x*`` (N,), ``|x*|^2 = N``."""

    def gradient(self, x: Array) -> tuple[Array, Array]:
        """``H/N`` (starts,) and the Euclidean gradient of ``H`` (starts, N) at each row of x (starts, N)."""

    def hessian_vector(self, x: Array, v: Array) -> Array:
        """``H''(x) v`` for each row of v (k, N), at x (N,)."""

    def hessian(self, x: Array) -> Array:
        """``H''(x)`` (N, N) at x (N,)."""


@dataclass(frozen=True, eq=False)
class Signal:
    """``-N g(m)``, ``m = x.x*/N``: the part that is planted; series of ``g, g', g''`` in m, ascending."""

    vector: Array
    planted: Array
    drift: Array
    drift_slope: Array

    def gradient(self, x: Array) -> tuple[Array, Array]:
        """``-g(m)`` and ``-g'(m) x*``."""
        m = np.vecdot(x, self.vector) / self.vector.size
        return -evaluate(self.planted, m), -np.multiply.outer(evaluate(self.drift, m), self.vector)

    def curvature(self, x: Array) -> float:
        """``-g''(m)/N``: times ``x* x*^T``, the Hessian."""
        m = np.atleast_1d(x @ self.vector / self.vector.size)
        return -float(evaluate(self.drift_slope, m)[0]) / self.vector.size


@dataclass(frozen=True, eq=False)
class PlantedSample:
    """A sample with a signal planted in it, and the part of degree 0 of its noise."""

    planted: Signal
    constant: float

    @property
    def size(self) -> int:
        """``N``."""
        return self.planted.vector.size

    @property
    def signal(self) -> Array:
        """``x*``, uniform on the sphere ``|x*|^2 = N``."""
        return self.planted.vector


@dataclass(frozen=True, eq=False)
class SampledLandscape(PlantedSample):
    r"""``H = -N g(m) + sum_p sqrt(f_p) N^((1-p)/2) sum_{i1>=...>=ip} sqrt(n) J_{i1...ip} x_i1 ... x_ip``, J ~ N(0, 1).

    ``n`` is the number of orders of the indices, so ``Cov(H(x), H(x')) = N f(x.x'/N)`` exactly, at every N and off the
    sphere too. ``tensors`` holds the coefficients by degree, each once, over ``scale``; on ``device`` "gpu" there is a
    copy of them, for gradients.
    """

    tensors: Mapping[int, NDArray[Any]] = field(repr=False)
    scale: float = 1.0
    device: Device = "cpu"

    def __post_init__(self) -> None:
        for degree, tensor in self.tensors.items():
            require_shape(f"tensors[{degree}]", tensor, (entries(self.size, degree),))

    @property
    def memory(self) -> int:
        """Bytes of the coefficients."""
        return sum(tensor.nbytes for tensor in self.tensors.values())

    def gradient(self, x: Array) -> tuple[Array, Array]:
        """``H/N`` (starts,) and the gradient of ``H`` (starts, N) at x (starts, N); each coefficient is read once."""
        x = vectors("x", x, self.size, 2)
        mean, drift = self.planted.gradient(x)
        energy, total = np.zeros(x.shape[0]), np.zeros_like(x)
        for couplings in self._couplings:
            couplings.add_gradient(x, energy, total)
        noise = (self.constant + self.scale * energy) / self.size
        return mean + noise, drift + self.scale * total

    def hessian_vector(self, x: Array, v: Array) -> Array:
        """``H''(x) v`` (k, N) for each row of v (k, N), at x (N,), without the matrix."""
        x, v = vectors("x", x, self.size, 1), vectors("v", v, self.size, 2)
        signal = np.multiply.outer(self.planted.curvature(x) * (v @ self.signal), self.signal)
        out = np.zeros_like(v)
        for degree, tensor in self.tensors.items():
            if degree > 1:
                kernel.add_hessian_vector(tensor, degree, x, v, out)
        return signal + self.scale * out

    def hessian(self, x: Array) -> Array:
        """``H''(x)`` (N, N) at x (N,), in one pass over the coefficients."""
        x = vectors("x", x, self.size, 1)
        signal = np.multiply.outer(self.planted.curvature(x) * self.signal, self.signal)
        half = np.zeros((self.size, self.size))
        for degree, tensor in self.tensors.items():
            if degree > 1:
                kernel.add_half_hessian(tensor, degree, x, half)
        return signal + self.scale * (half + half.T)

    @cached_property
    def _couplings(self) -> list[Couplings]:
        backend = backend_of(self.device)
        return [couplings_of(tensor, degree, self.size, backend) for degree, tensor in self.tensors.items()]


def sample(
    landscape: GaussianLandscape, size: int, seed: Seed, *, dtype: Precision = "float32", device: Device = "cpu"
) -> SampledLandscape:
    """Draws ``H`` with ``E H = -N g(m)`` and ``Cov = N f(q)`` exactly, and a signal uniform on the sphere.

    Parameters
    ----------
    landscape
        ``f`` a polynomial of any degree with numbers for coefficients; ``g`` any function of m.
    size
        ``N >= 2``; each degree p of f takes ``C(N+p-1, p)`` numbers.
    seed
        The same seed gives the same ``H``, each degree from a stream of its own; a ``Generator`` gives a new one at
        each call.
    dtype
        Storage of the coefficients, ``"float32"`` or ``"float64"`` (the same draws); sums are float64 in both.
    device
        ``"gpu"`` computes gradients there, with CuPy or JAX: the same to rounding. Hessians stay on the CPU.

    Raises ``ValueError`` for anything else, without a GPU, and when the coefficients do not fit in memory.
    """
    covariance, signal_series = series_of(landscape)
    require_size(size)
    require_precision(dtype)
    backend_of(device)
    needed = memory_needed(landscape, size, dtype)
    require_memory(needed, f"size = {size}", "try a smaller size, float32, or diluted(...)")
    seeds = seed_sequence(seed)
    scale = _storable(sqrt(max(covariance[1:], default=0.0)))
    tensors = {
        degree: packed_normal(size, degree, scale_of(f, degree, size) / scale, stream(seeds, degree), dtype)
        for degree, f in enumerate(covariance)
        if degree > 0 and f > 0
    }
    constant = scale_of(covariance[0], 0, size) * stream(seeds, 0).standard_normal()
    return SampledLandscape(Signal(signal_of(size, seeds), *signal_series), constant, tensors, scale, device)


def _storable(amplitude: float) -> float:
    """What couplings of that size are divided by so that single precision can hold them; 1 where it can."""
    return 1.0 if 1e-15 <= amplitude <= 1e15 else power_below(amplitude)


def memory_needed(landscape: GaussianLandscape, size: int, dtype: Precision = "float32") -> int:
    """Bytes of the packed coefficients of a sample."""
    covariance, _ = series_of(landscape)
    numbers = sum(entries(size, degree) for degree, f in enumerate(covariance) if degree > 0 and f > 0)
    return numbers * np.dtype(dtype).itemsize


@lru_cache(maxsize=64)
def series_of(landscape: GaussianLandscape) -> tuple[Array, tuple[Array, Array, Array]]:
    """``f`` and ``(g, g', g'')`` as ascending coefficients."""
    if landscape.free_symbols:
        names = ", ".join(map(str, landscape.free_symbols))
        raise ValueError(f"landscape has parameters without a value: {names}; try landscape.subs({{name: value}})")
    if not landscape.covariance.is_polynomial(OVERLAP):
        raise ValueError(
            f"covariance = {landscape.covariance}: a sample needs a polynomial in q; try its Taylor series"
        )
    covariance = coefficients(landscape.covariance, OVERLAP, "covariance")
    if np.count_nonzero(covariance) < len(Poly(landscape.covariance, OVERLAP).terms()) and landscape.covariance != 0:
        raise ValueError("covariance holds a number too small for double precision; choose another unit of energy")
    means = (diff(landscape.mean, SIGNAL_OVERLAP, k) for k in range(3))
    g, slope, curvature = (coefficients(mean, SIGNAL_OVERLAP, "mean") for mean in means)
    return covariance, (g, slope, curvature)


def signal_of(size: int, seeds: SeedSequence) -> Array:
    """Uniform on ``|x*|^2 = N``, from a stream of its own."""
    vector = stream(seeds, SIGNAL_STREAM).standard_normal(size)
    return vector * (sqrt(size) / np.linalg.norm(vector))


def vectors(name: str, value: Any, size: int, dimensions: int) -> Array:
    """Rows of length N as the kernels want them."""
    array = np.ascontiguousarray(reals(name, value))
    if array.ndim != dimensions or array.shape[-1] != size:
        expected = f"({size},)" if dimensions == 1 else f"(rows, {size})"
        raise ValueError(f"{name} has shape {array.shape}: expected {expected}")
    return array
