"""One panel of the reference integrator: implicit collocation, solved by fixed-point iteration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..lowering import Array
from ..power_series import evaluate
from .history import History
from .model import Model

LARGEST_COUNT = 100
CONVERGED, STALLED = 4e-15, 1e-12
"""Change at which an iteration ends, and below which it may do so when it no longer halves the change: whatever the
tolerance, since two orders on the same panels would share what is left, and their difference would not show it."""


@dataclass(frozen=True, eq=False)
class Values:
    """Unknowns at the n times of a panel: ``C, R`` at earlier times, (2, n, times), within it, (2, n, n), and the
    ``overlaps`` m with the signal and q with a replica of the start, (2, n).

    ``velocity, velocities`` are ``d_t`` of all of them at the right end, (2, times) and (2,), where they matter.
    """

    far: Array
    near: Array
    overlaps: Array
    velocity: Array
    velocities: Array

    def distance(self, other: Values) -> float:
        """Largest change of an unknown, relative to the largest of its kind (at least 1 for ``C`` and ``R``)."""
        changes = [_relative(a, b) for a, b in zip((*self.far, *self.near), (*other.far, *other.near), strict=True)]
        pairs = zip(self.overlaps, other.overlaps, strict=True)
        return float(max(*changes, *(np.max(np.abs(a - b)) / (np.max(np.abs(a)) or 1.0) for a, b in pairs)))


def _relative(new: Array, old: Array) -> float:
    return float(np.max(np.abs(new - old)) / max(1.0, np.max(np.abs(new))))


@dataclass(frozen=True, eq=False)
class PanelKernels:
    """``K = f''(C) R`` and ``J = f'(C)``, far and near, ``g'(m)``, ``beta f'(C(t,0))``, ``beta f'(q)``, ``mu``: for all
    rates; ``e`` and ``K`` besides."""

    far_k: Array
    far_j: Array
    near_k: Array
    near_j: Array
    drift: Array
    start: Array
    others: Array
    mu: Array
    energy: Array
    kinetic: Array

    @classmethod
    def of(cls, model: Model, history: History, panel: int, x: Values) -> PanelKernels:
        r"""``mu = T + g'(m) m + int_0^t R [f'(C) + f''(C) C] ds + beta [f'(C(t,0)) C(t,0) - f'(q) q]``, with a mass M K
        for T. ``e = -g(m) - int_0^t f'(C) R ds - beta [f(C(t,0)) - f(q)]``.
        """
        (far_k, far_j), (near_k, near_j) = _kernels(model, x.far), _kernels(model, x.near)
        m, q = x.overlaps
        drift, start = evaluate(model.drift, m), model.beta * far_j[:, 0]
        others = model.beta * evaluate(model.noise, q) if model.replica > 0 else np.zeros_like(q)
        S, w = history.integral(panel), history.weights[: far_j.shape[1]]  # noqa: N806
        far_e, near_e = x.far[1] * far_j, x.near[1] * near_j
        initial = model.beta * (evaluate(model.covariance, x.far[0, :, 0]) - evaluate(model.covariance, q))
        energy = -evaluate(model.planted, m) - far_e @ w - np.sum(S * near_e, axis=1) - initial
        kinetic = _kinetic(model, history, panel, energy)
        thermal = model.mass * kinetic if model.mass > 0 else history.bath(panel)
        pull = (far_e + far_k * x.far[0]) @ w + np.sum(S * (near_e + near_k * x.near[0]), axis=1)
        mu = thermal + drift * m + pull + start * x.far[0, :, 0] - others * q
        return cls(far_k, far_j, near_k, near_j, drift, start, others, mu, energy, kinetic)


def _kinetic(model: Model, history: History, panel: int, energy: Array) -> Array:
    """``K = d_t d_t' C`` on the diagonal, from the power: ``M K/2 + e + int gamma (K - T/M) ds`` is constant."""
    if model.mass == 0:
        return np.zeros_like(energy)
    S, a, half = history.integral(panel), history.times(panel).start, model.mass / 2  # noqa: N806
    friction = history.friction(panel)
    right = half * history.kinetic[a - 1] - (energy - history.one[2, a - 1])
    right += S @ (friction * history.bath(panel)) / model.mass
    return np.asarray(np.linalg.solve(half * np.eye(len(S)) + S * friction, right))


