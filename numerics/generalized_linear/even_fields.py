"""Cavity fields of a loss that is even in u: positive ones, on a uniform grid."""

from __future__ import annotations

import numpy as np

from theory.generalized_linear import FIELD, GeneralizedLinearLandscape, ProximalMap
from theory.generalized_linear.symbols import CURVATURE, FORCE, LOSS, RESPONSE

from ..lowering import Array, lower
from .breaks import label_axis
from .loss import loss_functions
from .quadrature import gaussian
from .recursion import Kink, Levels, normal_density

MAP = ProximalMap()
WIDEST = 8.0
"""Largest cavity field."""
Y_STEP = 0.35


class EvenFields:
    """An even loss at label nodes (rows) and positive cavity fields (columns); functions of h are even or odd.

    The proximal map may jump at ``h = 0``, between nodes: ``f_K`` has a kink there.
    """

    def __init__(self, landscape: GeneralizedLinearLandscape, spacing: float, y_step: float = Y_STEP) -> None:
        axis = label_axis(landscape, y_step, 0.02, half=True)
        weight = gaussian(axis)
        self.y, self.weight = axis.nodes[:, None], weight / weight.sum()
        self.h: Array = spacing * (np.arange(round(WIDEST / spacing), dtype=np.float64) + 0.5)
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

    def levels(self, q: Array, chi: float) -> Levels:
        """At overlaps ``q_0 .. q_K``; ``q_0 = 0``: ``P_0 = delta(h)``."""
        steps, u = np.diff(q), self.proximal(chi)
        loss, force, curvature = self._loss(u, self.y)
        jacobian, envelope = self._map(u, loss, force, curvature, chi)[1:]
        even, odd = ([self.kernel(step, parity) for step in steps] for parity in (1, -1))
        law = 2 * self.spacing * normal_density(self.h, q[0] or steps[0])
        if q[0] == 0:
            even[0], odd[0], law = law[:, None], np.zeros((len(law), 1)), np.ones(1)
        parts = (loss, envelope, force, curvature / jacobian)
        return Levels(self.y, self.weight, law, even, odd, *parts, self._kinks(chi, steps) if len(steps) else ())

    def _kinks(self, chi: float, steps: Array) -> list[Kink]:
        top, jump = self.kink(chi)
        h = self.h if len(steps) > 1 else np.zeros(1)
        return [Kink(normal_density(h, steps[-1]), top, jump)] if jump.any() else []

    def jumping(self, chi: float) -> float:
        """The probability of labels whose proximal map jumps."""
        return float(self.weight @ (self.kink(chi)[1][:, 0] > 0))
