"""Losses with steps and kinks: the pieces between them, and what a datum pays in a cavity field.

Between two breaks a loss is smooth, and the proximal map follows ``h = u + chi l'`` until it meets a break, where it
stays; the Moreau envelope is the least of what the pieces offer (Moreau 1965; Gyorgyi, Reimann 1997).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from sympy import (
    Abs,
    Expr,
    FiniteSet,
    Heaviside,
    Max,
    Min,
    Piecewise,
    S,
    degree,
    diff,
    oo,
    sign,
    solve,
    solveset,
)
from sympy.core.relational import Relational

from ..printing import Line, Printable
from .parisi import CAVITY
from .replicas import ProximalMap
from .smooth import JUMPS, KINKS
from .symbols import CURVATURE, FIELD, FORCE, LOSS


class Piece(NamedTuple):
    """``l(u)`` on ``start <= u <= end``, continued to the ends from inside."""

    start: Expr
    end: Expr
    loss: Expr

    def at(self, expression: Expr) -> Expr:
        """An expression of the theory with ``l``, ``l'`` and ``D`` of this piece."""
        table = {LOSS: self.loss, FORCE: diff(self.loss, FIELD), CURVATURE: diff(self.loss, FIELD, 2)}
        return expression.subs(table, simultaneous=True)


def pieces(loss: Expr) -> tuple[Piece, ...]:
    """The smooth pieces of ``l(u)``, from left to right.

    Steps and kinks are those of ``Heaviside``, ``sign``, ``Abs``, ``Min``, ``Max`` and ``Piecewise``; where the loss
    jumps, the lower of both values counts. Raises ValueError for a break whose place is not known.
    """
    cases = loss.rewrite([Heaviside, sign, Abs, Min, Max], Piecewise)
    ends = [-oo, *sorted(_breaks(cases)), oo]
    return tuple(Piece(a, b, _between(cases, a, b)) for a, b in itertools.pairwise(ends))


def _breaks(cases: Expr) -> set[Expr]:
    """Where the conditions of a Piecewise change."""
    found: set[Expr] = set()
    for relation in cases.atoms(Relational):
        places = solveset(relation.lhs - relation.rhs, FIELD, S.Reals)
        known = places is S.EmptySet or isinstance(places, FiniteSet)
        if not known or any(not place.is_number for place in places):
            raise ValueError(f"loss = {cases}: no numbers u solve {relation.lhs} = {relation.rhs}, where it breaks")
        found.update(places)
    return found


def _between(cases: Expr, start: Expr, end: Expr) -> Expr:
    """The expression that holds on ``start < u < end``."""
    left, right = (end - 2 if start == -oo else start), (start + 2 if end == oo else end)
    inside = S.Zero if start == -oo and end == oo else (left + right) / 2
    value = cases.replace(Piecewise, lambda *branches: _branch(branches, inside))
    if value.has(*KINKS, *JUMPS):
        raise ValueError(f"loss = {cases} is not smooth on {start} < u < {end}; write it as a Piecewise in u")
    return value


def _branch(branches: tuple[tuple[Expr, Expr], ...], place: Expr) -> Expr:
    """The first branch whose condition holds at u = place."""
    return next(value for value, condition in branches if condition.subs(FIELD, place) == S.true)


@dataclass(frozen=True)
class PiecewiseProximalMap(Printable):
    """The proximal map of a loss of u alone in closed form, for pieces at most quadratic and ``1 + chi D > 0``.

    Raises ValueError for others: u is then known by the inverse map alone.
    """

    loss: Expr

    @cached_property
    def minimisers(self) -> tuple[Expr, ...]:
        """``u(h)`` on each piece: where ``u + chi l' = h``, or the end of the piece next to it."""
        return tuple(self._minimiser(piece) for piece in pieces(self.loss))

    def _minimiser(self, piece: Piece) -> Expr:
        equation = piece.at(ProximalMap().cavity_field) - CAVITY
        if not (equation.is_polynomial(FIELD) and degree(equation, FIELD) == 1):
            raise ValueError(f"loss = {self.loss}: no closed form of u(h) where l = {piece.loss}, not quadratic in u")
        return Min(Max(solve(equation, FIELD)[0], piece.start), piece.end)

    @cached_property
    def envelope(self) -> Expr:
        """``V(h)``, the least over the pieces."""
        objective = ProximalMap().objective
        offers = (
            piece.at(objective).subs(FIELD, u) for piece, u in zip(pieces(self.loss), self.minimisers, strict=True)
        )
        return Min(*offers)

    def equations(self) -> list[Line]:
        """The places of the pieces' minima, and the envelope."""
        places = [(rf"u_{{{number}}}(h)", u) for number, u in enumerate(self.minimisers)]
        return [*places, (r"V(h)", self.envelope)]