def _kernels(model: Model, functions: Array) -> tuple[Array, Array]:
    correlation, response = functions
    return evaluate(model.memory, correlation) * response, evaluate(model.noise, correlation)


def solve_panel(model: Model, history: History, panel: int, x: Values) -> tuple[Values, int] | None:
    """The unknowns of one panel, stored in the history, and the number of iterations, from the guess ``x``.

    None when the iteration does not contract: the panel is too wide.
    """
    change = np.inf
    for count in range(1, LARGEST_COUNT + 1):
        new = _iterate(history, panel, x, PanelKernels.of(model, history, panel, x))
        before, change, x = change, new.distance(x), new
        if change <= CONVERGED or before / 2 <= change <= STALLED:
            _store(model, history, panel, x)
            return x, count
        if not change < 1e12:
            break
    return None


def _store(model: Model, history: History, panel: int, x: Values) -> None:
    kernels = PanelKernels.of(model, history, panel, x)
    history.one[:, history.times(panel)] = x.overlaps[0], kernels.mu, kernels.energy
    history.overlaps[:, history.times(panel)] = x.overlaps
    history.kinetic[history.times(panel)] = kernels.kinetic
    history.velocity, history.velocities = x.velocity, x.velocities
    history.append(panel, x.far, x.near)


def _iterate(history: History, panel: int, x: Values, k: PanelKernels) -> Values:
    """One iteration: ``-mu`` is taken at the new values, the memory at the old ones."""
    a, S = k.far_k.shape[1], history.integral(panel)  # noqa: N806
    wk, wj, local = k.far_k * history.weights[:a], k.far_j * history.weights[:a], S * k.near_k
    overlap_rates = wk @ history.overlaps[:, :a].T + local @ x.overlaps.T + _sources(history, k)
    motion = history.motion(panel, k.mu)
    far, far_v = motion.onwards(
        history.last_row(panel), history.velocity[:, None], _far_rates(history, x, k, wk, wj, local)
    )
    near, near_v = motion.from_diagonal(*history.diagonal, _near_rates(S, x, k, wk, wj, local))
    overlaps, slower = motion.onwards(history.overlaps[:, a - 1], history.velocities, overlap_rates)
    velocity = np.concatenate([far_v[:, -1], near_v[:, -1]], axis=1)
    return Values(far, near, overlaps.T, velocity, slower[-1])


def _sources(history: History, k: PanelKernels) -> Array:
    """What pulls m along ``x*`` and q along another replica of the start, shape (n, 2): the signal, the start, and all
    replicas but the start, of which q's own is one."""
    m, q = history.overlaps[:, 0]
    along_signal = k.drift + (k.start - k.others) * m
    along_replica = k.drift * m + k.start * q + k.others * (1 - 2 * q)
    return np.column_stack([along_signal, along_replica])


def _far_rates(history: History, x: Values, k: PanelKernels, wk: Array, wj: Array, local: Array) -> Array:
    """``d_t C + mu C`` and ``d_t R + mu R`` at ``t'`` before the panel."""
    rates, a = local @ x.far, wk.shape[1]
    rates[0] += history.memory_of_c(wk) + history.noise_of_r(wj)
    rates[0] += k.drift[:, None] * history.overlaps[0, :a] + k.start[:, None] * history.C[:a, 0]
    rates[0] -= k.others[:, None] * history.overlaps[1, :a]
    rates[1] += history.memory_of_r(wk)
    return rates


def _near_rates(S: Array, x: Values, k: PanelKernels, wk: Array, wj: Array, local: Array) -> Array:  # noqa: N803
    """The same at ``t'`` within the panel: ``int_a^t' + int_t'^t`` of the continued functions."""
    rates, (c, r) = local @ x.near, x.near
    rates[0] += wk @ x.far[0].T + k.near_k @ (S * c - S * c.T).T
    rates[0] += wj @ x.far[1].T + k.near_j @ (S * r).T
    rates[0] += k.drift[:, None] * x.overlaps[0] + k.start[:, None] * x.far[0, :, 0]
    rates[0] -= k.others[:, None] * x.overlaps[1]
    rates[1] -= k.near_k @ (S.T * r)
    return rates
