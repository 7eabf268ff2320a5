"""A function of time as it is typed: the temperature of a schedule, a friction that changes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from sympy import Expr, Lt, Piecewise, Poly, PolynomialError, Symbol, real_roots

from .expressions import FUNCTIONS, KINKED, parse_expression
from .generalized_linear.kinks import gaps
from .naming import shortened
from .parsing import read_number

TIME = Symbol("t", real=True)
LARGEST_DEGREE = 4
"""Of a polynomial in t whose roots are where a function steps."""


@dataclass(frozen=True)
class Course:
    """``height f(speed t)``, f read from a text: ``2/(1 + t)``, ``Piecewise((1, t < 10), (0.2, True))``, or a list of
    times from which on it has a value, ``0:1, 10:0.2``."""

    text: str
    height: float = 1.0
    speed: float = 1.0

    def __post_init__(self) -> None:
        _ = self.expression, self.breaks

    @cached_property
    def expression(self) -> Expr:
        """``f(t)``."""
        if ":" in self.text:
            return _steps(self.text)
        return parse_expression(self.text, {"t": TIME}, FUNCTIONS | KINKED)

    @cached_property
    def breaks(self) -> tuple[float, ...]:
        """Where f may have a step or a kink at t > 0: roots of polynomials."""
        found: set[float] = set()
        for gap in gaps(self.expression):
            try:
                polynomial = Poly(gap, TIME)
            except PolynomialError:
                polynomial = Poly(TIME**99, TIME)
            if polynomial.degree() > LARGEST_DEGREE:
                raise ValueError(
                    f"{shortened(self.text)!r} steps where {gap} = 0: expected times, or roots of a polynomial up to "
                    f"degree {LARGEST_DEGREE}; try 'Piecewise((1, t < 10), (0.2, True))' or '0:1, 10:0.2'"
                )
            found.update(float(root.evalf(20)) for root in real_roots(polynomial))
        return tuple(sorted(t / self.speed for t in found if t > 0))

    def scaled(self, factor: float) -> Course:
        """That of a landscape ``factor`` times as strong: ``factor`` times as high, in times as much shorter."""
        return replace(self, height=self.height * factor, speed=self.speed * factor)

    def __str__(self) -> str:
        return self.text


def _steps(text: str) -> Expr:
    """``0:1, 10:0.2``."""
    pairs = [[read_number(part.strip()) for part in pair.split(":")] for pair in text.split(",")]
    read = [[number for number in pair if number is not None] for pair in pairs if len(pair) == 2]
    times = [pair[0] for pair in read if len(pair) == 2]
    if len(times) < len(pairs) or times[0] != 0 or any(a >= b for a, b in pairwise(times)):
        raise ValueError(
            f"{shortened(text)!r}: expected TIME:VALUE, ... with times that increase from 0; try '0:1, 10:0.2'"
        )
    conditions = [*(Lt(TIME, end) for end in times[1:]), True]
    return Piecewise(*((pair[1], condition) for pair, condition in zip(read, conditions, strict=True)))
