"""The label law of one sample at one point: what theory says of its Hessian, given the fields of its data."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from theory.generalized_linear import GeneralizedLinearLandscape

from ...lowering import Array, lower
from ..field_law import Data, FieldLaw
from ..spectrum import THEORY, LabelSpectrum
from .sample import DATUM, SampledRisk


def empirical_law(
    landscape: GeneralizedLinearLandscape, u: Array, y: Array, curvature: ArrayLike | None = None
) -> FieldLaw:
    """Each of the data with fields u and y (M,) equally likely; ``curvature`` in place of ``D = l''``, if given."""
    columns = [np.reshape(values, (-1, 1)) for values in (u, y)]
    parts = lower(DATUM, [landscape.loss, landscape.force, landscape.curvature])(*columns)
    if curvature is not None:
        parts[2] = np.broadcast_to(np.reshape(curvature, (-1, 1)), columns[0].shape)
    share = np.full(columns[0].shape, 1 / y.size)
    data = Data(landscape, (*columns, *(np.ascontiguousarray(part) for part in parts)), share[:, 0], np.ones(1))
    return FieldLaw(data, share, 0.0)


def empirical_spectrum(sample: SampledRisk, x: Array) -> LabelSpectrum:
    """``HessianSpectrum`` under the law of the fields of this sample at x (N,).

    ``empirical_spectrum(sample, x).hessian(sample.alpha, mu)``: the bulk and the outlier to be expected of its Hessian.
    """
    return spectrum_of(empirical_law(sample.landscape, sample.fields(x[None])[0], sample.labels))


def spectrum_of(law: FieldLaw) -> LabelSpectrum:
    """Of a law of finitely many data."""
    return LabelSpectrum(law, float(law.data.fields[-1].min()), THEORY)
