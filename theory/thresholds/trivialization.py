"""Thresholds of the landscape: where the spurious minima disappear, in three inequivalent readings."""

from dataclasses import dataclass
from functools import cache, cached_property

from sympy import Eq, Expr, Integer, Symbol, diff, simplify
from sympy.logic.boolalg import false

from ..inference import MaximumLikelihood
from ..kac_rice import Complexity, KacRice
from ..landscape import GaussianLandscape
from ..random_matrices.large_deviations import tilted_cost
from ..random_matrices.semicircle import Y, phi_outside
from ..symbols import SIGNAL_OVERLAP as M
from ..symbols import SPIKE as THETA
from .threshold import Condition, Threshold

REFERENCE = "Sarao Mannelli, Krzakala, Urbani, Zdeborova 2019, arXiv 1902.00139; readings told apart here"


@dataclass(frozen=True)
class MinimaComplexity:
    """Complexity of minima on one analytic piece, as a function of m and y (``t = y + 1/y``).

    ``held_back``: the Hessian's outlier costs ``I_theta``; ``at_edge``: the dominant minima are marginal, ``t = 2``.
    """

    action: Complexity
    held_back: bool
    at_edge: bool

    @cached_property
    def sigma(self) -> Expr:
        """``S0 + Phi - cost - (t - mean)^2/(2 v)``."""
        cost = tilted_cost().subs(THETA, self.action.spike) if self.held_back else Integer(0)
        rate = (Y + 1 / Y - self.action.shift_mean) ** 2 / (2 * self.action.shift_variance)
        sigma = self.action.entropy + phi_outside() - cost - rate
        return sigma.subs(Y, 1) if self.at_edge else sigma

    def vanishing(self, *, overlap: Expr = M) -> tuple[tuple[Eq, ...], tuple[Symbol, ...]]:
        """Equations and unknowns of ``max_m Sigma_min = 0``, or of ``Sigma_min(m) = 0`` at a given m."""
        sigma = self.sigma.subs(M, overlap)
        unknowns = (() if self.at_edge else (Y,)) + ((M,) if overlap == M else ())
        equations = (sigma, *(diff(sigma, unknown) for unknown in unknowns))
        return tuple(Eq(side, 0, evaluate=False) for side in equations), unknowns


def _conditions(landscape: GaussianLandscape) -> tuple[Condition, ...]:
    """Landscapes whose minima at m = 0 no signal removes, and those that have none to remove."""
    theory = MaximumLikelihood(landscape)
    if simplify(theory.curvature - theory.noise) == 0:
        return (Condition(false, "a quadratic landscape has 2N critical points: there is no complexity to vanish"),)
    if theory.stability == 0:
        return (Condition(false, "g''(0) = 0: the minima at m = 0 do not feel the signal, however strong it is"),)
    return ()


def trivialization(
    landscape: GaussianLandscape, control: Symbol, *, held_back: bool = True, at_edge: bool = True
) -> Threshold:
    """Reading (a): the complexity of minima at m = 0 vanishes."""
    meaning = "No exponentially numerous minima at overlap zero with the signal, where a random start lies."
    return _reading("trivialization", meaning, landscape, control, Integer(0), held_back, at_edge)


def trivialization_connected(
    landscape: GaussianLandscape, control: Symbol, *, held_back: bool = True, at_edge: bool = True
) -> Threshold:
    """Reading (c): the local maximum of the complexity that continues the one at m = 0 vanishes."""
    meaning = "No exponentially numerous minima in the band of overlaps around the one that contains zero."
    return _reading("trivialization_connected", meaning, landscape, control, M, held_back, at_edge)


@cache
def _reading(
    name: str,
    meaning: str,
    landscape: GaussianLandscape,
    control: Symbol,
    overlap: Expr,
    held_back: bool,
    at_edge: bool,
) -> Threshold:
    conditions = _conditions(landscape)
    piece = MinimaComplexity(KacRice(landscape).complexity(), held_back and not conditions, at_edge)
    defining, unknowns = piece.vanishing(overlap=overlap)
    return Threshold(name, meaning, control, defining, REFERENCE, unknowns, conditions=conditions)


ANY_OVERLAP = "No exponentially numerous minima at any overlap: sup of 1/noise with max_m Sigma_min(m) > 0 strictly."


def trivialization_any_overlap(landscape: GaussianLandscape, control: Symbol) -> Threshold:
    """Reading (b), where the last band of minima lies around the point opposite to the signal (odd p).

    That band closes on the stationary point aligned with ``-x*`` when its Hessian becomes marginal, after which it is a
    single minimum of complexity zero: ``g'(m)/m = sqrt(f''(1))`` at ``m = -sqrt(1 - f'(1)/f''(1))``. The complexity
    vanishes there with its slope, so that the zero cannot be found by looking for a change of sign. Elsewhere reading
    (b) is reading (c).
    """
    theory = MaximumLikelihood(landscape)
    opposite = theory.marginal_overlap(-1)
    equation = Eq(theory.marginal.lhs.subs(M, opposite), theory.marginal.rhs, evaluate=False)
    conditions = _conditions(landscape)
    return Threshold("trivialization_any_overlap", ANY_OVERLAP, control, (equation,), REFERENCE, conditions=conditions)
