"""Where the landscape grows a minimum that is aligned with the signal."""

from sympy import Eq, Expr, Symbol, diff, simplify, solve
from sympy.logic.boolalg import false

from ..inference import MaximumLikelihood
from ..landscape import GaussianLandscape
from ..prediction import Condition, Threshold
from ..symbols import SIGNAL_OVERLAP as M


def informative_minimum(landscape: GaussianLandscape, control: Symbol) -> Threshold:
    """First control parameter at which ``f'(1) = (g'(m)/m)^2 (1 - m^2)`` has a root: fixed point of ML-AMP.

    Closed form for the spiked tensor, ``Delta_p = (p - 2)^(p - 2)/(p - 1)^(p - 1)`` (Ben Arous et al. 2019).
    """
    fixed_point = MaximumLikelihood(landscape).fixed_point
    closed = _closed_form(fixed_point, control)
    slope = Eq(diff(fixed_point.rhs, M), 0, evaluate=False)
    return Threshold(
        "informative_minimum",
        "A minimum aligned with the signal exists from there on: a fixed point of maximum-likelihood message passing.",
        control,
        (fixed_point, slope),
        "Ben Arous, Mei, Montanari, Nica 2019, arXiv 1711.05424",
        (M,),
        closed,
        () if closed is not None else (Condition(false, "the aligned minimum departs from m = 0; see ml_amp"),),
    )


def _closed_form(fixed_point: Eq, control: Symbol) -> Expr | None:
    """The control parameter as a function of m, at its minimum over (0, 1)."""
    curves = [root for root in solve(fixed_point, control) if root != 0]
    if len(curves) != 1:
        return None
    inside = [m for m in solve(simplify(diff(curves[0], M)), M) if m.is_real and 0 < m < 1]
    return simplify(curves[0].subs(M, inside[0])) if len(inside) == 1 else None
