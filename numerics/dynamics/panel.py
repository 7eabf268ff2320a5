"""One panel of the reference integrator: implicit collocation, solved by fixed-point iteration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..lowering import Array
from ..power_series import evaluate
from .history import History
from .model import Model

LARGEST_COUNT = 100


@dataclass(frozen=True, eq=False)
class Values:
    """Unknowns at the n times of a panel: ``C, R`` at earlier times, (2, n, times), within it, (2, n, n), and ``m``."""

    far: Array
    near: Array
    m: Array

    def distance(self, other: Values) -> float:
        """Largest change of an unknown, relative to the largest of its kind (at least 1 for ``C`` and ``R``)."""
        changes = [_relative(a, b) for a, b in zip((*self.far, *self.near), (*other.far, *other.near), strict=True)]
        return float(max(*changes, np.max(np.abs(self.m - other.m)) / (np.max(np.abs(self.m)) or 1.0)))


def _relative(new: Array, old: Array) -> float:
    return float(np.max(np.abs(new - old)) / max(1.0, np.max(np.abs(new))))


@dataclass(frozen=True, eq=False)
class PanelKernels:
    """``K = f''(C) R`` and ``J = f'(C)``, far and near, ``g'(m)``, ``beta f'(C(t,0))``, ``mu``: for all rates."""

    far_k: Array
    far_j: Array
    near_k: Array
    near_j: Array
    drift: Array
    start: Array
    mu: Array

    @classmethod
    def of(cls, model: Model, history: History, panel: int, x: Values) -> PanelKernels:
        r"""``mu = T + g'(m) m + int_0^t R [f'(C) + f''(C) C] ds + beta f'(C(t,0)) C(t,0)``."""
        (far_k, far_j), (near_k, near_j) = _kernels(model, x.far), _kernels(model, x.near)
        drift, start = evaluate(model.drift, x.m), model.beta * far_j[:, 0]
        far = (x.far[1] * far_j + far_k * x.far[0]) @ history.weights[: far_j.shape[1]]
        near = np.sum(history.integral(panel) * (x.near[1] * near_j + near_k * x.near[0]), axis=1)
        bath = model.bath(history.grid.t[history.times(panel)], *history.grid.edges[panel : panel + 2])
        mu = bath + drift * x.m + far + near + start * x.far[0, :, 0]
        return cls(far_k, far_j, near_k, near_j, drift, start, mu)

    def energy(self, model: Model, history: History, panel: int, x: Values) -> Array:
        """``e = -g(m) - int_0^t f'(C) R ds - beta f(C(t,0))``."""
        far = (self.far_j * x.far[1]) @ history.weights[: self.far_j.shape[1]]
        near = np.sum(history.integral(panel) * self.near_j * x.near[1], axis=1)
        initial = model.beta * evaluate(model.covariance, x.far[0, :, 0])
        return np.asarray(-evaluate(model.planted, x.m) - far - near - initial)


def _kernels(model: Model, functions: Array) -> tuple[Array, Array]:
    correlation, response = functions
    return evaluate(model.memory, correlation) * response, evaluate(model.noise, correlation)


def solve_panel(model: Model, history: History, panel: int, x: Values, tolerance: float) -> tuple[Values, int] | None:
    """The unknowns of one panel, stored in the history, and the number of iterations, from the guess ``x``.

    None when the iteration does not contract: the panel is too wide.
    """
    change = np.inf
    for count in range(1, LARGEST_COUNT + 1):
        new = _iterate(history, panel, x, PanelKernels.of(model, history, panel, x))
        before, change, x = change, new.distance(x), new
        rounding = change <= 1e-12 and change >= before / 2
        if change <= tolerance or rounding:
            _store(model, history, panel, x)
            return x, count
        if not change < 1e12:
            break
    return None


def _store(model: Model, history: History, panel: int, x: Values) -> None:
    kernels = PanelKernels.of(model, history, panel, x)
    history.one[:, history.times(panel)] = x.m, kernels.mu, kernels.energy(model, history, panel, x)
    history.append(panel, x.far, x.near)


def _iterate(history: History, panel: int, x: Values, k: PanelKernels) -> Values:
    """One iteration: ``-mu`` is taken at the new values, the memory at the old ones."""
    a, S = k.far_k.shape[1], history.integral(panel)  # noqa: N806
    solve: Array = np.asarray(np.linalg.inv(np.eye(len(S)) + S * k.mu), dtype=np.float64)
    wk, wj, local = k.far_k * history.weights[:a], k.far_j * history.weights[:a], S * k.near_k
    rate_m = k.drift + wk @ history.one[0, :a] + local @ x.m
    return Values(
        solve @ (history.last_row(panel) + S @ _far_rates(history, x, k, wk, wj, local)),
        _from_diagonal(solve @ S, solve, _near_rates(S, x, k, wk, wj, local)),
        solve @ (history.one[0, a - 1] + S @ rate_m),
    )


def _far_rates(history: History, x: Values, k: PanelKernels, wk: Array, wj: Array, local: Array) -> Array:
    """``d_t C + mu C`` and ``d_t R + mu R`` at ``t'`` before the panel."""
    rates, a = local @ x.far, wk.shape[1]
    rates[0] += history.memory_of_c(wk) + history.noise_of_r(wj)
    rates[0] += k.drift[:, None] * history.one[0, :a] + k.start[:, None] * history.C[:a, 0]
    rates[1] += history.memory_of_r(wk)
    return rates


def _near_rates(S: Array, x: Values, k: PanelKernels, wk: Array, wj: Array, local: Array) -> Array:  # noqa: N803
    """The same at ``t'`` within the panel: ``int_a^t' + int_t'^t`` of the continued functions."""
    rates, (c, r) = local @ x.near, x.near
    rates[0] += wk @ x.far[0].T + k.near_k @ (S * c - S * c.T).T
    rates[0] += wj @ x.far[1].T + k.near_j @ (S * r).T
    rates[0] += k.drift[:, None] * x.m + k.start[:, None] * x.far[0, :, 0]
    rates[1] -= k.near_k @ (S.T * r)
    return rates


def _from_diagonal(propagator: Array, solve: Array, rates: Array) -> Array:
    """The solution of ``d_t X = -mu X + rate`` that is 1 at ``t = t'``: a particular one and the homogeneous one."""
    particular, homogeneous = propagator @ rates, solve.sum(axis=1)
    diagonals = np.diagonal(particular, axis1=1, axis2=2)[:, None, :]
    return np.asarray(particular + homogeneous[:, None] * ((1 - diagonals) / homogeneous))
