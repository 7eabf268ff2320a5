"""``chi(t, s) = int_s^t R(t, u) du`` against ``C(t, s)``, and how hot the slow motion is, from any two-time solution.

Cugliandolo, Kurchan 1993; effective temperatures: Cugliandolo, Kurchan, Peliti 1997.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.polynomial import chebyshev
from scipy.fft import dct

from ..lowering import Array
from ..quantity import Axis, Quantity
from ..solution import Solution
from ..storage import Format
from .effective_temperatures import EffectiveTemperatures, Piece, predicted
from .uniform import UniformTwoTime
from .units import fastest
from .verified import Verified

if TYPE_CHECKING:
    from .solution import DynamicsSolution

ORDER = 16
"""Degree of the polynomials in s within a cell."""
FIRST, GROWTH = 0.25, 2**0.25
"""Width of the cells next to both ends in the landscape's own time, and of each over that of the one before."""
ROUNDING = 1e-12
"""By which the last time asked for may be missed."""
COVER = 3.0
"""Of the error of C, relative to the scale of chi: covers the differences to runs to 1e-10 ten times over."""
SYMBOLS = {
    "correlation": "$C(t, s)$",
    "chi": r"$\chi(t, s)$",
    "effective_temperature": r"$T_{\rm eff}$",
    "predicted_chi": r"$\chi$, $t \to \infty$",
    "predicted_temperature": r"$T_{\rm eff}$, $t \to \infty$",
}
PREDICTED = {"chi": "predicted_chi", "effective_temperature": "predicted_temperature"}


@dataclass(frozen=True, eq=False, repr=False)
class FluctuationDissipation(Solution):
    """``C(t, s)``, ``chi(t, s)`` and ``T_eff = -dC/dchi`` at times s before t, each with its error.

    In equilibrium with the bath ``chi = (1 - C)/T``. ``law`` is what theory says for ``t -> oo``; without one
    ``reason`` says why. A temperature is absent where its error is as large.
    """

    s: Array
    values: Mapping[str, Array]
    law: EffectiveTemperatures | None = None
    reason: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""
    form: ClassVar[Format] = Format("ruggedflow fluctuation-dissipation", 1, "FluctuationDissipation.save")
    parts: ClassVar[tuple[type, ...]] = (Quantity, EffectiveTemperatures, Piece)

    @property
    def axes(self) -> dict[str, Axis]:
        """Times from t down to 0."""
        return {"s": Axis(self.s, "earlier time")}

    @cached_property
    def quantities(self) -> dict[str, Quantity]:
        """Those measured, and what theory says at the same C, over ``s``."""
        found = {
            name: Quantity(self.values[name], self.values[f"{name}_error"], over=("s",), symbol=SYMBOLS[name])
            for name in ("correlation", "chi", "effective_temperature")
        }
        if self.law is None or not self.law.pieces:
            return found
        c = np.clip(self.values["correlation"], None, 1.0)
        temperature = self.law.temperature(c)
        expected = (self.law.chi(c), np.where(np.isfinite(temperature), temperature, np.nan))
        return found | {
            name: Quantity(value, over=("s",), symbol=SYMBOLS[name])
            for name, value in zip(PREDICTED.values(), expected, strict=True)
        }

    @property
    def drawn(self) -> tuple[Axis, Mapping[str, Quantity]]:
        """Over C."""
        axis = Axis(self.values["correlation"], SYMBOLS["correlation"])
        return axis, {name: self.quantities[name] for name in PREDICTED}

    def level(self, name: str) -> Quantity | None:
        """What theory says."""
        return self.quantities.get(PREDICTED[name])


