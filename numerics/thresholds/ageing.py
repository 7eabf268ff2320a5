r"""Which slow sectors a landscape ages in: the overlaps of ``theory.dynamics.slow_sectors``, found from C = 1 down.

The ratio of a step from b to q is ``x = chi(b) D_2/D_1``, with ``D_1 = [f'(b) - f'(q)]/(b - q)`` and
``D_2 = [f''(b) - D_1]/(b - q)``: polynomials in q with positive coefficients, in which nothing cancels next to b.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.polynomial.polynomial import polyder, polyval
from scipy.optimize import brentq

from theory.dynamics.slow_sectors import Sector
from theory.energies import threshold_energy
from theory.landscape import GaussianLandscape
from theory.statics.transitions import unplanted
from theory.symbols import OVERLAP

from ..errors import ConvergenceError
from ..lowering import Array, lower_exact
from ..power_series import coefficients
from ..roots import polish
from ..statics.transitions import marginal_overlap
from .lines import Located

PLACES = 1 / (1 + np.exp(-np.linspace(-18, 18, 361)))
"""Parts of an interval, dense at both ends."""
TIE, NEAR = 1e-12, 1e-4
"""Relative difference that is rounding, of ratios, temperatures and overlaps; of the ends of a step that follows a
continuum."""
DISTANCES = 721
"""From C = 1 at which a plateau is looked for."""
MOST, DIGITS = 12, 17
"""The largest number of sectors; digits of the energy."""


@dataclass(frozen=True)
class Steps:
    """Steps in one landscape, ``f' = sum_n slope[n] q^n``; ``floor`` is where a continuum ends at the latest."""

    slope: Array
    floor: float

    def curvature(self, q: Array | float) -> Array:
        """``f''(q)``."""
        return np.asarray(polyval(q, polyder(self.slope)))

    def differences(self, b: float) -> tuple[Array, Array]:
        """Coefficients of ``D_1`` and ``D_2``."""
        first = _divided(self.slope, b)
        return first, _divided(first, b)

    def ratio(self, b: float, q: Array) -> Array:
        """``x``; at ``q = b`` that of a continuum, ``-d chi/dq``."""
        first, second = self.differences(b)
        return np.asarray(polyval(q, second) / polyval(q, first) / np.sqrt(self.curvature(b)))

    def bottom(self, b: float) -> float:
        """Where a step from b is the last: ``f'(q) chi^2 = q`` with ``chi = 1/(chi(b) D_1)``; 0 without field."""
        if self.floor == 0:
            return 0.0
        first, _ = self.differences(b)

        def excess(q: Any) -> Any:
            return self.curvature(b) * polyval(q, self.slope) - q * polyval(q, first) ** 2

        places = np.concatenate([[0.0], b * PLACES, [b]])
        i = int(np.flatnonzero(excess(places) >= 0)[-1])
        # b itself where a continuum ends by itself
        return b if i == places.size - 1 else float(brentq(excess, places[i], places[i + 1], xtol=1e-16))

    def below(self, b: float, *, leaving: bool = False) -> tuple[float, bool]:
        """End of the step from b, where the ratio is largest, and whether it is the last; b itself for a continuum.

        ``leaving`` a continuum there is a step with the same ratio.
        """
        last = self.bottom(b)
        if last == b:
            return b, False
        q = np.concatenate([[last], last + (b - last) * PLACES, [b]])
        ratios = self.ratio(b, q)
        tops = np.flatnonzero((ratios >= np.append(-np.inf, ratios[:-1])) & (ratios >= np.append(ratios[1:], np.inf)))
        tops = tops[q[tops] < b * (1 - NEAR)] if leaving else tops
        best = int(tops[np.argmax(ratios[tops])]) if tops.size else q.size - 1
        if best >= q.size - 2 or not (leaving or ratios[best] >= ratios[-1] * (1 + TIE)):
            return b, False
        if best == 0:
            return last, True
        return float(brentq(lambda q: self._rise(b, q), q[best - 1], q[best + 1], xtol=1e-16)), False

    def plateaus(self, temperature: float) -> list[float]:
        """``(1 - q)^2 f''(q) = T^2`` where the left side falls, from above, down to where states are marginal at all.

        In ``ln(1 - q)``, from ``1 - q = T/sqrt(f''(1))`` on, above which there is none.
        """
        most = 1 - self.floor
        if temperature >= most * np.sqrt(float(self.curvature(1.0))):
            return []
        least = temperature / np.sqrt(float(self.curvature(1.0)))

        def excess(z: Any) -> Any:
            return np.exp(2 * z) * self.curvature(1 - np.exp(z)) - temperature**2

        z = np.linspace(np.log(least), np.log(most), DISTANCES)
        above = excess(z)
        above[0] = min(above[0], 0.0)  # but for rounding
        crossed = np.flatnonzero((above[:-1] <= 0) & (above[1:] > 0))
        roots = [z[i] if above[i] == 0 else brentq(excess, z[i], z[i + 1], xtol=1e-16, rtol=1e-15) for i in crossed]
        found = [1 - float(np.exp(root)) for root in roots]
        return [q for q in found if q > self.floor + TIE]

    def _rise(self, b: float, q: float) -> float:
        """Sign of ``dx/dq``: ``f''(q) f''(b) - D_1^2``."""
        first, _ = self.differences(b)
        return float(self.curvature(q) * self.curvature(b) - polyval(q, first) ** 2)

    def continuum(self, b: float) -> float:
        """Where a continuum from b ends: at the first overlap from which a step has a larger ratio."""
        upper = b
        for lower in self.floor + (b - self.floor) * PLACES[::-1]:
            if self.below(lower)[0] < lower:
                return self._bisected(float(lower), upper)
            upper = float(lower)
        return self.floor

    def _bisected(self, lower: float, upper: float) -> float:
        while upper - lower > 4 * np.spacing(upper):
            middle = (lower + upper) / 2
            lower, upper = (middle, upper) if self.below(middle)[0] < middle else (lower, middle)
        return upper


