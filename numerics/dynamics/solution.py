"""What ``solve_dynamics`` returns: evaluated anywhere, saved, loaded, shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from theory.energies import energy_family

from ..dataset import dataset
from ..lowering import Array
from ..over_time import over_time, time_axis
from ..provenance import Record
from ..quantity import Axis, Quantity
from ..solution import Solution, thinned
from ..storage import Arrays, Format, joined, owned
from .model import Model
from .two_time import Errors, OneTime, TwoTime, backend

if TYPE_CHECKING:
    from .fluctuation_dissipation import FluctuationDissipation

ROUNDING = 1e-12
"""The last time asked for may be missed by rounding."""
POINTS = 201
"""Of the stored rows that are drawn."""
DRAWN, DECADES_BELOW_ONE = 601, 2
COLUMNS = ("m", "mu", "energy", "correlation")
HEADER = {"settings": dict, "statistics": dict, "message": str}
"""Of a file, with its type."""


@dataclass(frozen=True, eq=False, repr=False)
class DynamicsSolution(Solution):
    """``C(t, s) = x(t).x(s)/N``, ``R(t, s) = dx(t)/dh(s)``, ``m(t)``, ``mu(t)``, ``e(t)`` on ``[0, t_reached]``.

    Time is in units of ``dx/dt = -grad H - mu x``; energy and ``mu`` are per spin. ``m, mu, energy`` are arrays over
    the stored rows ``t``; ``errors`` holds the estimated absolute error of each. ``message`` says in a sentence how
    the run ended, ``statistics`` counts its work, ``settings`` is what was asked for.
    """

    model: Model
    two_time: TwoTime
    settings: Mapping[str, Any] = field(default_factory=dict)
    statistics: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""
    form: ClassVar[Format] = Format("ruggedflow dynamics", 2, "solve_dynamics")

    @property
    def t(self) -> Array:
        """Times of the stored rows, shape (rows,)."""
        return self.two_time.t

    @property
    def t_reached(self) -> float:
        """Last time at which the solution is known."""
        return float(self.t[-1])

    @cached_property
    def _rows(self) -> OneTime:
        return self.two_time.one_time(self.t)

    @property
    def m(self) -> Array:
        """Overlap with the signal, within [-1, 1], shape (rows,)."""
        return self._rows.m

    @property
    def mu(self) -> Array:
        """Lagrange multiplier per spin, shape (rows,)."""
        return self._rows.mu

    @property
    def energy(self) -> Array:
        """Energy per spin, shape (rows,)."""
        return self._rows.energy

    @cached_property
    def errors(self) -> Errors:
        """Estimated absolute errors over the stored rows."""
        return self.two_time.error(self.t)

    def C(self, t: ArrayLike, s: ArrayLike) -> Array:  # noqa: N802
        """``C(t, s) = C(s, t)``; arrays broadcast. Raises ``ValueError`` outside [0, t_reached]."""
        later, earlier = self._times(t, s)
        return self.two_time.evaluate(np.maximum(later, earlier), np.minimum(later, earlier))[0]

    def R(self, t: ArrayLike, s: ArrayLike) -> Array:  # noqa: N802
        """``R(t, s)``, 1 at ``t = s`` and 0 for ``s > t``; arrays broadcast. ``ValueError`` outside [0, t_reached]."""
        later, earlier = self._times(t, s)
        response = self.two_time.evaluate(later, np.minimum(later, earlier))[1]
        return np.where(earlier > later, 0.0, response)

    def at(self, times: ArrayLike) -> dict[str, Array]:
        """Rows of ``t, m, mu, energy, correlation = C(t, 0)`` and, as ``m_error`` and so on, the error of each.

        Where replicas of the start overlap, also ``replica``, q(t): with another configuration of its equilibrium.
        """
        (t,) = self._times(np.atleast_1d(np.asarray(times, dtype=np.float64)))
        errors = self.two_time.error(t)._asdict() | {"correlation": self.two_time.start_error(t)}
        values = dict(zip(COLUMNS, (*self.two_time.one_time(t), self.C(t, 0.0)), strict=True))
        if self.model.replica > 0:
            values["replica"], errors["replica"] = self.two_time.replica(t), self.two_time.error(t).correlation
        return {"t": t, **values, **{f"{name}_error": errors[name] for name in values}}

    def fluctuation_dissipation(self, t: float) -> FluctuationDissipation:
        """``chi(t, s) = int_s^t R(t, u) du`` against ``C(t, s)``, effective temperatures, and what theory says."""
        from .fluctuation_dissipation import fluctuation_dissipation

        return fluctuation_dissipation(self, t)

    @cached_property
    def axes(self) -> dict[str, Axis]:
        """At most 201 of the stored rows."""
        return {"t": time_axis(thinned(self.t, POINTS))}

    @property
    def drawn(self) -> tuple[Axis, Mapping[str, Quantity]]:
        """From the quench to the last time asked for, where time is of order one, evenly in ``ln t``; ``mu`` last."""
        end = min(self.t_reached, self.settings.get("t_max", np.inf))
        t = np.minimum(np.geomspace(10.0**-DECADES_BELOW_ONE * min(1, end), end, DRAWN), end)
        found = over_time(self.at(t))
        return time_axis(t), {name: found[name] for name in ("m", "energy", "mu", "correlation")}

    def level(self, name: str) -> Quantity | None:
        """Of the energy, where gradient flow from a random start ages; none at a temperature or from equilibrium."""
        if name != "energy" or self.model.temperature > 0 or self.model.beta > 0:
            return None
        from ..thresholds import evaluate_thresholds
        from .effective_temperatures import landscape_of

        family = energy_family(landscape_of(self.model.covariance))
        ageing = evaluate_thresholds(family, {}, only=["threshold_energy"])["threshold_energy"]
        return replace(ageing, symbol=r"$e_{\rm th}$") if ageing.exists else None

    @cached_property
    def quantities(self) -> dict[str, Quantity]:
        """``m, mu, energy, correlation = C(t, 0)`` over ``t``."""
        return over_time(self.at(self.axes["t"].values))

    def to_xarray(self, points: int = POINTS) -> Any:
        """An ``xarray.Dataset`` of the quantities, and ``C, R`` over (t, s), on at most ``points`` of the rows."""
        t = thinned(self.t, points)
        row, column = np.broadcast_arrays(t[:, None], t)
        two = {name: Quantity(getattr(self, name)(row, column), over=("t", "s")) for name in "CR"}
        axes = {"t": time_axis(t), "s": Axis(t, "earlier time")}
        return dataset(axes, over_time(self.at(t)) | two, self.about | {"message": self.message})

    def _times(self, *times: ArrayLike) -> tuple[Array, ...]:
        arrays = np.broadcast_arrays(*(np.asarray(time, dtype=np.float64) for time in times))
        end = self.t_reached * (1 + ROUNDING)
        for array in arrays:
            if not np.all((array >= 0) & (array <= end)):
                bad = array[~((array >= 0) & (array <= end))].flat[0]
                raise ValueError(f"t = {bad:g}: this solution covers [0, {self.t_reached:g}]")
        return tuple(np.minimum(array, self.t_reached) for array in arrays)

    def _packed(self) -> tuple[Record, Arrays]:
        """The model's arrays (``model.*``) and the integrator's (``two_time.*``)."""
        header = {"kind": self.two_time.kind} | {name: kind(getattr(self, name)) for name, kind in HEADER.items()}
        return header, joined({"model": self.model.arrays(), "two_time": self.two_time.arrays()})

    @classmethod
    def _unpacked(cls, header: Record, arrays: Arrays) -> Self:
        for name, values in arrays.items():
            if values.dtype != np.float64 or not np.all(np.isfinite(values)):
                raise ValueError(f"{name} holds something else than finite numbers")
        for name, kind in HEADER.items():
            if not isinstance(header[name], kind):
                raise ValueError(f"{name} is no {kind.__name__}")
        model = Model.from_arrays(owned("model", arrays))
        two_time = backend(header["kind"]).from_arrays(model, owned("two_time", arrays))
        return cls(model, two_time, *(header[name] for name in HEADER))


load = DynamicsSolution.load
"""The solution that ``DynamicsSolution.save`` wrote."""
