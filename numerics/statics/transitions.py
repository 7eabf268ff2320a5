r"""Dynamic and static temperature and the algorithmic energy of one landscape, on the equations of ``theory.statics``.

Temperatures are found and polished in numbers of 40 digits: next to q = 0 the equations lose twice the digits of q.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from mpmath import mp
from scipy.integrate import quad
from scipy.optimize import brentq
from sympy import Integral

from theory.landscape import GaussianLandscape
from theory.statics import algorithms
from theory.statics.transitions import STATE, continuous_transition, dynamic_transition, static_transition, unplanted
from theory.symbols import OVERLAP
from theory.thresholds import Threshold

from ..errors import ConvergenceError
from ..lowering import lower, lower_exact
from ..quantity import Quantity

WORKING, DIGITS = 40, 18
"""Digits of the numbers, and of a root (the value at a maximum has twice as many)."""
OVERLAPS = 1 / (1 + np.exp(-np.linspace(-16, 22, 96)))
"""Even in ``ln(q/(1 - q))``, in which ``q^k`` rises over a distance of order 1 for every k."""
STATES = np.concatenate([np.geomspace(1e-10, 0.02, 9), np.linspace(0.05, 0.95, 19), 1 - np.geomspace(0.03, 1e-5, 8)])
"""Parts of the q_0 at which symmetry breaks continuously; next to it both transitions are close."""
DEEPEST = 60.0
"""``-ln q`` at which the integral of ``sqrt(f'')`` is cut."""
Function = Callable[..., Any]


def static_temperature(landscape: GaussianLandscape) -> Quantity:
    """``T_s``: below it equilibrium breaks replica symmetry; note "random first order" (T_s is T_K) or "continuous".

    ``theory.statics.transitions.static_transition`` and ``continuous_transition``. Raises ValueError for a landscape
    with free parameters, ConvergenceError where a root is not found.
    """
    return _temperature(_unplanted(landscape), static_transition)


def dynamic_temperature(landscape: GaussianLandscape) -> Quantity:
    """``T_d``: below it the correlation of equilibrium does not decay; note as for ``static_temperature``.

    ``theory.statics.transitions.dynamic_transition``; where that is continuous it is the static one.
    """
    return _temperature(_unplanted(landscape), dynamic_transition)


@lru_cache(maxsize=64)
def arrested_overlap(landscape: GaussianLandscape) -> float:
    """The plateau at ``dynamic_temperature``, without field; 0 where that is continuous, nan where there is none."""
    made = _unplanted(landscape)
    temperature = dynamic_temperature(made)
    if not temperature.exists or float(made.f(1, 0)) > 0:
        return float("nan")
    if temperature.note == "continuous":
        return 0.0
    with mp.workdps(WORKING):
        return float(_Highest(dynamic_transition(made)).place()[1])


@lru_cache(maxsize=64)
def algorithmic_energy(landscape: GaussianLandscape) -> Quantity:
    """``E_alg`` per spin, ``theory.statics.algorithms.algorithmic_energy``, integrated in ``ln q``.

    Note "one state" with ``f''(1) <= f'(1)`` in a field, where it is the ground state; otherwise "path".
    """
    made = _unplanted(landscape)
    value = algorithms.algorithmic_energy(made).equation.rhs
    (path,) = value.atoms(Integral)
    start = marginal_overlap(made)
    at_start = lower((algorithms.START,), [value.xreplace({path: 0 * OVERLAP})])
    speed = lower((OVERLAP,), [path.function])
    length, error = _integral(lambda q: float(speed(q)[0]), start)
    energy = float(at_start(start)[0]) - length
    return Quantity(energy, error + 8 * float(np.spacing(abs(energy))), note="one state" if start == 1 else "path")


def _unplanted(landscape: GaussianLandscape) -> GaussianLandscape:
    if landscape.free_symbols:
        raise ValueError(f"{landscape.free_symbols[0]} has no value; statics are those of one landscape")
    return unplanted(landscape)


def marginal_overlap(landscape: GaussianLandscape) -> float:
    """``q f''(q) = f'(q)`` within (0, 1) in a field, where there is one; 0 without field, 1 for a single state."""
    marginal = algorithms.algorithmic_energy(landscape).defining[1]
    excess = lower((algorithms.START,), [marginal.lhs - marginal.rhs])
    if float(landscape.f(1, 0)) == 0:
        return 0.0
    if float(excess(1.0)[0]) <= 0:
        return 1.0
    return float(np.exp(brentq(lambda z: float(excess(np.exp(z))[0]), -DEEPEST, 0.0, xtol=1e-15, rtol=1e-14)))


