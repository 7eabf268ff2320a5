r"""Singular values of ``theta u v^T + X/sqrt(d)``, X n x d of variance 1, ``gamma = n/d`` (arXiv 1103.2221).

One lies outside the bulk, at s, where ``theta^2 <(s^2 - X X^T/d)^-1> <(s^2 - X^T X/d)^-1> s^2 = 1``, averages over
directions u and v that know nothing of X. At ``gamma = 1`` all of it is as for ``GOE + theta e e^T``.
"""

from __future__ import annotations

from functools import cache

from sympy import Expr, Gt, Symbol, diff, factor, simplify, solve, sqrt

from ..printing import Line, Printable
from .marchenko_pastur import GAMMA, RESOLVENT, edges, place

THETA = Symbol("theta", positive=True)


@cache
def outlier() -> Expr:
    """``s = sqrt((theta^2 + 1)(theta^2 + gamma))/theta``; ``X^T X`` has ``d - n`` more zeros than ``X X^T``."""
    square = place()
    other = GAMMA * RESOLVENT + (1 - GAMMA) / square
    (resolvent,) = solve(simplify(THETA**2 * square * RESOLVENT * other - 1), RESOLVENT)
    return sqrt(factor(square.subs(RESOLVENT, resolvent)))


@cache
def edge() -> Expr:
    """``1 + sqrt(gamma)``, of the bulk."""
    root = Symbol("r", positive=True)
    return sqrt(edges()[1].subs(GAMMA, root**2)).subs(root, sqrt(GAMMA))


@cache
def critical() -> Expr:
    """``theta = gamma^(1/4)``, where the outlier meets the edge: it lies lowest there."""
    (theta,) = solve(diff(outlier() ** 2, THETA), THETA)
    return theta


@cache
def alignment() -> Expr:
    """``<u, u_s> <v, v_s>`` of the singular vectors of the outlier: ``ds/d theta``, by perturbation theory."""
    return factor(simplify(diff(outlier(), THETA)))


class RectangularSpike(Printable):
    """Threshold, position and overlap of the outlier."""

    def equations(self) -> list[Line]:
        """And the edge of the bulk."""
        return [
            (r"\text{outlier}", Gt(THETA, critical())),
            ("s", outlier()),
            (r"\langle u, u_s\rangle \langle v, v_s\rangle", alignment()),
            (r"\text{edge}", edge()),
        ]
