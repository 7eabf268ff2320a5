"""Quantities: numbers with their errors or the reason why there are none, printed as papers do, over named axes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from html import escape
from typing import Any

import numpy as np

from .lowering import Array

LONGEST = 9
"""Digits before the point beyond which a power of ten is written."""
SHOWN = 3
"""Entries at either end of an array that are printed."""
NONE = "\u2014"


@dataclass(frozen=True, eq=False)
class Axis:
    """``values`` (n,) of what ``label`` names (LaTeX between dollars), in a ``unit``; whether plots are logarithmic."""

    values: Array
    label: str
    unit: str = ""
    logarithmic: bool = False


@dataclass(frozen=True, eq=False, repr=False)
class Quantity:
    """``value`` within ``error``, or no value and why.

    Attributes
    ----------
    value, error
        A real number (float or mpmath), or an array; the error in the same shape, >= 0. No value is None, in an array
        nan; an error that is not estimated is None, one that is not known nan.
    meaning
        What it is, its unit included.
    note
        Which case it is, what qualifies the value, or why there is none.
    over
        Names of the axes of an array, one for each dimension.
    notes
        One for each entry of an array.
    symbol
        LaTeX between dollars, of a plot.
    """

    value: Any = None
    error: Any = None
    meaning: str = ""
    note: str = ""
    over: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    symbol: str = ""

    @classmethod
    def absent(cls, reason: str, meaning: str = "") -> Quantity:
        """No value, and why."""
        return cls(meaning=meaning, note=reason)

    @property
    def exists(self) -> Any:
        """Whether there is a value: True or False, of an array for each entry."""
        if self.value is None:
            return False
        known = np.isfinite(np.asarray(self.value, dtype=np.float64))
        return known if known.ndim else bool(known)

    @property
    def reason(self) -> str:
        """Why there is no value; empty where there is one."""
        return self.note if self.exists is False else ""

    def entries(self) -> list[Quantity]:
        """The numbers of an array one by one, in its order; a number is its own only entry."""
        if np.ndim(self.value) == 0:
            return [self]
        values = np.ravel(self.value)
        errors = [None] * values.size if self.error is None else np.ravel(np.broadcast_to(self.error, self.value.shape))
        return [Quantity(value, error) for value, error in zip(values, errors, strict=True)]

    def __str__(self) -> str:
        """As ``printed``, with the reason where there is no value."""
        return f"{NONE} ({self.reason})" if self.reason else self.printed()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"

    def printed(self) -> str:
        """``-1.15400567(1)``; ``(?)`` for an error that is not known, a dash where there is no number.

        Twelve digits where no error is estimated; both ends of an array.
        """
        texts = [_printed(entry) for entry in self.entries()]
        if len(texts) > 2 * SHOWN:
            texts[SHOWN:-SHOWN] = ["..."]
        return ", ".join(texts)

    def _repr_latex_(self) -> str:
        return self._typeset("${}$", r"{} \times 10^{{{}}}", "---")

    def _repr_html_(self) -> str:
        return self._typeset("{}", "{} &times; 10<sup>{}</sup>", escape(str(self)))

    def _typeset(self, whole: str, product: str, absent: str) -> str:
        """Of every entry, a power of ten as a product."""
        parts = [entry.printed().partition("e") for entry in self.entries() if entry.exists]
        return ", ".join(whole.format(product.format(m, p) if e else m) for m, e, p in parts) or absent


def _printed(number: Quantity) -> str:
    if not number.exists:
        return NONE
    if number.error is None:
        return f"{float(number.value):.12g}"
    return (
        with_error(number.value, number.error) if np.isfinite(float(number.error)) else f"{float(number.value):.6g}(?)"
    )


def with_error(value: Any, error: Any, digits: int = 10) -> str:
    """``-1.15400567(1)``: in brackets the error, rounded up, in units of the last of at most so many digits."""
    exact, bound = Decimal(str(value)), Decimal(str(error))
    power_of_ten = max(number.adjusted() if number else 0 for number in (exact, bound))
    if power_of_ten > LONGEST:
        shift = Decimal(1).scaleb(-power_of_ten)
        return f"{with_error(float(exact * shift), float(bound * shift))}e{power_of_ten}"
    if bound == 0:
        return f"{float(value):.12g}"
    place = min(0, max(bound.adjusted(), exact.adjusted() - digits + 1) if exact else bound.adjusted())
    digit = bound.scaleb(-place).to_integral_value(ROUND_CEILING)
    if digit == 10 and place < 0:
        digit, place = Decimal(1), place + 1
    mantissa, exponent, power = str(exact.quantize(Decimal(1).scaleb(place))).partition("E")
    return f"{mantissa}({digit}){exponent.lower()}{power}"
