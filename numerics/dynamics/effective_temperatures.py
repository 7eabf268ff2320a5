"""What theory says of the integrated response at long times: ``chi`` as a function of C, and ``T_eff = -dC/dchi``.

Next to C = 1 there is equilibrium with the bath, then come the slow sectors of ``theory.dynamics.slow_sectors``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from sympy import Integer, Rational, diff

from theory.dynamics import StationaryDynamics
from theory.dynamics.exponents import departure_parameter
from theory.dynamics.mode_coupling import A, B, ModeCoupling
from theory.dynamics.slow_sectors import LOWER, UPPER, step, susceptibility
from theory.landscape import GaussianLandscape
from theory.statics.transitions import STATE, state_temperature_squared
from theory.symbols import OVERLAP

from ..lowering import Array, lower
from .model import Model

EQUILIBRIUM = "equilibrium"
"""With the bath."""
DEEP, PLACES = 36.0, 721
"""Of ``ln q/(1 - q)`` at which a plateau is looked for."""
SAME, TIE = 1e-9, 1e-12
"""Relative difference of two temperatures that are the same; of squared ones that is rounding."""


@dataclass(frozen=True)
class Piece:
    """``chi(C)`` where C falls from ``upper`` to ``lower``: from ``chi`` on, with slope ``-ratio`` unless a continuum.

    ``ratio`` is ``X/T``, an inverse temperature.
    """

    kind: str
    upper: float
    lower: float
    chi: float
    ratio: float | None


@dataclass(frozen=True, eq=False)
class EffectiveTemperatures:
    """``chi(C)`` at long times of a landscape with these coefficients of f, its ``pieces`` from C = 1 down."""

    covariance: Array
    pieces: tuple[Piece, ...]

    @cached_property
    def landscape(self) -> GaussianLandscape:
        """Without signal."""
        return landscape_of(self.covariance)

    def chi(self, correlation: Array) -> Array:
        """``chi(C)``, 0 at C = 1; nan below the last piece, where no correlation falls."""
        return self._values(correlation, 0)

    def temperature(self, correlation: Array) -> Array:
        """``T_eff(C)``; infinite where nothing responds."""
        with np.errstate(divide="ignore"):
            return 1 / self._values(correlation, 1)

    def _values(self, correlation: Array, order: int) -> Array:
        """``chi``, or minus its slope."""
        found = np.full(np.shape(correlation), np.nan)
        for piece in self.pieces:
            inside = (correlation <= piece.upper) & (correlation >= piece.lower)
            c = correlation[inside]
            if piece.ratio is None:
                found[inside] = self._continuum(c)[order]
            else:
                found[inside] = piece.ratio if order else piece.chi + piece.ratio * (piece.upper - c)
        return found if order else np.where(correlation == 1, 0.0, found)

    @property
    def _continuum(self) -> Any:
        chi = susceptibility(self.landscape, OVERLAP)
        return lower((OVERLAP,), [chi, -diff(chi, OVERLAP)])

    @cached_property
    def exponents(self) -> dict[str, float]:
        """``plateau``, ``lambda`` there, ``a``, and ``b`` where a step begins there; empty without slow sectors."""
        from ..thresholds.exponents import power

        slow = [piece for piece in self.pieces if piece.kind != EQUILIBRIUM]
        if not slow:
            return {}
        made, (plateau, ratio) = self.landscape, (slow[0].upper, slow[0].ratio)
        parameters = [ModeCoupling(made).parameter, departure_parameter(made, OVERLAP, Integer(1))]
        here, over_ratio = (abs(float(value)) for value in lower((OVERLAP,), parameters)(plateau))
        found = {"plateau": plateau, "exponent_parameter": here, "exponent_a": float(power(A, here)) if here else 0.5}
        return found | ({"exponent_b": float(power(B, over_ratio / ratio))} if ratio and over_ratio else {})

    def record(self) -> list[dict[str, Any]]:
        """Of each piece where it is, ``chi`` at both ends, and the effective temperature, or those at both ends.

        An infinite temperature is None.
        """
        return [
            {
                "kind": piece.kind,
                "from": piece.upper,
                "to": piece.lower,
                "chi_from": piece.chi,
                "chi_to": float(self._at_end(piece)),
                "effective_temperature": [_finite(x) for x in self._ends(piece)],
            }
            for piece in self.pieces
        ]

    def _at_end(self, piece: Piece) -> float:
        if piece.ratio is None:
            return float(self._continuum(piece.lower)[0])
        return piece.chi + piece.ratio * (piece.upper - piece.lower)

    def _ends(self, piece: Piece) -> list[float]:
        ends = (piece.upper, piece.lower)
        slopes = [float(self._continuum(q)[1]) if piece.ratio is None else piece.ratio for q in ends]
        return [1 / slope if slope > 0 else np.inf for slope in slopes]


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def predicted(model: Model) -> EffectiveTemperatures | str:
    """What there is for the equations of a model, or why there is nothing."""
    if model.mass > 0:
        return "with a mass the long times of the response are not predicted"
    if model.schedule is not None:
        return "the temperature of the bath changes"
    if model.replica > 0 or model.overlap != 0 or model.drift[0] != 0:
        overlapping = "replicas of the start overlap: where its correlation comes to rest is not predicted"
        return overlapping if model.replica > 0 else "an overlap with a signal changes what ages"
    if model.beta == 0:
        return _after_quench(model.covariance, model.temperature)
    if abs(model.beta * model.temperature - 1) > SAME:
        return "a start in equilibrium at another temperature than that of the bath may be remembered"
    plateau = equilibrium_plateau(landscape_of(model.covariance), model.temperature)
    return EffectiveTemperatures(model.covariance, (_equilibrium(model.temperature, plateau),))


def _equilibrium(temperature: float, lower_end: float) -> Piece:
    return Piece(EQUILIBRIUM, 1.0, lower_end, 0.0, 1 / temperature)


def equilibrium_plateau(landscape: GaussianLandscape, temperature: float) -> float:
    """The largest q with ``T^2 q = f'(q) (1 - q)``, below which C of equilibrium does not fall; 0 if there is none.

    At T_d itself there is one, up to rounding: C comes to rest there as a power of t.
    """
    equation = StationaryDynamics(landscape).plateau
    squared = lower((OVERLAP,), [equation.rhs / OVERLAP])
    places = 1 / (1 + np.exp(-np.linspace(-DEEP, DEEP, PLACES)))
    excess = np.asarray(squared(places)[0]) - temperature**2
    for i in range(PLACES - 2, 0, -1):
        top = places[i]
        if excess[i] < 0 and excess[i] >= max(excess[i - 1], excess[i + 1]):
            near = minimize_scalar(
                lambda q: -float(squared(q)[0]), bounds=(places[i - 1], places[i + 1]), options={"xatol": 1e-12}
            )
            if abs(near.fun / temperature**2 + 1) <= TIE:
                return float(near.x)
            top = near.x if -near.fun >= temperature**2 else top
        if float(squared(top)[0]) >= temperature**2:
            return float(brentq(lambda q: float(squared(q)[0]) - temperature**2, top, places[i + 1], xtol=1e-15))
    return 0.0


def _after_quench(covariance: Array, temperature: float) -> EffectiveTemperatures | str:
    """From a random start: equilibrium, if there is no marginal plateau, or down to it, and the slow sectors."""
    from ..thresholds.ageing import slow_sectors

    landscape = landscape_of(covariance)
    found = slow_sectors(landscape, temperature)
    if not found.sectors and temperature == 0:
        return "the flow comes to rest in a single minimum: nothing is slow"
    if not found.sectors:
        return EffectiveTemperatures(covariance, (_equilibrium(temperature, _overlap(landscape, temperature)),))
    pieces = [_equilibrium(temperature, found.ends[0])] if temperature > 0 else []
    chi_at = lower((OVERLAP,), [susceptibility(landscape, OVERLAP)])
    ratio_of = lower((UPPER, LOWER), [step(landscape, UPPER, LOWER).ratio])
    for kind, upper, below in zip(found.sectors, found.ends[:-1], found.ends[1:], strict=True):
        ratio = float(ratio_of(upper, below)[0]) if kind == "step" else None
        pieces.append(Piece(kind, upper, below, float(chi_at(upper)[0]), ratio))
    return EffectiveTemperatures(covariance, tuple(pieces))


def _overlap(landscape: GaussianLandscape, temperature: float) -> float:
    """Of two configurations of equilibrium, ``f'(q_0) (1 - q_0)^2 = T^2 q_0``: 0 without field."""
    if float(landscape.f(1, 0)) == 0:
        return 0.0
    squared = lower((STATE,), [state_temperature_squared(landscape)])
    return float(brentq(lambda state: float(squared(state)[0]) - temperature**2, 1e-300, 1 - 1e-15, xtol=1e-16))


def landscape_of(covariance: Array) -> GaussianLandscape:
    """``sum_k f_k q^k``, with numbers as they are printed."""
    return GaussianLandscape(sum(Rational(str(c)) * OVERLAP**k for k, c in enumerate(covariance)), 0)
