"""Parisi's recursions on a grid of cavity fields h: free energies down from ``-V``, laws of h up from ``delta(h)``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape, ProximalMap
from theory.generalized_linear.symbols import CURVATURE, FORCE, LOSS, RESPONSE

from ..lowering import Array, lower
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
    ``E[(1 - y^2) t]`` and ``E[l]`` at the last level, ``free`` is ``E[f_0(0)]``.
    """

    force: Array
    curvature: Array
    spread: float
    pull: float
    loss: float
    free: float


class FieldGrid:
    """An even loss at label nodes (rows) and positive cavity fields (columns); functions of h are even or odd."""

    def __init__(self, landscape: GeneralizedLinearLandscape, spacing: float) -> None:
        axis = graded_axis(Y_STEP, 0.02, half=True)
        weight = gaussian(axis)
        self.y, self.weight = axis.nodes[:, None], weight / weight.sum()
        self.h = (np.arange(round(WIDEST / spacing)) + 0.5) * spacing
        self.spacing = spacing
        self._loss = lower((FIELD, SIGNAL_FIELD), [landscape.loss, landscape.force, landscape.curvature])
        self._map = lower((FIELD, LOSS, FORCE, CURVATURE, RESPONSE), [MAP.cavity_field, MAP.jacobian, MAP.envelope])
        self._table = np.concatenate(([0.0], np.geomspace(1e-4, 4 * WIDEST, 1500)))
        self._table_force = self._loss(self._table[None, :], self.y)[1]

    def proximal(self, chi: float) -> Array:
        """``u(h)``: a table, then Newton's method. Raises ValueError where the map jumps."""
        cavity = self._table + chi * self._table_force
        if np.any(np.diff(cavity, axis=1) <= 0):
            raise ValueError(f"chi = {chi:.4g}: the proximal map jumps for some labels; full RSB is not solved there")
        u = np.array([np.interp(self.h, row, self._table) for row in cavity])
        for _ in range(4):
            values = self._loss(u, self.y)
            place, slope, _ = self._map(u, *values, chi)
            u = u + np.clip((self.h - place) / slope, -0.1, 0.1)
        return u

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
        return Sweep(np.array(force), np.array(curvature), spread, pull, loss, self._mean(down.free))

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
            f, slope, self.masses[i], self.even[i] = np.log(mass) / x[i] + shift, below, mass, even
        density = np.exp(-(grid.h**2) / (2 * steps[0])) * 2 * grid.spacing / np.sqrt(2 * np.pi * steps[0])
        mass_0 = self.weights[0] @ density
        self.free = np.log(mass_0) / x[0] + shift[:, 0]
        self.first = self.weights[0] * density / mass_0[:, None]
        self.curvature_0 = (self.first * (self.curves[0] + x[0] * self.slopes[0] ** 2)).sum(axis=1)
