"""Bayes-optimal state evolution in numbers: weak recovery, algorithmic and information-theoretic thresholds."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.optimize import minimize_scalar
from sympy import S

from theory.generalized_linear import SIGNAL_FIELD, BayesChannel, GeneralizedLinearLandscape
from theory.generalized_linear.bayes import DENOISED, KNOWN, POSTERIOR_VARIANCE
from theory.generalized_linear.symbols import ALPHA, PLANTED_OVERLAP

from ..lowering import Array, lower
from .critical import CriticalAlpha, absent
from .labels import label_law
from .quadrature import gaussian, graded_axis

STEP = 0.05
OVERLAPS = 1 - np.geomspace(1, 1e-4, 40)[1:]
"""Where the largest alpha(q) is looked for."""


@lru_cache(maxsize=16)
def channel(landscape: GeneralizedLinearLandscape) -> BayesChannel:
    """What the teacher shows."""
    return BayesChannel(landscape)


def posterior_variance(landscape: GeneralizedLinearLandscape, q: float, *, step: float = STEP) -> float:
    """``D = E Var[y | w, label]`` with ``w ~ N(0, q)``, ``y ~ N(w, 1 - q)``, ``0 < q < 1``.

    Where labels leave several y the posterior is undecided only for w of size ``sqrt(1 - q)``: nodes are closer there.
    """
    if not 0 < q < 1:
        raise ValueError(f"q = {q} must lie strictly between 0 and 1; try q = 0.5")
    variance = channel(landscape).variance
    if variance == 0:
        return 0.0
    wide = np.sqrt(1 - q)
    known, rest = graded_axis(step, 0.3 * wide, half=False), graded_axis(step, 0.3, half=False)
    w = np.sqrt(q) * known.nodes[:, None]
    y = w + wide * rest.nodes[None, :]
    values = lower((SIGNAL_FIELD, KNOWN, PLANTED_OVERLAP), [variance])(y, w, q)[0]
    return float(gaussian(known) @ np.nan_to_num(values) @ gaussian(rest))


def alpha_at_overlap(landscape: GeneralizedLinearLandscape, q: float, *, step: float = STEP) -> float:
    """``alpha(q)`` at which q is a fixed point of state evolution."""
    curve = channel(landscape).alpha_at_overlap
    spread = posterior_variance(landscape, q, step=step)
    return float(lower((PLANTED_OVERLAP, POSTERIOR_VARIANCE), [curve])(q, spread)[0])


def state_evolution(
    landscape: GeneralizedLinearLandscape, alpha: float, *, start: float = 1e-6, steps: int = 200
) -> Array:
    """Overlaps ``q_0 .. q_steps`` of Bayes-optimal message passing from ``q_0 = start``, at this alpha."""
    if not (np.isfinite(alpha) and alpha > 0):
        raise ValueError(f"alpha = {alpha} must be a positive number; try alpha = 1.2")
    theory = channel(landscape)
    ratio = lower((ALPHA, PLANTED_OVERLAP, POSTERIOR_VARIANCE), [theory.signal_to_noise])
    step = lower((DENOISED,), [theory.overlap])
    q = [start]
    for _ in range(steps):
        spread = posterior_variance(landscape, q[-1])
        q.append(float(np.clip(step(ratio(alpha, q[-1], spread)[0])[0], 1e-300, 1 - 1e-12)))
    return np.array(q)


def weak_recovery(landscape: GeneralizedLinearLandscape) -> CriticalAlpha:
    """alpha above which ``q = 0`` is unstable: ``1/E[(E[y^2 | label] - 1)^2]``."""
    value = channel(landscape).weak_recovery
    if value == 0:
        return CriticalAlpha(0.0, 0.0, "the label shows something of the sign: any alpha > 0 does")
    if value == S.Infinity:
        return absent("the label shows nothing of the size of y: q = 0 is stable for every alpha")
    alpha = label_law().evaluate((value,), {})[0]
    return CriticalAlpha(alpha, 1e-12 * alpha, "Bayes-optimal: q = 0 becomes unstable")


def algorithmic(landscape: GeneralizedLinearLandscape) -> CriticalAlpha:
    """alpha above which message passing from any start reaches ``q = 1``: the largest ``alpha(q)``."""

    def depth(q: float, step: float = 2 * STEP) -> float:
        return -alpha_at_overlap(landscape, q, step=step)

    values = np.array([depth(q, 4 * STEP) for q in OVERLAPS])
    i = int(np.argmin(values))
    limit = information_theoretic(landscape)
    if i == len(values) - 1 or -values[i] <= limit.alpha:
        return CriticalAlpha(limit.alpha, limit.error, "no hard phase: the overlap grows continuously to one")
    bounds = (float(OVERLAPS[i - 1]) if i else 1e-6, float(OVERLAPS[i + 1]))
    best = minimize_scalar(depth, bounds=bounds, method="bounded", options={"xatol": 1e-9})
    finer = alpha_at_overlap(landscape, best.x)
    return CriticalAlpha(finer, float(abs(finer + best.fun)) + 1e-12, "largest alpha(q)", {"q": float(best.x)})


def information_theoretic(landscape: GeneralizedLinearLandscape) -> CriticalAlpha:
    """alpha above which ``q = 1`` is the best estimate: without noise, the limit of ``alpha(q)`` at 1.

    There the free entropy of ``q = 1`` is infinitely above all others. ``alpha(q)`` is analytic in ``sqrt(1 - q)``; the
    limit is a polynomial extrapolation, its error what the last degree changes.
    """
    nodes = np.geomspace(1, 1 / 16, 7) / 16
    values = np.array([alpha_at_overlap(landscape, 1 - v * v) for v in nodes])
    estimates = [_at_zero(nodes[k:], values[k:]) for k in (0, 1)]
    error = abs(estimates[0] - estimates[1]) + 1e-12
    return CriticalAlpha(estimates[0], error, "perfect recovery; labels without noise")


def _at_zero(nodes: Array, values: Array) -> float:
    """Lagrange's polynomial at zero."""
    others = [np.delete(nodes, i) for i in range(len(nodes))]
    weights = [np.prod(-rest / (node - rest)) for node, rest in zip(nodes, others, strict=True)]
    return float(np.dot(weights, values))
