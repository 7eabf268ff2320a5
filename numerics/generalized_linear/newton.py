"""A root of a handful of equations whose terms are averages."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy.optimize import root

from ..errors import ConvergenceError
from ..lowering import Array

STAGNATION = 3e-9
"""Largest residual that may be rounding of the averages."""
RADII = (1.0, 0.1)
"""Of the first trust region, over the size of the unknowns; the second where the first leads nowhere."""
UNREACHABLE = 1e9
"""Residual where the equations have no value."""
SMALL, STEP = 1e-3, 1e-8
"""Unknowns below are moved as if they were of this size, and how far, relatively, for derivatives."""


def newton(function: Callable[[Array], Array], start: Array, *, tolerance: float = 1e-14) -> Array:
    """A root of ``function`` (R^n to R^n) near ``start``, by Powell's hybrid of Newton's method and steepest descent.

    Unknowns and equations are of order one (logarithms, say). Raises ConvergenceError, saying how far it got.
    """

    def finite(x: Array) -> Array:
        values = np.asarray(function(x), dtype=float)
        return np.asarray(np.nan_to_num(values, nan=UNREACHABLE, posinf=UNREACHABLE, neginf=-UNREACHABLE))

    def slopes(x: Array) -> Array:
        steps = np.diag(STEP * np.maximum(np.abs(x), SMALL))
        return np.asarray((np.array([finite(x + step) for step in steps]) - finite(x)).T / np.diag(steps))

    x = np.asarray(start, dtype=float)
    with np.errstate(all="ignore"):
        for radius in RADII:
            found = root(finite, x, jac=slopes, tol=tolerance, options={"factor": radius})
            x, size = found.x, float(np.abs(found.fun).max())
            if size < STAGNATION:
                return np.asarray(x)
    raise ConvergenceError(f"no root near {start}: the search ended at {x} with residual {size:.1e}")


POSITIVE = ("g", "size", "c", "alpha")
"""Names of what is solved for by its logarithm."""


def solved(
    residuals: Callable[[dict[str, float]], Sequence[float]],
    start: Mapping[str, float],
    unknowns: Sequence[str],
    unit: float,
) -> dict[str, float]:
    """The values near ``start``, of which the ``unknowns`` may change, at which as many residuals vanish.

    The solver sees logarithms, for an angle within (0, pi) that of ``angle/(pi - angle)``, and multipliers in the
    ``unit`` of the loss.
    """

    def values(x: Array) -> dict[str, float]:
        return {**start, **{name: _bounded(name, float(v), unit) for name, v in zip(unknowns, x, strict=True)}}

    with np.errstate(all="ignore"):
        first = np.array([_free(name, start[name], unit) for name in unknowns])
    if not np.all(np.isfinite(first)):
        raise ConvergenceError(f"no root near {dict(start)}, where the equations have no value")
    return values(newton(lambda x: np.array(residuals(values(x))), first))


def _free(name: str, value: float, unit: float) -> float:
    """The solver's unknown, any real number."""
    if name == "angle":
        return float(np.log(value / (np.pi - value)))
    return float(np.log(value)) if name in POSITIVE else value * unit


def _bounded(name: str, unknown: float, unit: float) -> float:
    """Its inverse."""
    if name == "angle":
        return float(np.pi / 2 * (1 + np.tanh(unknown / 2)))
    return float(np.exp(unknown)) if name in POSITIVE else unknown / unit
