"""Descent into a minimum by Newton's method with the moduli of the eigenvalues, where a full spectrum is cheap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ConvergenceError
from ..lowering import Array
from .hessian import Modes, spectrum
from .landscape_sample import Sample
from .sphere import on_sphere
from .starts import saved_starts
from .unit import unit_of

TOLERANCE = 1e-9
"""``|grad|/sqrt(N)`` at the end, in the landscape's own unit; couplings are exact numbers, whatever their storage."""
ITERATIONS, HALVINGS = 100, 40
LONGEST_STEP = 0.5
"""``|dx|/sqrt(N)``."""
SUFFICIENT = 1e-4
"""Armijo's fraction of the decrease that the slope promises."""
ROUNDING = 1e-14


@dataclass(frozen=True, eq=False)
class Minimum:
    """x (N,) with ``|x|^2 = N``, its overlap with the signal, and ``modes``: energy, mu, all eigenvalues, ascending."""

    x: Array
    overlap: float
    modes: Modes
    iterations: int


def descend(sample: Sample, start: ArrayLike) -> Minimum:
    """``x <- x - |Hess|^-1 grad`` on the sphere, halved until the energy falls; quadratic at the end.

    ``start`` (N,), ``N <= 4096``. Raises ``ConvergenceError`` when 100 steps are not enough, or when the end point is
    not a minimum (the start lay on the stable manifold of a saddle).
    """
    x, unit = saved_starts(start, sample.size)[0], unit_of(sample)
    for iteration in range(ITERATIONS):
        modes = spectrum(sample, x, vectors=True)
        gradient = sample.gradient(x[None])[1][0] + modes.mu * x
        if np.linalg.norm(gradient) <= TOLERANCE * unit * np.sqrt(sample.size):
            return _checked(Minimum(x, float(x @ sample.signal) / sample.size, modes, iteration))
        x = _step(sample, x, gradient, modes, unit)
    raise ConvergenceError(f"no minimum after {ITERATIONS} steps from the start")


def _checked(found: Minimum) -> Minimum:
    if found.modes.values[0] < 0:
        raise ConvergenceError(f"the descent ended on a saddle, lowest eigenvalue {found.modes.values[0]:.3g}", found)
    return found


def _step(sample: Sample, x: Array, gradient: Array, modes: Modes, unit: float) -> Array:
    """The next point, lower than x."""
    assert modes.vectors is not None
    along = (modes.vectors @ gradient) / np.maximum(np.abs(modes.values), 1e-12 * unit)
    step = -along @ modes.vectors
    step *= min(1.0, LONGEST_STEP * np.sqrt(x.size) / float(np.linalg.norm(step)))
    slope = float(step @ gradient) / x.size
    for halving in range(HALVINGS):
        fraction = 0.5**halving
        trial = on_sphere((x + fraction * step)[None])
        energy = float(sample.gradient(trial)[0][0])
        if energy <= modes.energy + SUFFICIENT * fraction * slope + ROUNDING * (unit + abs(modes.energy)):
            return np.asarray(trial[0])
    raise ConvergenceError("no step lowers the energy")
