"""Energies between which there are marginal critical points, ``t = 2``, at one overlap with the signal."""

from __future__ import annotations

import numpy as np

from theory.kac_rice import Kind
from theory.landscape import GaussianLandscape

from .complexity import complexity
from .quantity import Quantity
from .quenched.complexity import quenched

NONE = "there are not exponentially many marginal ones at this overlap"
RESOLVED = 1e-7
"""Of the ends of a quenched window, relative."""


def window(landscape: GaussianLandscape, overlap: float, kind: Kind = "total") -> tuple[Quantity, Quantity]:
    """Lowest and highest energy with a positive annealed complexity, which is a parabola of the energy."""
    top = complexity(landscape, overlap, kind, marginal=True)
    if not float(top.sigma) > 0:
        return Quantity.absent(NONE), Quantity.absent(NONE)
    centre, unit = float(top.energy), float(np.sqrt(float(landscape.f(0))))
    aside = complexity(landscape, overlap, kind, energy=centre + unit, marginal=True)
    if not np.isfinite(aside.sigma):
        alone = Quantity(centre, 4 * float(np.spacing(abs(centre))), note="the one energy of a pure model")
        return alone, alone
    fall = float(top.sigma) - float(aside.sigma)
    half = unit * float(np.sqrt(float(top.sigma) / fall))
    error = half * float(top.error / top.sigma + (top.error + aside.error) / fall) / 2 + 4 * float(
        np.spacing(abs(centre))
    )
    return Quantity(centre - half, error), Quantity(centre + half, error)


def typical_window(
    landscape: GaussianLandscape, overlap: float, kind: Kind = "total", breaking: int = 1
) -> tuple[Quantity, Quantity]:
    """The same of the quenched complexity: ends where it is zero; none where it is not known next to one."""
    low, high = window(landscape, overlap, kind)
    top = quenched(landscape, overlap, kind, breaking=breaking, marginal=True)
    if low.value is None or high.value is None or low.value == high.value:
        return low, high
    if not top.sigma > 0:
        reason = top.reason or NONE
        return Quantity.absent(reason), Quantity.absent(reason)

    width = high.value - low.value

    def end(beyond: float) -> Quantity:
        inside, outside, step = top.energy, beyond, RESOLVED * width
        while abs(outside - inside) > step:
            middle = (inside + outside) / 2
            found = quenched(landscape, overlap, kind, energy=middle, breaking=breaking, marginal=True)
            if np.isnan(found.sigma):
                return Quantity.absent(f"at E = {middle:.6g} {found.reason}")
            inside, outside = (middle, outside) if found.sigma > 0 else (inside, middle)
        return Quantity((inside + outside) / 2, abs(outside - inside))

    return end(low.value), end(high.value)
