r"""Exponents from several sizes: ``v(N) = A N^alpha (1 + b (N_0/N)^p + c (N_0/N)^2p)``, p known, ``N_0`` the smallest.

All are fitted by least squares. Of corrections to scaling no more is known beforehand than that at ``N_0`` each is
about as large as the leading term: b and c have Gaussian priors of mean 0 and width 1 (Lepage et al., Nucl. Phys. B
Proc. Suppl. 106, 12, 2002), which makes what they can do a part of the error of alpha.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import least_squares
from scipy.special import chdtrc

from .extrapolation import POOR
from .lowering import Array


@dataclass(frozen=True, eq=False)
class PowerLaw:
    """``exponent`` alpha, its standard ``error``, ``parameters`` (ln A, alpha, b, c); ``p_value`` as in ``Limit``."""

    exponent: float
    error: float
    parameters: Array
    smallest: float
    correction: float
    p_value: float

    def at(self, sizes: ArrayLike) -> Array:
        """The fitted curve."""
        return np.exp(_logarithm(self.parameters, np.log(sizes), np.log(self.smallest), self.correction))


def power_law(sizes: ArrayLike, values: ArrayLike, errors: ArrayLike, correction: float) -> PowerLaw:
    """Of values > 0 with standard errors at two different sizes or more; ``correction`` is p.

    Raises ``ValueError`` for anything else.
    """
    n, v, s = (np.asarray(a, dtype=np.float64) for a in (sizes, values, errors))
    if not (n.shape == v.shape == s.shape and np.unique(n).size >= 2 and np.all(np.array([n, v, s]) > 0)):
        raise ValueError(f"sizes = {n}, values = {v}, errors = {s}: expected three lists of one length, all > 0")
    x, y, width = np.log(n), np.log(v), s / v

    def residuals(p: Array) -> Array:
        return np.append((_logarithm(p, x, x.min(), correction) - y) / width, p[2:])

    slope, start = np.polyfit(x, y, 1, w=1 / width)
    fit = least_squares(residuals, [start, slope, 0.0, 0.0], x_scale="jac")
    chi2, degrees = 2 * float(fit.cost), n.size - 2
    p_value = float(chdtrc(degrees, chi2)) if degrees else 1.0
    jacobian = np.asarray(fit.jac, dtype=np.float64)
    variance = float(np.linalg.inv(jacobian.T @ jacobian)[1, 1]) * (chi2 / degrees if p_value < POOR else 1.0)
    return PowerLaw(float(fit.x[1]), variance**0.5, fit.x, float(n.min()), correction, p_value)


def _logarithm(p: Array, x: Array, smallest: float, correction: float) -> Array:
    """``ln v``; where corrections would turn the sign it is that of something tiny."""
    decay = np.exp(-correction * (x - smallest))
    value: Array = p[0] + p[1] * x + np.log(np.maximum(1 + p[2] * decay + p[3] * decay**2, 1e-3))
    return value
