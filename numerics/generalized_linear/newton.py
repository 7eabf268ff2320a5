"""A root of a handful of equations whose terms are averages."""

from collections.abc import Callable

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


def newton(function: Callable[[Array], Array], start: Array, *, tolerance: float = 1e-14) -> Array:
    """A root of ``function`` (R^n to R^n) near ``start``, by Powell's hybrid of Newton's method and steepest descent.

    Unknowns and equations are of order one (logarithms, say). Raises ConvergenceError, saying how far it got.
    """

    def finite(x: Array) -> Array:
        values = np.asarray(function(x), dtype=float)
        return np.asarray(np.nan_to_num(values, nan=UNREACHABLE, posinf=UNREACHABLE, neginf=-UNREACHABLE))

    x = np.asarray(start, dtype=float)
    with np.errstate(all="ignore"):
        for radius in RADII:
            found = root(finite, x, tol=tolerance, options={"factor": radius})
            x, size = found.x, float(np.abs(found.fun).max())
            if size < STAGNATION:
                return np.asarray(x)
    raise ConvergenceError(f"no root near {start}: the search ended at {x} with residual {size:.1e}")
