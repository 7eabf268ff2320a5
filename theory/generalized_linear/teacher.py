"""What a teacher's label tells of y: symmetries and monotony, which decide how many y share a label.

A label and any one-to-one function of it show the same: ``core`` strips such functions off, so that ``tanh(y**2)``,
which saturates in numbers, is ``y**2``.
"""

from __future__ import annotations

import itertools

import sympy
from sympy import Expr, Pow, Symbol, diff

from .smooth import JUMPS, KINKS, one_sign, plain_function, vanishes
from .symbols import SIGNAL_FIELD as Y

ONE_TO_ONE = (sympy.exp, sympy.log, sympy.tanh, sympy.atan, sympy.asinh, sympy.sinh, sympy.erf, sympy.erfc)
REACH = 10.0
"""Fields beyond have a probability of 1e-23."""
SPACING = 0.005


def core(label: Expr, fields: tuple[Symbol, ...] = (Y,)) -> Expr:
    """A function of y, or of some fields, with the same preimages, without one-to-one functions around it."""
    while True:
        inner = _inner(label, fields)
        if inner is None:
            return label
        label = inner


def _inner(label: Expr, fields: tuple[Symbol, ...]) -> Expr | None:
    """What stands inside the outermost function, if that is one-to-one where it is used."""
    if isinstance(label, (sympy.Add, sympy.Mul)):
        constant, rest = label.as_independent(*fields, as_Add=isinstance(label, sympy.Add))
        trivial = constant == (0 if isinstance(label, sympy.Add) else 1)
        return None if trivial else rest
    if isinstance(label, ONE_TO_ONE):
        return label.args[0]
    if isinstance(label, (sympy.Abs, sympy.cosh, sympy.sech)):
        return label.args[0] ** 2
    if isinstance(label, Pow) and label.exp.is_number:
        signed = fields == (Y,) and one_sign(label.base)
        return label.base if signed or (label.exp.is_odd and label.exp.is_positive) else None
    return None


def is_even(label: Expr) -> bool:
    """Whether y and -y always have the same label."""
    return vanishes(label.subs(Y, -Y) - label)


def is_monotone(label: Expr, *, positive: bool = False) -> bool:
    """Whether the label of a ``core`` only rises, or only falls (for ``y > 0``): no two y share one.

    The slope is looked at every 0.005 up to 10; labels that turn more narrowly pass.
    """
    count = round(REACH / SPACING)
    places = [SPACING * (k + 0.5) for k in range(0 if positive else -count, count)]
    if label.has(*KINKS, *JUMPS):  # which may be flat on an interval, or step back
        values = list(map(plain_function((Y,), label), places))
        return len({(b > a) - (b < a) for a, b in itertools.pairwise(values)}) == 1 and values[0] != values[-1]
    slopes = map(plain_function((Y,), diff(label, Y)), places)
    return len({value > 0 for value in slopes if abs(value) > 0}) == 1
