"""Laws of the label alone: averages over y with any preprocessing, smooth or not."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from sympy import Expr

from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape, SpectralMethod

from ..lowering import Array, lower
from ..threshold_values import ThresholdValue
from .field_law import UNBOUNDED, Data, FieldLaw
from .quadrature import gaussian, panel_axis
from .refinement import refined
from .spectrum import HessianEdge, LabelSpectrum

TOLERANCES = (1e-9, 1e-11, 1e-13)
"""Of the integrals over each panel, coarse to fine."""
LANDSCAPE = GeneralizedLinearLandscape(FIELD**2 / 2)
"""Averages over labels alone use no loss; any will do."""


def label_law(preprocessing: Expr, tolerance: float = TOLERANCES[-1]) -> FieldLaw:
    """A standard Gaussian y on panels that resolve ``T(y)``; the curvature is ``D = -T``."""
    values = lower((SIGNAL_FIELD,), [preprocessing])

    def shape(y: Array) -> Array:
        bounded = _bounded(values(y)[0])
        return np.stack((bounded, bounded**2, y**2 * bounded, y**2 * bounded**2, y**4))

    axis = panel_axis(shape, tolerance)
    y, zero = axis.nodes[:, None], np.zeros((len(axis.nodes), 1))
    weight = gaussian(axis)
    weight = weight / weight.sum()
    data = Data(LANDSCAPE, (zero, y, zero, zero, -values(y)[0]), weight, np.ones(1))
    return FieldLaw(data, weight[:, None], 0.0)


def _bounded(values: Array) -> Array:
    """``T/sqrt(1 + T^2)``, as smooth as T; infinite T is 1 in size."""
    with np.errstate(all="ignore"):
        return np.where(np.isinf(values), np.sign(values), values / np.sqrt(1 + values**2))


@lru_cache(maxsize=16)
def spectral(method: SpectralMethod, tolerance: float = TOLERANCES[-1]) -> LabelSpectrum:
    """Minus the matrix of a spectral method as a Hessian: numbers for its edge, outlier and overlap.

    Raises ValueError if T is not finite for nearly all labels.
    """
    y = np.concatenate((-np.geomspace(1e-9, 1e9, 721), np.geomspace(1e-9, 1e9, 721)))
    values = lower((SIGNAL_FIELD,), [method.preprocessing])(y)[0]
    if np.isnan(values).any():
        raise ValueError(f"preprocessing = {method.preprocessing} is not a real number for some y; try 1 - 1/y**2")
    law = label_law(method.preprocessing, tolerance)
    top = float(max(values.max(), -law.data.fields[-1].min()))
    return LabelSpectrum(law, -top if top < UNBOUNDED else -np.inf, method.general)


def spectral_threshold(method: SpectralMethod) -> ThresholdValue:
    """Smallest alpha at which the top eigenvector of ``sum T(y) x x^T`` correlates with the signal.

    Its error is what a finer division into panels changes.
    """
    return refined(lambda tolerance: spectral(method, tolerance).transition(), TOLERANCES)


def spectral_outlier(method: SpectralMethod, alpha: float) -> HessianEdge:
    """Edge, outlier and squared overlap at this alpha, of minus the matrix (top eigenvalue = ``-outlier``)."""
    spectrum = spectral(method)
    if not np.isfinite(spectrum.floor):
        raise ValueError(f"preprocessing = {method.preprocessing} is unbounded above; bound it, try 1 - 1/y**2")
    return spectrum.hessian(alpha, 0.0)
