r"""Growth of an infinitesimal overlap: the equation for m linearised on a solution without signal.

Linear in m, it is solved for ``ln m`` by the collocation of Radau IIA in ``ln t``; nothing over- or underflows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial.legendre import leggauss

from ..errors import ConvergenceError
from ..lowering import Array
from .collocation import interpolation, radau
from .series import evaluate
from .solution import DynamicsSolution

STAGES, WIDTH, ORIGIN = 9, 0.5, 0.5
"""Stages of a panel, its width in ``ln(1 + t/origin)``."""
GAUSS, PANEL, SCALE = 14, 1.2, 0.2
"""Quadrature nodes of a panel, its width in the logarithm of a lag, and the lag below which that is linear."""
NEWTON, CONVERGED = 30, 1e-11


@dataclass(frozen=True, eq=False)
class LinearGrowth:
    """``ln(m(t)/m(0))`` and ``lambda(t) = d_t ln m`` for ``m(0) -> 0``, arrays over ``t``."""

    t: Array
    log_overlap: Array
    rate: Array


def quadrature(start: float, end: float) -> tuple[Array, Array]:
    """Nodes and weights of ``int ds`` from ``start`` to ``end``, clustered logarithmically at both."""
    extent = np.log1p(0.5 * (end - start) / SCALE)
    panels, (x, w) = int(extent / PANEL) + 1, leggauss(GAUSS)
    f = ((np.arange(panels)[:, None] + 0.5 * (1 + x)) / panels).ravel()
    distance = SCALE * np.expm1(f * extent)
    weights = (SCALE + distance) * extent * np.tile(0.5 * w, panels) / panels
    return np.concatenate([start + distance, end - distance]), np.concatenate([weights, weights])


def linear_growth(solution: DynamicsSolution, strength: float) -> LinearGrowth:
    r"""``d_t ln m = -mu(t) + g''(0) + int_0^t f''(C(t,s)) R(t,s) m(s)/m(t) ds``.

    Parameters
    ----------
    solution
        ``C, R, mu`` without signal (``overlap = 0``), on [0, t_reached].
    strength
        ``g''(0)``, any sign; one solution serves all strengths.

    Raises ``ConvergenceError`` where Newton's method does not converge, saying at which time.
    Source: theory.dynamics.GrowthRate.equation.
    """
    past = _Past(np.linspace(0, np.log1p(solution.t_reached / ORIGIN), _panels(solution.t_reached) + 1), [])
    rate = strength - float(solution.two_time.one_time(np.zeros(1)).mu[0])
    rows = [(np.zeros(1), np.zeros(1), np.array([rate]))]
    for panel in range(past.edges.size - 1):
        rows.append(_panel(solution, strength, past, panel, float(rows[-1][2][-1])))
    return LinearGrowth(*(np.concatenate(column) for column in zip(*rows, strict=True)))


def _panels(t_max: float) -> int:
    return int(np.ceil(np.log1p(t_max / ORIGIN) / WIDTH))


@dataclass(frozen=True, eq=False)
class _Past:
    """``ln m`` as a polynomial in ``x = ln(1 + t/origin)`` on each panel between ``edges`` done so far."""

    edges: Array
    values: list[Array]

    def __call__(self, s: Array) -> Array:
        x, out = np.log1p(s / ORIGIN), np.zeros(s.shape)
        panel = np.clip(np.searchsorted(self.edges, x) - 1, 0, len(self.values) - 1)
        for i in np.unique(panel):
            here = panel == i
            out[here] = interpolation(radau(STAGES).closed, self.place(x[here], i)) @ self.values[i]
        return out

    def place(self, x: Array, panel: int) -> Array:
        """Within [0, 1] on a panel."""
        return np.asarray((x - self.edges[panel]) / (self.edges[panel + 1] - self.edges[panel]))


def _panel(
    solution: DynamicsSolution, strength: float, past: _Past, panel: int, rate: float
) -> tuple[Array, Array, Array]:
    """``t, ln m, lambda`` at the stages of one panel, by Newton from a constant rate; ``ln m`` joins ``past``."""
    rule, width = radau(STAGES), past.edges[panel + 1] - past.edges[panel]
    t = np.minimum(ORIGIN * np.expm1(past.edges[panel] + width * rule.nodes), solution.t_reached)
    start = float(past.values[-1][-1]) if past.values else 0.0
    local = -solution.two_time.one_time(t).mu + strength
    stage, s, memory = _memory(solution, t)
    x = np.log1p(s / ORIGIN)
    recent = x > past.edges[panel]
    # L = start + width * integral @ y at the stages; so at recent s, from the same polynomial
    within = interpolation(rule.closed, past.place(x[recent], panel))[:, 1:] @ rule.integral * width
    slope = -width * rule.integral[stage]
    slope[recent] += within
    known = np.full(s.shape, start)
    if past.values:
        known[~recent] = past(s[~recent])
    dt, y = ORIGIN + t, (ORIGIN + t) * rate
    for _ in range(NEWTON):
        terms = memory * np.exp(np.minimum(known - start + slope @ y, 300.0))
        pull = np.bincount(stage, terms, STAGES)
        derivative = np.zeros((STAGES, STAGES))
        np.add.at(derivative, stage, terms[:, None] * slope)
        residual = y - dt * (local + pull)
        step = np.linalg.solve(np.eye(STAGES) - dt[:, None] * derivative, -residual)
        y = y + step
        if np.max(np.abs(step) / dt) < CONVERGED:
            break
    else:
        raise ConvergenceError(f"growth of ln m: no convergence at t = {t[0]:.4g} (rate {y[-1] / dt[-1]:.3g})")
    logarithm = start + width * rule.integral @ y
    past.values.append(np.concatenate([[start], logarithm]))
    return t, logarithm, y / dt


def _memory(solution: DynamicsSolution, t: Array) -> tuple[Array, Array, Array]:
    """Stage, ``s`` and ``w f''(C) R`` of all quadrature nodes of ``int_0^t`` at the stages."""
    nodes = [quadrature(0.0, float(end)) for end in t]
    stage = np.repeat(np.arange(t.size), [s.size for s, _ in nodes])
    s, w = (np.concatenate(column) for column in zip(*nodes, strict=True))
    C, R = solution.two_time.evaluate(t[stage], s)  # noqa: N806
    return stage, s, w * evaluate(solution.model.memory, C) * R
