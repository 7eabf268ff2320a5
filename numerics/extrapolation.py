r"""Infinite size from several finite ones. The error of the law of extrapolation is part of the error of the limit.

A law is ``v(N) = v + sum_k a_k N^(-p_k) + b N^(-p)``. The ``a_k`` are fitted, by least squares with weights
``1/error^2``. Of one power beyond them, the first that they leave out or a slower one that cannot be told from them,
only the size of the coefficient is known: ``b`` has mean 0 and standard deviation ``width``, a Gaussian prior (Lepage
et al., Nucl. Phys. B Proc. Suppl. 106, 12, 2002). Where no twin with a known answer has told the width, it is the last
coefficient fitted times the ``ratio`` of one to the one before.

Besides, points that scatter about the fit by more than chance has it once in a thousand times enlarge the error by
``sqrt(chi^2/degrees)`` (Birge, Phys. Rev. 40, 207, 1932). A law that does not hold widens the error bar, and makes a
check undecided rather than wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from .lowering import Array
from .statistics import Means

POOR = 1e-3
"""Probability of a scatter as large below which a fit is called poor."""


@dataclass(frozen=True)
class SizeLaw:
    """``powers`` of 1/N, > 0, whose coefficients are fitted; the one ``beyond`` them, and the ``width`` of its own.

    The width is in the units of the values; None: ``ratio`` times the size of the last coefficient fitted. A ratio is
    about the size from which on the law holds: of order 1, or the time of runs at fixed time, which N has to exceed.
    Without a power beyond, the law is taken to be exact.
    """

    powers: tuple[float, ...]
    beyond: float | None = None
    width: float | None = None
    ratio: float = 1.0

    @classmethod
    def series(cls, exponent: float = 1.0, terms: int = 1, *, ratio: float = 1.0) -> SizeLaw:
        """``N^(-k exponent)``, k = 1 ... terms; 1 for smooth averages, 2/3 for an edge (Tracy, Widom 1994)."""
        return cls(tuple(exponent * k for k in range(1, terms + 1)), exponent * (terms + 1), ratio=ratio)

    def scaled(self, unit: float) -> SizeLaw:
        """For values in another unit."""
        return self if self.width is None else replace(self, width=unit * self.width)


SMOOTH = SizeLaw.series()


@dataclass(frozen=True, eq=False)
class Limit:
    """``value`` at infinite size and its standard error; ``coefficients`` of ``N^-p``, p among ``powers``, 0 first.

    ``p_value`` of the fit: the chance of a larger scatter, 1 where nothing is left over. ``shares`` of the sizes in the
    variance, which the law has a part of as well; ``leverages`` of their values on the fit there.
    """

    value: float
    error: float
    coefficients: Array
    powers: Array
    p_value: float = 1.0
    shares: Array | None = None
    leverages: Array | None = None

    def at(self, sizes: ArrayLike) -> Array:
        """The fitted curve."""
        n = np.asarray(sizes, dtype=np.float64)
        values: Array = n[..., None] ** -self.powers @ self.coefficients
        return values


def extrapolate(sizes: ArrayLike, values: ArrayLike, errors: ArrayLike, law: SizeLaw = SMOOTH) -> Limit:
    """Values at several sizes, with standard errors, by that law.

    Raises ``ValueError`` unless these are three lists of one length, sizes, errors and powers are positive, and there
    are more sizes than coefficients.
    """
    n, v, s = (np.asarray(a, dtype=np.float64) for a in (sizes, values, errors))
    _require(n, v, s, law)
    fit = _least_squares(n, v, s, law.powers)
    width = law.ratio * abs(float(fit.coefficients[-1])) if law.width is None else law.width
    return _least_squares(n, v, s, (*law.powers, law.beyond), width) if law.beyond and width else fit


def _least_squares(n: Array, v: Array, s: Array, powers: tuple[float, ...], width: float | None = None) -> Limit:
    """``width`` is that of the last coefficient; None where it is free."""
    p = np.append(0.0, powers)
    scale = np.max(n[:, None] ** -p, axis=0)
    prior = np.zeros((0, p.size)) if width is None else np.eye(1, p.size, p.size - 1) / (width * scale[-1])
    design = np.vstack([n[:, None] ** -p / scale / s[:, None], prior])
    target = np.append(v / s, np.zeros(len(prior)))
    inverse = np.linalg.pinv(design)
    fitted = inverse @ target
    chi2, degrees = float(np.sum((design @ fitted - target) ** 2)), len(design) - p.size
    p_value = float(chdtrc(degrees, chi2)) if degrees else 1.0
    variance = inverse[0] @ inverse[0]
    birge = np.sqrt(chi2 / degrees) if p_value < POOR else 1.0
    shares = inverse[0, : n.size] ** 2 / variance
    leverages = np.einsum("ij,ji->i", design, inverse)[: n.size]
    return Limit(float(fitted[0]), float(np.sqrt(variance) * birge), fitted / scale, p, p_value, shares, leverages)


def _require(n: Array, v: Array, s: Array, law: SizeLaw) -> None:
    if not (n.shape == v.shape == s.shape and n.ndim == 1 and np.all(n > 0) and np.all(s > 0) and min(law.powers) > 0):
        raise ValueError(f"sizes = {n}, values = {v}, errors = {s}: expected three lists of one length, > 0 but values")
    if np.unique(n).size <= len(law.powers):
        least = len(law.powers) + 1
        raise ValueError(f"sizes = {n}: expected {least} different ones or more, for powers = {law.powers}")


@dataclass(frozen=True, eq=False)
class Limits:
    """At infinite size, of each observable (K,): value, standard error, degrees of freedom of the error; the fits."""

    value: Array
    error: Array
    degrees: Array
    fits: tuple[Limit, ...]


def limits(groups: Sequence[Means], law: SizeLaw | Sequence[SizeLaw] = SMOOTH) -> Limits:
    """Each observable extrapolated by the law, or by its own.

    The degrees of freedom of an error are Welch and Satterthwaite's (Biometrics Bull. 2, 110, 1946), ``1/sum_i
    w_i^2/n_i``: size i has ``n_i`` of them and the share ``w_i``; the law's own share is known. Weights that were
    estimated themselves cost ``1 + 4 sum_i w_i (1 - h_i)/n_i`` in the variance, ``h_i`` the leverage of size i (of a
    weighted mean, its weight: Meier, Biometrics 9, 59, 1953).
    """
    sizes, freedom = [group.size for group in groups], np.array([group.degrees for group in groups])
    values, errors = (np.array([getattr(g, name) for g in groups]) for name in ("value", "error"))
    laws = [law] * values.shape[1] if isinstance(law, SizeLaw) else law
    fits = tuple(extrapolate(sizes, v, e, own) for v, e, own in zip(values.T, errors.T, laws, strict=True))
    value, error = (np.array([getattr(fit, name) for fit in fits]) for name in ("value", "error"))
    shares, leverages = (np.array([getattr(f, k) for f in fits], dtype=np.float64) for k in ("shares", "leverages"))
    estimated = 1 + 4 * np.sum(shares * (1 - leverages) / freedom, axis=1)
    return Limits(value, error * np.sqrt(estimated), 1 / np.sum(shares**2 / freedom, axis=1), fits)
