r"""Infinite size from several finite ones. The error of the law of extrapolation is part of the error of the limit.

A law is ``v(N) = v + sum_k a_k N^(-p_k) + b N^(-p)``. The ``a_k`` are fitted. Of one power beyond them, the first that
they leave out or a slower one that cannot be told from them, only the size of the coefficient is known: ``b`` has mean
0 and standard deviation ``width``, a Gaussian prior (Lepage et al., Nucl. Phys. B Proc. Suppl. 106, 12, 2002). Where no
twin with a known answer has told the width, it is the last coefficient fitted times the ``ratio`` of one to the one
before.

Besides, points that scatter about the fit by more than chance has it once in a thousand times enlarge the error by
``sqrt(chi^2/degrees)`` (Birge, Phys. Rev. 40, 207, 1932). A law that does not hold widens the error bar, and makes a
check undecided rather than wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from ..lowering import Array
from ..statistics import Extrapolation, fit_powers

POOR = 1e-3
"""Probability of a scatter as large below which a fit is called poor."""
TINY = 1e-150
"""A width of nothing."""


@dataclass(frozen=True)
class Law:
    """``powers`` of 1/N, > 0, whose coefficients are fitted; the one ``beyond`` them, and the ``width`` of its own.

    The width is in the units of the values; None: ``ratio`` times the size of the last coefficient fitted. A ratio is
    about the size from which on the law holds: of order 1, or the time of runs at fixed time, which N has to exceed.
    """

    powers: tuple[float, ...]
    beyond: float
    width: float | None = None
    ratio: float = 1.0

    @classmethod
    def series(cls, exponent: float = 1.0, terms: int = 1, *, ratio: float = 1.0) -> Law:
        """``N^(-k exponent)``, k = 1 ... terms; 1 for smooth averages, 2/3 for an edge (Tracy, Widom 1994)."""
        return cls(tuple(exponent * k for k in range(1, terms + 1)), exponent * (terms + 1), ratio=ratio)

    def scaled(self, unit: float) -> Law:
        """For values in another unit."""
        return self if self.width is None else replace(self, width=unit * self.width)

    def fit(self, sizes: ArrayLike, values: ArrayLike, errors: ArrayLike) -> Extrapolation:
        """By least squares; the last of the coefficients is ``b``."""
        width = self.width
        if width is None:
            width = self.ratio * abs(float(fit_powers(sizes, values, errors, self.powers).coefficients[-1]))
        widths = np.append(np.full(len(self.powers), np.inf), max(width, TINY))
        return fit_powers(sizes, values, errors, (*self.powers, self.beyond), widths)


SMOOTH = Law.series()


@dataclass(frozen=True, eq=False)
class Limit:
    """``value`` at infinite size and its standard error; ``coefficients`` of ``N^-p``, p among ``powers``, 0 first.

    ``p_value`` of the fit; ``shares`` of the sizes in the variance, which the law has a part of as well.
    """

    value: float
    error: float
    coefficients: Array
    powers: Array
    p_value: float = 1.0
    shares: Array | None = None

    def at(self, sizes: ArrayLike) -> Array:
        """The fitted curve."""
        n = np.asarray(sizes, dtype=np.float64)
        values: Array = n[..., None] ** -self.powers @ self.coefficients
        return values

    def axis(self, sizes: ArrayLike) -> tuple[Array, Array]:
        """The leading power of N at the sizes, and a line of its values from infinite N to a little beyond them."""
        x: Array = np.asarray(sizes, dtype=np.float64) ** -self.powers[1]
        return x, np.linspace(0, 1.05 * x.max(), 50)

    def along(self, x: ArrayLike) -> Array:
        """The fitted curve where the leading power of N is x."""
        values: Array = np.asarray(x)[..., None] ** (self.powers / self.powers[1]) @ self.coefficients
        return values

    @property
    def label(self) -> str:
        """The leading power of N, for an axis."""
        return f"$N^{{-{Fraction(float(self.powers[1])).limit_denominator(100)}}}$"


def extrapolate(sizes: ArrayLike, values: ArrayLike, errors: ArrayLike, law: Law = SMOOTH) -> Limit:
    """Values at several sizes, with standard errors, by that law.

    Raises ``ValueError`` unless there are more sizes than fitted coefficients (``numerics.statistics.fit_powers``).
    """
    fit = law.fit(sizes, values, errors)
    birge = np.sqrt(fit.chi2 / fit.degrees) if fit.p_value < POOR else 1.0
    powers = np.array([0.0, *law.powers, law.beyond])
    return Limit(fit.value, float(fit.error * birge), fit.coefficients, powers, fit.p_value, fit.shares)
