r"""The energy at which fast algorithms end (Subag 2021; Huang, Sellke 2022), from Parisi's functional at T = 0.

With ``chi(q) = int_q^1 x``, ``E = -min 1/2 [f'(0) chi(0) + int_0^1 (f'' chi + 1/chi) dq]``: over concave chi the ground
state, over all chi that do not increase the algorithmic energy, which is therefore never below it.

Assumed: no overlap with a signal, a covariance with non-negative coefficients; a random field is within.
"""

from functools import cache

from sympy import Eq, Expr, Integer, Integral, Symbol, diff, solve, sqrt

from ..dynamics.plateau import no_field
from ..landscape import GaussianLandscape
from ..prediction import Threshold
from ..symbols import ENERGY, OVERLAP
from .transitions import unplanted

START = Symbol("q_a", nonnegative=True)
"""Overlap of the outputs on two independent halves of the algorithm's path; 0 without field."""
CHI, CURVATURE = Symbol("chi", positive=True), Symbol("f''", positive=True)


def local_minimum() -> Expr:
    """``sqrt(f'')``: half the minimum of ``f'' chi + 1/chi``, at ``chi = 1/sqrt(f'')``."""
    cost = CURVATURE * CHI + 1 / CHI
    return (cost / 2).subs(CHI, solve(diff(cost, CHI), CHI)[0])


@cache
def algorithmic_energy(landscape: GaussianLandscape) -> Threshold:
    """``E_alg = -[sqrt(q_a f'(q_a)) + int_{q_a}^1 sqrt(f''(q)) dq]``, ``q_a f''(q_a) = f'(q_a)``.

    A field holds chi down: it is constant below q_a, where ``f'(0) chi(0) + int_0^q_a`` is ``f'(q_a) chi + q_a/chi``.
    Where ``f''(1) <= f'(1)`` in a field, ``q_a = 1`` and ``E_alg = -sqrt(f'(1))`` is the ground state.
    """
    made = unplanted(landscape)
    path = Integral(local_minimum().subs(CURVATURE, made.f(2, OVERLAP)), (OVERLAP, START, 1))
    start = sqrt(START * made.f(1, START)) if no_field(made) else Integer(0)
    marginal = Eq(START * made.f(2, START), made.f(1, START), evaluate=False)
    return Threshold(
        "algorithmic_energy",
        "Lowest energy that algorithms whose output is smooth in the couplings reach in a time of order N.",
        ENERGY,
        (Eq(ENERGY, -start - path, evaluate=False), marginal),
        "Subag 2021, CPAM 74, 1021 (no field); Huang, Sellke 2022, arXiv 2110.07847",
        (START,),
    )
