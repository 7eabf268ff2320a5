"""What lies around a minimum: critical points at overlap q with it, the direction towards it, the lowest barrier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from mpmath import mp
from sympy import Expr, Symbol

from theory.kac_rice import KacRice
from theory.kac_rice.saddle_point import MEAN, VARIANCE, total_candidates
from theory.kac_rice.two_points import ENERGIES, SHIFTS, WS, TwoPoints
from theory.landscape import GaussianLandscape
from theory.naming import called
from theory.random_matrices.bordered import CENTRE, SHARE, isolated, outside
from theory.random_matrices.semicircle import Y, phi
from theory.symbols import ENERGY, OVERLAP, SHIFT
from theory.symbols import SIGNAL_OVERLAP as M

from .complexity import ComplexityResult, complexity
from .curves import Numbers
from .lowering import Array, lower, lower_exact
from .quantity import Axis, Quantity
from .quenched.complexity import QuenchedComplexity, quenched
from .roots import between, polish
from .statics import statics
from .thresholds.energies import lowest_energy as lowest_minima

Number = Any
"""A float, an array or an mpmath number: one code for all."""
Lowering = Callable[[Sequence[Symbol], Sequence[Expr]], Callable[..., list[Any]]]
DIGITS, GUARD = 15, 15
"""That are kept, and beyond them in mpmath."""
LOST = 4
"""Digits more for each of ``1 - |q|``, where all conditions at both points become the same."""
CLOSEST, NODES, KEPT = 0.999, 1000, 60
"""Largest overlap that is looked at, at how many, and how many points of a curve are kept."""
DOUBLINGS = 12
"""Of a step downwards of a hundredth of the scale of the Hessian."""
ROUNDING, RELATIVE = 1e-9, 1e-15
"""Of a complexity that is zero, and of what is rounded to a float."""


class Neighbours(NamedTuple):
    """Critical points of one energy at overlap q with the minimum.

    ``sigma`` is their complexity, ``shift`` the t_1 of their Hessian; ``isolated`` its eigenvalue for the direction
    towards the minimum and ``alignment`` the squared overlap of its eigenvector with it, if ``outside > 1``
    (else it is not apart from the bulk). ``centre`` and ``share`` are mean and variance of the row of that
    direction, in units of the rest.
    """

    sigma: Number
    shift: Number
    isolated: Number
    alignment: Number
    outside: Number
    centre: Number
    share: Number


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Of a minimum of that energy and shift; in arrays (``lower``) or in mpmath numbers (``lower_exact``)."""

    theory: TwoPoints
    energy: Number
    shift: Number
    lowering: Lowering = lower

    @cached_property
    def unit(self) -> float:
        """Of energies and eigenvalues: the scale of the Hessian."""
        return float(self.theory.scale)

    def at(self, q: Number, energy: Number, *, bulk: bool = True) -> Neighbours:
        """The most numerous of that energy whose ``bulk`` is not below zero, ``t_1 >= 2``, or of any shift."""
        if self.theory.pure:
            return self.with_shift(q, energy, energy / self.energy * self.shift)
        mean, variance, _ = self.shift_law(q, energy)
        return self.with_shift(q, energy, self.best_shift(mean, variance, bulk=bulk))

    def with_shift(self, q: Number, energy: Number, shift: Number) -> Neighbours:
        """Those of that energy and shift."""
        covariance, pull, entropy, share, scale = self._parts(q)
        d = self._given(self.energy, energy, self.shift, shift)
        half = len(d) // 2
        solved, own = solve(covariance, d), solve([row[:half] for row in covariance[:half]], d[:half])
        centre = dot(pull, solved) / scale
        y = self._outside(centre, share)[0]
        z, alignment = self._isolated((1 + y + abs(y - 1)) / 2, share)
        sigma = entropy + self._phi(shift)[0] - (dot(d, solved) - dot(d[:half], own)) / 2
        return Neighbours(sigma, shift, scale * (shift + z), alignment, y, centre, share)

    def highest(self, q: Number) -> Number:
        """The energy of the most numerous with ``t_1 >= 2`` at that overlap."""
        mean, variance, energy = self.shift_law(q, None)
        return energy(self.best_shift(mean, variance))

    def shift_law(self, q: Number, energy: Number | None) -> tuple[Number, Number, Callable[[Number], Number]]:
        """Mean of t_1 at vanishing gradients, N times its variance, and the mean energy at given t_1.

        At that ``energy``, unless it is None: then it is free.
        """
        names, covariance = self.theory.names, self._parts(q)[0]
        free = [WS[1]] if energy is not None or self.theory.pure else [WS[1], ENERGIES[1]]
        rows, known = [names.index(x) for x in free], [i for i, x in enumerate(names) if x not in free]
        given = self._given(self.energy, 0 if energy is None else energy, self.shift, 0)
        inner = [[covariance[i][j] for j in known] for i in known]
        gains = [solve(inner, [covariance[i][r] for i in known]) for r in rows]
        means = [dot(gain, [given[i] for i in known]) for gain in gains]
        spread = [covariance[rows[0]][r] - dot(gains[0], [covariance[i][r] for i in known]) for r in rows]
        per_w = self.shift / given[names.index(WS[0])]

        def energy_at(shift: Number) -> Number:
            if self.theory.pure:
                return self.energy / self.shift * shift
            return means[-1] + spread[-1] / spread[0] * (shift / per_w - means[0])

        return means[0] * per_w, spread[0] * per_w**2, energy_at

    def best_shift(self, mean: Number, variance: Number, *, bulk: bool = True) -> Number:
        """Where ``Phi(t) - (t - mean)^2/(2 variance)`` is largest; from 2 on, where the ``bulk`` is not below zero."""
        candidates = self._candidates(mean, variance)
        if bulk:
            return candidates[0]
        inside = max(-2, min(candidates[1], 2))
        return max(
            (candidates[0], inside, candidates[2]), key=lambda t: self._phi(t)[0] - (t - mean) ** 2 / variance / 2
        )

    def _parts(self, q: Number) -> tuple[list[list[Number]], list[Number], Number, Number, Number]:
        """``K``, ``k``, ``S``, ``delta``, and the scale of the Hessian."""
        n, values = len(self.theory.names), self._numbers(q)
        rows = [values[n * i : n * (i + 1)] for i in range(n + 1)]
        return rows[:n], rows[n], *values[n * (n + 1) :]

    @cached_property
    def _numbers(self) -> Callable[..., list[Any]]:
        t = self.theory
        return self.lowering((OVERLAP,), [*t.covariance, *t.pull, t.entropy, t.share, t.scale])

    @cached_property
    def _given(self) -> Callable[..., list[Any]]:
        return self.lowering((*ENERGIES, *SHIFTS), list(self.theory.given))

    @cached_property
    def _candidates(self) -> Callable[..., list[Any]]:
        return self.lowering((MEAN, VARIANCE), [c.stationary for c in total_candidates()])

    @cached_property
    def _phi(self) -> Callable[..., list[Any]]:
        return self.lowering((SHIFT,), [phi()])

    @cached_property
    def _outside(self) -> Callable[..., list[Any]]:
        return self.lowering((CENTRE, SHARE), [outside()])

    @cached_property
    def _isolated(self) -> Callable[..., list[Any]]:
        return self.lowering((Y, SHARE), list(isolated()))


