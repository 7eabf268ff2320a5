"""The Hessian on the sphere: a shifted GOE plus a rank-one matrix along the signal."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from sympy import Expr, Symbol, cos, diff, simplify, sqrt
from sympy.logic.boolalg import false

from ..printing import Line, Printable
from ..random_matrices.bbp import BBPTransition
from ..symbols import SHIFT as T
from .local_law import (
    GRADIENT,
    GRADIENT_SIGNAL,
    HESSIAN_CROSS,
    HESSIAN_DIAGONAL,
    HESSIAN_OFF,
    HESSIAN_SIGNAL,
    G,
    H,
    N,
    W,
    local_law,
)


@dataclass(frozen=True)
class HessianLaw(Printable):
    """``Hess = scale (GOE - spike e e^T + t)`` with the bulk of the GOE on [-2, 2] and ``t = shift_per_w w``."""

    scale: Expr
    spike: Expr
    shift_per_w: Expr

    @property
    def bbp(self) -> BBPTransition:
        """Outlier of the Hessian along the signal, below its bulk."""
        return BBPTransition(self.spike)

    @property
    def smallest_eigenvalue(self) -> Expr:
        """``scale (t - theta - 1/theta)`` when there is an outlier; it is below zero for marginal states, t = 2."""
        return self.scale * (T - self.bbp.position)

    def numbers(self) -> tuple[Expr, Expr, Expr, Expr]:
        """Scale, spike, smallest eigenvalue and squared overlap of its eigenvector with e, as functions of m and t."""
        return self.scale, self.spike, self.smallest_eigenvalue, self.bbp.overlap_squared

    def equations(self) -> list[Line]:
        """Form of the matrix and its ingredients; smallest eigenvalue and eigenvector where there is an outlier."""
        lines: list[Line] = [
            (r"\mathrm{Hess}\,H", r"\sigma\,(\mathrm{GOE} - \theta\, e e^T + t)"),
            (r"t", self.shift_per_w * W),
            (r"\sigma", self.scale),
            (r"\theta", self.spike),
        ]
        if self.spike == 0:
            return lines
        if self.bbp.condition == false:
            return [*lines, (r"\text{outlier}", false), (r"\lambda_{\min}", self.scale * (T - 2))]
        return [
            *lines,
            (r"\text{outlier}", self.bbp.condition),
            (r"\lambda_{\min}", self.smallest_eigenvalue),
            (r"\langle v, e\rangle^2", self.bbp.overlap_squared),
        ]


@cache
def hessian_law() -> HessianLaw:
    """Condition the second derivatives on (H, w) and on a vanishing gradient, and recognise the ensemble.

    Raises ValueError if the conditional law is not that of a scaled GOE with a mean along ``e e^T``.
    """
    entries = (HESSIAN_SIGNAL, HESSIAN_CROSS, HESSIAN_DIAGONAL, HESSIAN_OFF)
    law = local_law().conditional(entries, {H: H, W: W, GRADIENT_SIGNAL: 0, GRADIENT: 0})
    variance = N * law.covariance_of(HESSIAN_OFF, HESSIAN_OFF)
    goe = {HESSIAN_SIGNAL: 2, HESSIAN_CROSS: 1, HESSIAN_DIAGONAL: 2, HESSIAN_OFF: 1}
    for a in entries:
        for b in entries:
            expected = goe[a] * variance / N if a == b else 0
            if simplify(law.covariance_of(a, b) - expected) != 0:
                raise ValueError(f"Hessian is not a GOE: Cov({a}, {b}) = {law.covariance_of(a, b)}")
    if any(law.mean_of(name) != 0 for name in entries[1:]):
        raise ValueError(f"mean of the Hessian is not of rank one: {law.mean}")
    scale = sqrt(variance)
    coefficient = (-law.mean_of(HESSIAN_SIGNAL)).expand().coeff(G[2])
    return HessianLaw(scale, G[2] * coefficient / scale, radial_shift() / scale)


def radial_shift() -> Expr:
    """What a unit of w adds to the second derivative along any great circle: -1.

    On ``x(s) = sqrt(N) (n cos(s/sqrt(N)) + e sin(s/sqrt(N)))`` the chain rule adds ``d_n H`` times the acceleration
    along n to ``d_ee H``, and ``d_n H = sqrt(N) w``.
    """
    s = Symbol("s")
    acceleration = diff(sqrt(N) * cos(s / sqrt(N)), s, 2).subs(s, 0)
    return sqrt(N) * acceleration


def hessian_of(jet: Mapping[Symbol, Expr]) -> HessianLaw:
    """The law at given derivatives of f and g."""
    law = hessian_law()
    return HessianLaw(law.scale.subs(jet), law.spike.subs(jet), law.shift_per_w.subs(jet))
