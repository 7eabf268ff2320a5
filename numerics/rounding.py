"""Errors of numbers that are printed with a few digits: never smaller than the rounding, never rounded down."""

from decimal import ROUND_CEILING, Context
from typing import Any

from mpmath import mp, mpf, nstr


def half_unit(value: Any, digits: int) -> Any:
    """Half a unit of the last of ``digits`` significant digits: the largest error of rounding to them."""
    place = mp.floor(mp.log10(abs(value))) + 1 if value else 0
    return mpf(10) ** (place - digits) / 2


def rounded_up(error: Any, digits: int = 3) -> str:
    """An error bound as text, to a few digits."""
    exact = Context(prec=digits, rounding=ROUND_CEILING).create_decimal(nstr(mpf(error), 20))
    return f"{exact:.{digits - 1}e}"
