r"""Whether a saddle of the replicated action is stable against breaking replica symmetry further.

Let groups of replicas of size ``x <= 1``, within the innermost ones of the saddle, have overlaps (q, r, d) of their
own. With ``B(q, r, d) = b^2 f + 2 b r f' - d f' + r^2 f'' + ln M``, M the Gram determinant left within a group, the
action changes to first order in ``1 - x`` by ``-(1 - x) W``,

``W = 1/2 [B(q, r, d) - B_k - (gradient of B at level k).(steps from level k)]``,

stationary in r and d. The complexity is the lowest of all breakings, as the free energy is the highest: the saddle
holds while ``W <= 0`` for every q above the innermost overlap. Next to it that is the replicon (de Almeida, Thouless)
of (q, r, d) at once; ``W > 0`` at a distance is a transition of first order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from sympy import Expr, ImmutableMatrix, Symbol, diff, log, symbols

from ..printing import Line, Printable
from .replicated import ORDERS, Replicated, gram, pair

PLACE = Q, R, D = symbols("q r_q d_q", real=True)
JET = tuple(Symbol("f" + "'" * k + "(q)", real=True) for k in range(ORDERS))
LEFT = Symbol("M_q", positive=True)
TANGENT = symbols("B_q B_r B_d", real=True)
"""Gradient of B at the level."""


def _root(linear: Expr, unknown: Symbol) -> Expr:
    return -linear.subs(unknown, 0) / diff(linear, unknown)


@dataclass(frozen=True)
class Breaking(Printable):
    """W above a level of a replicated action: the innermost one, or next to another one."""

    action: Replicated
    index: int = -1

    @cached_property
    def level(self) -> tuple[Symbol, ...]:
        """Entries of C, R and D there."""
        return tuple(matrix.levels[self.index] for matrix in self.action.matrices)

    @cached_property
    def jet(self) -> tuple[Symbol, ...]:
        """Derivatives of f there."""
        return self.action.jets[self.index]

    @cached_property
    def _left(self) -> Expr:
        """What is left of the Gram determinant between groups; within the innermost ones ``(1 - q)(d - d_q) + ...``."""
        i = self.index % (self.action.breaking + 1)
        eigenvalues = [self.action.hierarchy.eigenvalue(matrix, i) for matrix in self.action.matrices]
        steps = [x - here for x, here in zip(PLACE, self.level, strict=True)]
        return gram(*((value - step).expand() for value, step in zip(eigenvalues, steps, strict=True)))

    @cached_property
    def _b(self) -> Expr:
        return pair(JET, R, D) + log(self._left)

    def _at_level(self, expression: Expr) -> Expr:
        here = dict(zip((*PLACE, *JET), (*self.level, *self.jet), strict=True))
        return expression.xreplace(here)

    @staticmethod
    def _slope(expression: Expr, variable: Symbol) -> Expr:
        chain = pairwise(JET) if variable == Q else ()
        return diff(expression, variable) + sum(diff(expression, value) * after for value, after in chain)

    @cached_property
    def tangent(self) -> tuple[Expr, ...]:
        """Gradient of B at the level."""
        return tuple(self._at_level(self._slope(self._b, x)) for x in PLACE)

    @cached_property
    def curvature(self) -> ImmutableMatrix:
        """Second derivatives of W at the level, by q, r and d."""
        first = [self._slope(self._b, x) for x in PLACE]
        return ImmutableMatrix(3, 3, lambda i, j: self._at_level(self._slope(first[i], PLACE[j])) / 2)

    def _stationary(self, i: int) -> tuple[Expr, Expr]:
        """Slopes of W in r or d: that of pairs less the tangent, and ``LEFT`` times that of ``ln M``."""
        return diff(pair(JET, R, D), PLACE[i]) - TANGENT[i], diff(self._left, PLACE[i])

    @cached_property
    def left(self) -> Expr:
        """``M_q``, from where W is stationary in d."""
        pairs, log_det = self._stationary(2)
        return -log_det / pairs

    @cached_property
    def response(self) -> Expr:
        """``r_q``, from where W is stationary in r."""
        pairs, log_det = self._stationary(1)
        return _root(pairs * LEFT + log_det, R)

    @cached_property
    def conjugate(self) -> Expr:
        """``d_q``, from ``M_q``."""
        return _root(self._left - LEFT, D)

    @cached_property
    def gain(self) -> Expr:
        """W at any (q, r_q, d_q)."""
        steps = zip(TANGENT, PLACE, self.level, strict=True)
        linear = sum(slope * (x - here) for slope, x, here in steps)
        return (self._b - self._at_level(self._b) - linear) / 2

    def equations(self) -> list[Line]:
        """W, what it is made of, and when the saddle is stable."""
        return [
            (r"W(q)", self.gain),
            *zip(TANGENT, self.tangent, strict=True),
            (LEFT, self.left),
            (R, self.response),
            (D, self.conjugate),
            (r"\text{stable} \Leftrightarrow W(q)", r"\leq 0 \quad (q > q_k)"),
        ]
