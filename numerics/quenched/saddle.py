"""Saddle points of the replicated action, by Newton's method and continuation from where one is known exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np
from sympy import diff

from theory.kac_rice import Kind
from theory.kac_rice.replicated import PULL, shift_inside, shift_outside
from theory.random_matrices.index_cost import index_cost
from theory.random_matrices.semicircle import phi
from theory.symbols import SHIFT, SPIKE

from ..errors import ConvergenceError
from ..lowering import Array, lower
from .action import Action, Problem, action

EPS = float(np.finfo(np.float64).eps)
NEWTON_STEPS = 12
RESIDUAL = 1e-10
FIRST, SHORTEST = 0.25, 1e-4
"""Steps along a path."""
EDGE = 2.0
Shift = Literal["inside", "outside"] | float
"""``"inside"`` or ``"outside"`` the bulk, where t follows from r, or a value at which it is held."""


@lru_cache(maxsize=32)
def _shifts(kind: Kind) -> tuple[Callable[..., list[Array]], Callable[..., list[Array]]]:
    """t and its slope by p inside and outside, and the rate of the determinant at t."""
    index = 0 if kind == "total" else kind
    shifts = [shift_inside(), shift_outside(index)]
    cost = 0 * SHIFT if kind == "total" else index_cost(index).subs(SPIKE, 0)
    return lower((PULL,), [*shifts, *(diff(t, PULL) for t in shifts)]), lower((SHIFT,), [phi() - cost])


@dataclass(frozen=True)
class Count:
    """What is counted: critical points of one kind, at one energy or any; ``marginal``: t stays at the edge."""

    kind: Kind
    energy: float | None
    """In the unit of the problem."""
    marginal: bool = False

    def shift(self, pull: float, rule: Shift) -> tuple[float, float]:
        """t, and its slope by p."""
        if not isinstance(rule, str):
            return rule, 0.0
        i = ("inside", "outside").index(rule)
        values = _shifts(self.kind)[0](pull)
        return float(values[i]), float(values[2 + i])

    def determinant(self, t: float) -> float:
        """``Phi(t)`` less the cost of the index."""
        return float(_shifts(self.kind)[1](t)[0])

    def holds(self, pull: float, rule: Shift) -> bool:
        """Whether t is where the rule says it is; at the edge, whether it would rather lie inside."""
        slack = 1e-9
        if rule == "inside":
            return abs(pull) <= 1 + slack
        if rule == "outside":
            return pull <= 1 + slack and (self.kind != "total" or abs(pull) > 0)
        return self.marginal or rule != EDGE or pull >= 1 - slack

    def other(self, rule: Shift) -> Shift:
        """Where t goes when it leaves a region."""
        if rule == "outside":
            return "inside" if self.kind == "total" else EDGE
        return "outside"


@dataclass(frozen=True, eq=False)
class Saddle:
    """A stationary point of the action."""

    action: Action
    problem: Problem
    count: Count
    rule: Shift
    x: Array
    t: float
    sigma: float
    error: float
    slope: Array
    """Gradient by all unknowns, held ones included."""

    @property
    def pull(self) -> float:
        """``r sqrt(f''(1))``."""
        return self["r"] * float(np.sqrt(self.problem.one[2]))

    def __getitem__(self, name: str) -> float:
        return float(self.x[self.action.place(name)])

    @cached_property
    def overlaps(self) -> Array:
        """Of replicas, from the outermost level on."""
        return self.x[self.action.overlaps]

    @property
    def energy(self) -> float:
        """Per spin, in the unit of the problem."""
        return -float(self.slope[-1]) if self.count.energy is None else self.count.energy

    @property
    def admissible(self) -> bool:
        """Overlaps in order, Gram determinants positive."""
        q, sizes, tiny = self.overlaps, self.x[: self.action.breaking], 1e-9
        ordered = np.all(np.diff(q) > 0) and self.problem.m**2 - tiny <= q[0] and q[-1] < 1 - tiny
        fractions = np.all((sizes > 0) & (sizes < 1))
        return bool(ordered and fractions and np.all(self.action.grams(self.x, self.problem.m) > 0))


def stationary(start: Saddle, held: tuple[str, ...] = ()) -> Saddle:
    """Newton's method from there. Raises ConvergenceError."""
    act, problem, count = start.action, start.problem, start.count
    free = np.array([u.name not in held and not (u.name == "b" and count.energy is None) for u in act.unknowns])
    x, r = start.x.copy(), act.place("r")
    scale = problem.one[2] ** 0.5
    for _ in range(NEWTON_STEPS):
        t, turn = count.shift(scale * x[r], start.rule)
        _, slope, hessian = act.value(problem, x, t, count.energy or 0.0)
        hessian[r, r] -= scale**2 * turn
        try:
            step = np.linalg.solve(hessian[np.ix_(free, free)], -slope[free])
        except np.linalg.LinAlgError:
            break
        x[free] += step
        if not np.all(np.isfinite(x)):
            break
        if np.max(np.abs(step)) < 1e-13:
            break
    if not np.all(np.isfinite(x)):
        raise ConvergenceError("Newton's method left the real numbers")
    t, turn = count.shift(scale * x[r], start.rule)
    rest, slope, hessian = act.value(problem, x, t, count.energy or 0.0)
    if not np.max(np.abs(slope[free])) < RESIDUAL:
        raise ConvergenceError("Newton's method did not converge")
    hessian[r, r] -= scale**2 * turn
    curved = abs(float(slope[free] @ np.linalg.lstsq(hessian[np.ix_(free, free)], slope[free], rcond=None)[0]))
    phi_t = count.determinant(t)
    error = 8 * EPS * (act.terms(problem, x, t, count.energy or 0.0) + abs(phi_t)) + curved
    return replace(start, x=x, t=t, sigma=rest + phi_t, error=error, slope=slope)


