"""Parisi's recursions on a grid of cavity fields h: free energies down from ``-V``, laws of h up from ``delta(h)``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theory.generalized_linear import FIELD, GeneralizedLinearLandscape, ProximalMap
from theory.generalized_linear.symbols import CURVATURE, FORCE, LOSS, RESPONSE

from ..lowering import Array, lower
from .loss import loss_functions
from .quadrature import gaussian, graded_axis

MAP = ProximalMap()
WIDEST = 8.0
"""Largest cavity field."""
Y_STEP = 0.35
EXPONENT = 600.0
"""Free energies enter as exponentials, shifted so that this is the largest exponent."""


@dataclass(frozen=True)
class Sweep:
    """What one pass down and up gives, level by level (0 to K).

    ``force`` is ``E[f'^2]``, ``curvature`` ``E[f''^2]``; ``spread``, ``pull`` and ``loss`` are ``E[t^2]``,
    ``E[(1 - y^2) t]`` and ``E[l]`` at the last level, ``free`` is ``E[f_0(0)]``. What jumps counts in all levels but
    the last; ``jumping`` is the probability of labels for which the map does.
    """

    force: Array
    curvature: Array
    spread: float
    pull: float
    loss: float
    free: float
    jumping: float


class FieldGrid:
    """An even loss at label nodes (rows) and positive cavity fields (columns); functions of h are even or odd.

    The proximal map may jump at ``h = 0``, between nodes: ``f_K`` has a kink there.
    """

    def __init__(self, landscape: GeneralizedLinearLandscape, spacing: float, y_step: float = Y_STEP) -> None:
        axis = graded_axis(y_step, 0.02, half=True)
        weight = gaussian(axis)
        self.y, self.weight = axis.nodes[:, None], weight / weight.sum()
        self.h = (np.arange(round(WIDEST / spacing)) + 0.5) * spacing
        self.spacing = spacing
        self._loss = loss_functions(landscape)
        self._map = lower((FIELD, LOSS, FORCE, CURVATURE, RESPONSE), [MAP.cavity_field, MAP.jacobian, MAP.envelope])
        self._table = np.concatenate(([0.0], np.geomspace(1e-4, 4 * WIDEST, 1500)))
        self._table_force = self._loss(self._table[None, :], self.y)[1]

    def proximal(self, chi: float) -> Array:
        """``u(h > 0)``: a table, then Newton's method. Raises ValueError where the map jumps elsewhere than at 0."""
        cavity = self._table + chi * self._table_force
        u = np.array([self._outermost(row, chi) for row in cavity])
        for _ in range(4):
            values = self._loss(u, self.y)
            place, slope, _ = self._map(u, *values, chi)
            u = u + np.clip((self.h - place) / slope, -0.1, 0.1)
        return u

    def _outermost(self, cavity: Array, chi: float) -> Array:
        """From the table of one label: beyond the last fall of ``h(u)``, which must lie at ``h <= 0``."""
        start = int(np.argmin(cavity))
        if np.any(np.diff(cavity[start:]) <= 0) or cavity[:start].max(initial=0.0) > 0:
            raise ValueError(f"chi = {chi:.4g}: the proximal map jumps elsewhere than at h = 0; not solved there")
        return np.asarray(np.interp(self.h, cavity[start:], self._table[start:]))

    def kink(self, chi: float) -> tuple[Array, Array]:
        """For each label (rows): ``f_K(0) = -V(0)`` and the jump of ``f_K' = -l'`` there, ``2 u*/chi``.

        ``u*`` is the largest root of ``h(u) = 0``; zero where the map does not jump.
        """
        cavity = self._table + chi * self._table_force
        last = (len(self._table) - 1) - np.argmax((cavity <= 0)[:, ::-1], axis=1)
        low, high = self._table[last][:, None], self._table[np.minimum(last + 1, len(self._table) - 1)][:, None]
        jumps = last[:, None] > 0
        for _ in range(60):
            middle = (low + high) / 2
            below = self._map(middle, *self._loss(middle, self.y), chi)[0] < 0
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        u = np.where(jumps, high, 0.0)
        return -self._map(u, *self._loss(u, self.y), chi)[2], 2 * u / chi

    def kernel(self, variance: float, parity: int) -> Array:
        """Gaussian smoothing of even (1) or odd (-1) functions; a three-point rule where narrower than the grid."""
        if variance < self.spacing**2:
            share = max(variance, 0.0) / self.spacing**2 / 2
            count = len(self.h)
            matrix = (1 - 2 * share) * np.eye(count) + share * (np.eye(count, k=1) + np.eye(count, k=-1))
            matrix[0, 0] += parity * share
            matrix[-1, -1] += share
            return matrix
        near, far = self.h[:, None] - self.h, self.h[:, None] + self.h
        pair = np.exp(-(near**2) / (2 * variance)) + parity * np.exp(-(far**2) / (2 * variance))
        return np.asarray(pair * self.spacing / np.sqrt(2 * np.pi * variance))

    def sweep(self, x: Array, steps: Array, chi: float) -> Sweep:
        """Levels with Parisi parameters ``x_1 .. x_K`` and overlap steps ``q_i - q_(i-1)``."""
        down = _Down(self, x, steps, chi)
        force, curvature = [0.0], [self._mean(down.curvature_0**2)]
        law = down.first
        for i in range(len(x)):
            if i > 0:
                law = down.weights[i] * ((law / down.masses[i]) @ down.even[i].T)
            force.append(self._mean((law * down.slopes[i] ** 2).sum(axis=1)))
            curvature.append(self._mean((law * down.curves[i] ** 2).sum(axis=1)))
        t = chi * down.curvature / (1 + chi * down.curvature)
        parts = (t**2, (1 - self.y**2) * t, down.loss)
        spread, pull, loss = (self._mean((law * part).sum(axis=1)) for part in parts)
        return Sweep(np.array(force), np.array(curvature), spread, pull, loss, self._mean(down.free), down.jumping)

    def _mean(self, values: Array) -> float:
        return float(self.weight @ values)


class _Down:
    """The pass down: ``f_i``, ``f_i'`` and ``f_i''`` for i = K .. 1 (index i - 1), then the first law."""

    def __init__(self, grid: FieldGrid, x: Array, steps: Array, chi: float) -> None:
        count = len(x)
        u = grid.proximal(chi)
        self.loss, force, self.curvature = grid._loss(u, grid.y)
        jacobian, envelope = grid._map(u, self.loss, force, self.curvature, chi)[1:]
        f, slope, curve = -envelope, -force, -self.curvature / jacobian
        top, jump = grid.kink(chi)
        self.jumping = float(grid.weight @ (jump[:, 0] > 0))
        self.weights: list[Array] = [f] * count
        self.masses, self.even = list(self.weights), [np.empty(0)] * count
        self.slopes, self.curves = list(self.weights), list(self.weights)
        for i in range(count - 1, -1, -1):
            self.slopes[i], self.curves[i] = slope, curve
            shift = f.max(axis=1, keepdims=True) - EXPONENT / x[i]
            weight = np.exp(np.maximum(x[i] * (f - shift), -EXPONENT - 100))
            self.weights[i] = weight
            if i == 0:
                break
            even, odd = grid.kernel(steps[i], 1), grid.kernel(steps[i], -1)
            mass = weight @ even
            below = ((weight * slope) @ odd) / mass
            curve = ((weight * (curve + x[i] * slope**2)) @ even) / mass - x[i] * below**2
            if i == count - 1 and self.jumping > 0:
                narrow = np.exp(-(grid.h**2) / (2 * steps[i])) / np.sqrt(2 * np.pi * steps[i])
                curve = curve + np.exp(x[i] * (top - shift)) * jump * narrow / mass
            f, slope, self.masses[i], self.even[i] = np.log(mass) / x[i] + shift, below, mass, even
        density = np.exp(-(grid.h**2) / (2 * steps[0])) * 2 * grid.spacing / np.sqrt(2 * np.pi * steps[0])
        mass_0 = self.weights[0] @ density
        self.free = np.log(mass_0) / x[0] + shift[:, 0]
        self.first = self.weights[0] * density / mass_0[:, None]
        self.curvature_0 = (self.first * (self.curves[0] + x[0] * self.slopes[0] ** 2)).sum(axis=1)
