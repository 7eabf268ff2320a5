"""One block of time: predict it from the block before, then Newton on its collocation equations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import lu_factor, lu_solve

from ...lowering import Array
from . import kernel, store
from .kernel import NO_SIGNAL, History, Law, Rule, System
from .rule import derivative, last_coefficients

CONVERGED, ACCEPTED, LARGEST_COUNT = 1e-10, 1e-8, 12
PREDICTOR = 4
"""Degree of the extrapolation that starts Newton: higher ones go astray over a block as wide as the last."""


@dataclass(frozen=True, eq=False)
class Block:
    """A solved block: the history that ends with it, ``mu`` and ``e`` at its stages, and how well it is resolved.

    ``time_tail`` and ``space_tail`` are the largest last coefficients of C, R (weighted by the interval that it acts
    on) and the overlap, in time and in t'.
    """

    history: History
    mu: Array
    energy: Array
    time_tail: float
    space_tail: float
    iterations: int
    factorisations: int


def solve_block(law: Law, rule: Rule, guess: History, mu: Array, times: Array) -> Block | None:
    """Newton from the guess held in the last block; None when it does not converge."""
    q = times.size
    C, R, overlap = store.block(guess, guess.t.size - 1, q)  # noqa: N806
    nodes = C.shape[1]
    size, mu = q * (2 * nodes + 2), mu.copy()
    F, J, none = np.empty(size), np.empty((size, size)), np.empty((0, 0))  # noqa: N806
    slope = 2 / (guess.x[-1] - guess.x[-2]) * derivative(rule.stages)
    lags = np.array([kernel.nodes_at(guess.grid[-1], t, rule, guess) for t in times])
    weight = np.ones((q, 2 * nodes + 2))
    weight[:, nodes : 2 * nodes] = reach(lags, times[:, None], rule)
    memo = _memo(rule, guess, times, nodes)
    factors, factorisations, last = None, 0, np.inf
    for count in range(1, LARGEST_COUNT + 1):
        fresh = factors is None
        kernel.residual(law, rule, guess, times, slope, mu, System(F, J if fresh else none, fresh, *memo))
        if factors is None:
            # the transpose of a C-ordered matrix is what LAPACK factors in place
            factors, factorisations = lu_factor(J.T, overwrite_a=True, check_finite=False), factorisations + 1
        step = lu_solve(factors, -F, trans=1, check_finite=False).reshape(q, -1)
        change = float(np.max(np.abs(step * weight)))
        if not np.isfinite(change) or change > 1e3:
            return None
        C[1:] += step[:, :nodes]
        R[1:] += step[:, nodes : 2 * nodes]
        overlap[1:] += step[:, 2 * nodes]
        mu += step[:, 2 * nodes + 1]
        contraction = change / last
        settled = count > 1 and change * min(contraction, 1.0) < CONVERGED
        if settled or (change < ACCEPTED and contraction > 0.1):
            return _measured(law, rule, guess, mu, times, lags, count, factorisations)
        if contraction > 0.1:
            factors = None
            J = np.empty((size, size))  # noqa: N806
        last = change
    return None


def _memo(rule: Rule, history: History, times: Array, nodes: int) -> tuple[Array, Array]:
    """Room for the quadrature points of ``kernel.System``."""
    extent = np.log1p(0.5 * times[-1] / rule.scale)
    between = 2 * (history.anchors.size + 1) * (int(extent / rule.width) + 1) * rule.gauss.size
    before = int(history.grids[:, 2].max()) * rule.nodes.size
    rows = (times.size, nodes)
    return np.empty((*rows, before + 1, kernel.COLUMNS)), np.empty((*rows, between + 1, kernel.COLUMNS))


def reach(lags: Array, times: Array, rule: Rule) -> Array:
    """Interval around ``t'`` that a node stands for, over ``scale + lag``: weighs an error of the scaled R."""
    return np.asarray((rule.scale + np.minimum(lags, times - lags)) / (rule.scale + lags))


def _measured(
    law: Law, rule: Rule, history: History, mu: Array, times: Array, lags: Array, count: int, factorisations: int
) -> Block:
    """The block with its energies and its tails."""
    q, n = times.size, rule.nodes.size
    energy = np.empty(q)
    kernel.energies(law, rule, history, times, energy)
    C, R, overlap = store.block(history, history.t.size - 1, q)  # noqa: N806
    weighted = R * reach(lags[-1], times[-1], rule)
    in_time, in_space = last_coefficients(rule.stages, 1), last_coefficients(rule.nodes, 2)
    signal = 0.0 if law.overlap_kind == NO_SIGNAL else float(np.abs(in_time @ overlap).max())
    time_tail = max(float(np.abs(in_time @ values).max()) for values in (C, weighted))
    starts = np.arange(0, C.shape[1] - 1, n - 1)[:, None] + np.arange(n)
    space_tail = max(float(np.abs(values[-1][starts] @ in_space.T).max()) for values in (C, weighted))
    return Block(history, mu, energy, max(time_tail, signal), space_tail, count, factorisations)


def extrapolation(stages: Array, ratio: float) -> Array:
    """Rows that continue values at ``stages`` of one block to those of the next, ``ratio`` times as wide.

    A polynomial of degree ``PREDICTOR`` through the end, fitted to the rest.
    """
    degrees = np.arange(1, min(PREDICTOR, stages.size - 1) + 1)
    fit = np.linalg.pinv((stages[:-1, None] - 1) ** degrees)
    beyond = (ratio * (stages[:, None] + 1)) ** degrees @ fit
    return np.hstack([beyond, 1 - beyond.sum(axis=1, keepdims=True)])
