"""Lowering of the two-time equations: every function of them becomes an array of power-series coefficients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal

import numpy as np
from sympy import Expr, Symbol, diff

from theory.dynamics import DynamicalEquations
from theory.landscape import GaussianLandscape
from theory.symbols import CORRELATION, INVERSE_TEMPERATURE, SIGNAL_OVERLAP

from ..lowering import Array
from .series import coefficients


@dataclass(frozen=True)
class Equilibrium:
    """``P(x(0)) ~ exp(-beta H)``: adds ``beta f'(C(t,0)) C(t',0)`` to ``d_t C(t,t')``; ``beta >= 0``.

    The average over the disorder is annealed, exact above the static transition. Source: Franz, Parisi (1995);
    Barrat, Franz, Parisi (J. Phys. A 30, 5593, 1997).
    """

    beta: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.beta) and self.beta >= 0):
            raise ValueError(f"beta = {self.beta}: expected a finite number >= 0; try 1")


Start = Literal["random"] | Equilibrium


@dataclass(frozen=True, eq=False)
class Model:
    r"""``d_t C = -mu C + int f''(C) R C + int f'(C) R + g'(m) m`` as coefficients, in ascending powers.

    ``covariance, noise, memory, memory_slope`` are ``f, f', f'', f'''`` as series in ``C``;
    ``planted, drift, drift_slope`` are ``g, g', g''`` as series in ``m`` (all float64, at least one entry).
    ``temperature`` is that of the bath, ``overlap`` is ``m(0)``, ``beta`` the inverse temperature of the start
    (0 for a random one).
    """

    covariance: Array
    noise: Array
    memory: Array
    memory_slope: Array
    planted: Array
    drift: Array
    drift_slope: Array
    temperature: float = 0.0
    overlap: float = 0.0
    beta: float = 0.0

    def arrays(self) -> dict[str, Array]:
        """All fields as arrays: what a file keeps."""
        return {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Model:
        """The inverse of ``arrays``; KeyError names a field that is missing, ValueError one of another shape."""
        values: dict[str, Any] = {field.name: arrays[field.name] for field in fields(cls)}
        for field in fields(cls):
            series, value = field.default is MISSING, values[field.name]
            if value.ndim != int(series) or not value.size:
                raise ValueError(f"model.{field.name} has shape {value.shape}")
        values |= {name: float(value) for name, value in values.items() if value.ndim == 0}
        return cls(**values)


def model(
    landscape: GaussianLandscape,
    *,
    temperature: float = 0.0,
    overlap: float = 0.0,
    start: Start = "random",
    parameters: Mapping[str, Any] | None = None,
) -> Model:
    """The equations of ``landscape`` with every coefficient a number.

    A covariance or mean that is not a polynomial is replaced by its Taylor series at 0, to a relative remainder
    below 1e-17 on [-1, 1]. Raises ``ValueError`` for a parameter left symbolic, a series that does not converge that
    fast, ``temperature < 0``, ``|overlap| > 1``, or an equilibrium start together with an overlap or a field
    (``f'(0)`` or ``g'(0)`` not 0), where it would not be the annealed measure.
    """
    numbers = landscape.subs(parameters) if parameters else landscape
    if numbers.parameters:
        names = ", ".join(map(str, numbers.parameters))
        raise ValueError(
            f"landscape has parameters without a value: {names}; give them in parameters = {{name: value}}"
        )
    _require_range("temperature", temperature, 0, np.inf)
    _require_range("overlap", overlap, -1, 1)
    beta = _inverse_temperature(start)
    series = {name: coefficients(e, x, name) for name, (e, x) in _expressions(numbers).items()}
    if beta > 0:
        _require_annealed(overlap, series)
    return Model(**series, temperature=float(temperature), overlap=float(overlap), beta=beta)


def _expressions(landscape: GaussianLandscape) -> dict[str, tuple[Expr, Symbol]]:
    """What each coefficient array of ``Model`` expands, and in which symbol."""
    derived = DynamicalEquations(landscape, start="equilibrium")
    in_c = {
        "covariance": derived.initial_energy.subs(INVERSE_TEMPERATURE, 1),
        "noise": derived.noise,
        "memory": derived.memory,
        "memory_slope": diff(derived.memory, CORRELATION),
    }
    in_m = {
        "planted": derived.energy_drift,
        "drift": derived.drift,
        "drift_slope": diff(derived.drift, SIGNAL_OVERLAP),
    }
    return {k: (e, CORRELATION) for k, e in in_c.items()} | {k: (e, SIGNAL_OVERLAP) for k, e in in_m.items()}


def _inverse_temperature(start: Start) -> float:
    if isinstance(start, Equilibrium):
        return float(start.beta)
    if start != "random":
        raise ValueError(f"start = {start!r}: expected 'random' or Equilibrium(beta)")
    return 0.0


def _require_range(name: str, value: float, low: float, high: float) -> None:
    if not (np.isfinite(value) and low <= value <= high):
        interval = f"within [{low:g}, {high:g}]" if np.isfinite(high) else f"finite and >= {low:g}"
        raise ValueError(f"{name} = {value}: expected a number {interval}; try 0")


def _require_annealed(overlap: float, series: Mapping[str, Array]) -> None:
    if overlap != 0:
        raise ValueError(f"overlap = {overlap} with an equilibrium start: that measure fixes m; use overlap = 0")
    if series["noise"][0] != 0 or series["drift"][0] != 0:
        raise ValueError("start = Equilibrium(beta) needs f'(0) = g'(0) = 0 (no field); use start = 'random'")
