"""Vectorised bracketing: many one-dimensional roots at once, each with an error bound."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import elementwise

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
    width = np.abs(np.subtract(*found.bracket)) / 2 + np.spacing(np.abs(found.x))
    return Roots(np.where(success, found.x, np.nan), np.where(success, width, np.nan), success)


def above(function: Function, lower: ArrayLike, *args: ArrayLike, growth: float = 1.2) -> Roots:
    """First sign change met when ``lower > 0`` is multiplied by ever larger factors, then refined."""
    ends = np.broadcast_arrays(*(np.asarray(a, dtype=np.float64) for a in (lower, *args)))
    start, rest = ends[0], tuple(ends[1:])
    with np.errstate(all="ignore"):
        bracket = elementwise.bracket_root(
            function, start, growth * start, xmin=start * (1 - 1e-15), xmax=np.inf, args=rest, maxiter=200
        )
    ok = np.asarray(bracket.success)
    left, right = (np.where(ok, end, start) for end in bracket.bracket)
    roots = between(function, left, right, *rest)
    return Roots(np.where(ok, roots.value, np.nan), np.where(ok, roots.error, np.nan), ok & roots.found)


def polish(
    function: Callable[..., Any], start: tuple[float, ...], digits: int, *, slack: float = 1e-5
) -> tuple[Any, ...]:
    """Newton's method in mpmath from a double-precision root, to ``digits`` correct digits.

    ``function`` returns as many residuals as there are unknowns. Raises ConvergenceError if the iteration fails or
    ends further than ``slack`` (relative) from the start: then it is another root.
    """
    from mpmath import findroot, matrix, mp

    from .errors import ConvergenceError

    with mp.workdps(digits + 15):
        tolerance = mp.mpf(10) ** (-digits - 8)
        try:
            if len(start) == 1:
                first = mp.mpf(start[0])
                root = (findroot(lambda x: function(x)[0], (first, first * (1 + mp.mpf(10) ** -9)), tol=tolerance),)
            else:
                root = tuple(findroot(lambda *x: matrix(function(*x)), start, tol=tolerance))
        except (ValueError, ZeroDivisionError) as error:
            raise ConvergenceError(f"no convergence to {digits} digits from {start}: {error}") from error
        drift = max(abs(new - old) / max(1, abs(old)) for new, old in zip(root, start, strict=True))
        if not drift < slack:
            raise ConvergenceError(f"Newton's method left the root near {start}: it ended at {root}")
        return root
