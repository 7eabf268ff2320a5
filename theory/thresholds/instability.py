"""Thresholds at which the uninformative state m = 0 becomes unstable: gradient flow, ML-AMP, Bayes-AMP, Langevin."""

from sympy import Eq, Expr, Max, Poly, Symbol, diff, numer, simplify, solve, sqrt, together
from sympy.logic.boolalg import false, true

from ..inference import BayesOptimal, MaximumLikelihood
from ..kac_rice import KacRice
from ..landscape import GaussianLandscape
from ..symbols import OVERLAP, value_at_zero
from ..symbols import SIGNAL_OVERLAP as M
from .threshold import Condition, Threshold

NO_CURVATURE = "the signal has no quadratic part, g''(0) = 0: m = 0 is stable at every signal-to-noise ratio"


def gradient_flow(landscape: GaussianLandscape, control: Symbol) -> Threshold:
    """BBP transition of the Hessian at the threshold states, ``theta = g''(0)/sqrt(f''(1)) = 1`` at m = 0, t = 2."""
    spike = value_at_zero(KacRice(landscape).complexity().spike, M)
    scale = sqrt(diff(landscape.covariance, OVERLAP, 2).subs(OVERLAP, 1))
    return _instability(
        "gradient_flow",
        "Gradient flow from a random start leaves the threshold states: their Hessian has an outlier along the signal.",
        landscape,
        control,
        Eq(simplify(spike * scale), scale, evaluate=False),
        "Sarao Mannelli, Biroli, Cammarota, Krzakala, Zdeborova 2019, arXiv 1907.08226",
    )


def ml_amp(landscape: GaussianLandscape, control: Symbol) -> Threshold:
    """``g''(0) = sqrt(f'(1))``: m = 0 is unstable under maximum-likelihood AMP."""
    theory = MaximumLikelihood(landscape)
    noise = sqrt(theory.noise)
    return _instability(
        "ml_amp",
        "Message passing for the maximum-likelihood estimate leaves m = 0.",
        landscape,
        control,
        Eq(simplify(theory.stability * noise), noise, evaluate=False),
        "Sarao Mannelli, Krzakala, Urbani, Zdeborova 2019, arXiv 1902.00139",
    )


def bayes_amp(landscape: GaussianLandscape, control: Symbol) -> Threshold:
    """``g''(0) = 1``: m = 0 is unstable under Bayes-optimal AMP."""
    return _instability(
        "bayes_amp",
        "Bayes-optimal message passing leaves m = 0 (weak recovery).",
        landscape,
        control,
        Eq(BayesOptimal(landscape).stability, 1, evaluate=False),
        "Sarao Mannelli, Biroli, Cammarota, Krzakala, Urbani, Zdeborova 2018, arXiv 1812.09066",
    )


def _instability(
    name: str, meaning: str, landscape: GaussianLandscape, control: Symbol, equation: Eq, reference: str
) -> Threshold:
    if equation.lhs == 0:
        never = (Condition(false, NO_CURVATURE),)
        return Threshold(name, meaning, control, (equation,), reference, conditions=never)
    closed = _positive_root(equation, control)
    return Threshold(name, meaning, control, (equation,), reference, closed_form=closed)


def _positive_root(equation: Eq, control: Symbol) -> Expr | None:
    """The only positive root of a condition whose square is at most quadratic in the control parameter."""
    polynomial = Poly(numer(together(equation.lhs**2 - equation.rhs**2)), control)
    # a common factor of the control is the trivial root
    while polynomial.eval(0) == 0:
        polynomial = polynomial.quo(Poly(control, control))
    if polynomial.degree() > 2:
        return None
    positive = [r for r in solve(polynomial.as_expr(), control) if _at_one(r) > 0]
    return simplify(positive[0]) if len(positive) == 1 else None


def _at_one(expression: Expr) -> Expr:
    """Value with every free parameter equal to 1, to tell the sign of a root."""
    return expression.subs(dict.fromkeys(expression.free_symbols, 1))


def langevin(landscape: GaussianLandscape, control: Symbol) -> Threshold:
    """Langevin dynamics at T = 1 leaves the threshold states of overlap q.

    ``(1 - q)^2 f''(q) = 1`` (marginal plateau) and ``(1 - q) g''(0) = 1`` (instability towards the signal).
    """
    plateau = Eq((1 - OVERLAP) ** 2 * diff(landscape.covariance, OVERLAP, 2), 1)
    strength = BayesOptimal(landscape).stability
    closed, conditions = None, (Condition(false, NO_CURVATURE),)
    if strength != 0:
        cubic = all(channel.label in {"2", "3"} for channel in landscape.channels)
        reason = (
            "the plateau equation holds up to degree 3: with p >= 4 the glassy phase at T = 1 breaks replica symmetry "
            "fully in part of the diagram (1812.09066), and no reliable closed line is known"
        )
        conditions = (Condition(true if cubic else false, reason),)
        closed = _langevin_line(plateau, strength, control) if cubic else None
    return Threshold(
        "langevin",
        "Langevin dynamics at temperature 1 (sampling of the posterior) leaves m = 0.",
        control,
        (Eq((1 - OVERLAP) * strength, 1, evaluate=False), plateau),
        "Sarao Mannelli, Biroli, Cammarota, Krzakala, Urbani, Zdeborova 2018, arXiv 1812.09066",
        unknowns=(OVERLAP,),
        closed_form=closed,
        conditions=conditions,
    )


def _langevin_line(plateau: Eq, strength: Expr, control: Symbol) -> Expr:
    """The plateau is ``q = 1 - 1/g''(0)``; the trivial root q = 0 bounds the other from below (no glass there)."""
    glassy = numer(together((plateau.lhs - plateau.rhs).subs(OVERLAP, 1 - 1 / strength)))
    roots = [root for root in solve(glassy, control) if _at_one(root).is_positive]
    return Max(*roots)
