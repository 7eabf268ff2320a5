r"""Growth of an infinitesimal overlap: the equation for m linearised on a solution without signal.

Linear in m, it is solved for ``ln m`` by the collocation of Radau IIA in ``ln t``; nothing over- or underflows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

from ..errors import ConvergenceError
from ..lowering import Array
from ..power_series import evaluate
from .collocation import interpolation, radau
from .solution import DynamicsSolution

STAGES, WIDTH, ORIGIN = 9, 0.5, 0.5
"""Stages of a panel, its width in ``ln(1 + t/origin)``."""
GAUSS, PANEL, SCALE = 14, 1.2, 0.2
"""Quadrature nodes of a panel, its width in the logarithm of a lag, and the lag below which that is linear."""
NEWTON, CONVERGED, LARGEST = 30, 1e-11, 300.0
"""Iterations, change of a rate at which they end, and the largest ``ln m(s)/m(t)`` tried on the way."""


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
    rows: list[tuple[Array, ...]] = [(np.zeros(1), np.zeros(1), np.array([rate]))]
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

    @property
    def last(self) -> float:
        """Where the next panel starts."""
        return float(self.values[-1][-1]) if self.values else 0.0

    def place(self, x: Array, panel: int) -> Array:
        """Within [0, 1] on a panel."""
        return np.asarray((x - self.edges[panel]) / (self.edges[panel + 1] - self.edges[panel]))


@dataclass(frozen=True, eq=False)
class _Panel:
    """Collocation of one panel in ``y = d ln m/dx`` at its stages: ``y = dt/dx (g''(0) - mu + int f''(C) R m/m)``.

    ``ln m(s) - ln m(t) = known + slope @ y`` at the quadrature nodes, ``stage`` says of which ``t``; ``memory`` is
    ``f''(C) R`` times the weights.
    """

    dt: Array
    local: Array
    stage: NDArray[np.intp]
    memory: Array
    known: Array
    slope: Array

    def solve(self, y: Array) -> Array:
        """By Newton from a guess."""
        for _ in range(NEWTON):
            terms = self.memory * np.exp(np.minimum(self.known + self.slope @ y, LARGEST))
            pull, derivative = self._sums(terms), self._sums(terms[:, None] * self.slope)
            matrix = np.eye(y.size) - self.dt[:, None] * derivative
            step = np.linalg.solve(matrix, self.dt * (self.local + pull) - y)
            y = y + step
            if np.max(np.abs(step) / self.dt) < CONVERGED:
                return y
        raise ConvergenceError(f"growth of ln m: Newton's method does not converge at t = {self.dt[0] - ORIGIN:.4g}")

    def _sums(self, terms: Array) -> Array:
        """Over the nodes of each stage, which follow one another."""
        first = np.searchsorted(self.stage, np.arange(self.dt.size))
        return np.asarray(np.add.reduceat(terms, first, axis=0))


def _panel(solution: DynamicsSolution, strength: float, past: _Past, panel: int, rate: float) -> tuple[Array, ...]:
    """``t, ln m, lambda`` at the stages of one panel, from a guess of the rate; ``ln m`` joins ``past``."""
    rule, width = radau(STAGES), past.edges[panel + 1] - past.edges[panel]
    t = np.minimum(ORIGIN * np.expm1(past.edges[panel] + width * rule.nodes), solution.t_reached)
    local = strength - solution.two_time.one_time(t).mu
    stage, s, memory = _memory(solution, t)
    equations = _Panel(ORIGIN + t, local, stage, memory, *_exponents(past, panel, stage, s))
    y = equations.solve((ORIGIN + t) * rate)
    logarithm = past.last + width * rule.integral @ y
    past.values.append(np.concatenate([[past.last], logarithm]))
    return t, logarithm, y / (ORIGIN + t)


def _exponents(past: _Past, panel: int, stage: NDArray[np.intp], s: Array) -> tuple[Array, Array]:
    """``known`` and ``slope``: earlier panels are known, this one is the integral of its polynomial."""
    rule, width, x = radau(STAGES), past.edges[panel + 1] - past.edges[panel], np.log1p(s / ORIGIN)
    recent = x > past.edges[panel]
    slope = -width * rule.integral[stage]
    slope[recent] += width * interpolation(rule.closed, past.place(x[recent], panel))[:, 1:] @ rule.integral
    known = np.zeros(s.shape)
    if past.values:
        known[~recent] = past(s[~recent]) - past.last
    return known, slope


def _memory(solution: DynamicsSolution, t: Array) -> tuple[NDArray[np.intp], Array, Array]:
    """Stage, ``s`` and ``w f''(C) R`` of all quadrature nodes of ``int_0^t`` at the stages."""
    nodes = [quadrature(0.0, float(end)) for end in t]
    stage = np.repeat(np.arange(t.size), [s.size for s, _ in nodes])
    s, w = (np.concatenate(column) for column in zip(*nodes, strict=True))
    C, R = solution.two_time.evaluate(t[stage], s)  # noqa: N806
    return stage, s, w * evaluate(solution.model.memory, C) * R
