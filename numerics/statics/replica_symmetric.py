"""Equilibrium of one state: its overlaps q and m, from all stationary points, and whether it is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq

from theory.landscape import GaussianLandscape
from theory.statics.replica_symmetric import ReplicaSymmetric
from theory.symbols import INVERSE_TEMPERATURE, OVERLAP, SIGNAL_OVERLAP

from ..lowering import Array, lower
from .solve import Statics, statics

PLACES = np.concatenate([[0.0], 1 / (1 + np.exp(-np.linspace(-36, 36, 2001)))])
"""Trial values of q, even in ``ln(q/(1 - q))``."""
NET = np.linspace(-0.98, 0.98, 15)
"""Overlaps with the signal among which none may have a lower free energy than equilibrium."""
FLAT, SAME, ROUNDED = 1e-14, 1e-6, 1e-12
"""``m^2`` that is zero up to rounding; difference to the overlap of the certified minimum; of ``|F| + T``, rounding."""
HOT, COLD = 1e-6, 1e6
"""Of beta in units of the largest slopes of f and g: below, one state at overlaps of order beta; of ``1/sqrt(f'(1))``,
above, which statics cannot certify."""


@dataclass(frozen=True)
class State:
    """Overlap q of two of its configurations, m with the signal, and the free energy per spin."""

    q: float
    m: float
    free_energy: float


def equilibrium(landscape: GaussianLandscape, beta: float) -> State:
    """The state of lowest free energy at inverse temperature ``beta > 0``.

    ``ValueError`` where it is not one of unbroken replica symmetry, as the certificate of Parisi's functional at its
    overlap with the signal says, or where some other overlap has a lower free energy.
    """
    return _equilibrium(landscape, float(beta))


@lru_cache(maxsize=64)
def _equilibrium(landscape: GaussianLandscape, beta: float) -> State:
    places = overlaps(landscape, beta)
    if _is_hot(landscape, beta):
        # overlaps whose squares are no numbers are those of first order
        return _hot(landscape, beta, places[0] if places else (0.0, beta * float(landscape.g(1, 0))))
    _require_warm(landscape, beta)
    stationary = [_statics(landscape, beta, m) for _, m in places]
    states = [found for place, found in zip(places, stationary, strict=True) if _certified(found, place[0])]
    net = [_statics(landscape, beta, m) for m in NET] if landscape.mean != 0 else []
    best = min([*stationary, *net], key=lambda found: found.free_energy)
    lowest = min(states, key=lambda found: found.free_energy, default=None)
    rounded = ROUNDED * (abs(best.free_energy) + 1 / beta)
    if lowest is None or best.free_energy + best.free_energy_error + rounded < lowest.free_energy:
        raise ValueError(_broken(beta, best))
    (q,) = (place[0] for place, found in zip(places, stationary, strict=True) if found is lowest)
    return State(q, lowest.overlap, lowest.free_energy)


def informed(landscape: GaussianLandscape, beta: float) -> State:
    """The state of the largest overlap with the signal, metastable or not, or of the largest against it where there is
    none along it (``-m^3``); ``ValueError`` where there is neither."""
    places = sorted(overlaps(landscape, beta), key=lambda found: found[1])
    place = max(places[-1], places[0], key=lambda found: (found[1] > 0, abs(found[1])))
    if place[1] == 0:
        raise ValueError(f"beta = {beta:g}: no state overlaps with the signal; use a larger beta or start = 'random'")
    if _is_hot(landscape, beta):
        return _hot(landscape, beta, place)
    _require_warm(landscape, beta)
    found = _statics(landscape, beta, place[1])
    if not _certified(found, place[0]):
        raise ValueError(_broken(beta, found))
    return State(*place, found.free_energy)


def _is_hot(landscape: GaussianLandscape, beta: float) -> bool:
    slopes = [landscape.f(1, 1), landscape.f(2, 1)], [landscape.g(1, 1), landscape.g(2, 1)]
    noise, signal = (sum(abs(float(slope)) for slope in pair) for pair in slopes)
    return bool(beta * (np.sqrt(noise) + signal) < HOT)


def _hot(landscape: GaussianLandscape, beta: float, place: tuple[float, float]) -> State:
    """``F = -beta [f(1) + g'(0)^2]/2`` to first order: nothing is broken at such temperatures."""
    return State(*place, -beta * (float(landscape.f(0, 1)) + float(landscape.g(1, 0)) ** 2) / 2)


def _require_warm(landscape: GaussianLandscape, beta: float) -> None:
    coldest = COLD / float(np.sqrt(float(landscape.f(1, 1))))
    if beta > coldest:
        raise ValueError(f"beta = {beta:g}: too cold for a certificate of that start; use at most {coldest:.2g}")


def _statics(landscape: GaussianLandscape, beta: float, m: float) -> Statics:
    return statics(landscape, temperature=1 / beta, overlap=m)


def _certified(found: Statics, q: float) -> bool:
    return found.breaking == "RS" and abs(found.order_parameter["self_overlap"] - q) <= SAME


def _broken(beta: float, found: Statics) -> str:
    where = f"at overlap {found.overlap:.3g} with the signal it is " if found.overlap else ""
    where += found.breaking
    return f"beta = {beta:g}: equilibrium is not one state of unbroken replica symmetry ({where}); use a smaller beta"


def overlaps(landscape: GaussianLandscape, beta: float) -> list[tuple[float, float]]:
    """All (q, m) at which the replica-symmetric free energy is stationary.

    Along ``m = +-sqrt(q - beta^2 (1 - q)^2 f'(q))``, where ``beta (1 - q) g'(m) - m`` changes sign.
    """
    along, across = ReplicaSymmetric(landscape).conditions
    functions = lower((OVERLAP, SIGNAL_OVERLAP, INVERSE_TEMPERATURE), [along.rhs - along.lhs, OVERLAP - across.rhs])

    @np.errstate(all="ignore")
    def squared(q: Array | float) -> Array:
        values = np.asarray(functions(q, 0.0, beta)[1], dtype=np.float64) + 0 * np.asarray(q)
        return np.where(np.abs(values) < FLAT * np.asarray(q), 0.0, values)

    @np.errstate(all="ignore")
    def excess(q: Array | float, sign: float) -> Array:
        values = squared(q)
        pull = np.asarray(functions(q, sign * np.sqrt(np.maximum(values, 0.0)), beta)[0], dtype=np.float64)
        return np.where(values < 0, np.nan, pull + 0 * np.asarray(q))

    ends = _roots(squared, PLACES)
    found = [(q, 0.0) for q in ends if excess(q, 1.0) == 0]
    for sign in (1.0, -1.0):
        inside = _roots(lambda q, sign=sign: excess(q, sign), np.union1d(PLACES, ends))  # type: ignore[misc]
        found += [(q, sign * float(np.sqrt(squared(q)))) for q in inside if squared(q) > 0]
    return found


def _roots(function: Callable[[Array | float], Array], places: Array) -> list[float]:
    """At the places, and where it changes sign between neighbours."""
    values = function(places)
    changes = np.flatnonzero(np.sign(values[:-1]) * np.sign(values[1:]) < 0)
    between = [_root(function, float(places[i]), float(places[i + 1])) for i in changes]
    return [*map(float, places[values == 0]), *between]


def _root(function: Callable[[Array | float], Array], low: float, high: float) -> float:
    return float(brentq(lambda q: float(function(q)), low, high, xtol=1e-300, rtol=1e-15))
