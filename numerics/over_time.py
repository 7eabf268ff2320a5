"""What is followed in time, in theory and in simulation, by the names that all results share."""

from __future__ import annotations

from collections.abc import Mapping

from .lowering import Array
from .quantity import Axis, Quantity

MEANINGS = {
    "m": "overlap with the signal",
    "m_abs": "size of the overlap with the signal",
    "mu": "Lagrange multiplier per spin",
    "energy": "energy per spin",
    "correlation": "$C(t, 0)$",
    "replica": "overlap with another configuration of the equilibrium of the start",
    "growth": "growth of small overlaps",
    "variance": "N E m^2 of random starts",
}
SYMBOLS = {
    "m": "$m(t)$",
    "m_abs": "$|m(t)|$",
    "mu": r"$\mu(t)$",
    "energy": "$e(t)$",
    "correlation": "$C(t, 0)$",
    "replica": "$q(t)$",
    "growth": "$A(t)$",
    "variance": r"$N \langle m^2\rangle$",
}


def time_axis(t: Array) -> Axis:
    """In units of ``dx/dt = -grad H - mu x``."""
    return Axis(t, "time", logarithmic=True)


def over_time(rows: Mapping[str, Array]) -> dict[str, Quantity]:
    """Those among the rows, each with its ``NAME_error``, over ``t``."""
    known = {name: meaning for name, meaning in MEANINGS.items() if name in rows}
    return {
        name: Quantity(rows[name], rows[f"{name}_error"], meaning, over=("t",), symbol=SYMBOLS[name])
        for name, meaning in known.items()
    }
