r"""Hierarchical matrices of n replicas: eigenvalues, traces and determinants, and their limit ``n -> 0``.

Replicas form groups of sizes ``n = s_0, s_1, ..., s_k`` within each other; an entry depends on the smallest group that
holds both replicas, ``levels[i]`` for one of size ``s_i``, and on the diagonal (``s_{k+1} = 1``) it is ``diagonal``.
All such matrices commute. No steps are replica symmetry, one is Parisi's first breaking.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from sympy import Expr, Integer, Symbol, diff, log

REPLICAS = Symbol("n", positive=True)


class Entries(NamedTuple):
    """Diagonal and levels, the outermost first."""

    diagonal: Expr
    levels: tuple[Expr, ...]

    def map(self, function: Callable[..., Expr], *others: Entries) -> Entries:
        """A function of the entries at the same place."""
        levels = zip(self.levels, *(other.levels for other in others), strict=True)
        return Entries(
            function(self.diagonal, *(other.diagonal for other in others)), tuple(function(*level) for level in levels)
        )


@dataclass(frozen=True)
class Hierarchy:
    """Sizes ``s_1, ..., s_k`` of the groups."""

    steps: tuple[Expr, ...] = ()

    @cached_property
    def sizes(self) -> tuple[Expr, ...]:
        """``n, s_1, ..., s_k, 1``."""
        return REPLICAS, *self.steps, Integer(1)

    def within(self, matrix: Entries, i: int) -> Expr:
        """Sum of a row over the group of size ``s_i``."""
        s = self.sizes
        return matrix.diagonal + sum((s[j] - s[j + 1]) * matrix.levels[j] for j in range(i, len(matrix.levels)))

    def eigenvalue(self, matrix: Entries, i: int) -> Expr:
        """Of vectors that are constant within groups of size ``s_{i+1}`` and sum to zero over those of size ``s_i``."""
        return (self.within(matrix, i + 1) - self.sizes[i + 1] * matrix.levels[i]).expand()

    def multiplicity(self, i: int) -> Expr:
        """One for each group of size ``s_{i+1}``, less one for each of size ``s_i``."""
        return REPLICAS / self.sizes[i + 1] - REPLICAS / self.sizes[i]

    def mean_sum(self, matrix: Entries) -> Expr:
        """``lim (1/n) sum_ab Q_ab``."""
        return self.within(matrix, 0).subs(REPLICAS, 0)

    def log_det(self, function: Callable[..., Expr], *matrices: Entries) -> Expr:
        """``ln det`` of a function of commuting matrices, for any n."""
        inner = [
            self.multiplicity(i) * log(function(*(self.eigenvalue(matrix, i) for matrix in matrices)))
            for i in range(len(self.sizes) - 1)
        ]
        uniform = (self.eigenvalue(matrix, 0) + REPLICAS * matrix.levels[0] for matrix in matrices)
        return sum(inner) + log(function(*uniform))

    def mean_log_det(self, function: Callable[..., Expr], *matrices: Entries) -> Expr:
        """``lim (1/n) ln det``."""
        return diff(self.log_det(function, *matrices), REPLICAS).subs(REPLICAS, 0)
