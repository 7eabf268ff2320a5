"""What ``solve_dynamics`` returns: evaluated anywhere, saved, loaded, shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ..lowering import Array
from .model import Model
from .two_time import Errors, OneTime, TwoTime

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROUNDING = 1e-12
"""The last time asked for may be missed by rounding."""

COLUMNS = ("m", "mu", "energy", "correlation")


@dataclass(frozen=True, eq=False)
class DynamicsSolution:
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
        """Rows of ``t, m, mu, energy, correlation = C(t, 0)`` and, as ``m_error`` and so on, the error of each."""
        (t,) = self._times(np.atleast_1d(np.asarray(times, dtype=np.float64)))
        values = (*self.two_time.one_time(t), self.C(t, 0.0))
        errors = self.two_time.error(t)._asdict() | {"correlation": self.two_time.start_error(t)}
        return {"t": t, **dict(zip(COLUMNS, values, strict=True)), **{f"{k}_error": errors[k] for k in COLUMNS}}

    def save(self, path: str | Path) -> Path:
        """Write all of it to one npz file, whole or not at all; ``load`` reads it back."""
        from .files import save

        return save(self, path)

    def to_xarray(self, points: int = 201) -> Any:
        """An ``xarray.Dataset``: ``m, mu, energy`` over ``t`` and ``C, R`` over (t, s), on at most ``points`` rows."""
        from .views import to_xarray

        return to_xarray(self, points)

    def plot(self) -> Figure:
        """A figure of ``m``, ``mu`` and ``e`` against ``t`` on a logarithmic axis."""
        from .views import plot

        return plot(self)

    def _times(self, *times: ArrayLike) -> tuple[Array, ...]:
        arrays = np.broadcast_arrays(*(np.asarray(time, dtype=np.float64) for time in times))
        end = self.t_reached * (1 + ROUNDING)
        for array in arrays:
            if not np.all((array >= 0) & (array <= end)):
                bad = array[~((array >= 0) & (array <= end))].flat[0]
                raise ValueError(f"t = {bad:g}: this solution covers [0, {self.t_reached:g}]")
        return tuple(np.minimum(array, self.t_reached) for array in arrays)

    def __repr__(self) -> str:
        from .views import card

        return card(self)


def load(path: str | Path) -> DynamicsSolution:
    """The solution that ``DynamicsSolution.save`` wrote. ``ValueError`` for any other, damaged or newer file."""
    from .files import load as read

    return read(path)
