"""Complexity of states in numbers: from the marginal ones, the most numerous, to those of which there are few."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import brentq

from theory.landscape import GaussianLandscape, exact
from theory.statics.states import COPIES, States

from ..complexity import ROUNDING
from ..curves import Numbers
from ..lowering import Array, lower
from ..quantity import Axis, Quantity
from .solve import statics

PLACES = 101
SCANNED = np.concatenate([np.linspace(0.005, 0.995, 199), 1 - np.geomspace(4e-3, 1e-9, 40)])
"""Overlaps inside a state among which the marginal one is bracketed."""
FIELD = "in a field states overlap, which this formula takes not to happen"
FURTHER = "the ground state breaks symmetry otherwise than in one step ({}): its states have states in them"
NONE = "at this temperature no states are stable, or there are not exponentially many"


def state_complexity(landscape: GaussianLandscape, temperature: Any = 0) -> Numbers:
    """``Sigma`` of states of free energy f (of energy e at T = 0), ``theory.statics.states``, without a signal.

    Rows from the marginal states down to ``Sigma = 0``; numbers: both ends, and at T > 0 the states of equilibrium
    (``x = 1``), where there are any. Raises ValueError, with the reason, where the formula does not apply.
    """
    if landscape.f(1, 0) != 0:
        raise ValueError(f"{landscape!r}: {FIELD}")
    cold = statics(landscape)
    if cold.breaking != "1RSB":
        raise ValueError(f"{landscape!r}: {FURTHER.format(cold.breaking)}")
    states = _Branch(landscape, temperature)
    first = states.marginal()
    if first is None or states.sigma(first) <= 0 or states.copies(first) <= 0:
        raise ValueError(f"{landscape!r}, temperature = {temperature}: {NONE}")
    last = states.empty(first)
    places = first + (last - first) * np.linspace(0, 1, PLACES)
    f, sigma, y = states(places)
    numbers = {
        "highest": _number(states, first, "free energy of marginal states, the highest"),
        "most": Quantity(float(sigma[0]), states.error(first)[1], "their complexity"),
        "lowest": _number(states, last, "free energy of the lowest states, of which there are few"),
    }
    at_equilibrium = states.equilibrium(first, last)
    if at_equilibrium is not None:
        value, error = float(states.sigma(at_equilibrium)), states.error(at_equilibrium)[1]
        numbers["equilibrium"] = _number(states, at_equilibrium, "free energy of the states of equilibrium")
        numbers["sigma_equilibrium"] = Quantity(value, error, "their complexity")
    errors = states.error(places)
    curves = {
        "sigma": Quantity(sigma, errors[1], "complexity of states", over=("free_energy",), symbol=r"$\Sigma(f)$"),
        "x": Quantity(y, None, "dSigma/df, x/T", over=("free_energy",), symbol="$x/T$"),
    }
    axis = Axis(f, "$f$" if states.temperature else "$e$")
    return Numbers({"free_energy": axis}, {**numbers, **curves}, {"temperature": float(states.temperature)})


def _number(states: _Branch, place: float, meaning: str) -> Quantity:
    return Quantity(float(states.free_energy(place)), states.error(place)[0], meaning)


class _Branch:
    """States along their variable, chi at T = 0 and ``q_1`` above: stable on one side of the marginal ones."""

    def __init__(self, landscape: GaussianLandscape, temperature: Any) -> None:
        self.temperature = exact(temperature)
        states = States(landscape, self.temperature)
        parts = [states.free_energy, states.sigma, states.copies, states.stability]
        self._values = lower((states.variable,), [*parts, states.functional.subs(COPIES, states.copies)])
        self._edge = None if self.temperature else 1 / float(landscape.f(2)) ** 0.5

    def __call__(self, place: Any) -> tuple[Array, Array, Array]:
        """``f``, ``Sigma`` and y."""
        f, sigma, y, _, _ = self._values(place)
        return f, sigma, y

    def free_energy(self, place: float) -> float:
        """f."""
        return float(self(place)[0])

    def sigma(self, place: float) -> float:
        """Sigma."""
        return float(self(place)[1])

    def copies(self, place: float) -> float:
        """y."""
        return float(self(place)[2])

    def error(self, place: Any) -> tuple[Any, Any]:
        """Of f and Sigma, by rounding: ``Sigma = y (f - F)``."""
        f, _, y, _, per_copy = self._values(place)
        size = ROUNDING * (1 + np.abs(y * per_copy) + np.abs(y * f))
        return size / y, size

    def marginal(self) -> float | None:
        """The most numerous states; none where no states are stable."""
        if self._edge is not None:
            return float(self._edge)
        stable = self._values(SCANNED)[3]
        low = np.flatnonzero(stable < 0)
        if not low.size:
            return None
        i = int(low[-1])
        return float(brentq(lambda q: float(self._values(q)[3]), SCANNED[i], SCANNED[i + 1], xtol=1e-15))

    def empty(self, first: float) -> float:
        """The lowest states."""
        if self._edge is not None:
            return float(brentq(self.sigma, 1e-6 * first, first, xtol=1e-16))
        inside = SCANNED[first < SCANNED]
        i = int(np.flatnonzero(self(inside)[1] < 0)[0])
        return float(brentq(self.sigma, inside[i - 1] if i else first, inside[i], xtol=1e-15))

    def equilibrium(self, first: float, last: float) -> float | None:
        """Where ``x = 1``."""
        if not self.temperature:
            return None

        def excess(place: float) -> float:
            return self.copies(place) * float(self.temperature) - 1

        return float(brentq(excess, first, last, xtol=1e-15)) if excess(first) * excess(last) < 0 else None