def dot(a: Sequence[Number], b: Sequence[Number]) -> Number:
    """``sum_i a_i b_i``."""
    return sum(x * y for x, y in zip(a, b, strict=True))


def solve(matrix: Sequence[Sequence[Number]], right: Sequence[Number]) -> list[Number]:
    """``matrix^-1 right`` of a positive-definite matrix of arrays or of mpmath numbers."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for i, pivot in enumerate(rows):
        for row in rows[i + 1 :]:
            row[i:] = [x - row[i] / pivot[i] * y for x, y in zip(row[i:], pivot[i:], strict=True)]
    found: list[Number] = []
    for i, row in reversed(list(enumerate(rows))):
        found.insert(0, (row[-1] - dot(row[i + 1 : -1], found)) / row[i])
    return found


class Minimum(NamedTuple):
    """What surrounds the most numerous minima of one energy, in floats and in mpmath numbers, and their complexity."""

    rough: Surroundings
    exact: Surroundings
    sigma: Quantity


def minimum(landscape: GaussianLandscape, energy: float, guard: int = GUARD) -> Minimum:
    """The most numerous minima of that energy, to so many digits more. ``ValueError`` where there are none."""
    for symbol in landscape.free_symbols:
        raise ValueError(f"{called(symbol.name)} is missing: it has no value")
    theory, action = TwoPoints(landscape), KacRice(landscape).at_energy()
    found = complexity(landscape, 0.0, 0, energy=energy)
    if not float(found.sigma) >= -ROUNDING:
        few = (
            "none has only positive eigenvalues" if np.isinf(found.sigma) else f"their complexity is {found.sigma:.3g}"
        )
        raise ValueError(f"{called('energy', f'{energy!r}')}: there are no minima of that energy, {few}")
    if float(found.sigma) > ROUNDING:
        _require_typical(found, quenched(landscape, 0.0, 0, energy=energy, breaking=0), energy)
    with mp.workdps(DIGITS + guard):
        at = mp.mpf(repr(float(energy)))
        mean, variance = lower_exact((ENERGY,), [action.shift_mean.subs(M, 0), action.shift_variance])(at)
        shift = mean if theory.pure else Surroundings(theory, at, mean, lower_exact).best_shift(mean, variance)
    sigma = Quantity(float(found.sigma), float(found.error), "complexity of minima of that energy, annealed")
    return Minimum(Surroundings(theory, energy, float(shift)), Surroundings(theory, at, shift, lower_exact), sigma)


def _require_typical(annealed: ComplexityResult, typical: QuenchedComplexity, energy: float) -> None:
    """Averages over pairs say what surrounds a typical minimum only where the mean number of minima is typical."""
    if abs(typical.sigma - float(annealed.sigma)) <= ROUNDING:
        return
    why = typical.reason or f"it is {typical.sigma:.6g}"
    raise ValueError(
        f"{called('energy', f'{energy!r}')}: what surrounds its minima is known where the mean number of these, "
        f"Sigma = {float(annealed.sigma):.6g}, is typical; {why}"
    )


def halfway(landscape: GaussianLandscape) -> float:
    """An energy of minima, between the lowest and the most numerous that are not all but marginal, to four digits."""
    lowest, highest = lowest_minima(landscape, 0), complexity(landscape, 0.0, 0)
    if not (lowest.exists[0] and float(highest.sigma) > 0):
        raise ValueError(
            f"{called('energy')} is missing: the number of minima of {landscape!r} is not exponential in N"
        )
    energies = np.linspace(lowest.value[0], float(highest.energy), KEPT)
    apart = energies[complexity(landscape, np.zeros(KEPT), 0, energy=energies).t > 2 + ROUNDING]
    return float(f"{(lowest.value[0] + (apart.max() if apart.size else energies[-1])) / 2:.4g}")


AVERAGE = "annealed over the minimum and its neighbours (the mean number of pairs over that of minima)"
MEANINGS = {
    "sigma": "complexity of critical points of that energy at that overlap, annealed over both",
    "shift": "shift t_1 of their Hessian",
    "isolated_eigenvalue": "of their Hessian, for the direction towards the minimum",
    "alignment": "squared overlap of its eigenvector with that direction",
}
IN_THE_BULK = "the direction towards the minimum is not apart from the bulk"


def neighbours(landscape: GaussianLandscape, energy: float, overlap: float, neighbour_energy: float) -> Numbers:
    """Critical points of energy ``neighbour_energy`` at that overlap with a minimum of ``energy``."""
    guard = GUARD + int(np.ceil(-LOST * np.log10(1 - abs(float(overlap)))))
    around, lowest = minimum(landscape, energy, guard), ground_energy(landscape)
    if abs(neighbour_energy) > abs(lowest) * (1 + ROUNDING):
        beyond = f"typically there are none beyond the ground state, E = {lowest:.10g}"
        raise ValueError(f"{called('neighbour_energy', f'{neighbour_energy!r}')}: {beyond}")
    with mp.workdps(DIGITS + guard):
        place = mp.mpf(repr(float(overlap))), mp.mpf(repr(float(neighbour_energy)))
        found = around.exact.at(*place, bulk=False)
    settings = {"energy": energy, "overlap": overlap, "neighbour_energy": neighbour_energy}
    return Numbers(
        {},
        {"sigma_0": around.sigma, **_described(found, around.rough.unit)},
        settings,
        message=f"E_0 = {energy!r}; {AVERAGE}",
    )


def ground_energy(landscape: GaussianLandscape) -> float:
    """Of Parisi's formula: below it averages over pairs count what a typical landscape does not have."""
    return float(statics(landscape).energy)


