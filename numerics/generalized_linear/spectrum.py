"""Bulk edge, outlier and BBP transition of the Hessian under a law of the labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from sympy import Expr

from theory.generalized_linear import GeneralizedLinearLandscape, HessianSpectrum, KacRiceAction
from theory.generalized_linear.symbols import ALPHA, MULTIPLIER, RESOLVENT

from ..errors import ConvergenceError
from ..lowering import Array
from ..threshold_values import ThresholdValue
from .curvature import curvature_unit, floor_of
from .field_law import FieldLaw, independent, tabulate
from .refinement import absent, critical_alpha, refined

THEORY = HessianSpectrum()
FARTHEST = 1e6
"""Largest resolvent looked at where the curvature is nowhere negative, in the inverse unit of the loss."""
RTOL = 1e-14
TANGENT = 1e-12
"""Where b and 1 meet at the pole itself (optimal spectral methods), rounding decides their order."""


@dataclass(frozen=True)
class HessianEdge:
    """The lower end of the Hessian's spectrum.

    ``edge`` of the bulk, at resolvent ``resolvent``; ``attraction`` is b there: above 1 there is an ``outlier`` whose
    eigenvector has the squared overlap ``overlap_squared`` with the signal (otherwise nan and 0). All in units of the
    loss; ``pinned`` tells that the edge sits where ``1 + g D`` vanishes for extreme data.
    """

    edge: float
    resolvent: float
    attraction: float
    outlier: float
    overlap_squared: float
    pinned: bool


@dataclass(frozen=True, eq=False)
class LabelSpectrum:
    """``HessianSpectrum`` under a law P(u, y) that does not depend on alpha; ``floor`` is the infimum of D, approached
    like ``|field|^(-decay)`` where it is none of its values; ``unit`` the size of the loss."""

    law: FieldLaw
    floor: float
    theory: HessianSpectrum = THEORY
    unit: float = 1.0
    decay: float = 0.0

    @property
    def largest_resolvent(self) -> float:
        """``1 + g D > 0`` for all data up to here."""
        return -1 / self.floor if self.floor < 0 else FARTHEST / self.unit

    def sums(self, g: float) -> tuple[float, float]:
        """``E[t^2]`` and ``E[(1 - v^2) t]``: A and b are linear in alpha."""
        stability, attraction = self.evaluate((self.theory.stability, self.theory.attraction), g, 1.0)
        return 1 - stability, attraction

    def evaluate(self, expressions: tuple[Expr, ...], g: float, alpha: float, mu: float = 0.0) -> list[float]:
        """Expressions of the theory at one point of the axis."""
        return self.law.evaluate(expressions, {RESOLVENT: g, ALPHA: alpha, MULTIPLIER: mu})

    def edge(self, alpha: float) -> tuple[float, bool]:
        """Resolvent at the edge, and whether it is pinned. ``E[t^2]`` increases with g."""

        def beyond(g: float) -> float:
            return alpha * self.sums(g)[0] - 1

        top = self.largest_resolvent
        if not beyond(top) > 0:  # nan at a pole counts as infinite below
            if np.isfinite(beyond(top)):
                return top, True
            top *= 1 - 1e-12
        return _root(beyond, _positive_start(beyond, top), top), False

    def hessian(self, alpha: float, multiplier: float) -> HessianEdge:
        """Edge and outlier of ``(1/N) sum D x x^T + multiplier`` at this alpha."""
        if not (np.isfinite(alpha) and alpha > 0):
            raise ValueError(f"alpha = {alpha} must be a positive number; try alpha = 3")
        g, pinned = self.edge(alpha)
        position, b = self.evaluate((self.theory.position, self.theory.attraction), g, alpha, multiplier)
        if not b > 1:
            return HessianEdge(position, g, b, np.nan, 0.0, pinned)

        def pole(g: float) -> float:
            return self.evaluate((self.theory.attraction,), g, alpha)[0] - 1

        root = _root(pole, _positive_start(pole, g), g)
        expressions = (self.theory.position, self.theory.overlap_squared)
        outlier, overlap = self.evaluate(expressions, root, alpha, multiplier)
        return HessianEdge(position, g, b, outlier, overlap, pinned)

    def transition(self) -> ThresholdValue:
        """The smallest alpha with ``b = 1`` at the edge: ``E[(1 - v^2) t] = E[t^2] = 1/alpha``, or pinned."""
        if not np.isfinite(self.floor):
            return absent("the curvature is unbounded below, and so is the bulk of the Hessian")

        def excess(g: float) -> float:
            spread, pull = self.sums(g)
            return pull / spread - 1 if spread > 0 else -1.0

        top = self.largest_resolvent
        points = _towards(top, bounded=self.floor < 0)
        values = np.array([excess(g) for g in points])
        if self.floor < 0 and values[-1] > -TANGENT:
            note = PINNED + _slowness(self.decay) if values[-1] > TANGENT else ""
            return critical_alpha(1 / self.sums(top)[1], note=note, state={"g": top})
        crossings = [i for i in range(len(points) - 1) if values[i] > 0 >= np.nan_to_num(values[i + 1], nan=-1.0)]
        if not crossings:
            return absent("b stays below 1 at the edge for every alpha: the Hessian's outlier never leaves the bulk")
        i = crossings[-1]  # alpha falls as g rises
        g = _root(lambda g: _below_pole(excess(g)), points[i], points[i + 1])
        return critical_alpha(1 / self.sums(g)[0], state={"g": g})


PINNED = "the edge is pinned where 1 + gD vanishes for extreme data; b jumps past 1 there (discontinuous transition)"


def _below_pole(value: float) -> float:
    return value if np.isfinite(value) else -1.0


def _slowness(decay: float) -> str:
    """How slowly finite systems reach a pinned edge: the largest of N fields are near ``sqrt(2 ln N)``."""
    if decay == 0:
        return ""
    power = round(decay / 2, 2)
    shape = {0.5: "1/sqrt(ln N)", 1.0: "1/ln N"}.get(power, f"(ln N)^(-{power:g})")
    return f"; finite N approaches this edge only like {shape}, for the infimum of l'' is a limit at infinite fields"


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """To a relative precision, whatever the size of the resolvent."""
    return float(brentq(function, low, high, xtol=RTOL * abs(high) / 100, rtol=RTOL))


def _towards(top: float, *, bounded: bool) -> Array:
    """Resolvents from small ones up to the largest, closer at both ends."""
    ends = np.geomspace(1e-6, 0.5, 24)
    fractions = np.concatenate((ends[:-1], (1 - ends[::-1]), [1.0]))
    return np.asarray(top * fractions) if bounded else top * np.geomspace(1 / FARTHEST**2, 1, 97)


def _positive_start(function: Callable[[float], float], end: float) -> float:
    """A point below ``end`` where the function is negative (it is at zero)."""
    for factor in np.geomspace(1e-2, 1e-14, 13):
        if function(end * factor) < 0:
            return float(end * factor)
    raise ConvergenceError(f"no resolvent between 0 and {end:.3g} below the root")


def initial_bbp(landscape: GeneralizedLinearLandscape) -> ThresholdValue:
    """Smallest alpha at which the Hessian at a random w has an outlier along the signal.

    There (u, y) are independent standard Gaussians. Error by halving the spacing of the nodes, near rounding for losses
    that are analytic. Raises ValueError for a loss with free parameters or singularities.
    """
    return refined(lambda step: _initial(landscape, step).transition())


def initial_hessian(landscape: GeneralizedLinearLandscape, alpha: float) -> HessianEdge:
    """Edge, outlier and overlap at a random w, with ``mu = -alpha E[u l']``."""
    spectrum = _initial(landscape, 0.05)
    if not np.isfinite(spectrum.floor):
        raise ValueError(f"{landscape!r}: l'' is unbounded below, the Hessian has no edge; bound the curvature")
    return spectrum.hessian(alpha, spectrum.law.evaluate((radial_force(),), {ALPHA: alpha})[0])


def radial_force() -> Expr:
    """``mu = -alpha E[u l']``."""
    return KacRiceAction().multiplier


@lru_cache(maxsize=16)
def _initial(landscape: GeneralizedLinearLandscape, step: float) -> LabelSpectrum:
    floor, decay = floor_of(landscape)
    law = independent(tabulate(landscape, step))
    return LabelSpectrum(law, floor, unit=curvature_unit(landscape), decay=decay)
