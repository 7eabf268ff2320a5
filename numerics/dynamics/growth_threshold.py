r"""Where an infinitesimal overlap begins to grow exponentially: the zero of ``sqrt(lambda)`` in a control parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from theory.end_states import single_minimum
from theory.thresholds import Family

from ..errors import ConvergenceError
from ..lowering import Array
from .collocation import interpolation
from .growth_rate import LongTimeLimit, OverlapGrowth, growth_rate

TARGETS = (0.34, 0.28, 0.22, 0.17, 0.12)
"""Where to measure, in ``u = sqrt(lambda/g''(0))``: near enough for a polynomial, far enough for a precise rate."""
CLOSE, HIGHEST, ATTEMPTS, FEWEST = 0.015, 0.45, 40, 4


@dataclass(frozen=True, eq=False)
class DynamicalThreshold:
    r"""The control parameter at which ``lambda(t -> inf)`` vanishes.

    Attributes
    ----------
    value, error
        From the dynamics alone.
    marginal
        With the ``mu`` of ``theory.end_states`` in place of its extrapolated limit: value and error.
    control, rates
        The points above the threshold through which the polynomial in ``sqrt(lambda)`` goes, increasing.
    """

    value: float
    error: float
    marginal: LongTimeLimit
    control: Array
    rates: tuple[OverlapGrowth, ...]

    def __repr__(self) -> str:
        return f"threshold at {self.value:.6g} +- {self.error:.1g}; marginal: {self.marginal.value:.8g}"


def dynamical_threshold(
    family: Family,
    parameters: Mapping[Any, Any] | None = None,
    *,
    t_max: float = 1e4,
    rtol: float = 1e-6,
) -> DynamicalThreshold:
    r"""``lambda ~ (control - threshold)^2``: ``sqrt(lambda)`` at several controls above, extrapolated to zero.

    Parameters
    ----------
    family
        Landscapes with one control parameter, ``SpikedMatrixTensor.family(p)`` say.
    parameters
        Values of its other symbols.
    t_max, rtol
        Of each run, as in ``growth_rate``.

    The points, 7 to 10 runs, are found without the closed form. The error adds up what leaving out the farthest point
    changes and what the errors of all rates do together. Raises ``ConvergenceError`` where too few controls show
    growth, and ``ValueError`` where the flow ends in a single minimum, ``f''(1) < f'(1)``: there lambda vanishes
    linearly.
    """
    if single_minimum(family.landscape.subs(dict(parameters or {}))):
        raise ValueError("f''(1) < f'(1): the rate vanishes linearly; the threshold is theory's gradient_flow")
    search = _Search(family, dict(parameters or {}), t_max, rtol, {})
    search.run()
    controls = np.array(sorted(x for x, rate in search.found.items() if _in_range(rate)))
    if controls.size < FEWEST:
        raise ConvergenceError(
            f"{controls.size} controls with a rate to extrapolate from, expected {FEWEST}; raise t_max"
        )
    rates = tuple(search.found[float(x)] for x in controls)
    value, error = extrapolated_threshold(controls, [rate.limit for rate in rates])
    return DynamicalThreshold(
        value, error, extrapolated_threshold(controls, [rate.marginal for rate in rates]), controls, rates
    )


def _in_range(rate: OverlapGrowth) -> bool:
    return rate.exponential and _height(rate) <= HIGHEST


def _height(rate: OverlapGrowth) -> float:
    """``u = sqrt(lambda/g''(0))``, which is 1 for a signal much stronger than the landscape."""
    return float(np.sqrt(max(rate.limit.value, 0.0) / rate.strength))


@dataclass(frozen=True, eq=False)
class _Search:
    """Rates at the controls tried so far."""

    family: Family
    parameters: dict[Any, Any]
    t_max: float
    rtol: float
    found: dict[float, OverlapGrowth]

    def run(self) -> None:
        """From a control that is far enough above the threshold, down through the targets."""
        self._first()
        for target in TARGETS:
            if all(abs(u - target) > CLOSE for _, u in self._points()):
                self._rate(self._predicted(target))

    def _rate(self, control: float) -> OverlapGrowth:
        x = float(f"{control:.6g}")
        landscape = self.family.landscape.subs({**self.parameters, self.family.control: x})
        self.found[x] = growth_rate(landscape, t_max=self.t_max, rtol=self.rtol)
        return self.found[x]

    def _first(self) -> None:
        """Double where nothing grows, come down where it grows too fast."""
        x = 1.0
        for _ in range(ATTEMPTS):
            rate = self._rate(x)
            if _in_range(rate) and _height(rate) >= TARGETS[0] - CLOSE:
                return
            # for a landscape that the control does not change, u = 1 - threshold/control
            x *= (1 - _height(rate)) / (1 - TARGETS[0]) if rate.exponential else 2.0
        raise ConvergenceError(f"no control up to {x:g} has a rate of growth of the size looked for")

    def _points(self) -> list[tuple[float, float]]:
        """Controls and ``u`` in range."""
        return [(x, _height(rate)) for x, rate in self.found.items() if _in_range(rate)]

    def _predicted(self, target: float) -> float:
        """A parabola or a line through the nearest points."""
        nearest = sorted(self._points(), key=lambda point: abs(point[1] - target))[:3]
        x, u = np.array(nearest).T
        if x.size == 1:
            return float(x[0] * (1 - u[0]) / (1 - target))
        return float(interpolation(u, np.array([target]))[0] @ x)


def extrapolated_threshold(controls: Array, limits: list[LongTimeLimit]) -> LongTimeLimit:
    """Control at ``sqrt(lambda) = 0`` on the polynomial through all points, in the order of increasing lambda."""
    values, errors = np.array(limits).T
    if not np.all(np.isfinite(values)):
        return LongTimeLimit(np.nan, np.nan)
    zero = _zero(controls, values)
    fewer = abs(_zero(controls[:-1], values[:-1]) - zero)
    shifts = [abs(_zero(controls, np.maximum(values + sign * errors, 0.0)) - zero) for sign in (-1, 1)]
    return LongTimeLimit(zero, fewer + max(shifts))


def _zero(controls: Array, rates: Array) -> float:
    return float(interpolation(np.sqrt(rates), np.zeros(1))[0] @ controls)
