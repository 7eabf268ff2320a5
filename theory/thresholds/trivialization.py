"""Thresholds of the landscape: where the spurious minima disappear, in three inequivalent readings.

The complexities are annealed: typically (quenched) minima may disappear at a weaker signal, away from m = 0 and in a
random field (``kac_rice.average``). Where ``f''(1) <= f'(1)`` there are none to begin with.
"""

from dataclasses import dataclass
from functools import cache, cached_property

from sympy import Eq, Expr, Integer, Symbol, diff, simplify
from sympy.logic.boolalg import false

from ..inference import MaximumLikelihood
from ..kac_rice import Complexity, KacRice
from ..landscape import GaussianLandscape
from ..prediction import Condition, Threshold
from ..random_matrices.large_deviations import tilted_cost
from ..random_matrices.semicircle import Y
from ..symbols import SIGNAL_OVERLAP as M

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
        sigma = self.action.outside(tilted_cost() if self.held_back else Integer(0))
        return sigma.subs(Y, 1) if self.at_edge else sigma

    def vanishing(self, *, overlap: Expr = M) -> tuple[tuple[Eq, ...], tuple[Symbol, ...]]:
        """Equations and unknowns of ``max_m Sigma_min = 0``, or of ``Sigma_min(m) = 0`` at a given m."""
        sigma = self.sigma.subs(M, overlap)
        unknowns = (() if self.at_edge else (Y,)) + ((M,) if overlap == M else ())
        equations = (sigma, *(diff(sigma, unknown) for unknown in unknowns))
        return tuple(Eq(side, 0, evaluate=False) for side in equations), unknowns


def _conditions(landscape: GaussianLandscape) -> tuple[Condition, ...]:
    """Landscapes without exponentially many minima to start with, and those whose minima at m = 0 no signal removes."""
    if (excess := simplify(landscape.f(2) - landscape.f(1))).is_nonpositive:
        return (Condition(false, f"f''(1) - f'(1) = {excess}: no exponentially numerous minima even without signal"),)
    if landscape.g(2, 0).is_nonpositive and landscape.g(1, 0) == 0:
        return (Condition(false, f"g''(0) = {landscape.g(2, 0)}: the signal removes no minima at m = 0"),)
    return ()


def trivialization(
    landscape: GaussianLandscape, control: Symbol, *, held_back: bool = True, at_edge: bool = True
) -> Threshold:
    """Reading (a): the complexity of minima at m = 0 vanishes."""
    meaning = "No exponentially numerous minima (annealed) at overlap zero with the signal, where a random start lies."
    return _reading("trivialization", meaning, landscape, control, Integer(0), held_back, at_edge)


def trivialization_connected(
    landscape: GaussianLandscape, control: Symbol, *, held_back: bool = True, at_edge: bool = True
) -> Threshold:
    """Reading (c): the local maximum of the complexity that continues the one at m = 0 vanishes."""
    meaning = "No exponentially numerous minima (annealed) in the band of overlaps around the one that contains zero."
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


ANY_OVERLAP = "trivialization_any_overlap"
ANY_OVERLAP_MEANING = "No exponentially numerous minima (annealed) at any overlap: the last zero of max_m Sigma_min(m)."


@cache
def closing_band(landscape: GaussianLandscape, control: Symbol, sign: int) -> Threshold:
    """Reading (b), where the last band of minima closes on a stationary point aligned with ``sign x*``.

    It does so when the Hessian of that point becomes marginal, after which the point is a single minimum of complexity
    zero: ``g'(m)/m = sqrt(f''(1))`` at ``m = sign sqrt(1 - f'(1)/f''(1))``. The complexity vanishes there with its
    slope, so that the zero cannot be found by looking for a change of sign. For the spiked matrix-tensor model of odd p
    at small ``Delta_p`` that point is opposite to the signal.
    """
    theory = MaximumLikelihood(landscape)
    equation = Eq(theory.marginal.lhs.subs(M, theory.marginal_overlap(sign)), theory.marginal.rhs, evaluate=False)
    return Threshold(ANY_OVERLAP, ANY_OVERLAP_MEANING, control, (equation,), REFERENCE)


def trivialization_any_overlap(
    landscape: GaussianLandscape, control: Symbol, *, held_back: bool = True, at_edge: bool = True
) -> Threshold:
    """Reading (b): the last zero of the largest complexity of minima.

    Where it is the zero of a local maximum in m the equations are those of reading (c), otherwise ``closing_band``.
    """
    return _reading(ANY_OVERLAP, ANY_OVERLAP_MEANING, landscape, control, M, held_back, at_edge)