def _described(found: Neighbours, unit: float) -> dict[str, Quantity]:
    """To the digits of a float; ``unit`` is that of energies."""
    values = {"sigma": found.sigma, "shift": found.shift}
    values |= {"isolated_eigenvalue": found.isolated, "alignment": found.alignment} if found.outside > 1 else {}
    absent = {key: Quantity.absent(IN_THE_BULK, text) for key, text in MEANINGS.items()}
    units = {"isolated_eigenvalue": unit}
    return absent | {key: _rounded(x, MEANINGS[key], units.get(key, 1.0)) for key, x in values.items()}


def _rounded(value: Number, meaning: str, unit: float = 1.0) -> Quantity:
    """Of mpmath, to the digits of a float; numbers far below their ``unit`` have lost digits."""
    return Quantity(float(value), RELATIVE * (unit + abs(float(value))), meaning)


def neighbourhood(landscape: GaussianLandscape, energy: float) -> Numbers:
    """The lowest energy at which there are critical points, by overlap with a minimum of that ``energy``.

    On the way out from the minimum it falls to its first minimum, the lowest barrier; up to there the points are
    saddles of index one, whose negative direction leads to the minimum. Only points with ``t_1 >= 2`` are counted.
    """
    around = minimum(landscape, energy)
    rough, q = around.rough, np.linspace(0, CLOSEST, NODES)
    same = _last_zero(around, lambda s, at: s.at(at, s.energy).sigma, q, "beyond it there is no other of its energy")
    beyond = "beyond it there is no other whose bulk is not below zero"
    closest = _last_zero(around, lambda s, at: s.at(at, s.highest(at)).sigma, q, beyond)
    if closest.reason:
        raise ValueError(f"{called('energy', f'{energy!r}')}: no closest neighbour of its minima, {closest.reason}")
    seen, kept = q[q <= closest.value], np.linspace(0, closest.value, KEPT)[:-1]
    numbers = {
        "sigma_0": around.sigma,
        "shift_0": _rounded(around.exact.shift, "shift t_0 of its Hessian"),
        **_barrier(around.exact, seen, lowest_energy(rough, seen)),
        "same_energy_overlap": same,
        "closest_overlap": closest,
    }
    return Numbers(
        {"overlap": Axis(kept, "$q$")},
        numbers | _curve(around, kept, ground_energy(landscape)),
        {"energy": energy},
        message=f"E_0 = {energy!r}; {AVERAGE}",
    )


