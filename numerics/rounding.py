"""Errors of numbers that are printed with a few digits, never rounded down; powers of two, which round nothing."""

from decimal import ROUND_CEILING, Context
from math import frexp, isfinite
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


def power_below(rate: float) -> float:
    """The power of two at or next below ``rate >= 0``; 1 for 0. ``ValueError`` for what is not finite."""
    if not isfinite(rate):
        raise ValueError(
            "the energies of this landscape, or parts of them, exceed double precision; choose another unit of energy, "
            "or write it without exponentials that are larger than their sum"
        )
    return float(2.0 ** (frexp(rate)[1] - 1)) if rate > 0 else 1.0