def _divided(series: Array, b: float) -> Array:
    """``[p(q) - p(b)]/(q - b)`` by synthetic division."""
    quotient = np.zeros(max(series.size - 1, 1))
    carried = 0.0
    for n in range(series.size - 1, 0, -1):
        carried = series[n] + b * carried
        quotient[n - 1] = carried
    return quotient


@dataclass(frozen=True)
class SectorsFound:
    """Kinds of the sectors from C = 1 down, and the overlaps at which they end, 1 first."""

    sectors: tuple[Sector, ...] = ()
    ends: tuple[float, ...] = field(default=(1.0,))


@lru_cache(maxsize=64)
def slow_sectors(landscape: GaussianLandscape, temperature: float = 0.0) -> SectorsFound:
    """The sectors of a landscape without free parameters; none with ``f''(1) <= f'(1)`` in a field.

    At a temperature they begin at the largest marginal plateau that C leaves slower than in equilibrium, ``X = x T <
    1``; none where there is no such plateau. Where they end, at ``X = 1`` or at a plateau that joins the floor, both
    say the same of chi; up to rounding it is equilibrium there, in any unit of energy.
    """
    made = unplanted(landscape)
    slope = np.asarray(polyder(coefficients(made.covariance, OVERLAP, "covariance")), dtype=np.float64)
    steps = Steps(slope, marginal_overlap(made))
    if temperature == 0:
        return _below(steps, 1.0) if steps.floor < 1 - TIE else SectorsFound()
    for upper in steps.plateaus(temperature):
        found = _below(steps, upper)
        if temperature * float(steps.ratio(upper, np.array(found.ends[1]))) < 1 - TIE:
            return found
    return SectorsFound()


def _below(steps: Steps, upper: float) -> SectorsFound:
    sectors: list[Sector] = []
    ends = [upper]
    last = False
    while not last:
        if len(sectors) == MOST:
            raise ConvergenceError(f"more than {MOST} slow sectors; the last ends at q = {ends[-1]:.6g}")
        upper = ends[-1]
        lower, last = steps.below(upper, leaving=sectors[-1:] == ["continuum"])
        sectors.append("step" if lower < upper else "continuum")
        if lower == upper:
            lower = steps.continuum(upper)
            last = lower == steps.floor
        ends.append(lower)
    return SectorsFound(tuple(sectors), tuple(ends))


def ageing_energy(landscape: GaussianLandscape) -> Located:
    """``threshold_energy`` with the sectors that the landscape has, polished on the equations of theory."""
    found = slow_sectors(landscape)
    threshold = threshold_energy(landscape, found.sectors)
    seeds = tuple(end for end in found.ends[1:] if end > 0) if threshold.unknowns else ()
    equations = [equation.lhs - equation.rhs for equation in threshold.defining]
    function = lower_exact((threshold.control, *threshold.unknowns), equations)
    start = -float(function(0.0, *seeds)[0])
    polished = polish(function, (start, *seeds), DIGITS)
    values = [np.array([float(value)]) for value in polished.value]
    error = np.array([float(polished.error) + 2 * np.spacing(abs(values[0][0]))])
    return Located.of(threshold, values[0], error, values[1:])
