"""Random coefficients of a packed symmetric tensor: how many, and how large."""

from __future__ import annotations

from math import comb, sqrt
from typing import Any, Literal, get_args

import numpy as np
from numpy.random import Generator, SeedSequence
from numpy.typing import NDArray

from ..arrays import require_whole
from . import kernel

Precision = Literal["float32", "float64"]
Seed = int | SeedSequence | Generator
CHUNK = 1 << 20
SIGNAL_STREAM, SPARSE_STREAM = 1 << 20, 1 << 21
"""Streams of the signal and of the diluted tensors; that of a packed tensor is its degree."""
FAMILY = 0x72756767
"""Sets these streams apart from those that a caller spawns from the same seed."""


def entries(size: int, degree: int) -> int:
    """``C(N + p - 1, p)``: multisets of p indices out of N."""
    return comb(size + degree - 1, degree)


def packed_normal(size: int, degree: int, scale: float, rng: Generator, dtype: Precision) -> NDArray[Any]:
    """``scale sqrt(multiplicity) J``, J ~ N(0, 1), in the order of ``kernel``; the same J in both precisions."""
    values = np.empty(entries(size, degree), dtype=dtype)
    buffer = np.empty(min(CHUNK, values.size))
    for start in range(0, values.size, CHUNK):
        chunk = buffer[: min(CHUNK, values.size - start)]
        rng.standard_normal(out=chunk)
        values[start : start + chunk.size] = chunk
    if degree >= 2:
        kernel.weigh(values, degree, size, scale)
    else:
        values *= scale
    return values


def scale_of(coefficient: float, degree: int, size: int) -> float:
    """``sqrt(f_p) N^((1-p)/2)``: then ``Cov = f_p N^(1-p) (x.x')^p = N f_p q^p``."""
    return sqrt(coefficient * float(size) ** (1 - degree))


def stream(seed: SeedSequence, *numbers: int) -> Generator:
    """An independent generator for each tuple of numbers; the seed itself is left as it was."""
    key = (*seed.spawn_key, FAMILY, *numbers)
    return np.random.default_rng(SeedSequence(seed.entropy, spawn_key=key, pool_size=seed.pool_size))


def seed_sequence(seed: Seed) -> SeedSequence:
    """The seed as a ``SeedSequence``; a generator spawns a new one at each call."""
    if isinstance(seed, Generator):
        spawned = seed.bit_generator.seed_seq.spawn(1)[0]  # type: ignore[attr-defined]
        return SeedSequence(spawned.entropy, spawn_key=spawned.spawn_key, pool_size=spawned.pool_size)
    if isinstance(seed, SeedSequence):
        return seed
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValueError(f"seed = {seed!r}: expected an integer >= 0, a SeedSequence or a Generator; try 0")
    return SeedSequence(int(seed))


def require_size(size: int) -> None:
    """``N`` a whole number, at least 2."""
    require_whole("size", size, 2, 128)


def require_precision(dtype: str) -> None:
    """One of the two storage formats."""
    if dtype not in get_args(Precision):
        raise ValueError(f"dtype = {dtype!r}: expected 'float32' or 'float64'")
