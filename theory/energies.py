"""Energies of a spherical spin glass: where its dynamics ages, where its minima are, where they end."""

from functools import cache
from typing import Any

from sympy import Eq, Expr, Symbol, diff, factor_terms, limit, simplify, sqrt

from .kac_rice.complexity import KacRice
from .kac_rice.index_cost import regions
from .landscape import GaussianLandscape
from .random_matrices.semicircle import Y, phi_outside
from .symbols import ENERGY, OVERLAP, SHIFT, SIGNAL_OVERLAP, SPIKE
from .thresholds.threshold import Threshold

AUFFINGER = "Auffinger, Ben Arous, Cerny 2013, arXiv 1003.1129"


def unplanted(landscape: GaussianLandscape) -> GaussianLandscape:
    """The same covariance without signal."""
    return GaussianLandscape(landscape.covariance, 0, name=landscape.name)


@cache
def threshold_energy(landscape: GaussianLandscape) -> Threshold:
    """``E_th = -[f'(1) + f(1) (f''(1) - f'(1))/f'(1)]/sqrt(f''(1))`` (Cugliandolo and Kurchan 1993).

    From the ageing solution at temperature T: plateau ``(1 - q)^2 f''(q) = T^2``, fluctuation-dissipation ratio
    ``X = (1 - q)/q (q f''(q)/f'(q) - 1)``, energy ``-[f(1) - f(q)]/T - X f(q)/T``; then T -> 0, where
    ``q = 1 - epsilon`` and ``T = epsilon sqrt(f''(q))``.
    """
    f, epsilon = landscape.covariance, Symbol("epsilon", positive=True)
    q = 1 - epsilon
    f0, f1, f2 = (diff(f, OVERLAP, k).subs(OVERLAP, q) for k in range(3))
    ratio = (1 - q) / q * (q * f2 / f1 - 1)
    energy = -(f.subs(OVERLAP, 1) - f0 + ratio * f0) / (epsilon * sqrt(f2))
    return _closed(
        "threshold_energy",
        "Energy at which gradient flow from a random start ages in the pure p-spin model (1RSB, T -> 0).",
        simplify(limit(simplify(energy), epsilon, 0)),
        "Cugliandolo, Kurchan 1993, Phys. Rev. Lett. 71, 173",
    )


@cache
def marginal_energy(landscape: GaussianLandscape) -> Threshold:
    """``-2 f'(1) sqrt(f''(1))/(f'(1) + f''(1))``: the energy at ``t = 2`` with the energy integrated out."""
    energy = KacRice(unplanted(landscape)).complexity().energy
    return _closed(
        "marginal_energy",
        "Energy of the most numerous marginal critical points (the edge of their Hessian's bulk at zero).",
        factor_terms(simplify(energy.subs({SHIFT: 2, SIGNAL_OVERLAP: 0}))),
        AUFFINGER,
    )


@cache
def ground_state_energy(landscape: GaussianLandscape, index: int = 0) -> Threshold:
    """``Sigma_k(E) = 0``: below it there are no critical points with k negative directions (annealed)."""
    action = KacRice(unplanted(landscape)).at_energy()
    cost = regions(index)[-1 if index == 0 else 1].cost
    sigma = action.entropy + phi_outside() - cost - action.offset
    if action.shift_variance == 0:
        shift = Eq(Y + 1 / Y, action.shift_mean)
    else:
        sigma -= (Y + 1 / Y - action.shift_mean) ** 2 / (2 * action.shift_variance)
        shift = Eq(diff(sigma, Y), 0)
    here: dict[Any, Expr] = {SIGNAL_OVERLAP: 0, SPIKE: 0}
    name = "ground_state_energy" if index == 0 else f"index_{index}_energy"
    kind = "minima" if index == 0 else f"saddles with {index} negative direction{'s' if index > 1 else ''}"
    return Threshold(
        name,
        f"Lowest energy of {kind}: zero of their annealed complexity.",
        ENERGY,
        (Eq(sigma.subs(here), 0), shift.subs(here)),
        AUFFINGER,
        (Y,),
    )


def energies(landscape: GaussianLandscape) -> tuple[Threshold, ...]:
    """All of them, down to saddles of index 2."""
    made = (threshold_energy(landscape), marginal_energy(landscape))
    return (*made, *(ground_state_energy(landscape, index) for index in range(3)))


def _closed(name: str, meaning: str, value: Expr, reference: str) -> Threshold:
    return Threshold(name, meaning, ENERGY, (Eq(ENERGY, value),), reference, closed_form=value)
