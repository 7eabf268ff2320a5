"""Thresholds at which the uninformative state m = 0 becomes unstable: gradient flow, ML-AMP, Bayes-AMP, Langevin.

Assumed by all: ``g'(0) = 0 < g''(0)`` (``never_unstable``). Gradient flow: the end states of ``end_states``; Bayes-AMP
and Langevin: ``f = g`` at T = 1, and Langevin one step of replica-symmetry breaking (degrees up to 3). What is unstable
is the state at m = 0: an algorithm that jumps at a weaker signal is not seen by any of them.
"""

from sympy import Eq, Expr, Max, Piecewise, Poly, Symbol, numer, simplify, solve, sqrt, together
from sympy.logic.boolalg import false

from ..end_states import single_minimum, stiffness
from ..inference import BayesOptimal, MaximumLikelihood
from ..kac_rice import KacRice
from ..landscape import GaussianLandscape
from ..prediction import Condition, Threshold
from ..symbols import OVERLAP, value_at_zero
from ..symbols import SIGNAL_OVERLAP as M

REFERENCE = "Sarao Mannelli, Biroli, Cammarota, Krzakala, Urbani, Zdeborova 2018, arXiv 1812.09066"


def gradient_flow(landscape: GaussianLandscape, control: Symbol) -> Threshold:
    """An eigenvalue of the Hessian along the signal passes zero at m = 0: ``g''(0) = 1/chi`` of the states there.

    Threshold states, t = 2: the BBP transition ``theta = g''(0)/sqrt(f''(1)) = 1``. A single minimum,
    ``f''(1) < f'(1)`` (a random field): ``g''(0) = sqrt(f'(1))``, as for ``ml_amp``, where ``theta + 1/theta = t``.
    What this assumes is in ``end_states``; an overlap that grows as a power of time does so below as well.
    """
    return _instability(
        "gradient_flow",
        LEAVES_MINIMUM if single_minimum(landscape) else LEAVES_THRESHOLD_STATES,
        landscape,
        control,
        Eq(_pull(landscape), stiffness(landscape), evaluate=False),
        "Sarao Mannelli, Biroli, Cammarota, Krzakala, Zdeborova 2019, arXiv 1907.08226",
    )


LEAVES_THRESHOLD_STATES = (
    "Gradient flow from a random start leaves the threshold states: their Hessian has an outlier along the signal."
)
LEAVES_MINIMUM = (
    "Gradient flow leaves the single minimum of zero overlap (f''(1) < f'(1)): its Hessian has a negative outlier "
    "along the signal; the same as ml_amp."
)


def _pull(landscape: GaussianLandscape) -> Expr:
    """``g''(0)``, the spike of the Hessian at m = 0 times its scale."""
    if landscape.f(2) == 0:
        return landscape.g(2, 0)
    return simplify(value_at_zero(KacRice(landscape).complexity().spike, M) * sqrt(landscape.f(2)))


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
        REFERENCE,
    )


def never_unstable(landscape: GaussianLandscape) -> tuple[Condition, ...]:
    """Signals that do not make m = 0 unstable: those that act there as a field, and those that do not act or repel."""
    field, strength = landscape.g(1, 0), landscape.g(2, 0)
    if field != 0:
        return (Condition(false, f"g'(0) = {field}: the signal acts as a field, m = 0 is never a state to leave"),)
    if not strength.is_positive:
        return (Condition(false, f"g''(0) = {strength}: the signal does not attract at m = 0, however strong it is"),)
    return ()


def _instability(
    name: str, meaning: str, landscape: GaussianLandscape, control: Symbol, equation: Eq, reference: str
) -> Threshold:
    conditions, closed = never_unstable(landscape), None
    if not conditions:
        closed, conditions = _positive_root(equation, control)
    return Threshold(name, meaning, control, (equation,), reference, closed_form=closed, conditions=conditions)


def _positive_root(equation: Eq, control: Symbol) -> tuple[Expr | None, tuple[Condition, ...]]:
    """The positive root of ``a control = sqrt(b control + c)``, a > 0, and where it is: the squared equation has one.

    With the larger of two square roots on the right it is the larger of their roots. No coefficient of a covariance is
    negative, c among them, whether or not that can be seen of its symbols.
    """
    if isinstance(equation.rhs, Max):
        sides = [_positive_root(Eq(equation.lhs, side, evaluate=False), control) for side in equation.rhs.args]
        roots = [root for root, _ in sides if root is not None]
        where = tuple(condition for _, conditions in sides for condition in conditions)
        return (Max(*roots) if len(roots) == len(sides) else None), where
    says = f"{equation.lhs} = {equation.rhs}"
    polynomial = Poly(numer(together(equation.lhs**2 - equation.rhs**2)), control)
    if polynomial.degree() < 1:
        return None, (Condition(false, f"{says}: {control} does not matter"),)
    roots = [root for root in solve(polynomial.as_expr(), control) if root.is_positive]
    if not roots and polynomial.degree() == 2 and polynomial.LC().is_positive:
        a, b, c = polynomial.all_coeffs()
        roots = [(sqrt(b**2 - 4 * a * c) - b) / (2 * a)]
    if not roots and polynomial.degree() == 1:
        root = simplify(-polynomial.all_coeffs()[1] / polynomial.LC())
        return root, (Condition(root > 0, f"{says}: at no {control} > 0"),)
    if len(roots) != 1:
        return None, (Condition(false, f"{says}: not at a single {control} > 0 that can be told"),)
    return simplify(roots[0]), ()


def langevin(landscape: GaussianLandscape, control: Symbol) -> Threshold:
    """Langevin dynamics at T = 1 leaves the threshold states of overlap q.

    ``(1 - q)^2 f''(q) = 1`` (marginal plateau) and ``(1 - q) g''(0) = 1`` (instability towards the signal).
    """
    plateau = Eq((1 - OVERLAP) ** 2 * landscape.f(2, OVERLAP), 1)
    strength = BayesOptimal(landscape).stability
    conditions = never_unstable(landscape)
    if not conditions and Poly(landscape.covariance, OVERLAP).degree() > 3:
        reason = (
            "the plateau equation holds up to degree 3: with p >= 4 the glassy phase at T = 1 breaks replica symmetry "
            "fully in part of the diagram (1812.09066), and no reliable closed line is known"
        )
        conditions = (Condition(false, reason),)
    return Threshold(
        "langevin",
        "Langevin dynamics at temperature 1 (sampling of the posterior) leaves m = 0.",
        control,
        (Eq((1 - OVERLAP) * strength, 1, evaluate=False), plateau),
        REFERENCE,
        unknowns=(OVERLAP,),
        closed_form=None if conditions else _langevin_line(plateau, strength, control),
        conditions=conditions,
    )


def _langevin_line(plateau: Eq, strength: Expr, control: Symbol) -> Expr:
    """The plateau is ``q = 1 - 1/g''(0)``; the trivial root q = 0 bounds the other from below (no glass there)."""
    glassy = numer(together((plateau.lhs - plateau.rhs).subs(OVERLAP, 1 - 1 / strength)))
    roots = [root for root in solve(glassy, control) if root.is_positive]
    trivial = next(root for root in roots if root.is_number)
    others = [root for root in roots if root != trivial]
    return Piecewise((others[0], others[0] > trivial), (trivial, True)) if others else trivial
