"""The transition of Baik, Ben Arous and Peche (2005) for ``GOE + theta e e^T``."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sympy import Expr, Gt, diff, simplify, solve

from ..printing import Printable
from ..symbols import SPIKE as THETA
from .semicircle import Y, stieltjes


@dataclass(frozen=True)
class BBPTransition(Printable):
    """Outlier of a rank-one perturbation of strength ``theta``: the root z of ``theta G(z) = 1`` outside the bulk."""

    strength: Expr = THETA

    @cached_property
    def _outlier(self) -> Expr:
        return solve(THETA * stieltjes() - 1, Y)[0]

    @property
    def condition(self) -> Expr:
        """``theta > 1``: the root lies outside the bulk, ``y > 1``."""
        return Gt(self._outlier.subs(THETA, self.strength), 1)

    @property
    def position(self) -> Expr:
        """``theta + 1/theta``."""
        return (Y + 1 / Y).subs(Y, self._outlier).subs(THETA, self.strength)

    @property
    def overlap_squared(self) -> Expr:
        """``<v, e>^2 = -1/(theta^2 G'(z)) = 1 - 1/theta^2`` of the outlier's eigenvector."""
        slope = diff(stieltjes(), Y) / diff(Y + 1 / Y, Y)
        return simplify((-1 / (THETA**2 * slope)).subs(Y, self._outlier)).expand().subs(THETA, self.strength)

    def equations(self) -> list[tuple[Any, Any]]:
        """Threshold, position and eigenvector overlap."""
        return [
            (r"\text{outlier}", self.condition),
            (r"\lambda_{\max}", self.position),
            (r"\langle v, e\rangle^2", self.overlap_squared),
        ]
