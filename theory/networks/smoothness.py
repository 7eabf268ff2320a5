r"""Where an activation is not smooth, and averages ``E F(u)``, u a standard Gaussian, over the pieces between."""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise

from sympy import (
    Abs,
    AccumBounds,
    CRootOf,
    Expr,
    FiniteSet,
    I,
    Integral,
    Pow,
    S,
    Symbol,
    cos,
    diff,
    exp,
    lambdify,
    limit,
    log,
    oo,
    pi,
    sign,
    simplify,
    solveset,
    sqrt,
    sympify,
    tan,
)
from sympy.core.function import AppliedUndef

from ..naming import called
from .kernels import RHO, Activation, X, closed_form

ASIDE = Symbol("s", positive=True)
"""Distance from a point."""
FAR = 25
"""Where a slope that grows like ``exp(x^2/4)`` shows."""
LONGEST = 12
"""A place, in operations: integrals from roots of third degree take minutes."""
KINK = S.NegativeOne
"""Order of a second derivative that is a delta: as if it grew like ``1/|x|`` down to the width of what smears it."""


class Trainable(Activation):
    """A continuous function of x whose slope is bounded wherever x is: one that gradient flow can move."""

    def accept(self, name: str, value: object) -> Expr:
        """Also what is no text is looked at."""
        function = super().accept(name, value)
        try:
            orders(function)
        except ValueError as failure:
            what = called(name, value if isinstance(value, str) else self.plain(function))
            raise ValueError(f"{what}: {failure}; try {called(name, 'relu')}") from None
        return function


@cache
def orders(function: Expr) -> dict[Expr, Expr]:
    """Places that need a look, in order, and q of ``phi'' ~ |x - x_0|^q`` there: 0 where it is bounded, or ``KINK``.

    Raises ``ValueError`` for a function that jumps, is not real or not finite, whose slope is not bounded or too steep
    at infinity for ``E phi'^2`` to be finite, and where that cannot be told.
    """
    suspects = sorted({zero for part in _risky(sympify(function)) for zero in _zeros(part)}, key=float)
    if not function.has(AppliedUndef):
        _require_real(function, suspects)
        _require_moderate(function)
    if not suspects:
        return {}
    pieces = _pieces(function, suspects)
    return {place: _order(pair, place) for place, pair in zip(suspects, pairwise(pieces), strict=True)}


def _risky(function: Expr) -> set[Expr]:
    """Parts that may not be smooth where they vanish."""
    inside = {part.args[0] for part in function.atoms(Abs, sign, log)}
    powers = {p.base for p in function.atoms(Pow) if not (p.exp.is_Integer and p.exp.is_nonnegative)}
    return {part for part in inside | powers | {cos(t.args[0]) for t in function.atoms(tan)} if part.has(X)}


def _zeros(part: Expr) -> set[Expr]:
    """Real ones."""
    if part.is_nonzero or part.has(AppliedUndef):
        return set()
    zeros = solveset(part, X, S.Reals)
    told = zeros is S.EmptySet or (isinstance(zeros, FiniteSet) and not zeros.has(CRootOf))
    if not told or any(zero.count_ops() > LONGEST for zero in zeros):
        raise ValueError(f"where {part} vanishes cannot be told, and so not where the function is smooth")
    return set(zeros)


def _require_real(function: Expr, places: list[Expr]) -> None:
    """In each of the intervals between them."""
    ends = [places[0] - 1, *places, places[-1] + 1] if places else [-1, 1]
    for low, high in pairwise(ends):
        middle = float(low + high) / 2
        if not math.isfinite(_float(function, middle)):
            raise ValueError(f"not a finite real number at x = {middle:.3g}")


def _require_moderate(function: Expr) -> None:
    """``phi'^2 exp(-x^2/2)`` vanishes at infinity."""
    slope = diff(function, X)
    if not all(abs(_float(slope, x)) < math.exp(FAR**2 / 4) for x in (-FAR, FAR)):
        raise ValueError("it grows like exp(x^2/4) or faster")


