"""Parisi's functional of K steps of replica symmetry breaking at temperature 0, its slopes and its maximum.

``e = max [alpha F - S]`` over chi, ``q_0`` and a non-decreasing ``x_1 .. x_K``; ``F = -E f_0`` is what a datum pays,
``S = q_0/(2 lambda_0) + sum_i ln(lambda_(i-1)/lambda_i)/(2 x_i)``. The first alpha of energy e is ``min (e + S)/F``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit
from sympy import diff

from theory.generalized_linear import FullRSB
from theory.generalized_linear.parisi import Overlap, Width

from ..errors import ConvergenceError
from ..lowering import Array, lower
from .recursion import Fields, overlaps, sweep, widths

THEORY = FullRSB()
RESPONSES = np.geomspace(1e-6, 1e6, 13)
"""Where chi is looked for."""
RATIOS = (1e-3, 1.0, 10.0, 100.0)
"""Of x to chi at the start with one step: next to ``x = 0`` slopes in ln x vanish, so one start does not do."""
LEAST_RISE = 1e-2
"""Of x from step to step at the start, relative to x."""
LARGEST_OVERLAP = 0.999
"""Of ``q_0``, where K > 0: what is closer to 1 would need ever finer cavity fields."""
GRADIENT, CONVERGED = 1e-7, 1e-4
"""Largest slope that is aimed at, and that is accepted, relative to the value."""


@dataclass(frozen=True)
class GroundState:
    """The ground state with K steps: overlaps ``q`` (K + 1,), ``x`` (K,) between them, ``chi``.

    ``error`` is that of the energy where alpha was given, of alpha where the energy was. ``paid`` is ``alpha E[l]``,
    which equals the energy where the functional is stationary.
    """

    alpha: float
    energy: float
    error: float
    chi: float
    q: Array
    x: Array
    paid: float


class Slopes(NamedTuple):
    """A functional of the order parameter: its value, and derivatives by chi, ``q_0 .. q_K`` and ``x_1 .. x_K``."""

    value: float
    chi: float
    q: Array
    x: Array


def entropic(chi: float, q: Array, x: Array) -> Slopes:
    """S; ``lambda_(i-1) - lambda_i = x_i (q_i - q_(i-1))``."""
    before, parameter, _, _, after = THEORY.level
    parts = [THEORY.layer, *(diff(THEORY.layer, symbol) for symbol in (before, after, parameter))]
    width, steps = widths(x, np.diff(q), chi), np.diff(q)
    layer, by_before, by_after, by_x = lower((before, parameter, after), parts)(width[:-1], x, width[1:])
    common = [THEORY.common, diff(THEORY.common, Width(0)), diff(THEORY.common, Overlap(0))]
    first, by_first, by_least = lower((Width(0), Overlap(0)), common)(width[0], q[0])
    slope = np.append(by_before, 0.0) + np.append(by_first, by_after)
    below = np.cumsum(slope[:-1])
    by_q = np.append(by_least, x * below) - np.append(x * below, 0.0)
    return Slopes(float(first + layer.sum()), float(slope.sum()), by_q, by_x + below * steps)


def paid_by_data(fields: Fields, chi: float, q: Array, x: Array) -> tuple[Slopes, float]:
    """F and ``E[l]``: ``dV/dchi = -l'^2/2``; in q and x f_0 follows Parisi's flow, ``df/dq = -(f'' + x f'^2)/2``."""
    pass_ = sweep(fields.levels(q, chi), x, chi)
    by_q = np.diff(x, prepend=0.0, append=0.0) * pass_.force / 2
    return Slopes(-pass_.free[0], -pass_.force[-1] / 2, by_q, -np.diff(pass_.free) / x), pass_.loss


class Solver:
    """Maximises over ``z = (ln chi, logit q_0, ln x_1, ln(x_2 - x_1), ..)``; ``q_0`` only where K > 0 and the loss is
    not even.

    Given alpha the value is the energy; given the energy it is alpha.
    """

    def __init__(self, fields: tuple[Fields, ...], even: bool, alpha: float | None, energy: float | None) -> None:
        self.fields, self.even, self.alpha, self.energy = fields, even, alpha, energy
        random = paid_by_data(fields[0], float(RESPONSES[0]), np.ones(1), np.empty(0))[1]
        self.unit = 0.0 if alpha is None else alpha * abs(random)

    def replica_symmetric(self) -> GroundState:
        """The maximum over chi."""
        return self._maximum(self._lowest(np.log(RESPONSES)[:, None], 0), 0)

    def one_step(self) -> GroundState:
        """The best of the maxima found from x small, comparable to chi, and larger."""
        chi, found, failures = np.log(RESPONSES), [], []
        middle = [] if self.even else [np.zeros(len(chi))]
        for ratio in np.log(RATIOS):
            try:
                found.append(self._maximum(self._lowest(np.stack([chi, *middle, chi + ratio], axis=1), 1), 1))
            except ConvergenceError as failure:
                failures.append(failure)
        if not found:
            raise failures[0]
        return min(found, key=lambda state: state.alpha - state.energy)

    def _lowest(self, starts: Array, count: int) -> Array:
        """The best of unknowns (n, ...)."""
        return np.asarray(min(starts, key=lambda z: self._height(z, count)))

    def refined(self, state: GroundState, count: int) -> GroundState:
        """With so many steps, from that with fewer."""
        new, old = ((np.arange(number) + 0.5) / number for number in (count, len(state.x)))
        x = np.interp(new, old, state.x)
        rises = np.log(np.maximum(np.diff(x, prepend=0.0), LEAST_RISE * x))
        least = [] if self.even else [logit(min(state.q[0] / LARGEST_OVERLAP, 1 - 1e-6))]
        return self._maximum(np.array([np.log(state.chi), *least, *rises]), count)

    def _height(self, z: Array, count: int) -> float:
        """What is minimised, infinite where the proximal map is not known."""
        try:
            return float(np.nan_to_num(self._value(z, count, self.fields[0])[0], nan=np.inf))
        except (ConvergenceError, ValueError):
            return np.inf

    def _order(self, z: Array, count: int) -> tuple[float, Array, Array]:
        """``chi``, q and x of the unknowns."""
        inner = z[len(z) - count :]
        least = 1.0 if count == 0 else 0.0 if self.even else LARGEST_OVERLAP * float(expit(z[1]))
        return float(np.exp(z[0])), least + (1 - least) * overlaps(count), np.cumsum(np.exp(inner))

    def _value(self, z: Array, count: int, fields: Fields) -> tuple[float, Array, GroundState]:
        """What is minimised, ``S - alpha F`` or alpha itself, its slopes in z, and the state there."""
        chi, q, x = self._order(z, count)
        (paid, loss), cost = paid_by_data(fields, chi, q, x), entropic(chi, q, x)
        alpha = self._alpha(paid.value, cost.value)
        energy = alpha * paid.value - cost.value
        by_q, by_x = cost.q - alpha * paid.q, cost.x - alpha * paid.x
        by_least = float(by_q @ (1 - overlaps(count)))
        slopes = [chi * (cost.chi - alpha * paid.chi)]
        if count > 0 and not self.even:
            slopes.append(q[0] * (1 - q[0] / LARGEST_OVERLAP) * by_least)
        slopes.extend(np.exp(z[len(z) - count :]) * np.cumsum(by_x[::-1])[::-1])
        unit = 1.0 if self.energy is None else paid.value
        beyond = (1 - q[0]) * abs(by_least) / unit if q[0] > 0 else 0.0
        state = GroundState(alpha, energy, beyond, chi, q, x, alpha * loss)
        return -energy if self.energy is None else alpha, np.array(slopes) / unit, state

    def _alpha(self, paid: float, cost: float) -> float:
        if self.alpha is not None:
            return self.alpha
        assert self.energy is not None
        if not (paid > 0 and self.energy + cost > 0):
            raise ConvergenceError(f"energy = {self.energy}: the energy does not grow with alpha up to there")
        return (self.energy + cost) / paid

    def _maximum(self, start: Array, count: int) -> GroundState:
        """By quasi-Newton steps; the error is what slopes that are left and other nodes can change."""
        unit = abs(self._value(start, count, self.fields[0])[0]) + self.unit

        def objective(z: Array) -> tuple[float, Array]:
            value, slopes, _ = self._value(z, count, self.fields[0])
            return value / unit, slopes / unit

        scale = np.diag([1.0] * (len(start) - count) + [float(count)] * count)
        options: Any = {"gtol": GRADIENT, "hess_inv0": scale}
        found = minimize(objective, start, jac=True, method="BFGS", options=options)
        slope = float(np.abs(found.jac).sum())
        if not slope < CONVERGED:
            raise ConvergenceError(f"ground state with {count} steps: slope {slope:.1e} is left")
        value, _, state = self._value(found.x, count, self.fields[0])
        others = [abs(self._value(found.x, count, fields)[0] - value) for fields in self.fields[1:]]
        return replace(state, error=state.error + slope * unit + sum(others) + 1e-13 * abs(value))
