"""Nodes of the long-time integrator, and how fine they must be for a tolerance."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.polynomial import legendre

from ...lowering import Array
from ..collocation import barycentric, radau
from ..model import Model
from ..units import quickest
from .geometry import Rule

MOST_NODES, MORE_NODES = 26, 4
"""Largest number on a panel, and by how many it grows."""
SCALE, ORIGIN, WIDTH = 0.35, 0.87, 1.4
SWINGING_SCALE, SWINGING_WIDTH = 1.5, 0.6
"""``scale`` of the nodes in t' and ``origin`` of the logarithmic time, in units of the fastest relaxation; width of a
panel in ``y``, the logarithm of a lag at its ends (``geometry.extent``). With a mass C and R swing while they relax."""
QUIET, QUIET_NODES = 8.3, 17
"""Decades of ``t_max`` to which so many nodes keep the clock of an ageing state quiet."""


@dataclass(frozen=True)
class Resolution:
    """``nodes`` per panel in ``t'``, ``stages`` per block of time, ``tolerance`` for the last coefficients kept.

    A block may not be wider than ``reach`` in ``ln t``, nor much narrower once the dynamics is slow: what a block
    leaves behind at its edges must be resolved by the panels when it has become a feature of the memory, or it feeds
    back and grows (a power of t).
    """

    nodes: int
    stages: int
    tolerance: float

    @classmethod
    def of(cls, rtol: float, t_max: float) -> Resolution:
        """The resolution whose estimated error stays near ``rtol``; a longer run needs quieter slices.

        ``t_max`` is in units of the landscape's own time, ``1/fastest``. The clock of an ageing state has a restoring
        force of order ``1/t``: what slices do not resolve, a part ``k`` of what they hold, feeds back and grows at the
        rate ``k t`` per unit of ln t, whatever ``rtol`` is. Each decade beyond ``QUIET`` takes four nodes more.
        """
        digits, decades = -np.log10(rtol), max(np.log10(t_max), 1.0)
        wanted = max(0.4 + 1.4 * digits + 0.9 * decades, QUIET_NODES + 4 * (decades - QUIET))
        nodes = int(np.clip(round(wanted), np.clip(2 * digits, 10, 12), MOST_NODES))
        stages = int(np.clip(round(3.5 + 0.55 * digits), 5, 10))
        return cls(nodes, stages, max(0.25 * rtol, 1e-12))

    @property
    def finer(self) -> Resolution | None:
        """More nodes on each panel; None where there are as many as there may be."""
        nodes = min(self.nodes + MORE_NODES, MOST_NODES)
        return replace(self, nodes=nodes) if nodes > self.nodes else None

    @property
    def reach(self) -> float:
        """Widest block in ``ln(1 + t/origin)``."""
        return 0.165 * self.stages

    def rule(self, model: Model) -> Rule:
        """The nodes themselves, in units of the landscape's own time."""
        time = 1 / quickest(model)
        nodes, quadrature = _lobatto(self.nodes)
        gauss, gauss_weights = legendre.leggauss(self.nodes - 4)
        stages = 2 * radau(self.stages).closed - 1
        scale, width = (SCALE, WIDTH) if model.mass == 0 else (SWINGING_SCALE, SWINGING_WIDTH)
        return Rule(
            nodes,
            barycentric(nodes),
            quadrature,
            derivative(nodes),
            gauss,
            gauss_weights,
            stages,
            barycentric(stages),
            width,
            scale * time,
            ORIGIN * time,
        )


def _lobatto(size: int) -> tuple[Array, Array]:
    """Nodes and weights of Gauss-Lobatto quadrature on [-1, 1]."""
    last = legendre.Legendre.basis(size - 1)
    nodes = np.concatenate([[-1.0], np.sort(np.real(last.deriv().roots())), [1.0]])
    return nodes, 2 / (size * (size - 1) * last(nodes) ** 2)


def derivative(nodes: Array) -> Array:
    """Differentiation matrix of the Lagrange interpolant; rows sum to zero."""
    weights, gaps = barycentric(nodes), nodes[:, None] - nodes
    np.fill_diagonal(gaps, 1.0)
    matrix = weights / weights[:, None] / gaps
    np.fill_diagonal(matrix, 0.0)
    np.fill_diagonal(matrix, -matrix.sum(axis=1))
    return np.asarray(matrix)


def last_coefficients(nodes: Array, count: int) -> Array:
    """Rows that take values at ``nodes`` to the last ``count`` Legendre coefficients."""
    return np.asarray(np.linalg.inv(legendre.legvander(nodes, nodes.size - 1))[-count:])
