"""Vectorised bracketing: many one-dimensional roots at once, each with an error bound."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from mpmath import mp
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import elementwise

from .errors import ConvergenceError
from .lowering import Array

Function = Callable[..., Array]


class Roots(NamedTuple):
    """Roots, half-widths of the final brackets, and where a bracket was found at all (nan elsewhere)."""

    value: Array
    error: Array
    found: NDArray[np.bool_]


def between(function: Function, lower: ArrayLike, upper: ArrayLike, *args: ArrayLike) -> Roots:
    """Roots of ``function(x, *args)`` inside brackets, elementwise (Chandrupatla's method)."""
    ends = np.broadcast_arrays(*(np.asarray(a, dtype=np.float64) for a in (lower, upper, *args)))
    with np.errstate(all="ignore"):
        found = elementwise.find_root(function, (ends[0], ends[1]), args=tuple(ends[2:]))
    success = np.asarray(found.success)
    # an exact zero ends the iteration before the bracket has shrunk
    half = np.where(found.f_x == 0, 0.0, np.abs(np.subtract(*found.bracket)) / 2)
    width = half + np.spacing(np.abs(found.x))
    return Roots(np.where(success, found.x, np.nan), np.where(success, width, np.nan), success)


def above(function: Function, lower: ArrayLike, *args: ArrayLike, growth: float = 1.2, reach: float = 1e15) -> Roots:
    """First sign change met when ``lower > 0`` is multiplied by ever larger factors up to ``reach``, then refined."""
    ends = np.broadcast_arrays(*(np.asarray(a, dtype=np.float64) for a in (lower, *args)))
    start, rest = ends[0], tuple(ends[1:])
    with np.errstate(all="ignore"):
        # the step doubles at every iteration
        bracket = elementwise.bracket_root(
            function,
            start,
            growth * start,
            xmin=start * (1 - 1e-15),
            args=rest,
            maxiter=int(np.ceil(np.log2(reach / (growth - 1)))),
        )
    ok = np.asarray(bracket.success)
    left, right = (np.where(ok, end, start) for end in bracket.bracket)
    roots = between(function, left, right, *rest)
    return Roots(np.where(ok, roots.value, np.nan), np.where(ok, roots.error, np.nan), ok & roots.found)


def slope_at(function: Function, x: Array, *args: ArrayLike) -> Array:
    """Absolute slope at a root, by differences over 1e-5 of it: rounding of the function over it is an error."""
    step = 1e-5 * np.abs(x)
    slope: Array = np.abs(function(x + step, *args) - function(x - step, *args)) / (2 * step)
    return slope


class Polished(NamedTuple):
    """A root in mpmath numbers, and a bound on the error of its first component."""

    value: tuple[Any, ...]
    error: Any


def polish(function: Callable[..., Any], start: tuple[float, ...], digits: int, *, slack: float = 1e-5) -> Polished:
    """Newton's method in mpmath from a double-precision root, to ``digits`` significant digits.

    ``function`` returns as many residuals as there are unknowns. The error is twice the Newton step that would follow.
    Raises ConvergenceError if it exceeds the last digit (of a root that is not 0), or if the iteration ends further
    than ``slack`` (relative) from the start: then it is another root.
    """
    with mp.workdps(digits + 15):
        x = [mp.mpf(value) for value in start]
        try:
            for _ in range(12 + digits.bit_length()):
                step = _newton_step(function, x)
                x = [value - move for value, move in zip(x, step, strict=True)]
                if _small(step, x, digits + 8):
                    break
            error = 2 * abs(_newton_step(function, x)[0])
        except (ValueError, ZeroDivisionError, TypeError) as failure:
            raise ConvergenceError(f"Newton's method failed from {start}: {failure}") from failure
        if not all(isinstance(value, mp.mpf) for value in x):
            raise ConvergenceError(f"Newton's method left the real numbers from {start}")
        drift = max(abs(new - old) / max(1, abs(old)) for new, old in zip(x, start, strict=True))
        if not drift < slack:
            raise ConvergenceError(f"Newton's method left the root near {start}: it ended at {[float(v) for v in x]}")
        if not (error <= abs(x[0]) * mp.mpf(10) ** -digits or abs(x[0]) + error <= mp.eps):
            raise ConvergenceError(
                f"no convergence to {digits} digits from {start}: the last step is {float(error):.1e}"
            )
        return Polished(tuple(x), error)


def _newton_step(function: Callable[..., Any], x: list[Any]) -> list[Any]:
    """``J^-1 F`` with the Jacobian from central differences at half the working precision."""
    h = mp.mpf(10) ** (-mp.dps // 3)
    values = function(*x)
    jacobian = mp.matrix(len(x), len(x))
    for j in range(len(x)):
        ahead, behind = ([v + sign * h * (i == j) for i, v in enumerate(x)] for sign in (1, -1))
        for i, (up, down) in enumerate(zip(function(*ahead), function(*behind), strict=True)):
            jacobian[i, j] = (up - down) / (2 * h)
    return list(mp.lu_solve(jacobian, mp.matrix(values)))


def _small(step: list[Any], x: list[Any], digits: int) -> bool:
    return all(abs(move) <= max(abs(value), 1) * mp.mpf(10) ** -digits for move, value in zip(step, x, strict=True))
