"""The effective process forward in time (``theory.generalized_linear.effective_process``), on a sample of walkers.

The process of a coordinate is Gaussian: ``zeta(t) = sum_j A(t, j) g_j`` over independent noises, ``g_0 = y``, ``g_1``
the start across the signal, and one for each new direction of the force ``l'(t)`` in the space of walkers. So ``xi``
has the Gram matrix of the forces as its covariance, and ``C(t, s) = A(t).A(s)`` and the norm are exact.

On the way to the flow each step descends the Moreau envelope ``min_v [l(v) + (v - u)^2/(2 eta)]`` in place of l (Moreau
1965): the limit of short steps is the same, and the curvature ``D/(1 + eta D)`` stays below ``1/eta`` where D has no
upper bound, so that no datum is unstable. The same descent can be simulated: its equations are exact at every eta.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal

import numpy as np

from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape

from ...errors import ConvergenceError
from ...generated_code import specialised
from ...lowering import Array
from . import kernel as template
from .walkers import Walkers

Constraint = Literal["sphere", "none"]
NEW_DIRECTION = 1e-5
"""Part of a force that counts as new; leaving out what is smaller changes K by 1e-10 of itself."""

LARGEST = 1e100
"""Forces beyond have diverged."""


@dataclass(frozen=True)
class Descent:
    """What descends: a loss with numbers for parameters, and how.

    ``slope`` is the infimum of ``D`` where proximal forces are asked for (gradient flow), None where the plain ones are
    (descent). ``batch`` is the fraction of data in each step, ``persistence`` the time they stay (0: drawn anew).
    ``momentum``, ``ridge`` and ``temperature`` are those of ``EffectiveProcess``.
    """

    landscape: GeneralizedLinearLandscape
    alpha: float
    overlap: float
    constraint: Constraint = "sphere"
    batch: float = 1.0
    persistence: float = 0.0
    slope: float | None = None
    momentum: float = 0.0
    ridge: float = 0.0
    temperature: float = 0.0

    @property
    def uninformed(self) -> bool:
        """Whether the overlap is zero for ever: by the symmetry ``u -> -u``, or ``y -> -y``, of the loss."""
        if self.overlap != 0:
            return False
        loss = self.landscape.loss
        return self.landscape.is_even or (loss.subs(SIGNAL_FIELD, -SIGNAL_FIELD) - loss).expand() == 0

    def compiled(self) -> ModuleType:
        """The passes over walkers for this loss."""
        landscape = self.landscape
        expressions = (landscape.loss, landscape.force, landscape.curvature)
        return specialised(template, {"derivatives": ((FIELD, SIGNAL_FIELD), expressions)})


class Process:
    """One sample of walkers, advanced step by step."""

    def __init__(self, problem: Descent, walkers: int, capacity: int, rng: np.random.Generator) -> None:
        self.problem, self.t, self.time = problem, 0, 0.0
        self._kernel = problem.compiled()
        self._rng = rng
        self._uninformed = problem.uninformed
        noises = 2 * capacity if problem.temperature > 0 else capacity
        self._walkers = Walkers(walkers, noises + 2, rng)
        self._y = self._walkers.draw()
        self._squares = self._y**2
        self._walkers.draw()
        self._batch = rng.random(walkers) < problem.batch
        self._allocate(walkers, capacity, noises)
        self.A[0, :2] = problem.overlap, np.sqrt(1 - problem.overlap**2)
        self._measure()

    def _allocate(self, walkers: int, capacity: int, noises: int) -> None:
        self.A = np.zeros((capacity + 1, noises + 2))
        self.G = np.zeros((capacity + 1, capacity + 1))
        self.observed = np.zeros((3, capacity + 1))
        self.growth, self.variance = np.ones(capacity + 1), np.ones(capacity + 1)
        self._kicked = np.zeros((capacity + 1, capacity + 1) if self._uninformed else (0, 0))
        self._push, self._steps = np.zeros((capacity + 1, capacity + 1)), np.zeros(capacity + 1)
        self._forces, self._curvatures = np.zeros((capacity, walkers)), np.zeros((capacity, walkers))
        self._directions, self._seats = np.zeros((capacity, walkers)), list[int]()
        self._u, self._loss, self._force, self._curvature = np.zeros((4, walkers))
        self._work, self._means = np.zeros((capacity, template.BLOCK)), np.zeros((2, capacity + 1))

    @property
    def rate(self) -> float:
        """``alpha E|D| + |mu|``: explicit steps well below ``2/rate`` are stable where forces are proximal."""
        stiffness = self.problem.alpha * np.abs(self._curvature).mean() + self.problem.ridge
        multiplier = self.observed[1, self.t] if self.problem.constraint == "sphere" else 0.0
        return float(stiffness + abs(multiplier))

    def _measure(self) -> None:
        """Fields, and ``m, mu, e``, at the present step."""
        t, alpha, columns = self.t, self.problem.alpha, self._walkers.columns
        # u(t) = zeta(t) - sum_k eta(k) G(t, k) l'(k)
        self._u[:] = self.A[t, : len(columns)] @ columns - self._push[:t, t] @ self._forces[:t]
        self._kernel.forces(self._u, self._y, self._loss, self._force, self._curvature)
        multiplier = self.problem.temperature - alpha * np.mean(self._u * self._force)
        energy = alpha * self._loss.mean() + 0.5 * self.problem.ridge * (self.A[t] @ self.A[t])
        self.observed[:, t] = self.A[t, 0], multiplier, energy
        # a nan fails too
        if not max(np.abs(self._force).max(), np.abs(self.observed[:, t]).max()) < LARGEST:
            raise ConvergenceError(f"descent diverged at step {t}, time {self.time:.6g}; shorter steps may be stable")

    def advance(self, step: float) -> None:
        """One step of length eta."""
        t, alpha = self.t, self.problem.alpha
        self._act(step)
        template.mean_answers(self._curvatures, self._push, self._squares, t, self._work, self._means)
        self._means[:, t] += self.problem.ridge / alpha  # a force of its own on every coordinate
        friction, signal_friction = alpha * self._means[:, : t + 1]
        moved = self._going_on(self.A) - step * self._total(friction)
        if self.problem.temperature > 0:
            moved[self._walkers.known] = np.sqrt(2 * self.problem.temperature * step)
            self._walkers.draw()
        b = 1 / np.sqrt(moved @ moved) if self.problem.constraint == "sphere" else 1.0
        self.A[t + 1] = b * moved
        self.G[t + 1, :t] = b * (self._going_on(self.G)[:t] - step * (friction @ self.G[: t + 1, :t]))
        self.G[t + 1, t] = b
        self._steps[t] = step
        if self._uninformed:  # only there does Lambda(t, k) stand for the pull of the signal
            self._grow(step, b, signal_friction)
        self._push[: t + 1, t + 1] = self._steps[: t + 1] * self.G[t + 1, : t + 1]
        self.t, self.time = t + 1, self.time + step
        self._measure()

    def _grow(self, step: float, b: float, friction: Array) -> None:
        """At first order in m: ``A(t+1)``, ``Psi(t+1, s)``, ``V(t+1)``."""
        t, alpha, kicked = self.t, self.problem.alpha, self._kicked
        self.growth[t + 1] = b * (self._going_on(self.growth) - step * (friction @ self.growth[: t + 1]))
        kicked[t + 1, :t] = b * (self._going_on(kicked)[:t] - step * (friction @ kicked[: t + 1, :t]))
        kicked[t + 1, t] = b
        along, steps = kicked[t + 1, : t + 1], self._steps[: t + 1]
        noise: Any = alpha * np.mean(self._squares * ((steps * along) @ self._forces[: t + 1]) ** 2)
        noise += 2 * self.problem.temperature * (steps @ along**2)
        self.variance[t + 1] = self.growth[t + 1] ** 2 + noise

    def _going_on(self, rows: Array) -> Any:
        """The present row and, with momentum, its last change."""
        t = self.t
        return rows[t] + self.problem.momentum * (rows[t] - rows[max(t - 1, 0)])

    def _act(self, step: float) -> None:
        """Forces and curvatures of this step, of the data in the batch."""
        force, curvature = self._forces[self.t], self._curvatures[self.t]
        if self.problem.slope is None:
            force[:], curvature[:] = self._force, self._curvature
        else:
            slope = 1 + step * min(self.problem.slope, 0.0)
            self._kernel.proximal_forces(self._u, self._y, step, slope, force, curvature)
        if self.problem.batch < 1:
            factor = self._batch / self.problem.batch
            force *= factor
            curvature *= factor
            self._change_batch(step)

    def _change_batch(self, step: float) -> None:
        """Anew; or in and out at rates that keep the fraction b, as in persistent descent."""
        b, tau = self.problem.batch, self.problem.persistence
        chance = self._rng.random(self._batch.size)
        if tau == 0:
            self._batch = chance < b
        else:
            leaving = (1 - b) * step / (b * tau)
            self._batch = np.where(self._batch, chance >= leaving, chance < step / tau)

    def _total(self, friction: Array) -> Array:
        """``xi + sum_k Gamma(t, k) zeta(k) + gamma y``, in terms of the noises."""
        t, alpha = self.t, self.problem.alpha
        noise = self._innovate(self._forces[t])
        total: Array = friction @ self.A[: t + 1]
        total[0] = 0.0 if self._uninformed else alpha * np.mean(self._y * self._forces[t])
        total[0] += self.problem.ridge * self.A[t, 0]
        total[self._seats] += np.sqrt(alpha) * noise
        return total

    def _innovate(self, force: Array) -> Array:
        """The force in the orthonormal directions of those before, and its own new one with another noise."""
        count, before = force.size, self._directions[: len(self._seats)]
        noise = before @ force / count
        rest = force - noise @ before
        again = before @ rest / count
        rest -= again @ before
        size = np.sqrt(rest @ rest / count)
        if size <= NEW_DIRECTION * np.sqrt(force @ force / count):
            return np.asarray(noise + again)
        self._directions[len(self._seats)] = rest / size
        self._seats.append(self._walkers.known)
        self._walkers.draw()
        return np.append(noise + again, size)
