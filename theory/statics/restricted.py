"""A landscape on the part of the sphere at a fixed overlap with the signal."""

from __future__ import annotations

from typing import Any

from sympy import log

from ..landscape import GaussianLandscape, exact
from ..symbols import OVERLAP


def at_overlap(landscape: GaussianLandscape, overlap: Any) -> GaussianLandscape:
    """``f_m(s) = f(m^2 + (1 - m^2) s) - f(m^2)``, s the overlap of the parts of two points that are across the signal.

    Exact: the points ``m x* + sqrt(1 - m^2) y``, y of N - 1 dimensions and across ``x*``, form a sphere of their own.
    The mean ``-N g(m)`` is the same for all of them, and so is the constant of variance ``N f(m^2)``, which adds
    nothing per spin. A mixture without field becomes one in a field.
    """
    m = exact(overlap)
    inside = landscape.covariance.subs(OVERLAP, m**2 + (1 - m**2) * OVERLAP)
    return GaussianLandscape((inside - inside.subs(OVERLAP, 0)).expand(), 0, name=f"{landscape.name} at overlap {m}")


def entropy_of_overlap(overlap: Any) -> Any:
    """``ln(1 - m^2)/2``: volume of that part of the sphere, per N."""
    return log(1 - exact(overlap) ** 2) / 2
