"""From a solution on a grid to the exact order parameter: which atoms and bands it has, and their places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import root
from sympy import Expr

from theory.statics.ansatz import Ansatz, Part

from ..errors import ConvergenceError
from ..lowering import Array, lower, lower_exact
from ..roots import polish
from .covariance import UnitCovariance
from .interior_point import GridSolution
from .order_parameter import OrderParameter

DIGITS = 20
SIGNIFICANT = (1e-7, 1e-11)
"""Growth of x/T times ``(1 - q)^2`` from which a place of the grid is one of the support; the second finds faint ones.
"""
REACHES = (0.0, 0.08, -0.04, 0.5, 0.9, 0.99)
"""Parts of a band by which the grid may see it too long; the last three where it may be shorter than a cell."""
NARROW = 7
ATOM_WIDTH = 3
"""Points of the grid over which an atom between two of them may seem to spread."""
LARGEST_TRIES = 48


class Exact(NamedTuple):
    """Ansatz, values of its unknowns to 20 digits, and the order parameter as numbers."""

    ansatz: Ansatz
    unknowns: tuple[Any, ...]
    order: OrderParameter


class _Cluster(NamedTuple):
    """Neighbouring points of the grid at which x grows."""

    low: float
    high: float
    centre: float
    chi: float
    width: int
    first: bool
    last: bool


def exact_order(f: UnitCovariance, temperature: Expr, solution: GridSolution, tolerance: float) -> Exact | None:
    """Of the admissible ansaetze that the grid suggests the first certified to ``tolerance``, or the best; or None."""
    best: Exact | None = None
    before: list[_Cluster] | None = None
    for significance in SIGNIFICANT:
        clusters = _clusters(solution, significance)
        if clusters == before:
            break
        before = clusters
        reaches = REACHES if any(1 < cluster.width < NARROW for cluster in clusters) else REACHES[:3]
        for ansatz in islice(_candidates(f, temperature, clusters), LARGEST_TRIES):
            for reach in reaches if "band" in ansatz.parts else REACHES[:1]:
                found = _solved(f, ansatz, _start(ansatz, clusters, solution, reach))
                if found is None or not found.order.admissible:
                    continue
                if found.order.gap <= tolerance:
                    return found
                if best is None or found.order.gap < best.order.gap:
                    best = found
    return best


def _candidates(f: UnitCovariance, temperature: Expr, clusters: Sequence[_Cluster]) -> Iterator[Ansatz]:
    """Each cluster as an atom or a band, the likelier first; pinned at the ends of [0, 1] where it touches them."""
    choices: list[Sequence[Part]] = [
        ("atom", "band") if cluster.width <= ATOM_WIDTH else ("band", "atom") for cluster in clusters
    ]
    cold = temperature == 0
    for parts in product(*choices):
        at_one = [True, False] if cold and clusters and clusters[-1].last and parts[-1] == "band" else [False]
        for zero, one in product(_at_zero(f, clusters, parts), at_one):
            if not (zero and parts[0] == "band" and f(0.0)[2] == 0):  # chi = 1/sqrt(f'') is finite on a band
                yield Ansatz(f.scaled, parts, zero, one, temperature)
    if clusters and f.field == 0 and f(0.0)[2] > 0 and not clusters[0].first:
        # a band from q = 0 on may also be too faint to be seen at all
        faint: Part = "band"
        for parts in product(*choices):
            yield Ansatz(f.scaled, (faint, *parts), True, False, temperature)


def _at_zero(f: UnitCovariance, clusters: Sequence[_Cluster], parts: Sequence[Part]) -> list[bool]:
    """Without field, support that touches q = 0 on the grid is pinned there; a band may be too faint there to show."""
    if not clusters or f.field > 0:
        return [False]
    if clusters[0].first:
        return [True]
    return [False, True] if parts[0] == "band" else [False]


def _clusters(s: GridSolution, significance: float) -> list[_Cluster]:
    """Points where growth exceeds its multiplier, joined over gaps of two."""
    total = float(np.sum(s.growth * (1 - s.q[: s.growth.size]) ** 2))
    least = significance * (max(1.0, total) if s.q[-1] == 1 else total)
    q = s.q[: s.growth.size]
    support = np.flatnonzero((s.growth > s.multiplier) & (s.growth > 0))
    groups = np.split(support, np.flatnonzero(np.diff(support) > 3) + 1) if support.size else []
    clusters = []
    for group in groups:
        weight = s.growth[group]
        if np.sum(weight * (1 - q[group]) ** 2) < least:
            continue
        centre = float(np.average(q[group], weights=weight))
        last = bool(group[-1] >= s.growth.size - 8)
        high = float(q[min(group[-1] + (group.size == 1), q.size - 1)])
        chi = float(np.interp(centre, s.q, s.chi))
        width = int(group[-1] - group[0] + 1)
        clusters.append(_Cluster(float(q[group[0]]), high, centre, chi, width, bool(group[0] <= 1), last))
    return clusters


def _start(ansatz: Ansatz, clusters: Sequence[_Cluster], s: GridSolution, inwards: float) -> list[float]:
    """Values of the unknowns by name, read off the grid; bands shortened by a fraction at both ends."""
    if len(ansatz.parts) > len(clusters):
        first = clusters[0]
        clusters = [first._replace(low=0.0, high=first.low / 2, width=ATOM_WIDTH + 1), *clusters]
    values = {f"c_{len(clusters) + 1}": float(s.chi[-1])}
    for i, cluster in enumerate(clusters, start=1):
        shorter = inwards * (cluster.high - cluster.low)
        isolated = ansatz.parts[i - 1] == "atom"
        values |= {f"q_{i}": cluster.centre if isolated else max(cluster.low + shorter, 1e-6)}
        values |= {f"c_{i}": cluster.chi, f"b_{i}": cluster.high - shorter}
    return [values[symbol.name] for symbol in ansatz.unknowns]


def _solved(f: UnitCovariance, ansatz: Ansatz, start: Sequence[float]) -> Exact | None:
    """Newton in double precision, then to 20 digits; None where it fails or leaves the domain."""
    values: tuple[Any, ...] = ()
    residuals = [condition.lhs - condition.rhs for condition in ansatz.conditions]
    if len(residuals) != len(ansatz.unknowns):  # bands of a part of degree 2 alone: chi is constant, any end will do
        return None
    if residuals:
        function = lower(ansatz.unknowns, residuals)

        def values_of(u: Array) -> Array:
            return np.array(function(*u), dtype=float)

        with np.errstate(all="ignore"):
            found = root(values_of, np.array(start), tol=1e-12)
        if not (np.all(np.isfinite(found.x)) and np.max(np.abs(found.fun)) < 1e-6):
            return None
        exact = lower_exact(ansatz.unknowns, residuals)
        try:
            values = polish(exact, tuple(float(x) for x in found.x), DIGITS, slack=1e-2).value
        except ConvergenceError:
            return None
    try:
        order = _as_numbers(f, ansatz, values)
    except (TypeError, ValueError):
        return None
    return Exact(ansatz, values, order)


def _as_numbers(f: UnitCovariance, ansatz: Ansatz, values: Sequence[Any]) -> OrderParameter:
    """Points in order. Raises ValueError where they are not, or where chi is not a positive real number."""
    last_q, last_chi = ansatz.ends[-1][2:] if ansatz.parts else (None, None)
    stretches = ansatz.stretches
    expressions = [e for s in stretches for e in (s.a, s.left)]
    expressions += [stretches[-1].b, stretches[-1].right] if stretches else [last_q, last_chi]
    numbers = [float(x) for x in lower_exact(ansatz.unknowns, expressions)(*values)]
    q, chi = np.array(numbers[0::2]), np.array(numbers[1::2])
    if not (np.all(np.isfinite(numbers)) and np.all(np.diff(q) > 0) and q[0] >= 0 and q[-1] <= 1 and np.all(chi > 0)):
        raise ValueError(f"no order parameter: {numbers}")
    band = np.array([stretch.band for stretch in stretches], dtype=bool)
    return OrderParameter(f, float(ansatz.temperature), q, chi, band)