def lowest_energy(around: Surroundings, q: Array) -> Array:
    """Where the complexity of points with ``t_1 >= 2`` rises through zero; nan where it stays below."""
    high = np.broadcast_to(around.highest(q), q.shape)
    step, low = np.full(q.shape, 1e-2 * around.unit), high
    for _ in range(DOUBLINGS):
        low = np.where(around.at(q, low).sigma > 0, high - step, low)
        step = 2 * step
    roots = between(lambda e, at: around.at(at, e).sigma, low, high, q)
    return np.where(around.at(q, high).sigma > 0, roots.value, np.nan)


def _last_zero(around: Minimum, sigma: Callable[[Surroundings, Number], Number], q: Array, meaning: str) -> Quantity:
    """Where a complexity falls below zero for the last time."""
    above = np.flatnonzero(sigma(around.rough, q) > 0)
    if not above.size:
        return Quantity.absent("there are none", meaning)
    if above[-1] + 1 == q.size:
        return Quantity.absent(f"there are such as close as q = {CLOSEST}", meaning)
    start = between(lambda at: sigma(around.rough, at), q[above[-1]], q[above[-1] + 1])
    with mp.workdps(DIGITS + GUARD):
        root = polish(lambda at: [sigma(around.exact, at)], (float(start.value),), DIGITS, slack=2 / NODES)
        return _rounded(root.value[0], meaning)