def fluctuation_dissipation(solution: DynamicsSolution, t: float) -> FluctuationDissipation:
    """At time ``t`` of a solution. Raises ``ValueError`` unless ``0 < t <= t_reached``."""
    if not 0 < t <= solution.t_reached * (1 + ROUNDING):
        raise ValueError(f"t = {t:g}: chi(t, s) needs a time within (0, {solution.t_reached:g}]")
    t = min(t, solution.t_reached)
    edges = cells(solution, t)
    middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    nodes = np.clip(middle + half * np.cos(np.pi * np.arange(ORDER + 1) / ORDER)[:, None], 0, t)
    c, r = solution.two_time.evaluate(np.full(nodes.shape, t), nodes)
    error = float(solution.two_time.error(np.array([t])).correlation[0])
    parts, doubts = _integrals(r, half)
    chi = np.append(np.cumsum(parts[::-1])[::-1], 0.0)
    scale = np.maximum(chi, 1 / fastest(solution.model))
    bound = float(solution.two_time.error(np.array([t])).response[0]) * (t - edges)
    chi_error = np.minimum(bound, COVER * error * scale) + np.append(np.cumsum(doubts[::-1])[::-1], 0.0)
    correlation = np.append(c[-1], 1.0)
    temperature, uncertainty = _temperature(c, r, half, chi, error)
    law = predicted(solution.model)
    order = slice(None, None, -1)
    values = {
        "correlation": correlation,
        "correlation_error": np.where(edges == t, 0.0, error),
        "chi": chi,
        "chi_error": chi_error,
        "effective_temperature": temperature,
        "effective_temperature_error": uncertainty,
    }
    return FluctuationDissipation(
        edges[order],
        {name: value[order] for name, value in values.items()},
        None if isinstance(law, str) else law,
        law if isinstance(law, str) else "",
        {**solution.settings, "t": float(t)},
        solution.message,
    )


def cells(solution: DynamicsSolution, t: float) -> Array:
    """Ends of intervals of s in each of which C and R are smooth: fine next to t, to 0 and to steps of the bath.

    The reference method's panels, between which its polynomials change, are among them.
    """
    two_time, schedule = solution.two_time, solution.model.schedule
    finer = two_time.finer if isinstance(two_time, Verified) else two_time
    panels = finer.grid.edges if isinstance(finer, UniformTwoTime) else np.empty(0)
    steps = () if schedule is None else (step for step in schedule.breaks if 0 < step < t)
    first = FIRST / fastest(solution.model)
    fine = [_both_ends(a, b, first) for a, b in pairwise((0.0, *steps, t))]
    edges = np.unique(np.concatenate([*fine, panels[(panels > 0) & (panels < t)]]))
    apart = np.diff(edges, prepend=-np.inf) > 8 * np.spacing(t)
    apart[-1] = True
    return np.asarray(edges[apart])


def _both_ends(start: float, end: float, first: float) -> Array:
    """Intervals that grow from both ends to the middle."""
    half = (end - start) / 2
    count = max(0, int(np.ceil(np.log(half / first) / np.log(GROWTH)))) if half > first else 0
    distances = np.append(first * GROWTH ** np.arange(count), half)
    return np.concatenate([[start], start + distances, end - distances, [end]])


def _coefficients(values: Array) -> Array:
    """Of Chebyshev polynomials, from values at their extrema, the right end first; one column for each cell."""
    found = dct(values, type=1, axis=0) / (values.shape[0] - 1)
    found[[0, -1]] /= 2
    return np.asarray(found)


def _integrals(values: Array, half: Array) -> tuple[Array, Array]:
    """Over each cell, and the difference from half as many nodes."""
    fine, coarse = (
        np.diff(chebyshev.chebval([-1, 1], chebyshev.chebint(_coefficients(nodes))))[..., 0]
        for nodes in (values, values[::2])
    )
    return half * fine, half * np.abs(fine - coarse)


def _temperature(c: Array, r: Array, half: Array, chi: Array, error: float) -> tuple[Array, Array]:
    """``d_s C/R`` at the ends of the cells, from both sides.

    The errors of C and of chi count over what chi changes by across both cells.
    """
    slopes = chebyshev.chebval([-1, 1], chebyshev.chebder(_coefficients(c))) / half[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        left, right = slopes[:, 0] / r[-1], slopes[:, 1] / r[0]
        both = np.array([np.append(left, right[-1]), np.insert(right, 0, left[0])])
        value = both.mean(axis=0)
        relative = COVER * error * np.maximum(1.0, chi / _change(chi))
        doubt = np.abs(both[0] - both[1]) + error / _change(chi) + np.abs(value) * relative
        known = np.isfinite(value) & (doubt < np.abs(value))
    return np.where(known, value, np.nan), np.where(known, doubt, np.nan)


def _change(values: Array) -> Array:
    """From the neighbour on one side to that on the other."""
    padded = np.pad(values, 1, mode="edge")
    return np.asarray(np.abs(padded[2:] - padded[:-2]))
