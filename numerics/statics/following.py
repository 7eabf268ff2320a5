"""A state of equilibrium at one temperature, followed to another: step by step, until it loses its stability."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from mpmath import mp
from sympy import Expr

from theory.dynamics.plateau import no_field
from theory.landscape import GaussianLandscape
from theory.naming import called
from theory.statics.following import CHI, Followed, M
from theory.statics.transitions import unplanted
from theory.symbols import INVERSE_TEMPERATURE, OVERLAP, TEMPERATURE

from ..curves import Numbers
from ..errors import ConvergenceError
from ..lowering import lower_exact
from ..quantity import Quantity
from ..roots import polish
from .covariance import UnitCovariance
from .transitions import dynamic_temperature, static_temperature

DIGITS = 17
STEPS, SHORTEST, CLOSE = 16, 1e-6, 0.02
"""Temperatures on the way at first, the shortest step, and the largest change of m and chi in one, relative."""
RELATIVE = 4e-16
MEANINGS = {
    "energy": "energy per spin of the state",
    "overlap_with_start": "overlap of the state with the configuration it is followed from",
    "self_overlap": "overlap q of two configurations of the state",
    "response": "chi = (1 - q)/T of the state",
}


class Place(NamedTuple):
    """On the way, in the unit of the landscape."""

    temperature: Any
    m: Any
    chi: Any


@dataclass(frozen=True)
class Path:
    """The states that follow one of equilibrium at ``beta``, in the unit of the landscape."""

    theory: Followed
    beta: Any

    @cached_property
    def _conditions(self) -> Callable[..., list[Any]]:
        return self._lowered(*self.theory.conditions)

    @cached_property
    def _margin(self) -> Callable[..., list[Any]]:
        return self._lowered(self.theory.margin)

    @cached_property
    def _energy(self) -> Callable[..., list[Any]]:
        return self._lowered(self.theory.energy)

    def _lowered(self, *expressions: Expr) -> Callable[..., list[Any]]:
        function = lower_exact((TEMPERATURE, M, CHI, INVERSE_TEMPERATURE), list(expressions))
        return lambda *place: function(*place, self.beta)

    def at(self, temperature: Any, near: Place, slack: float) -> Place:
        """The state at that temperature. Raises ConvergenceError where it is not within slack."""
        start = float(near.m), float(near.chi)
        found = polish(lambda *x: self._conditions(temperature, *x), start, DIGITS, slack=slack)
        return Place(temperature, *found.value)

    def margin(self, place: Place) -> float:
        """Positive where the state is stable."""
        return float(self._margin(*place)[0])

    def energy(self, place: Place) -> Any:
        """Per spin."""
        return self._energy(*place)[0]

    def end(self, near: Place) -> Place:
        """Where the margin vanishes, close by."""
        start = float(near.temperature), float(near.m), float(near.chi)
        return Place(*polish(lambda *x: [*self._margin(*x), *self._conditions(*x)], start, DIGITS, slack=0.1).value)

    def _ended(self, here: Place, beyond: Place) -> ConvergenceError:
        """What became of the state: ``beyond`` is the next place, or the same where there is none."""
        if beyond is here:
            return ConvergenceError(ENDS, here)
        return ConvergenceError(UNSTABLE, self.end(beyond))

    def follow(self, here: Place, temperature: Any) -> Place:
        """To that temperature. Raises ConvergenceError, with the reason, where the state ends on the way."""
        way = temperature - here.temperature
        done, step = 0.0, 1 / STEPS
        first = here.temperature
        while done < 1:
            ahead = min(1.0, done + step)
            try:
                new = self.at(first + ahead * way, here, CLOSE)
                left = self.margin(new) < 0
            except ConvergenceError:
                new, left = here, True
            if left:  # the end of the state, or of stability; or, after too long a step, another state
                step /= 4
                if step < SHORTEST:
                    raise self._ended(here, new)
                continue
            here, done, step = new, ahead, 2 * step
        return here


ENDS = "the state ends on the way, close to T = {:.6g}"
UNSTABLE = "the state loses its stability on the way, at T = {:.10g}: beyond it breaks up"


def followed(landscape: GaussianLandscape, beta: float, temperature: float = 0.0) -> Numbers:
    """The state around a configuration of equilibrium at inverse temperature ``beta``, followed to ``temperature``.

    ``T_s < 1/beta < T_d``; at T = 0 it is where gradient flow from that start ends. Raises ValueError where there are
    no such states to start in.
    """
    made = unplanted(landscape)
    for condition in no_field(made):
        raise ValueError(f"{called('beta_initial', f'{beta:g}')} follows states without field: {condition.otherwise}")
    _require_states(made, beta)
    with mp.workdps(DIGITS + 15):
        unit = mp.mpf(UnitCovariance(made).unit)
        path = Path(Followed(UnitCovariance(made).scaled), mp.mpf(beta) * unit)
        try:
            values = _values(path, path.follow(_start(path), mp.mpf(temperature) / unit), unit)
            found = {
                key: Quantity(float(x), RELATIVE * float(scale + abs(x)), MEANINGS[key])
                for key, (x, scale) in values.items()
            }
        except ConvergenceError as failure:
            reason = str(failure).format(float(unit * failure.partial.temperature))
            found = {key: Quantity.absent(reason, meaning) for key, meaning in MEANINGS.items()}
    start = f"from equilibrium at T' = {1 / beta:.10g}"
    return Numbers({}, found, {"temperature": float(temperature), "beta_initial": beta}, message=start)


def _values(path: Path, place: Place, unit: Any) -> dict[str, tuple[Any, Any]]:
    """Each with the scale of its rounding."""
    return {
        "energy": (unit * path.energy(place), unit),
        "overlap_with_start": (place.m, 1),
        "self_overlap": (1 - place.temperature * place.chi, 1),
        "response": (place.chi / unit, 1 / unit),
    }


def _require_states(landscape: GaussianLandscape, beta: float) -> None:
    """ValueError unless equilibrium at ``1/beta`` falls apart into states and is not frozen."""
    lowest, highest = static_temperature(landscape), dynamic_temperature(landscape)
    given = called("beta_initial", f"{beta:g}")
    if lowest.note != "random first order":
        raise ValueError(f"{given}: equilibrium of this landscape has no states above its static temperature to follow")
    if not float(lowest.value) < 1 / beta < float(highest.value):
        between = f"{1 / float(highest.value):.10g} and {1 / float(lowest.value):.10g}, which is 1/T_d and 1/T_K"
        raise ValueError(f"{given}: equilibrium has states to follow between {between}")


def _start(path: Path) -> Place:
    """In the state itself ``m = q``, the largest root of ``T'^2 q = (1 - q) f'(q)``."""
    temperature = 1 / path.beta
    force = lower_exact((OVERLAP,), [path.theory.landscape.f(1, OVERLAP)])

    def excess(q: Any) -> Any:
        return (1 - q) * force(q)[0] - temperature**2 * q

    places = [mp.mpf(float(q)) for q in 1 / (1 + np.exp(-np.linspace(-6, 30, 2048)))]
    last = max(i for i, q in enumerate(places) if excess(q) > 0)
    q = mp.findroot(excess, (places[last], places[last + 1]), solver="anderson", tol=mp.mpf(10) ** (-2 * DIGITS))
    return Place(temperature, q, (1 - q) / temperature)
