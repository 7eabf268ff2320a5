"""The size of a loss: ground states are sought in its unit, in which chi and x are of order 1."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from sympy import Integer

from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape

from ..lowering import lower
from .parisi import GroundState
from .quadrature import gaussian, graded_axis


def exponent(landscape: GeneralizedLinearLandscape) -> int:
    """Of a power of ten near ``E[|l - median|^(1/2)]^2``, of random u and y: rare large losses count for little.

    0 from a tenth to ten.
    """
    axis = graded_axis(0.1, 0.1, half=False)
    weight = np.multiply.outer(gaussian(axis), gaussian(axis)).ravel()
    with np.errstate(all="ignore"):
        (values,) = lower((FIELD, SIGNAL_FIELD), [landscape.loss])(axis.nodes, axis.nodes[:, None])
        loss = np.broadcast_to(values, (axis.nodes.size,) * 2).ravel()
        order = np.argsort(loss)
        median = loss[order[np.searchsorted(np.cumsum(weight[order]), 0.5)]]
        size = float(np.sum(weight * np.sqrt(np.abs(loss - median)))) ** 2
    return int(np.log10(size)) if np.isfinite(size) and size > 0 else 0


def in_unit(landscape: GeneralizedLinearLandscape, power: int) -> GeneralizedLinearLandscape:
    """The loss in units of ``10^power``."""
    return GeneralizedLinearLandscape(landscape.loss / Integer(10) ** power) if power else landscape


def rescaled(state: GroundState, power: int, *, error: int) -> GroundState:
    """Back: energies grow with the loss, chi and x fall. The ``error`` is that of a quantity in such a power of it."""
    unit = 10.0**power
    return replace(
        state,
        energy=state.energy * unit,
        error=state.error * unit**error,
        chi=state.chi / unit,
        x=state.x / unit,
        paid=state.paid * unit,
    )
