"""Following a solution in a parameter, in steps that shrink where it is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..errors import ConvergenceError

Point = TypeVar("Point")
SAME = 1e-9
"""Relative difference of two parameters between which there is nowhere to go."""


def followed(
    solve: Callable[[float, Point], Point],
    start: Point,
    ends: tuple[float, float],
    *,
    lost: Callable[[float, Point], str],
    steps: int = 1,
    shortest: float = 1e-3,
    leaps: int = 0,
) -> Point:
    """``solve(parameter, near)`` at the last of two ``ends``, from its solution ``start`` at the first.

    Steps are halved where there is no solution, from a number of equal ``steps`` down to ``shortest``, a part of the
    way; then, so many times, over the gap: from all the rest of the way down again. Raises ConvergenceError, saying of
    the last parameter and solution what ``lost`` says.
    """
    (at, end), here = ends, start
    stride = (end - at) / steps
    least = shortest * abs(end - at)
    while abs(end - at) > SAME * abs(end):
        target = at + stride if abs(stride) < abs(end - at) else end
        try:
            here = solve(target, here)
        except ConvergenceError:
            stride = (target - at) / 2
            if abs(stride) < least and leaps == 0:
                raise ConvergenceError(lost(at, here)) from None
            if abs(stride) < least:
                leaps, stride = leaps - 1, end - at
            continue
        at = target
    return here