def _float(function: Expr, x: float) -> float:
    """In double precision, where what is huge fails at once; nan for what is not real, or overflows."""
    try:
        value = lambdify(X, function, "math")(x)
    except (ArithmeticError, ValueError):
        return math.nan
    return math.nan if isinstance(value, complex) else float(value)


def _pieces(function: Expr, places: list[Expr]) -> list[Expr]:
    """What it is between the places, where no sign changes: without ``Abs`` and ``sign``."""
    ends = [places[0] - 1, *places, places[-1] + 1]
    return [_with_signs(function, float(low + high) / 2) for low, high in pairwise(ends)]


def _with_signs(function: Expr, x: float) -> Expr:
    """Those at x."""
    return function.replace(sign, lambda g: _sign(g, x)).replace(Abs, lambda g: _sign(g, x) * g)


def _sign(part: Expr, x: float) -> int:
    return 1 if (not part.has(X) and part > 0) or (part.has(X) and _float(part, x) > 0) else -1


def _order(pieces: tuple[Expr, Expr], place: Expr) -> Expr:
    """Of the second derivative at the place between two pieces."""
    at = f"at x = {float(place):.3g}"
    values, slopes = (_sides(tuple(diff(piece, X, k) for piece in pieces), place) for k in (0, 1))
    if not all(value.is_finite for value in values) or simplify(values[0] - values[1]) != 0:
        raise ValueError(f"not continuous {at}")
    if not all(value.is_finite for value in slopes):
        raise ValueError(f"its slope is not bounded {at}")
    if simplify(slopes[0] - slopes[1]) != 0:
        return KINK
    curvatures = tuple(diff(piece, X, 2) for piece in pieces)
    if all(value.is_finite for value in _sides(curvatures, place)):
        return S.Zero
    growths = [(X - place) * diff(c, X) / c if c != 0 else S.Zero for c in curvatures]
    return min(_sides((growths[0], growths[1]), place))


def _sides(pieces: tuple[Expr, ...], place: Expr) -> list[Expr]:
    """Limits from the left of the one and from the right of the other."""
    steps = (-ASIDE, ASIDE)
    found = [limit(piece.subs(X, place + step), ASIDE, 0, "+") for piece, step in zip(pieces, steps, strict=True)]
    if any(value.has(AccumBounds, I) or not value.is_extended_real for value in found):
        raise ValueError(f"without a limit at x = {float(place):.3g}")
    return found


def average(function: Expr, places: tuple[Expr, ...] = ()) -> Expr:
    """``E F(u)``: one integral over the distance from places where F is not smooth, or from 0.

    Between two of them x runs through ``(low + high s)/(1 + s)``.
    """
    ends = places or (S.Zero,)
    between = [(low + high * ASIDE) / (1 + ASIDE) for low, high in pairwise(ends)]
    weighted = function * exp(-(X**2) / 2) / sqrt(2 * pi)
    pieces = (weighted.subs(X, x) * diff(x, ASIDE) for x in (*between, ends[-1] + ASIDE))
    whole = weighted.subs(X, ends[0] - ASIDE) + sum(pieces, S.Zero)
    return Integral(whole, (ASIDE, 0, oo)) if whole != 0 else S.Zero


@cache
def slope_averages(activation: Expr) -> tuple[Expr, Expr, Expr]:
    """``E phi'^2``, ``(E phi')^2``, ``(E phi'')^2``: their kernel at 1 and 0, and its slope at 0 (Price's theorem).

    The last is ``(E u phi')^2`` by parts, which knows of deltas.
    """
    slope = diff(activation, X)
    kernel = None if activation.has(AppliedUndef) else closed_form(slope)
    if kernel is not None:
        return kernel.subs(RHO, 1), kernel.subs(RHO, 0), diff(kernel, RHO).subs(RHO, 0)
    places = tuple(orders(activation))
    return average(slope**2, places), average(slope, places) ** 2, average(X * slope, places) ** 2