def _integral(function: Callable[[float], float], start: float) -> tuple[float, float]:
    """``int_start^1`` of a function that increases, and its error: in ``-ln q`` all its powers have the same width."""
    if start == 1:
        return 0.0, 0.0
    end = DEEPEST if start == 0 else min(DEEPEST, -np.log(start))
    edges = np.append(np.arange(0.0, end, 2.0), end)
    parts = [
        quad(lambda z: function(np.exp(-z)) * np.exp(-z), a, b, epsabs=0, epsrel=1e-13, limit=200, full_output=1)[:2]
        for a, b in pairwise(edges)
    ]
    value, error = np.sum(parts, axis=0)
    rest = float(np.exp(-end)) if start == 0 else 0.0
    return float(value), float(error) + rest * function(rest)


@lru_cache(maxsize=64)
def _temperature(landscape: GaussianLandscape, first_order: Callable[[GaussianLandscape], Threshold]) -> Quantity:
    threshold = first_order(landscape)
    if threshold.excluded:
        return Quantity.absent(threshold.excluded)
    with mp.workdps(WORKING):
        search = _between_states if STATE in threshold.unknowns else _without_field
        squared, kind = search(threshold, continuous_transition(landscape), landscape)
        value = float(mp.sqrt(squared))
    return Quantity(value, 2 * float(np.spacing(value)), note=kind)


def _without_field(first_order: Threshold, smooth: Threshold, _: GaussianLandscape) -> tuple[Any, str]:
    """The larger of ``max_q T^2(q)`` and its limit at q = 0."""
    limit = lower_exact((), [smooth.equation.rhs])()[0]
    highest = _Highest(first_order)()
    return (highest, "random first order") if highest > limit else (mp.mpf(limit), "continuous")


def _between_states(first_order: Threshold, smooth: Threshold, landscape: GaussianLandscape) -> tuple[Any, str]:
    """From high T down, which is from q_0 = 0 up, to the first q_0 at which there is another state."""
    temperature = lower_exact((STATE,), [first_order.defining[-1].rhs])
    highest, last = _Highest(first_order), _root(_residual(smooth), mp.mpf(marginal_overlap(landscape)))

    def excess(state: Any) -> Any:
        return mp.log(highest(state) / temperature(state)[0])

    before = None
    for state in (last * mp.mpf(part) for part in STATES):
        if excess(state) > 0:
            jump = state if before is None else _bracketed(excess, before, state)
            return temperature(jump)[0], "random first order"
        before = state
    return temperature(last)[0], "continuous"


def _residual(threshold: Threshold) -> Function:
    equation = threshold.defining[-1]
    function = lower_exact((STATE,), [equation.lhs - equation.rhs])
    return lambda state: function(state)[0]


class _Highest:
    """``max_q T^2(q; q_0)`` on the grid, refined at the zero of its slope."""

    def __init__(self, threshold: Threshold) -> None:
        arguments = (OVERLAP, STATE)
        self.squared = lower_exact(arguments, [threshold.equation.rhs])
        self.slope = lower_exact(arguments, [threshold.defining[1].lhs])
        self.grid = [mp.mpf(q) for q in OVERLAPS]

    def __call__(self, state: Any = 0) -> Any:
        return self.place(state)[0]

    def place(self, state: Any = 0) -> tuple[Any, Any]:
        """``T^2`` and q there."""
        values = [self.squared(q, state)[0] for q in self.grid]
        inside = range(1, len(values) - 1)
        tops = [self._refined(i, state) for i in inside if values[i - 1] <= values[i] >= values[i + 1]]
        ends = [(values[i], self.grid[i]) for i in (0, -1)]
        return max([*ends, *((self.squared(q, state)[0], q) for q in tops)])

    def _refined(self, i: int, state: Any) -> Any:
        return _bracketed(lambda q: self.slope(q, state)[0], self.grid[i - 1], self.grid[i + 1])


def _bracketed(function: Function, left: Any, right: Any) -> Any:
    """A root between two points of opposite sign."""
    try:
        return mp.findroot(function, (left, right), solver="anderson", tol=mp.mpf(10) ** (-2 * DIGITS), verify=False)
    except (ValueError, ZeroDivisionError) as failure:
        raise ConvergenceError(f"no root between {mp.nstr(left, 8)} and {mp.nstr(right, 8)}: {failure}") from failure


def _root(function: Function, start: Any) -> Any:
    return mp.findroot(function, start, tol=mp.mpf(10) ** (-2 * DIGITS), verify=False)
