"""The Hessian on the sphere: a shifted GOE plus a rank-one matrix along the signal."""

from dataclasses import dataclass
from functools import cache

from sympy import Expr, simplify, sqrt

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
    """``Hess = scale (GOE - spike e e^T + t)``, bulk of the GOE on [-2, 2], ``t = -w/scale``."""

    scale: Expr
    spike: Expr

    @property
    def bbp(self) -> BBPTransition:
        """Outlier of the Hessian along the signal, below its bulk."""
        return BBPTransition(self.spike)

    def equations(self) -> list[Line]:
        """Form of the matrix, its scale and spike; smallest eigenvalue and its eigenvector when there is an outlier."""
        outlier = self.bbp
        return [
            (r"\mathrm{Hess}\,H", r"\sigma\,(\mathrm{GOE} - \theta\, e e^T + t), \quad t = -w/\sigma"),
            (r"\sigma", self.scale),
            (r"\theta", self.spike),
            (r"\text{outlier}", outlier.condition),
            (r"\lambda_{\min}", self.scale * (T - outlier.position)),
            (r"\langle v, e\rangle^2", outlier.overlap_squared),
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
    return HessianLaw(scale, G[2] * coefficient / scale)
