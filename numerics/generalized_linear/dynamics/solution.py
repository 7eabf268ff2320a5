"""What ``solve_descent`` returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import PchipInterpolator

from ...lowering import Array
from ...over_time import over_time, time_axis
from ...provenance import Record
from ...quantity import Axis, Quantity
from ...solution import Solution
from ...storage import Arrays, Format, joined, owned

ROWS = ("m", "mu", "energy", "correlation")
PARTS = ("statistical", "steps", "walkers")
SETTINGS = ("landscape", "alpha", "overlap", "eta", "batch", "tolerance")
"""Those that a solution itself needs."""
PAIRS = ("C", "R")
"""Observables over pairs of times."""


@dataclass(frozen=True, eq=False, repr=False)
class DescentSolution(Solution):
    """``m(t), mu(t), e(t)``, ``C(t, s)`` and ``R(t, s)`` of descent or flow at infinite size, with errors.

    Time is in units of ``dw/dt = -grad H - mu w``; descent with step eta is at ``t = k eta`` after k steps. Over the
    times ``t`` (n,): overlap ``m``, multiplier ``mu = T - alpha E[u l']`` (of all data, whatever the batch),
    ``energy = alpha E[l]`` per spin, with the penalty. Over pairs of times (n, n): ``C = w(t).w(s)/N`` and
    ``R = dw(t)/dh(s)``, zero for ``s > t`` and 1 at ``s = t``.

    ``error_parts[part][name]`` are the parts of the standard error: ``statistical`` (scatter of samples of walkers),
    ``steps`` (extrapolation to the flow) and ``walkers`` (their finite number). ``message`` says how it went.
    """

    t: Array
    values: Mapping[str, Array]
    error_parts: Mapping[str, Mapping[str, Array]]
    settings: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""
    form: ClassVar[Format] = Format("ruggedflow descent", 2, "solve_descent")

    @property
    def m(self) -> Array:
        """Overlap with the signal, within [-1, 1]."""
        return self.values["m"]

    @property
    def mu(self) -> Array:
        """Lagrange multiplier of the sphere."""
        return self.values["mu"]

    @property
    def energy(self) -> Array:
        """Energy per spin, ``alpha`` times the loss per datum."""
        return self.values["energy"]

    @property
    def loss(self) -> Array:
        """Loss per datum, ``E[l] = e/alpha``."""
        return np.asarray(self.energy / self.settings["alpha"])

    @property
    def growth(self) -> Array:
        """``A(t) = dm(t)/dm(0)`` at ``m(0) = 0``, (n,), from 1, of either sign: small overlaps are ``m(0) A(t)``.

        ``ValueError`` for a start elsewhere, and for losses that see the sign of both fields, which leave m = 0.
        """
        return self._first_order("growth")

    @property
    def variance(self) -> Array:
        """``V(t) = N E m(t)^2`` of starts at random, (n,), from 1; what noise has added is ``V - A^2``.

        Where ``growth`` has amplified both, m is as without noise from ``kappa z/sqrt(N)``, ``kappa^2 = V/A^2``, z a
        standard Gaussian. ``ValueError`` as there.
        """
        return self._first_order("variance")

    def _first_order(self, name: str) -> Array:
        """What there is where m = 0 stays."""
        if name in self.values:
            return self.values[name]
        overlap, landscape = self.settings["overlap"], self.settings["landscape"]
        if overlap != 0:
            raise ValueError(f"{name} is that of small overlaps, this start has overlap = {overlap:g}; try overlap = 0")
        raise ValueError(f"{name} needs a loss that is even in u or in y, so that overlap 0 stays; not so {landscape}")

    @property
    def C(self) -> Array:  # noqa: N802
        """``C(t, s)``, symmetric."""
        return self.values["C"]

    @property
    def R(self) -> Array:  # noqa: N802
        """``R(t, s)``, lower triangular."""
        return self.values["R"]

    @property
    def t_reached(self) -> float:
        """The last time."""
        return float(self.t[-1])

    @property
    def errors(self) -> dict[str, Array]:
        """Standard error of each observable, all parts together."""
        return {name: total(*(self.error_parts[part][name] for part in PARTS)) for name in self.values}

    @property
    def axes(self) -> dict[str, Axis]:
        """``t``, and ``s`` for pairs of times."""
        return {"t": time_axis(self.t), "s": Axis(self.t, "earlier time")}

    @property
    def quantities(self) -> dict[str, Quantity]:
        """``m, mu, energy, correlation = C(t, 0)``, ``growth, variance`` where m = 0 stays, ``C, R`` over (t, s)."""
        pairs = {name: Quantity(self.values[name], self.errors[name], over=("t", "s")) for name in PAIRS}
        return over_time(self.at(self.t)) | pairs

    def at(self, times: ArrayLike) -> dict[str, Array]:
        """Rows of ``t, m, mu, energy, correlation = C(t, 0)``, ``growth, variance`` where m = 0 stays, with ``m_error``
        and so on; between the times ``t`` by monotone cubics. ``ValueError`` outside [0, t_reached]."""
        asked = np.atleast_1d(np.asarray(times, dtype=np.float64))
        for time in asked:
            if not 0 <= time <= self.t_reached * (1 + 1e-12):
                raise ValueError(f"t = {time:g}: this solution covers [0, {self.t_reached:g}]")
        inside, errors = np.minimum(asked, self.t_reached), self.errors
        values = {**self.values, "correlation": self.C[:, 0]}
        errors["correlation"] = errors["C"][:, 0]
        names = [name for name in (*ROWS, "growth", "variance") if name in values]
        rows = {name: np.asarray(PchipInterpolator(self.t, values[name])(inside)) for name in names}
        return {"t": asked, **rows, **{f"{name}_error": np.interp(inside, self.t, errors[name]) for name in names}}

    def integrated_response(self) -> Array:
        """``int_0^t R(t, s) ds`` over the times, by the trapezoidal rule; for descent ``eta sum_s G(t, s)``."""
        if self.settings["eta"] is not None:
            return np.asarray(self.settings["eta"] * (self.R.sum(axis=1) - 1))
        return np.array([np.trapezoid(self.R[i, : i + 1], self.t[: i + 1]) for i in range(self.t.size)])

    def beyond(self, tolerance: float) -> tuple[float, float] | None:
        """First and last time at which the error of m, or of the energy over the largest that there was, is larger
        than ``tolerance``; None if there is none."""
        errors = self.errors
        largest = float(np.max(np.abs(self.energy)))
        relative = errors["energy"] / (largest if largest > 0 else 1.0)
        late = self.t[np.maximum(errors["m"], relative) > tolerance]
        return (float(late[0]), float(late[-1])) if late.size else None

    def _packed(self) -> tuple[Record, Arrays]:
        """``t``, ``value.NAME`` and ``PART.NAME``."""
        arrays = {"t": self.t, **joined({"value": self.values, **self.error_parts})}
        return {"settings": dict(self.settings), "message": self.message}, arrays

    @classmethod
    def _unpacked(cls, header: Record, arrays: Arrays) -> Self:
        t, settings, message = arrays["t"], header["settings"], header["message"]
        if t.dtype != np.float64 or t.ndim != 1 or t.size < 2 or t[0] != 0 or not np.all(np.diff(t) > 0):
            raise ValueError("its times do not increase from 0")
        for name in SETTINGS:
            settings[name]
        values, *parts = (_table(owner, arrays, t.size) for owner in ("value", *PARTS))
        if any(table.keys() != values.keys() for table in parts) or not {"m", "mu", "energy", *PAIRS} <= {*values}:
            raise ValueError("values and errors do not belong together")
        return cls(t, values, dict(zip(PARTS, parts, strict=True)), settings, str(message))


def _table(owner: str, arrays: Arrays, times: int) -> Arrays:
    """What belongs to that owner: arrays over the times, or over pairs of them."""
    table = owned(owner, arrays)
    for name, array in table.items():
        shape = (times, times) if name in PAIRS else (times,)
        if array.dtype != np.float64 or array.shape != shape or not np.all(np.isfinite(array)):
            raise ValueError(f"{owner}.{name} is no array of {shape} finite numbers")
    return table


def total(*parts: Array) -> Array:
    """Independent parts of an error together."""
    return np.asarray(np.sqrt(sum(part**2 for part in parts)))
