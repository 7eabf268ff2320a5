"""Losses with kinks in u: where the curvature jumps dynamics and samples are what they are; where the slope does, not.

There the curvature is a delta, which no sample of fields sees. A jump upwards besides holds a share of the data exactly
at the kink, as a valley does, with forces anywhere between both slopes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import lru_cache

from sympy import Abs, DiracDelta, Expr, Heaviside, Integer, Max, Min, Piecewise, diff, preorder_traversal, sign
from sympy.core.relational import Relational

from .smooth import SAMPLES, plain_function
from .symbols import FIELD, SIGNAL_FIELD

REACH, PLACES, OFF = 12.0, 1200, 1e-4
"""Size of the fields u at which breaks are looked for, how many, and off round ones."""
NEAR, SEEN = 1e-7, 1e-5
"""Distance from a break at which its sides are told apart, and the relative jump that counts."""
Plain = Callable[[float], float]


def gaps(expression: Expr) -> tuple[Expr, ...]:
    """Functions of the fields at whose zeros an expression may have a step or a kink."""
    found: set[Expr] = set()
    for part in preorder_traversal(expression):
        if isinstance(part, (Abs, sign, Heaviside)):
            found.add(part.args[0])
        elif isinstance(part, (Max, Min)):
            found.update(a - b for a, b in itertools.combinations(part.args, 2))
        elif isinstance(part, Piecewise):
            found.update(relation.lhs - relation.rhs for relation in part.atoms(Relational))
    return tuple(sorted((gap for gap in found if gap.free_symbols), key=str))


@lru_cache(maxsize=64)
def broken_slope(loss: Expr) -> Expr | None:
    """What vanishes where the loss or its slope in u jumps; none where both are continuous.

    Looked at for labels on a net, with parameters at 1.
    """
    others = loss.free_symbols - {FIELD, SIGNAL_FIELD}
    loss = loss.xreplace(dict.fromkeys(others, Integer(1)))
    slope = diff(loss, FIELD).replace(DiracDelta, lambda *_: Integer(0))
    parts = [plain_function((FIELD, SIGNAL_FIELD), part) for part in (loss, slope)]
    for gap in gaps(loss):
        breaks = plain_function((FIELD, SIGNAL_FIELD), gap)
        for label in SAMPLES if FIELD in gap.free_symbols else ():
            places = _zeros(_along(breaks, label))
            if any(_jumps(_along(part, label), place) for part in parts for place in places):
                return gap
    return None


def _along(function: Callable[..., float], label: float) -> Plain:
    """As a function of u."""
    return lambda u: function(u, label)


def _zeros(function: Plain) -> list[float]:
    """By halves, from a net that misses round numbers."""
    net = [REACH * (2 * k / PLACES - 1) + OFF for k in range(PLACES)]
    values = list(map(function, net))
    found = []
    for (a, b), (f, g) in zip(itertools.pairwise(net), itertools.pairwise(values), strict=True):
        if f * g < 0:
            low, high = a, b
            for _ in range(60):
                middle = (low + high) / 2
                low, high = (middle, high) if function(middle) * f > 0 else (low, middle)
            found.append((low + high) / 2)
    return found


def _jumps(function: Plain, place: float) -> bool:
    """Whether what changes across a place does so however close."""
    near, closer = (abs(function(place + d) - function(place - d)) for d in (NEAR, NEAR / 16))
    return closer > max(near / 2, SEEN * (1 + abs(function(place + NEAR))))
