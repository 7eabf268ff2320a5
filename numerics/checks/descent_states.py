"""States where gradient flow ends, beside what replicas and Kac-Rice say of the states of the landscape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from theory.generalized_linear import GeneralizedLinearLandscape

from ..generalized_linear import complexity_of_minima, full_rsb_state, marginal_state
from ..lowering import Array
from .extrapolation import Limit, extrapolate
from .joint import Means
from .report import Panel, Series

E, B = 0, 1
"""Energy and b among the observables."""
LEVELS = 8
"""Steps of replica symmetry breaking that stand for all."""
PREDICTIONS = ("1RSB, marginal", "full RSB, ground state", "Kac-Rice, dominant minima")


@dataclass(frozen=True, eq=False)
class States:
    """Means at one alpha, one for each size."""

    alpha: float
    groups: Sequence[Means]

    def at_sizes(self, place: int) -> Array:
        """One observable at all sizes."""
        return np.array([group.value[place] for group in self.groups])

    def limit(self, place: int) -> Limit:
        """One observable extrapolated in 1/N."""
        errors = [group.error[place] for group in self.groups]
        return extrapolate([group.size for group in self.groups], self.at_sizes(place), errors)


@lru_cache(maxsize=16)
def predictions(landscape: GeneralizedLinearLandscape, alpha: float) -> Array:
    """Energy and b of ``PREDICTIONS``, (3, 2)."""
    one = marginal_state(landscape, alpha)
    many = full_rsb_state(landscape, alpha, levels=LEVELS)
    minima = complexity_of_minima(landscape, alpha)
    return np.array([[state.energy, state.attraction] for state in (one, many, minima)])


def crossing(states: Sequence[States]) -> tuple[float, float] | None:
    """alpha where b is 1, by a parabola through the limits, and its standard error; None where there is none."""
    alphas, limits = np.array([s.alpha for s in states]), [s.limit(B) for s in states]
    values, errors = np.array([lim.value for lim in limits]), np.array([lim.error for lim in limits])
    if alphas.size < 3 or not values.min() < 1 < values.max():
        return None
    fit = np.polynomial.Polynomial.fit(alphas, values, 2)
    roots = (fit - 1).roots()
    inside = [float(r.real) for r in roots if abs(r.imag) < 1e-9 and alphas.min() <= r.real <= alphas.max()]
    if not inside:
        return None
    shares = np.linalg.pinv(np.vander(alphas, 3)).T @ np.vander(inside[:1], 3)[0]
    return inside[0], float(np.linalg.norm(shares * errors) / abs(fit.deriv()(inside[0])))


def remarks(landscape: GeneralizedLinearLandscape, states: Sequence[States], t_max: float) -> tuple[str, ...]:
    """Energies and b of the states reached, and of those of theory; none of these is judged."""
    made = []
    for one in states:
        theory = predictions(landscape, one.alpha)
        e, b = one.limit(E), one.limit(B)
        rows = "; ".join(f"{name} {row[0]:.4g}, {row[1]:.4g}" for name, row in zip(PREDICTIONS, theory, strict=True))
        text = f"alpha = {one.alpha:g}: e = {e.value:.4g} +- {e.error:.1g}, b = {b.value:.4g} +- {b.error:.1g} in 1/N"
        made.append(f"{text} (t = {t_max:g}). Theory, e and b: {rows}.")
    where = crossing(states)
    if where:
        made.append(f"b = 1, the BBP transition of the states reached, at alpha = {where[0]:.3g} +- {where[1]:.1g}.")
    return (
        *made,
        "Outliers and overlaps extrapolated in 1/N; edges in N^(-2/3) and in 1/N, whose difference is in the error: "
        "how the edge of states that rest at a finite N approaches that of infinite ones is not known.",
    )


def panels(landscape: GeneralizedLinearLandscape, states: Sequence[States]) -> tuple[Panel, ...]:
    """Energy over its value in the ground state, and b, against alpha."""
    alphas = np.array([one.alpha for one in states])
    theory = np.array([predictions(landscape, alpha) for alpha in alphas])
    made = []
    for place, (title, symbol) in enumerate((("energy over that of full RSB", "$e/e_0$"), ("b at the edge", "$b$"))):
        scale = theory[:, 1, E] if place == E else np.ones(alphas.size)
        series = [Series.theory(name, alphas, theory[:, k, place] / scale, k) for k, name in enumerate(PREDICTIONS)]
        limits = [one.limit(place) for one in states]
        values, errors = (np.array([getattr(lim, part) for lim in limits]) for part in ("value", "error"))
        largest = [one.groups[-1] for one in states]
        at_last, bars = (np.array([getattr(g, part)[place] for g in largest]) for part in ("value", "error"))
        series.append(Series.simulation(f"N = {largest[0].size}", alphas, at_last / scale, bars / scale, 4))
        series.append(Series.simulation("N → ∞", alphas, values / scale, errors / scale, 3))
        made.append(Panel(title, r"$\alpha$", symbol, tuple(series)))
    return tuple(made)
