"""A sparse ensemble with the same mean-field limit, for sizes beyond the packed tensors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import sqrt

import numpy as np
from numpy.random import Generator, SeedSequence
from numpy.typing import NDArray
from scipy.fft import dct, idct

from theory.landscape import GaussianLandscape

from ..arrays import require_shape, require_whole
from ..lowering import Array
from ..memory import require_memory
from . import sparse_kernel
from .landscape_sample import PlantedSample, Signal, series_of, signal_of, vectors
from .packed import SPARSE_STREAM, Seed, require_size, scale_of, seed_sequence, stream

CONNECTIVITY = 128
FRAMES = 8
LARGEST_DENSE = 4096
"""Largest N at which a Hessian is filled in."""


@dataclass(frozen=True, eq=False)
class SparseTensor:
    """``J sum_e (+-1)_e prod_a y[sites[e, a]]``: distinct sites (M, p), the first ``positive`` of them with +1."""

    sites: NDArray[np.int32]
    coupling: float
    positive: int

    def parts(self) -> Iterator[tuple[NDArray[np.int32], float]]:
        """The sites of each sign and their coupling."""
        yield self.sites[: self.positive], self.coupling
        yield self.sites[self.positive :], -self.coupling


@dataclass(frozen=True, eq=False)
class Frame:
    """``y = DCT(signs x)``, an orthogonal change of coordinates in N log N steps, and the tensors in ``y``."""

    signs: Array
    tensors: tuple[SparseTensor, ...] = field(repr=False)

    def enter(self, x: Array) -> Array:
        """``y`` of each row."""
        return np.ascontiguousarray(dct(x * self.signs, norm="ortho", axis=1))

    def leave(self, y: Array) -> Array:
        """The transpose, which is the inverse."""
        rows: Array = self.signs * idct(y, norm="ortho", axis=1)
        return rows


@dataclass(frozen=True, eq=False)
class DilutedLandscape(PlantedSample):
    r"""``H = -N g(m) + sum_r sum_p J_p sum_e (+-1)_e prod_a y_ea``, ``y = U_r x`` in the frame r; see ``diluted``."""

    vector: Array = field(repr=False)
    frames: tuple[Frame, ...] = field(repr=False)

    def __post_init__(self) -> None:
        require_shape("vector", self.vector, (self.size,))
        for r, frame in enumerate(self.frames):
            require_shape(f"frames[{r}].signs", frame.signs, (self.size,))
            for tensor in frame.tensors:
                _require_sites(tensor.sites, self.size)

    @property
    def memory(self) -> int:
        """Bytes of the sites."""
        return sum(tensor.sites.nbytes for frame in self.frames for tensor in frame.tensors)

    def gradient(self, x: Array) -> tuple[Array, Array]:
        """``H/N`` (starts,) and the gradient of ``H`` (starts, N) at x (starts, N)."""
        x = vectors("x", x, self.size, 2)
        mean, total = self.planted.gradient(x)
        energy = self.constant + np.vecdot(x, self.vector)
        total += self.vector
        for frame in self.frames:
            y = frame.enter(x)
            slope = np.zeros_like(y)
            for tensor in frame.tensors:
                for sites, coupling in tensor.parts():
                    for s in range(x.shape[0]):
                        energy[s] += sparse_kernel.add_gradient(sites, coupling, y[s], slope[s])
            total += frame.leave(slope)
        return mean + energy / self.size, total

    def hessian_vector(self, x: Array, v: Array) -> Array:
        """``H''(x) v`` (k, N) for each row of v (k, N), at x (N,), without the matrix."""
        x, v = vectors("x", x, self.size, 1), vectors("v", v, self.size, 2)
        total = np.multiply.outer(self.planted.curvature(x) * (v @ self.signal), self.signal)
        for frame in self.frames:
            y, u = frame.enter(x[None])[0], frame.enter(v)
            out = np.zeros_like(u)
            for tensor in frame.tensors:
                for sites, coupling in tensor.parts():
                    for s in range(v.shape[0]):
                        sparse_kernel.add_hessian_vector(sites, coupling, y, u[s], out[s])
            total += frame.leave(out)
        return total

    def hessian(self, x: Array) -> Array:
        """``H''(x)`` (N, N) at x (N,); ``N <= 4096``."""
        if self.size > LARGEST_DENSE:
            raise ValueError(f"size = {self.size}: a full Hessian needs N <= {LARGEST_DENSE}; try hessian_vector")
        return self.hessian_vector(x, np.eye(self.size))

    def participation(self, x: Array) -> Array:
        """``N sum_i y_i^4/|y|^4`` at x (starts, N), the largest over the frames: 3 when spread, N on one site."""
        x = vectors("x", x, self.size, 2)
        norms = np.sum(x**2, axis=1) ** 2
        in_frames = [np.sum(frame.enter(x) ** 4, axis=1) for frame in self.frames]
        return self.size * np.max(in_frames, axis=0) / norms  # type: ignore[no-any-return]


def diluted(
    landscape: GaussianLandscape,
    size: int,
    seed: Seed,
    *,
    connectivity: int = CONNECTIVITY,
    frames: int = FRAMES,
) -> DilutedLandscape:
    r"""Draws a diluted ``H``: ``E H = -N g(m)`` exactly, ``Cov = N f(q)`` up to the corrections below.

    Parameters
    ----------
    landscape, size, seed
        As for ``sample``; ``N >= p`` for each degree p of f.
    connectivity
        c: each degree p >= 2 has c N couplings ``+- sqrt(f_p/c)``, each on p different sites, and each site is in
        c p of them (up to a fraction p/N where p does not divide N). A whole number >= 1.
    frames
        R: the couplings are shared out among R orthogonal frames (random signs, then a cosine transform), ``R <= c``.

    Averaged over the couplings, ``Cov = (1/R) sum_r N f_p e_p(y)/C(N, p)``, where ``y_i = (U_r x)_i (U_r x')_i``
    and e_p is the elementary symmetric polynomial: ``N f_p q^p (1 + O(1/N))`` for vectors spread over all sites.
    Gradient flow differs from mean field by O(1/c).

    With sparse couplings, p >= 3 and ``|x|^2 = N`` the lowest energies, of order ``-N^(p/2)``, have all weight on a
    few sites, and in a single frame gradient flow from a random start ends there: a site that grows feeds its own
    growth. Frames leave 1/R of that feedback, couplings of one size leave no strong ones to start it. Where it
    happens nonetheless, ``DilutedLandscape.participation`` is far above 3.
    """
    covariance, signal_series = series_of(landscape)
    require_size(size)
    degrees = diluted_degrees(covariance)
    _require(size, connectivity, frames, degrees)
    seeds = seed_sequence(seed)
    powers = {p: float(covariance[p]) for p in degrees}
    drawn = tuple(_frame(size, r, frames, powers, connectivity, seeds) for r in range(frames))
    constant = scale_of(covariance[0], 0, size) * stream(seeds, 0).standard_normal()
    slope = sqrt(covariance[1]) if covariance.size > 1 else 0.0
    vector = slope * stream(seeds, 1).standard_normal(size)
    return DilutedLandscape(Signal(signal_of(size, seeds), *signal_series), constant, vector, drawn)


def _frame(
    size: int, number: int, frames: int, powers: Mapping[int, float], connectivity: int, seeds: SeedSequence
) -> Frame:
    """The share of one frame in every degree of f."""
    signs = stream(seeds, SPARSE_STREAM, number).choice([-1.0, 1.0], size)
    count = connectivity * size // frames
    tensors = (
        _sparse(size, p, count, sqrt(size * f / (frames * count)), stream(seeds, SPARSE_STREAM, number, p))
        for p, f in powers.items()
    )
    return Frame(signs, tuple(tensors))


def _sparse(size: int, degree: int, count: int, coupling: float, rng: Generator) -> SparseTensor:
    """Permutations of the sites, each cut into groups of p: a random regular hypergraph."""
    groups = size // degree
    rounds = -(-count // groups)
    sites = np.empty((rounds * groups, degree), dtype=np.int32)
    for k in range(rounds):
        sites[k * groups : (k + 1) * groups] = rng.permutation(size)[: groups * degree].reshape(groups, degree)
    return SparseTensor(sites[:count], coupling, int(rng.binomial(count, 0.5)))


def _require(size: int, connectivity: int, frames: int, degrees: list[int]) -> None:
    require_whole("connectivity", connectivity, 1, CONNECTIVITY)
    require_whole("frames", frames, 1, FRAMES)
    if frames > connectivity:
        raise ValueError(f"frames = {frames}: expected at most connectivity = {connectivity}")
    if degrees and size < degrees[-1]:
        raise ValueError(f"size = {size}: a coupling of {degrees[-1]} different sites needs size >= {degrees[-1]}")
    require_memory(sites_memory(size, connectivity, degrees), f"size = {size}", "try a smaller size or connectivity")


def sites_memory(size: int, connectivity: int, degrees: Iterable[int]) -> int:
    """Bytes of the sites of all couplings."""
    return sum(4 * connectivity * size * degree for degree in degrees)


def diluted_degrees(covariance: Array) -> list[int]:
    """Degrees of f whose couplings are diluted: all from 2 on."""
    return [degree for degree, f in enumerate(covariance) if degree > 1 and f > 0]


def _require_sites(sites: NDArray[np.int32], size: int) -> None:
    if sites.ndim != 2 or sites.dtype != np.int32 or (sites.size and not 0 <= sites.min() <= sites.max() < size):
        raise ValueError(f"sites of shape {sites.shape}: expected (couplings, degree), int32 within [0, {size})")