def settled(start: Saddle, held: tuple[str, ...] = ()) -> Saddle:
    """Stationary, and t where its rule says; where it is not, by the other rule. Raises ConvergenceError."""
    failure: Exception | None = None
    free = start.rule in ("inside", "outside", EDGE) and not start.count.marginal
    rules = (start.rule, start.count.other(start.rule)) if free else (start.rule,)
    for rule in rules:
        try:
            found = stationary(replace(start, rule=rule), held)
        except ConvergenceError as error:
            failure = error
            continue
        if start.count.holds(found.pull, rule) and found.admissible:
            return found
    raise failure or ConvergenceError("no saddle with overlaps in [m^2, 1)")


def follow(start: Saddle, move: Callable[[Saddle, float], Saddle], held: tuple[str, ...] = ()) -> Saddle:
    """The saddle at the end of a path from 0 to 1 on which ``move`` sets the problem; steps adapt."""
    at, step, here = 0.0, FIRST, start
    while at < 1:
        ahead = min(1.0, at + step)
        try:
            new = settled(move(here, ahead), held)
            smooth = np.max(np.abs(new.x - here.x) / (1 + np.abs(here.x))) < 0.5
        except ConvergenceError:
            smooth = False
        if smooth:
            at, here, step = ahead, new, 2 * step
            continue
        step /= 4
        if step < SHORTEST:
            raise ConvergenceError(f"the saddle is lost at {at:.3g} of the way")
    return here


def without_field(problem: Problem, count: Count, rule: Literal["inside"] | float) -> Saddle:
    """The exact saddle at strength 0, any energy: ``q_0 = r_0 = b = 0``, ``rho = -g'(0)/f'(1)``, ``d_0 = -rho^2``."""
    start = replace(problem, strength=0.0)
    _, a1, a2 = start.one
    rho = -start.g[1] / a1
    t = 0.0 if rule == "inside" else rule
    r = t * a2**0.5 / (a1 + a2)
    x = np.array([0.0, 0.0, -(rho**2), r, 1 / a1 - r**2 - rho**2, rho, 0.0])
    return Saddle(action(0), start, replace(count, energy=None), rule, x, t, np.nan, np.nan, x * 0)


def symmetric(problem: Problem, count: Count, rule: Literal["inside"] | float) -> Saddle:
    """The replica-symmetric saddle, by way of rising strength at any energy, then of the energy. ConvergenceError."""
    try:
        here = _strengthened(problem, count, rule)
    except ConvergenceError:
        here = _strengthened(replace(problem, rising=True), count, rule)
    if count.energy is None:
        return here
    first, last = here.energy, count.energy

    def at_energy(here: Saddle, part: float) -> Saddle:
        return replace(here, count=replace(count, energy=first + part * (last - first)))

    return follow(here, at_energy)


def _strengthened(problem: Problem, count: Count, rule: Literal["inside"] | float) -> Saddle:
    def stronger(here: Saddle, strength: float) -> Saddle:
        return replace(here, problem=replace(problem, strength=strength))

    return follow(settled(without_field(problem, count, rule)), stronger)


BROKEN, STEP, LEAST = 0.98, 0.02, 0.02
"""Sizes of groups: the first, the steps down from it, the last."""


def broken(start: Saddle, group: tuple[float, float, float]) -> Saddle:
    """The saddle with groups, from a symmetric one that forms them at overlaps (q, r, d). Raises ConvergenceError.

    From groups of almost one replica, which change nothing, their size is lowered to where the action is stationary.
    """
    inside = dict(zip(("q_1", "r_1", "d_1"), group, strict=True))
    act = action(1)
    x = np.array([inside.get(u.name, 0.0) for u in act.unknowns])
    for u in start.action.unknowns:
        x[act.place(u.name)] = start[u.name]
    here: Saddle | None = None
    for size in np.arange(BROKEN, LEAST, -STEP):
        x = here.x.copy() if here else x
        x[0] = size
        here = settled(replace(here or start, action=act, x=x), held=("x_1",))
        if here.slope[0] < 0:
            return settled(here)
    raise ConvergenceError("the replicas break their symmetry, and not in one step")
