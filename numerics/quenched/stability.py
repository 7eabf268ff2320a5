"""Whether a saddle breaks replica symmetry further, and the outlier of the Hessian of the points it counts."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eig
from scipy.optimize import minimize_scalar
from sympy import Integer

from theory.kac_rice.breaking import JET, LEFT, PLACE, TANGENT, Breaking
from theory.kac_rice.replicated_hessian import ReplicatedHessian

from ..lowering import Array, lower
from .action import action
from .saddle import Saddle

PLACES = (1 - np.cos(np.pi * (np.arange(160) + 0.5) / 160)) / 2
"""Between the innermost overlap and 1."""
RELATIVE = 1e-9


class Group(NamedTuple):
    """The best overlap for groups of replicas to form at, the other entries there, and W."""

    q: float
    r: float
    d: float
    gain: float


@lru_cache(maxsize=4)
def _breaking(level: int) -> tuple[Callable[..., list[Array]], Callable[..., list[Array]]]:
    """At the level: tangent and curvature; then at a place q: ``r_q, d_q, W``, one after the other."""
    act = action(level)
    theory = Breaking(act.theory)
    given = (*act.unknowns, *theory.jet)
    at_level = lower(given, theory.tangent)
    q, r, d = PLACE
    left = theory.left
    response = theory.response.subs(LEFT, left)
    along = (q, *JET, *TANGENT, *given)
    first = lower(along, [left, response])
    then = lower((LEFT, r, *along), [theory.conjugate])
    last = lower((r, d, *along), [theory.gain])

    def at(*values: ArrayLike) -> list[Array]:
        m_q, r_q = first(*values)
        d_q = then(m_q, r_q, *values)[0]
        return [r_q, d_q, *last(r_q, d_q, *values)]

    return at_level, at


@lru_cache(maxsize=8)
def _curvature(breaking: int, level: int) -> Callable[..., list[Array]]:
    theory = Breaking(action(breaking).theory, level)
    return lower((*action(breaking).unknowns, *theory.jet), list(theory.curvature))


def replicon(saddle: Saddle, level: int) -> float:
    """Curvature in q of W at a level, r and d following: stable where it is negative."""
    curvature = np.reshape(_curvature(saddle.action.breaking, level)(*_given(saddle, level)), (3, 3))
    return float(curvature[0, 0] - curvature[0, 1:] @ np.linalg.solve(curvature[1:, 1:], curvature[1:, 0]))


def grouping(saddle: Saddle) -> Group:
    """Where W is highest between the innermost overlap and 1."""
    at_level, at = _breaking(saddle.action.breaking)
    given, inner = _given(saddle, -1), float(saddle.overlaps[-1])
    tangent = at_level(*given)

    def w(q: ArrayLike) -> list[Array]:
        return at(q, *saddle.problem.f(q), *tangent, *given)

    places = inner + (1 - inner) * PLACES
    i = int(np.nanargmax(w(places)[2]))
    ends = places[max(i - 1, 0)], places[min(i + 1, len(places) - 1)]
    found = minimize_scalar(lambda q: -float(w(q)[2]), bounds=ends, method="bounded", options={"xatol": 1e-9})
    return Group(float(found.x), *(float(value) for value in w(found.x)))


def _given(saddle: Saddle, level: int) -> list[ArrayLike]:
    return [*saddle.x, *saddle.problem.f(saddle.overlaps[level])]


@lru_cache(maxsize=4)
def _forms(breaking: int) -> Callable[..., list[Array]]:
    forms = ReplicatedHessian(action(breaking).theory, Integer(0)).forms()
    return lower(action(breaking).arguments, [entry for form in forms for entry in form])


def outlier(saddle: Saddle) -> float:
    """``y`` of the Hessian's eigenvalue ``sqrt(f''(1)) (t - y - 1/y)``, outside the bulk for ``y > 1``; 0 if none."""
    act, size = saddle.action, saddle.action.breaking + 2
    values = _forms(act.breaking)(*act.numbers(saddle.problem, saddle.x, saddle.t, saddle.energy))
    length, mean, lost = np.array(values, dtype=float).reshape(3, size, size)
    scale = np.sqrt(saddle.problem.one[2])
    mean, lost = mean / scale, lost / scale**2
    # y^2 |e|^2 + y M + lost as a linear problem of twice the size
    zero, one = np.zeros((size, size)), np.eye(size)
    roots, vectors = eig(np.block([[zero, one], [-lost, -mean]]), np.block([[one, zero], [zero, length]]))
    found = [0.0]
    for y, vector in zip(roots, vectors.T, strict=True):
        if not np.isfinite(y) or abs(y.imag) > RELATIVE * abs(y) or y.real <= 0:
            continue
        e, depth = vector[:size].real, float(y.real)
        if e @ (depth**2 * length - lost) @ e > 0:
            found.append(depth)
    return max(found)
