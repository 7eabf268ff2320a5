"""States of a mixture at temperature T: how many there are of a free energy, the most numerous, those of equilibrium.

Each is a stationary point in (q, H(m)): the largest on a grid of q in double precision, polished in mpmath.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
from mpmath import mp
from scipy.optimize import brentq
from sympy import Expr, Float, Symbol, diff, sqrt

from theory.dynamics.plateau import no_field
from theory.kac_rice.tap import SELF_OVERLAP, TAPStates
from theory.landscape import GaussianLandscape
from theory.naming import called
from theory.symbols import ENERGY, TEMPERATURE

from .curves import Numbers
from .errors import ConvergenceError
from .lowering import Array, lower, lower_exact
from .quantity import Axis, Quantity
from .quenched.action import Problem
from .quenched.complexity import GAIN
from .quenched.saddle import EDGE, Count, symmetric
from .quenched.stability import grouping, replicon
from .roots import polish
from .statics.covariance import UnitCovariance

LOGITS = np.linspace(-6, 18, 721)
"""``ln(q/(1 - q))`` of the grid."""
LOWEST = 1e-4
"""Temperature, in units of ``sqrt(f'(1))``, below which q is too close to 1 for the grid."""
POINTS = 17
"""Of the curve."""
DIGITS, SINGLE = 18, 17
RELATIVE = 4e-16
FREE = Symbol("F", real=True)
LABELS = {
    "equilibrium": "of the states that make up equilibrium",
    "lowest": "of the lowest states",
    "most_numerous": "of the most numerous states",
    "threshold": "of the most numerous of the marginal states, y = 1",
    "given": "of the most numerous states of that free energy",
}
MEANINGS = {
    "sigma": "complexity",
    "free_energy": "free energy per spin",
    "energy": "energy per spin",
    "self_overlap": "self-overlap q",
}
NO_MINIMUM = "there are no such states with y >= 1 that are minima of the free energy along m"
NOT_IN_STATES = "equilibrium does not fall apart into states: the temperature is above T_d"
NEGATIVE = "typically none: their complexity would be {:.4g}"
BELOW_STATIC = "below T_K equilibrium is made of the lowest states; those of weight exp(-F/T) alone have Sigma = {:.4g}"
BROKEN = "not known: replicas of such states break their symmetry, and the annealed average does not hold"
AVERAGE = "annealed, and typical: replicas of such states have nothing in common"


class State(NamedTuple):
    """In the unit of the landscape."""

    q: Any
    energy: Any


@dataclass(frozen=True, eq=False)
class Tap:
    """The states of one landscape at one temperature, in its own unit."""

    theory: TAPStates
    temperature: Any

    @cached_property
    def pure(self) -> bool:
        """Whether H(m) follows from q."""
        return self.theory.tied_energy is not None

    @cached_property
    def _seen(self) -> dict[str, Expr]:
        s = self.theory
        return {
            "sigma": s.sigma,
            "free_energy": ENERGY + s.rest,
            "energy": s.mean_energy,
            "depth": s.depth,
            "stiffness": s.stiffness,
            "slope": diff(s.sigma, ENERGY),
            "tied": s.tied_energy if self.pure else ENERGY,
        }

    @cached_property
    def _rough(self) -> Callable[..., list[Array]]:
        return lower((SELF_OVERLAP, ENERGY, TEMPERATURE), list(self._seen.values()))

    def rough(self, q: Array | float, energy: Array | float) -> dict[str, Array]:
        """In double precision."""
        return dict(zip(self._seen, self._rough(q, energy, float(self.temperature)), strict=True))

    @cached_property
    def _exact(self) -> Callable[..., list[Any]]:
        return lower_exact((SELF_OVERLAP, ENERGY, TEMPERATURE), list(self._seen.values()))

    def exact(self, state: State) -> dict[str, Any]:
        """In mpmath numbers."""
        return dict(zip(self._seen, self._exact(*state, self.temperature), strict=True))

    def conditions(self, label: str, active: tuple[str, ...]) -> tuple[Expr, Expr]:
        """That hold at such a state, where these constraints (depth 1, stiffness 0) are active: Lagrange's."""
        s, free = self.theory, ENERGY + self.theory.rest
        limits = {"depth": s.depth - 1, "stiffness": s.stiffness}
        bound = [] if s.tied_energy is None else [ENERGY - s.tied_energy]
        bound += {"lowest": [s.sigma], "given": [free - FREE]}.get(label, [])
        bound += [limits[name] for name in active]
        largest = {"equilibrium": s.sigma - free / TEMPERATURE, "lowest": -free}.get(label, s.sigma)
        slopes = [diff(largest, x) for x in (SELF_OVERLAP, ENERGY)]
        if len(bound) > 1:
            return bound[0], bound[1]
        if not bound:
            return slopes[0], slopes[1]
        turned = [diff(bound[0], x) for x in (ENERGY, SELF_OVERLAP)]
        return bound[0], slopes[0] * turned[0] - slopes[1] * turned[1]

    @cached_property
    def grid(self) -> Array:
        """Overlaps from the last marginal one on. Raises ConvergenceError where there is none."""
        q = 1 / (1 + np.exp(-LOGITS))
        below = np.flatnonzero(self.rough(q, 0.0)["depth"] < 1)
        if not below.size:
            raise ConvergenceError("no states are marginal")
        last = float(q[below[-1]]), float(q[below[-1] + 1])
        start = float(brentq(lambda at: float(self.rough(at, 0.0)["depth"]) - 1, *last, xtol=1e-15))
        return np.asarray(1 / (1 + np.exp(-np.linspace(np.log(start / (1 - start)), LOGITS[-1], LOGITS.size))))

    def candidates(self, label: str, q: Array, free: float) -> tuple[Array, Array]:
        """H(m) at each q, and what is largest at such a state, nan where it is a saddle along m."""
        none, one = self.rough(q, 0.0), self.rough(q, 1.0)
        beta, curvature = 1 / float(self.temperature), one["slope"] - none["slope"]
        softening = one["stiffness"] - none["stiffness"]
        if self.pure:
            energy = none["tied"]
        elif label == "given":
            energy = free - none["free_energy"]
        else:
            energy = ((beta if label == "equilibrium" else 0.0) - none["slope"]) / curvature
        with np.errstate(invalid="ignore", divide="ignore"):
            if label == "lowest" and not self.pure:
                energy = energy - np.sqrt(-2 * self.rough(q, energy)["sigma"] / curvature)
            if label in ("most_numerous", "threshold") and not self.pure:
                soft = none["stiffness"] + softening * energy < 0
                energy = np.where(soft, -none["stiffness"] / softening, energy)
        at = self.rough(q, energy)
        rank = {"equilibrium": at["sigma"] - beta * at["free_energy"], "lowest": -at["free_energy"]}
        if self.pure:
            rank |= {"lowest": -np.abs(at["sigma"]), "given": -np.abs(at["free_energy"] - free)}
        rounding = 1e-9 * (np.abs(none["stiffness"]) + np.abs(softening * energy))
        return energy, np.where(at["stiffness"] < -rounding, np.nan, rank.get(label, at["sigma"]))

    def find(self, label: str, free: Any = 0) -> State:
        """Raises ConvergenceError where there is none, with the reason."""
        q, i = self.grid, 0
        for finer in (True, False):
            _, rank = self.candidates(label, q, float(free))
            if not np.isfinite(rank).any():
                raise ConvergenceError(NO_MINIMUM)
            i = 0 if label == "threshold" else int(np.nanargmax(rank))
            if finer:
                q = np.linspace(q[max(i - 1, 0)], q[min(i + 1, q.size - 1)], q.size)
        inside = 0 < i < q.size - 1 and bool(np.isfinite(rank[i - 1 : i + 2]).all())
        if label == "equilibrium" and not inside:
            raise ConvergenceError(NOT_IN_STATES)
        if self.pure and label in ("lowest", "given") and not inside:
            raise ConvergenceError(NO_MINIMUM)
        return self._polished(label, float(q[i]), free, self._active(label, float(q[i]), i, inside))

    def _active(self, label: str, q: float, i: int, inside: bool) -> tuple[str, ...]:
        """The constraints that hold a state back at place i."""
        most = label in ("most_numerous", "threshold")
        if self.pure:
            return ("depth",) if most else ()
        energy = float(self.candidates(label, np.array(q), 0.0)[0])
        none, at = self.rough(q, 0.0)["stiffness"], self.rough(q, energy)["stiffness"]
        soft = abs(at) < 1e-8 * (abs(none) + abs(at - none)) if most else not inside and i > 0
        return (*(("depth",) if i == 0 else ()), *(("stiffness",) if soft else ()))

    def _polished(self, label: str, q: float, free: Any, active: tuple[str, ...]) -> State:
        energy = float(self.candidates(label, np.array(q), float(free))[0])
        residuals = _residuals(self, label, active)
        found = polish(lambda *x: residuals(*x, self.temperature, free), (q, energy), DIGITS, slack=1e-3)
        state, tiny = State(*found.value), mp.mpf(10) ** -DIGITS
        at = self.exact(state)
        if not (0 < state.q < 1 and at["depth"] >= 1 - tiny and at["stiffness"] >= -tiny):
            raise ConvergenceError(NO_MINIMUM)
        return state

    def apart(self, state: State) -> bool:
        """Whether replicas of such states have nothing in common: only then is the annealed average typical."""
        q, energy = Float(state.q, SINGLE), float(state.energy)
        problem = Problem(GaussianLandscape(self.theory.on_sphere.covariance.subs(SELF_OVERLAP, q)), 0.0)
        depth = float(self.exact(state)["depth"])
        shift = max(depth + 1 / depth, EDGE * (1 + 1e-12))
        try:
            saddle = symmetric(problem, Count("total", None if self.pure else energy / problem.unit), shift)
        except ConvergenceError:
            return False
        return grouping(saddle).gain < GAIN and replicon(saddle, 0) < 0


@lru_cache(maxsize=64)
def _residuals(tap: Tap, label: str, active: tuple[str, ...]) -> Callable[..., list[Any]]:
    """Lowered once."""
    return lower_exact((SELF_OVERLAP, ENERGY, TEMPERATURE, FREE), list(tap.conditions(label, active)))


def tap_states(landscape: GaussianLandscape, temperature: float, free_energy: float | None = None) -> Numbers:
    """Complexity of the states at that temperature: of special ones, and at one free energy or over those between.

    Raises ``ValueError`` for a landscape with a signal or a random field, and where no states are marginal.
    """
    unit, tap = _tap(landscape, float(temperature))
    settings, message = {"temperature": float(temperature)}, f"T = {temperature:g}; {AVERAGE}"
    with mp.workdps(DIGITS + SINGLE):
        labels = [label for label in LABELS if label != "given"]
        found = {label: _found(tap, label) for label in labels}
        numbers = {
            f"{key}_{label}": x for label in labels for key, x in _quantities(tap, unit, label, found[label]).items()
        }
        del numbers["sigma_lowest"]
        if free_energy is not None:
            given = _quantities(tap, unit, "given", _found(tap, "given", mp.mpf(free_energy) / unit))
            del given["free_energy"]
            return Numbers({}, given | numbers, {**settings, "free_energy": free_energy}, message=message)
        axes, curve = _curve(tap, unit, found["lowest"], found["most_numerous"])
    return Numbers(axes, numbers | curve, settings, message=message)


def _tap(landscape: GaussianLandscape, temperature: float) -> tuple[Any, Tap]:
    """The unit of energy, and the states in it."""
    if landscape.mean != 0:
        raise ValueError(
            f"{called('temperature')} counts states without a signal; this landscape has g = {landscape.mean}"
        )
    for condition in no_field(landscape):
        raise ValueError(f"{called('temperature')} counts states that have nothing in common: {condition.otherwise}")
    made = UnitCovariance(landscape)
    with mp.workdps(DIGITS + SINGLE):
        unit = lower_exact((), [sqrt(landscape.f(1))])()[0]
        tap = Tap(TAPStates(made.scaled), mp.mpf(temperature) / unit)
    coldest = LOWEST * made.unit
    if temperature < coldest:
        near = f"{called('temperature', f'{temperature:g}')} is too close to 0; leave it out, or take at least"
        raise ValueError(f"{near} {coldest:.1e}")
    try:
        tap.grid  # noqa: B018
    except ConvergenceError:
        q = 1 / (1 + np.exp(-LOGITS))
        hottest = float(np.max(temperature / tap.rough(q, 0.0)["depth"]))
        hot = f"{called('temperature', f'{temperature:g}')}: marginal states, which set the others apart, end"
        raise ValueError(f"{hot} at {hottest:.4g}") from None
    return unit, tap


def _found(tap: Tap, label: str, free: Any = 0) -> State | str:
    """One kind of states, or why it is not known."""
    try:
        state = tap.find(label, free)
    except ConvergenceError as failure:
        return str(failure)
    sigma = float(tap.exact(state)["sigma"])
    if sigma < -RELATIVE:
        return (BELOW_STATIC if label == "equilibrium" else NEGATIVE).format(sigma)
    return state if tap.apart(state) else BROKEN


def _quantities(tap: Tap, unit: Any, label: str, state: State | str) -> dict[str, Quantity]:
    meanings = {key: f"{meaning} {LABELS[label]}" for key, meaning in MEANINGS.items()}
    if isinstance(state, str):
        return {key: Quantity.absent(state, meaning) for key, meaning in meanings.items()}
    at = tap.exact(state)
    values = {
        "sigma": (at["sigma"], 1),
        "free_energy": (unit * at["free_energy"], unit),
        "energy": (unit * at["energy"], unit),
        "self_overlap": (state.q, 1),
    }
    return {
        key: Quantity(float(mp.chop(value, tol=RELATIVE**2)), RELATIVE * float(scale + abs(value)), meanings[key])
        for key, (value, scale) in values.items()
    }


def _curve(
    tap: Tap, unit: Any, lowest: State | str, highest: State | str
) -> tuple[dict[str, Axis], dict[str, Quantity]]:
    """From the lowest to the most numerous; nothing where these are not known."""
    if isinstance(lowest, str) or isinstance(highest, str):
        return {}, {}
    ends = [tap.exact(state)["free_energy"] for state in (lowest, highest)]
    # q falls as a square root next to marginal states
    free = [ends[1] - (ends[1] - ends[0]) * (1 - step) ** 2 for step in mp.linspace(0, 1, POINTS)]
    states = [lowest, *(_found(tap, "given", at) for at in free[1:-1]), highest]
    rows = [_quantities(tap, unit, "given", state) for state in states]
    symbols = {"sigma": r"$\Sigma$", "energy": "energy", "self_overlap": "$q$"}

    def over(key: str) -> Quantity:
        pairs = [(np.nan, np.nan) if row[key].value is None else (row[key].value, row[key].error) for row in rows]
        values, errors = np.array(pairs).T
        meaning, notes = f"{MEANINGS[key]} {LABELS['given']}", tuple(row[key].reason for row in rows)
        return Quantity(values, errors, meaning, over=("free_energy",), notes=notes, symbol=symbols[key])

    axis = Axis(np.array([float(unit * at) for at in free]), "free energy $F$")
    return {"free_energy": axis}, {key: over(key) for key in symbols}
