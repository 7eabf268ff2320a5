"""What it costs, at speed N, to have k negative eigenvalues: large deviations of ``GOE - theta e e^T + t``."""

from dataclasses import dataclass
from functools import cache

from sympy import And, Expr, Integer, Or, Piecewise, oo
from sympy.logic.boolalg import Boolean, true

from ..symbols import SHIFT as T
from ..symbols import SPIKE as THETA
from .large_deviations import goe_cost, in_shift, outlier_position, tilted_cost


@dataclass(frozen=True)
class Region:
    """An interval of ``t >= 2``, possibly empty, on which the cost is one analytic function of y (``t = y + 1/y``).

    ``condition`` tells where it holds, given that no earlier region does.
    """

    cost: Expr
    lower: Expr
    upper: Expr
    condition: Boolean


@cache
def regions(index: int) -> tuple[Region, ...]:
    """The cost of exactly ``index`` negative eigenvalues, for every ``theta`` and ``t >= 2``.

    The outlier sits by itself at ``theta + 1/theta`` when ``theta > 1``. Below it (in t) the first negative eigenvalue
    is free and its absence costs ``I_theta``; beyond it the first negative eigenvalue costs ``I_theta``, as it does
    beyond the same point when ``theta < 1``. Every further one costs ``I_1``. The pieces join with equal slopes.
    """
    if type(index) is not int or index < 0:
        raise ValueError(f"index = {index!r} must be a whole number >= 0; 0 counts minima")
    outlier = outlier_position()
    inside = And(THETA > 1, outlier > T)
    free_until = Piecewise((outlier, THETA > 1), (2, True))
    tilted_from = Piecewise((outlier, THETA > 0), (oo, True))
    if index == 0:
        return (
            Region(tilted_cost(), Integer(2), free_until, inside),
            Region(Integer(0), free_until, oo, true),
        )
    rest = (index - 1) * goe_cost()
    return (
        Region(rest, Integer(2), free_until, inside),
        Region(rest + goe_cost(), free_until, tilted_from, Or(THETA <= 0, And(THETA <= 1, outlier > T))),
        Region(tilted_cost() + rest, tilted_from, oo, true),
    )


@cache
def index_cost(index: int) -> Expr:
    """The cost as one function of ``theta`` and t; infinite for ``t < 2`` (extensively many negative directions).

    ``index_cost(0)`` is ``L(theta, t)``: no negative eigenvalue, so that the outlier must be held back if there is one.
    """
    return Piecewise((oo, T < 2), *((in_shift(region.cost), region.condition) for region in regions(index)))
