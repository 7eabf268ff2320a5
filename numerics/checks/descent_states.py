"""What replicas and Kac-Rice say of the states of a landscape of losses, to be set beside where gradient flow ends."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from theory.generalized_linear import GeneralizedLinearLandscape

from ..extrapolation import Limit
from ..generalized_linear import complexity_of_minima, full_rsb_state, marginal_state
from ..lowering import Array

E, B = 0, 1
"""Energy and b among the observables."""
LEVELS = 8
"""Steps of replica symmetry breaking that stand for all."""
PREDICTIONS = ("1RSB, marginal", "full RSB, ground state", "Kac-Rice, dominant minima")


@lru_cache(maxsize=16)
def predictions(landscape: GeneralizedLinearLandscape, alpha: float) -> Array:
    """Energy and b of ``PREDICTIONS``, (3, 2)."""
    one = marginal_state(landscape, alpha)
    many = full_rsb_state(landscape, alpha, levels=LEVELS)
    minima = complexity_of_minima(landscape, alpha)
    return np.array([[state.energy, state.attraction] for state in (one, many, minima)])


def crossing(places: Sequence[float], limits: Sequence[Limit]) -> tuple[float, float] | None:
    """alpha where b is 1, by a parabola through its limits, and the standard error; None where there is none."""
    alphas = np.asarray(places, dtype=np.float64)
    values, errors = (np.array([getattr(limit, part) for limit in limits]) for part in ("value", "error"))
    if alphas.size < 3 or not values.min() < 1 < values.max():
        return None
    fit = np.polynomial.Polynomial.fit(alphas, values, 2)
    roots = (fit - 1).roots()
    inside = [float(r.real) for r in roots if abs(r.imag) < 1e-9 and alphas.min() <= r.real <= alphas.max()]
    if not inside:
        return None
    shares = np.linalg.pinv(np.vander(alphas, 3)).T @ np.vander(inside[:1], 3)[0]
    return inside[0], float(np.linalg.norm(shares * errors) / abs(fit.deriv()(inside[0])))
