"""Newton's method for a handful of unknowns whose equations are averages."""

from collections.abc import Callable

import numpy as np

from ..errors import ConvergenceError
from ..lowering import Array

STEP = 1e-5
STAGNATION = 3e-9


def newton(
    function: Callable[[Array], Array], start: Array, *, tolerance: float = 1e-12, iterations: int = 40
) -> Array:
    """A root of ``function`` (R^n to R^n) near ``start``; unknowns are of order one (logarithms, say).

    Damped by halving until the residual falls. Raises ConvergenceError, saying how far it got.
    """
    x, residual = np.asarray(start, dtype=float), _finite(function, start)
    for _ in range(iterations):
        size = np.abs(residual).max()
        if size <= tolerance:
            return x
        move = np.linalg.lstsq(_jacobian(function, x), -residual, rcond=None)[0]
        damping = min(1.0, 1.0 / max(np.abs(move).max(), 1e-300))
        while True:
            trial = _finite(function, x + damping * move)
            if np.abs(trial).max() < size:
                break
            damping /= 2
            if damping < 1e-3:
                if size < STAGNATION:  # rounding of the averages
                    return x
                raise ConvergenceError(f"Newton's method stopped at {x} with residual {size:.1e}")
        x, residual = x + damping * move, trial
    if np.abs(residual).max() < STAGNATION:
        return x
    raise ConvergenceError(f"Newton's method did not converge in {iterations} iterations: residual {size:.1e}")


def _finite(function: Callable[[Array], Array], x: Array) -> Array:
    """Values, with what is not finite out of reach."""
    with np.errstate(all="ignore"):
        return np.asarray(np.nan_to_num(np.asarray(function(x), dtype=float), nan=1e9, posinf=1e9, neginf=-1e9))


def _jacobian(function: Callable[[Array], Array], x: Array) -> Array:
    columns = []
    for shift in np.eye(len(x)) * STEP:
        columns.append((_finite(function, x + shift) - _finite(function, x - shift)) / (2 * STEP))
    return np.array(columns).T
