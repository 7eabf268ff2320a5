"""Weak recovery of teachers of a few indices: the largest eigenvalue of ``M -> E[G M G]``."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from theory.generalized_linear.multi_index import IndexStability, IndexTeacher
from theory.naming import called

from ..lowering import Array
from ..solve import Found, Point, solve
from .label_moments import degree, label_moments

LEVELS = (0, 1, 2)
"""Grids, coarse to fine: the result is that of the finest, or on two that agree."""
AGREED = {1: 1e-9, 2: 1e-9, 3: 1e-5}
"""Of the eigenvalue, by the number of indices: relative change from one grid to the next that is small enough."""
NOTHING = 1e-9
"""Eigenvalues below this many are none."""
ROUNDING = 2e-9
"""Of radial integrals, which come from a table where labels are put into bins."""
DOUBT = 5
"""Changes of a mean from one grid to the next that it may still be off by."""
DIGITS = 15
MEAN = "labels have a mean E[z | label]: any alpha > 0 does"


class Map(NamedTuple):
    """``M -> E[G M G]`` (K^2, K^2), and ``E[E[z | label] E[z | label]^T]`` (K, K)."""

    matrix: Array
    means: Array


@lru_cache(maxsize=32)
def stability_map(teacher: IndexTeacher, level: int) -> Map:
    """On the grid of this level."""
    at = label_moments(teacher, level)
    p, count = at.probability / at.probability.sum(), at.first.shape[1]
    gap = at.second / at.probability[:, None, None] - np.eye(count)
    mean = at.first / at.probability[:, None]
    matrix = np.einsum("n,nac,nbd->abcd", p, gap, gap, optimize=True).reshape(count**2, count**2)
    return Map(matrix, np.einsum("n,na,nb->ab", p, mean, mean))


@lru_cache(maxsize=32)
def eigenvalue(teacher: IndexTeacher) -> tuple[float, float]:
    """The largest of the map, and its error.

    Of two grids that agree; what is read from bins is extrapolated, by the square of their width.
    """
    count, smooth = len(teacher.indices), degree(teacher) is not None
    values: list[float] = []
    for level in LEVELS if smooth or count < 3 else LEVELS[:2]:
        values.append(float(np.linalg.eigvalsh(stability_map(teacher, level).matrix)[-1]))
        change = abs(values[-1] - values[max(0, len(values) - 2)])
        if len(values) > 1 and (values[-1] < NOTHING or change < AGREED[count if smooth else 1] * values[-1]):
            return values[-1], change + ROUNDING * abs(values[-1])
    earlier = abs(values[1] - values[0]) / 4
    return values[-1] + (values[-1] - values[-2]) / 3, max(change, earlier) + ROUNDING * abs(values[-1])


@solve.register
def _(law: IndexStability, at: Point, digits: int) -> Found:
    del at
    if digits > DIGITS:
        raise ValueError(f"{called('digits', digits)}: averages over labels have at most {DIGITS}")
    teacher = law.teacher
    seen, doubtful = _directions_of_mean(teacher)
    if doubtful:
        return Found(note=f"not known: {doubtful}; where labels have one, any alpha > 0 does")
    if len(seen) == len(teacher.indices):
        return Found(0.0, 0.0, f"{MEAN}, in all directions")
    if len(seen):
        where = "; ".join("(" + ", ".join(f"{x:.3g}" for x in np.round(e, 6) + 0.0) + ")" for e in seen)
        return Found(note=f"{MEAN} along z = {where}, where alpha_c = 0; others are not solved")
    found, error = eigenvalue(teacher)
    if found <= max(NOTHING, 3 * error):
        least = 1 / max(NOTHING, found + 3 * error)
        return Found(note=f"labels say too little about z z^T at first order: Q = 0 is stable for alpha < {least:.0e}")
    return Found(1 / found, error / found**2, "Q = 0 becomes unstable")


def _directions_of_mean(teacher: IndexTeacher) -> tuple[Array, str]:
    """Unit vectors along which labels have a mean that all grids agree on; or why that is not seen."""
    means = [stability_map(teacher, level).means for level in _levels(teacher)]
    values, vectors = np.linalg.eigh(means[-1])
    doubt = DOUBT * max(np.abs(later - earlier).max() for earlier, later in pairwise(means)) + NOTHING
    doubtful = values[(values > NOTHING) & (values <= doubt)]
    why = f"whether labels have a mean, E[E[z | label]^2] = {doubtful[-1]:.2g}({doubt:.0g})" if doubtful.size else ""
    return np.asarray(vectors[:, values > doubt].T), why


def _levels(teacher: IndexTeacher) -> tuple[int, ...]:
    """Grids that are affordable; two are enough where labels are homogeneous, and their averages smooth."""
    return LEVELS if degree(teacher) is None and len(teacher.indices) < 3 else LEVELS[:2]
