"""A number with its error as papers print it."""

from decimal import ROUND_CEILING, Decimal

LONGEST = 9
"""Digits before the point beyond which a power of ten is written."""


def with_error(value: float, error: float) -> str:
    """``-1.15400567(1)``: the digit in brackets is the error, rounded up, in units of the last digit; ten at most."""
    exact, bound = Decimal(str(value)), Decimal(str(error))
    power_of_ten = max(number.adjusted() if number else 0 for number in (exact, bound))
    if power_of_ten > LONGEST:
        shift = Decimal(1).scaleb(-power_of_ten)
        return f"{with_error(float(exact * shift), float(bound * shift))}e{power_of_ten}"
    if bound == 0:
        return f"{value:.12g}"
    place = min(0, max(bound.adjusted(), exact.adjusted() - 9 if exact else -9))
    digit = bound.scaleb(-place).to_integral_value(ROUND_CEILING)
    if digit == 10 and place < 0:
        digit, place = Decimal(1), place + 1
    mantissa, exponent, power = str(exact.quantize(Decimal(1).scaleb(place))).partition("E")
    return f"{mantissa}({digit}){exponent.lower()}{power}"
