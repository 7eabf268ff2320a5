"""The replicated action as numbers: value, gradient and matrix of second derivatives at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import ArrayLike
from sympy import Abs, Symbol, sqrt

from theory.kac_rice.local_law import F, G
from theory.kac_rice.replicated import BETA, ORDERS, Replicated, gram
from theory.landscape import GaussianLandscape
from theory.symbols import ENERGY, OVERLAP, SHIFT, SIGNAL_OVERLAP

from ..lowering import Array, lower

Jet = Callable[[float], list[float]]


@dataclass(frozen=True)
class Problem:
    """Numbers of one landscape at one overlap: in units where ``f'(1) = 1``, on the way from no field to the whole.

    ``strength`` multiplies the overlap with the signal and the random field, and where it is ``rising`` the mean as
    well: at 0 replica symmetry with ``q_0 = 0`` and the annealed values is an exact saddle.
    """

    landscape: GaussianLandscape
    overlap: float
    strength: float = 1.0
    rising: bool = False

    @cached_property
    def unit(self) -> float:
        """``sqrt(f'(1))``, of the energy."""
        return float(lower((), [sqrt(self.landscape.f(1))])()[0])

    @cached_property
    def m(self) -> float:
        """Overlap with the signal."""
        return self.strength * self.overlap

    def f(self, q: ArrayLike) -> list[Array]:
        """Derivatives of f at q, without ``f(0)`` and what the field still lacks."""
        at_zero, values = (self._lowered[0](x) for x in (0.0, q))
        lacking = (1 - self.strength**2) * at_zero[1]
        absent = [at_zero[0] + lacking * np.asarray(q), lacking, *(0.0,) * (ORDERS - 2)]
        return [(value - part) / self.unit**2 for value, part in zip(values, absent, strict=True)]

    @cached_property
    def one(self) -> list[float]:
        """``f, f', f''`` at 1."""
        return [float(value) for value in self.f(1.0)[:3]]

    @cached_property
    def g(self) -> list[float]:
        """``g, g', g''`` at m."""
        part = self.strength if self.rising else 1.0
        return [part * float(value) / self.unit for value in self._lowered[1](self.m)]

    @property
    def _lowered(self) -> tuple[Callable[..., list[Array]], Callable[..., list[Array]]]:
        return _lowered(self.landscape)


@lru_cache(maxsize=64)
def _lowered(landscape: GaussianLandscape) -> tuple[Callable[..., list[Array]], Callable[..., list[Array]]]:
    f = lower((OVERLAP,), [landscape.f(k, OVERLAP) for k in range(ORDERS)])
    return f, lower((SIGNAL_OVERLAP,), [landscape.g(k) for k in range(3)])


@dataclass(frozen=True)
class Action:
    """The action of one breaking."""

    breaking: int

    @cached_property
    def theory(self) -> Replicated:
        """Its expressions."""
        return Replicated(self.breaking)

    @cached_property
    def unknowns(self) -> tuple[Symbol, ...]:
        """Of the saddle; the last is b."""
        return *self.theory.unknowns, BETA

    def place(self, name: str) -> int:
        """Index of an unknown."""
        return [symbol.name for symbol in self.unknowns].index(name)

    @cached_property
    def overlaps(self) -> slice:
        """Where the overlaps q are among the unknowns."""
        return slice(self.breaking, 2 * self.breaking + 1)

    @cached_property
    def arguments(self) -> tuple[Symbol, ...]:
        """Of its expressions."""
        jets = [symbol for jet in self.theory.jets for symbol in jet]
        return *self.unknowns, SHIFT, SIGNAL_OVERLAP, ENERGY, *F[:3], *G, *jets

    @cached_property
    def _value(self) -> Callable[..., list[Array]]:
        slope, u = self.theory.slope, self.unknowns
        first = [slope(self.theory.rest, x) for x in u]
        second = [slope(row, x) for i, row in enumerate(first) for x in u[i:]]
        return lower(self.arguments, [self.theory.rest, *first, *second])

    def numbers(self, problem: Problem, x: Array, t: float, energy: float) -> list[ArrayLike]:
        """Values of the arguments."""
        jets = [value for q in x[self.overlaps] for value in problem.f(q)]
        return [*x, t, problem.m, energy, *problem.one, *problem.g, *jets]

    @cached_property
    def _grams(self) -> Callable[..., list[Array]]:
        hierarchy, across = self.theory.hierarchy, self.theory.across
        levels = range(self.breaking + 1)
        grams = [gram(*(hierarchy.eigenvalue(matrix, i) for matrix in across)) for i in levels]
        return lower((*self.unknowns, SIGNAL_OVERLAP), grams)

    @cached_property
    def _terms(self) -> Callable[..., list[Array]]:
        return lower(self.arguments, [sum(Abs(term) for term in self.theory.rest.args)])

    def grams(self, x: Array, m: float) -> Array:
        """Determinants of the overlaps of (x, xh) between groups of each level."""
        return np.array(self._grams(*x, m))

    def terms(self, problem: Problem, x: Array, t: float, energy: float) -> float:
        """Sum of the sizes of the terms of the action, which rounding is relative to."""
        return float(self._terms(*self.numbers(problem, x, t, energy))[0])

    def value(self, problem: Problem, x: Array, t: float, energy: float) -> tuple[float, Array, Array]:
        """The action without ``Phi(t)``, its gradient and second derivatives, t fixed."""
        size = len(self.unknowns)
        values = np.array(self._value(*self.numbers(problem, x, t, energy)))
        hessian = np.zeros((size, size))
        hessian[np.triu_indices(size)] = values[size + 1 :]
        return float(values[0]), values[1 : size + 1], hessian + np.triu(hessian, 1).T


@lru_cache(maxsize=4)
def action(breaking: int) -> Action:
    """Lowered once."""
    return Action(breaking)
