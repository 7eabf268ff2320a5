"""Derivatives of thresholds with respect to a parameter, by differences of values with many digits.

``f'(x) = (4 D(h) - D(2h))/3 + O(h^4)``, ``D(h) = (f(x + h) - f(x - h))/(2h)`` (Richardson 1911). Most values are known
to any number of digits, so that h is tiny; where they are known in double precision only, h is larger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mpmath import mp
from sympy import Rational

from theory.domain import Order, Whole
from theory.naming import called
from theory.system import System

from .diagram.of_system import Varied
from .quantity import Quantity
from .threshold_values import Thresholds, ThresholdValue
from .thresholds_of import thresholds_of

DIGITS, DOUBLE = 40, 15
"""Of the values."""
STEPS = (Rational(1, 10**9), Rational(1, 10**3))
"""Relative h: of values with all digits, and in double precision."""
PLACES = (-2, -1, 0, 1, 2)


def with_derivatives(found: Thresholds, system: System, name: str) -> Thresholds:
    """Each with ``d value/d name`` among its ``derivatives``, or why there is none.

    Raises ``ValueError`` for a parameter that has no number to vary.
    """
    value = _value(system, name)
    if value is None or value == 0:
        what = f"it must be a parameter of {system.slug} that is a number, not 0"
        raise ValueError(f"{called('derivative', name)}: {what}")
    kept = {key: part for key, part in system.given.items() if key != name}
    derivatives = _derivatives(Varied(type(system)(**kept), name), value, list(found))
    values = {key: replace(q, derivatives={**q.derivatives, name: derivatives[key]}) for key, q in found.items()}
    return Thresholds(values, found.settings, found.message)


def _value(system: System, name: str) -> Rational | None:
    """Of a parameter, or of an item of a list, that is given and no whole number by nature."""
    parameter, item = Varied.split(name)
    domain = next((p.domain for p in system.parameters if p.name == parameter), None)
    value = system.given.get(parameter)
    if item and isinstance(value, list):
        domain, value = getattr(domain, "each", None), value[item - 1] if item <= len(value) else None
    numeric = isinstance(value, float | int) or getattr(value, "is_Rational", False)
    return Rational(str(value)) if numeric and not isinstance(domain, (Whole, Order)) else None


def _derivatives(varied: Varied, x: Rational, names: Sequence[str]) -> dict[str, Quantity]:
    try:
        fine = _around(varied, x, STEPS[0], names, DIGITS)
    except ValueError:  # not that many digits
        fine = []
    rough = [name for name in names if not (fine and all(_exact(there[name]) for there in fine))]
    coarse = _around(varied, x, STEPS[1], rough, DOUBLE) if rough else []
    chosen = {name: (coarse, STEPS[1]) if name in rough else (fine, STEPS[0]) for name in names}
    return {name: _derivative([there[name] for there in near], x * step) for name, (near, step) in chosen.items()}


def _around(
    varied: Varied, x: Rational, step: Rational, names: Sequence[str], digits: int
) -> list[Mapping[str, ThresholdValue]]:
    return [thresholds_of(varied.at(x * (1 + k * step)), names, digits) for k in PLACES]


def _exact(value: ThresholdValue) -> bool:
    return bool(value.exists and value.error < 10.0 ** (3 - DIGITS) * max(abs(value.value), 1))


def _derivative(values: Sequence[ThresholdValue], h: Any) -> Quantity:
    """From those at ``x - 2h, .., x + 2h``."""
    missing = next((value for value in values if not value.exists), None)
    if missing is not None:
        return Quantity.absent(missing.reason or "there is no threshold next to it")
    with mp.workdps(DIGITS + 10):
        h = mp.mpf(h.p) / h.q
        f, error = [mp.mpf(v.value) for v in values], max(mp.mpf(v.error) for v in values)
        near, far = (f[3] - f[1]) / (2 * h), (f[4] - f[0]) / (4 * h)
        bends = abs(f[3] - 2 * f[2] + f[1]) / h, abs(f[4] - 2 * f[2] + f[0]) / (2 * h)
        noise = 3 * error / h
        # of a smooth line the second is twice the first
        if bends[0] > max(10 * noise, mp.mpf(10) ** -6 * abs(near)) and bends[1] < 1.5 * bends[0]:
            if bends[1] < 0.75 * bends[0]:
                return Quantity.absent("the threshold jumps next to it")
            left, right = (f[2] - f[1]) / h, (f[3] - f[2]) / h
            return Quantity.absent(f"a kink: {mp.nstr(left, 10)} on the left, {mp.nstr(right, 10)} on the right")
        # the second derivative may jump
        return Quantity((4 * near - far) / 3, abs(near - far) + noise)
