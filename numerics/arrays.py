"""Arrays and numbers from a caller, checked before compiled code sees them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .lowering import Array


def reals(name: str, value: Any) -> Array:
    """``value`` as float64, or ``ValueError`` where it does not hold real numbers (nan and infinities are let pass)."""
    try:
        array = np.asarray(value)
        if array.dtype.kind in "biufO":
            return np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError):
        pass
    raise ValueError(f"{name}: expected an array of real numbers, all rows of one length")


def increasing(times: Any) -> Array:
    """Times (n,), n >= 1, from 0 or later on, each after the one before; or ``ValueError``."""
    t = reals("times", times)
    if t.size == 0 or not t[0] >= 0 or not np.all(np.diff(t) > 0) or not np.isfinite(t[-1]):
        raise ValueError(f"times = {times!r}: expected increasing numbers >= 0")
    return t


def require_whole(name: str, value: Any, least: int, example: int | None = None) -> None:
    """``ValueError`` for what is not a whole number, or below ``least``."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        advice = "" if example is None else f"; try {example}"
        raise ValueError(f"{name} = {value!r}: expected a whole number >= {least}{advice}")


def require_shape(name: str, array: Any, shape: tuple[int, ...]) -> None:
    """``ValueError`` for another one."""
    if np.shape(array) != shape:
        raise ValueError(f"{name} has shape {np.shape(array)}: expected {shape}")
