"""A prediction as a number: one solver for each law, at any number of digits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import singledispatch
from typing import Any

import numpy as np
from mpmath import mp
from sympy import Expr, Symbol, sympify
from sympy.logic.boolalg import false

from theory.laws import Explicit, Law, Roots
from theory.prediction import Threshold

from .errors import ConvergenceError
from .lowering import lower_exact
from .roots import polish
from .rounding import half_unit
from .threshold_values import ThresholdValue

Point = Mapping[Symbol, Any]
"""Values of the free symbols, exact."""
GUARD = 15
"""Digits beyond those asked for; half of them more tell what the first have lost."""
GRID = 64
"""Points at which a root is looked for."""


def solve_threshold(threshold: Threshold, at: Point, digits: int = 15) -> ThresholdValue:
    """A threshold with an error, or the reason for none.

    The error covers what rounding and quadrature lose, seen by working with more digits, and the rounding to
    ``digits``.
    """
    unknown = ThresholdValue.unknown(threshold, digits=digits)
    for condition in threshold.conditions:
        if condition.holds == false or condition.holds.subs(at) == false:
            return replace(unknown, note=condition.otherwise)
    try:
        value, error = solve(threshold.law, at, digits)
    except ConvergenceError as failure:
        return replace(unknown, note=f"not found: {failure}")
    return replace(unknown, value=value, error=error + half_unit(value, digits))


@singledispatch
def solve(law: Law, at: Point, digits: int) -> tuple[Any, Any]:
    """Value and error, mpmath numbers. Raises ``ConvergenceError`` where the law has no solution that can be found."""
    raise TypeError(f"no solver for the law {type(law).__name__}")


@solve.register
def _(law: Explicit, at: Point, digits: int) -> tuple[Any, Any]:
    function = lower_exact((), [law.value.subs(at)])
    coarse, fine = (_with(digits + extra, lambda: function()[0]) for extra in (GUARD, 2 * GUARD))
    return fine, abs(fine - coarse)


@solve.register
def _(law: Roots, at: Point, digits: int) -> tuple[Any, Any]:
    sides = [(equation.lhs - equation.rhs).subs(at) for equation in law.sides]
    residuals = lower_exact(law.unknowns, sides)
    start = _start(law, sides, at)
    found = polish(residuals, start, digits, slack=1e-3)
    return found.value[0], found.error


def _start(law: Roots, sides: list[Expr], at: Point) -> tuple[float, ...]:
    """Near the root."""
    if law.start:
        return tuple(float(sympify(value).subs(at)) for value in law.start)
    assert law.within is not None and len(law.unknowns) == 1
    function = lower_exact(law.unknowns, sides)
    low, high = (float(sympify(end).subs(at)) for end in law.within)
    grid = np.geomspace(low, high, GRID) if low > 0 else np.linspace(low, high, GRID)
    values = _with(GUARD, lambda: [float(function(mp.mpf(x))[0]) for x in grid])
    changes = np.flatnonzero(np.sign(values[:-1]) != np.sign(values[1:]))
    if changes.size != 1:
        raise ConvergenceError(f"{law.unknowns[0]}: {changes.size} roots from {low:g} to {high:g}, expected one")
    k = int(changes[0])
    bracket = (mp.mpf(grid[k]), mp.mpf(grid[k + 1]))
    return (_with(GUARD, lambda: float(mp.findroot(lambda x: function(x)[0], bracket, solver="anderson", tol=1e-20))),)


def _with(digits: int, compute: Callable[[], Any]) -> Any:
    with mp.workdps(digits):
        return compute()