def _curve(around: Minimum, q: Array, lowest: float) -> dict[str, Quantity]:
    """Along q; the error of the energy is what mpmath says of the complexity there, over its slope.

    No numbers below the ``lowest`` energy of all.
    """
    energy = lowest_energy(around.rough, q)
    energy = np.where(energy < lowest * (1 + ROUNDING), np.nan, energy)
    step = 1e-6 * around.rough.unit
    after, before = (around.rough.at(q, energy + move) for move in (step, -step))
    slope, lever = ((getattr(after, k) - getattr(before, k)) / (2 * step) for k in ("sigma", "isolated"))
    with mp.workdps(DIGITS + GUARD):
        found = [around.exact.at(mp.mpf(at), mp.mpf(e)) for at, e in zip(q, energy, strict=True)]
    error = 2 * np.abs([float(point.sigma) for point in found] / slope) + np.spacing(np.abs(energy))
    apart = np.array([bool(point.outside > 1) for point in found])
    isolated = np.where(apart, [float(point.isolated) for point in found], np.nan)
    return {
        "energy": Quantity(
            energy, error, "lowest energy of critical points at that overlap", over=("overlap",), symbol="$E_1$"
        ),
        "isolated_eigenvalue": Quantity(
            isolated,
            error * np.abs(lever) + np.spacing(np.abs(isolated)),
            MEANINGS["isolated_eigenvalue"],
            over=("overlap",),
            symbol=r"$\lambda$",
        ),
    }


def _barrier(around: Surroundings, q: Array, energy: Array) -> dict[str, Quantity]:
    """The first minimum of the energy on the way out, where ``Sigma`` and its slope in q vanish."""
    names = {
        "barrier": "lowest energy of the saddles that lead away from the minimum",
        "barrier_overlap": "of the saddle with the minimum",
        "barrier_isolated_eigenvalue": MEANINGS["isolated_eigenvalue"],
    }
    lowest = np.flatnonzero((energy[1:-1] < energy[:-2]) & (energy[1:-1] < energy[2:])) + 1
    if not lowest.size:
        return {name: Quantity.absent("the lowest energy falls all the way out", text) for name, text in names.items()}
    if energy[lowest[-1]] <= float(around.energy):
        none = (
            "the lowest energy falls below that of the minimum before it rises again: no barrier follows from averages"
        )
        return {name: Quantity.absent(none, text) for name, text in names.items()}

    unit = around.unit

    def residuals(at: Number, e: Number) -> list[Number]:
        return [around.at(at, unit * e).sigma, mp.diff(lambda x: around.at(x, unit * e).sigma, at)]

    place = lowest[-1]
    with mp.workdps(DIGITS + GUARD):
        at, e = polish(residuals, (float(q[place]), float(energy[place]) / unit), DIGITS, slack=2 / NODES).value
        found = around.at(at, unit * e)
    values = ((unit * e, unit), (at, 1.0), (found.isolated, unit))
    return {name: _rounded(x, text, size) for (name, text), (x, size) in zip(names.items(), values, strict=True)}
