"""Exponents next to the plateau as predictions: of equilibrium at the temperature T_d of arrest, and of gradient flow.

Where T_d is a continuous transition there is no plateau, ``q = 0``: C itself decays as ``t^-a`` at T_d, and nothing
departs from it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from sympy import Eq, Expr, Integer, Rational, Symbol, simplify
from sympy.logic.boolalg import false

from ..landscape import GaussianLandscape
from ..prediction import Condition, Threshold
from ..statics.transitions import single_state, unplanted
from ..symbols import OVERLAP
from ..thresholds.family import Family
from .mode_coupling import LAMBDA, A, B, ModeCoupling, exponent_parameter, transform
from .plateau import F2_Q, F3_Q, no_field
from .slow_sectors import Sector, SlowSectors, step, susceptibility

AT_REST = Symbol("b_0", positive=True)
"""Of gradient flow."""
GOTZE = "Gotze 1984, Z. Phys. B 56, 139; Crisanti, Horner, Sommers 1993, Z. Phys. B 92, 257"
SLOW = "Cugliandolo, Le Doussal 1996, Phys. Rev. E 53, 1525; Bouchaud, Cugliandolo, Kurchan, Mezard 1996, Physica A 226"
MEANINGS = {
    LAMBDA: "Exponent parameter of mode coupling at T_d, from which both exponents follow.",
    A: "Exponent of the approach to the plateau at T_d, C - q ~ t^-a, in equilibrium (critical decay).",
    B: "Exponent of the departure from the plateau at T_d, q - C ~ t^b, in equilibrium (von Schweidler).",
    AT_REST: "Exponent of the departure from the plateau in the ageing of gradient flow (T -> 0), 1 - C ~ t^b in the "
    "clock of its first slow sector.",
}
NAMES = {LAMBDA: "exponent_parameter", A: "exponent_a", B: "exponent_b", AT_REST: "ageing_exponent_b"}


@cache
def critical_exponents(landscape: GaussianLandscape, *, continuous: bool = False) -> tuple[Threshold, ...]:
    """``lambda``, a and b at T_d, ``arrest``, with the plateau as unknown; or at its continuous limit, lambda and a."""
    made = unplanted(landscape)
    if not continuous:
        law, parameter = ModeCoupling(made), simplify(ModeCoupling(made).parameter)
        relations = (LAMBDA, transform(-A), transform(B))
        return tuple(
            _threshold(x, (Eq(side, parameter, evaluate=False), law.arrested), (OVERLAP,), no_field(made))
            for x, side in zip((LAMBDA, A, B), relations, strict=True)
        )
    parameter = limit_at_zero(made)
    closed = {LAMBDA: parameter, A: Rational(1, 2) if parameter == 0 else None}
    return tuple(
        _threshold(x, (Eq(side, parameter, evaluate=False),), (), (), closed[x])
        for x, side in ((LAMBDA, LAMBDA), (A, transform(-A)))
    )


def limit_at_zero(landscape: GaussianLandscape) -> Expr:
    """``lambda = f'''(0)/[2 f''(0)]``, that of a plateau at 0."""
    jet = {F2_Q: landscape.f(2, 0), F3_Q: landscape.f(3, 0)}
    return simplify(exponent_parameter().subs(OVERLAP, 0).subs(jet))


@cache
def departure(landscape: GaussianLandscape, sectors: tuple[Sector, ...] = ("step",)) -> Threshold:
    """``b`` for T -> 0, with the slow sectors given: ``lambda/X`` where ``1 - q = T chi(1)`` and ``X = x T``."""
    made = unplanted(landscape)
    conditions = single_state(made) or _no_memory(made, sectors)
    if conditions:
        return _threshold(AT_REST, (Eq(AT_REST, 0, evaluate=False),), (), conditions)
    ageing = SlowSectors(made, sectors)
    ratio = simplify(departure_parameter(made, Integer(1), step(made, *ageing.overlaps[:2]).ratio))
    relation = Eq(transform(AT_REST), ratio, evaluate=False)
    return _threshold(AT_REST, (relation, *ageing.conditions), ageing.unknowns, ())


def departure_parameter(landscape: GaussianLandscape, plateau: Expr, ratio: Expr) -> Expr:
    """``lambda/X = Gamma(1 + b)^2/Gamma(1 + 2b)`` at a marginal plateau, ``1 - q = T chi(q)``, and ``X = x T``."""
    jet = {F2_Q: landscape.f(2, plateau), F3_Q: landscape.f(3, plateau)}
    over_distance = simplify(exponent_parameter() / (1 - OVERLAP)).subs(jet)
    return over_distance * susceptibility(landscape, plateau) / ratio


def _no_memory(landscape: GaussianLandscape, sectors: tuple[Sector, ...]) -> tuple[Condition, ...]:
    if sectors[:1] == ("continuum",):
        reason = "a continuum of slow sectors begins at the plateau (X = lambda, b = 0): slower than any power"
    elif landscape.f(3) == 0:
        reason = "f'''(1) = 0: degree 2 ages without memory (X = 0), and no exponent follows from the second order"
    else:
        return ()
    return (Condition(false, reason),)


def _threshold(
    control: Symbol,
    defining: tuple[Eq, ...],
    unknowns: tuple[Symbol, ...],
    conditions: tuple[Condition, ...],
    closed: Expr | None = None,
) -> Threshold:
    reference = SLOW if control == AT_REST else GOTZE
    return Threshold(
        NAMES[control], MEANINGS[control], control, defining, reference, unknowns, closed, conditions=conditions
    )


def exponents(landscape: GaussianLandscape) -> tuple[Threshold, ...]:
    """All of them, at a plateau and with one step."""
    return (*critical_exponents(landscape), departure(landscape))


def exponent_families(landscape: GaussianLandscape) -> tuple[Family, ...]:
    """The unplanted landscape with each exponent as control."""
    made, pull = unplanted(landscape), no_pull(landscape)
    found = (replace(threshold, conditions=(*threshold.conditions, *pull)) for threshold in exponents(made))
    return tuple(Family.of(made, threshold.control, threshold) for threshold in found)


def no_pull(landscape: GaussianLandscape) -> tuple[Condition, ...]:
    """``g'(0) = 0``: a field along the signal is one in which states overlap, and m = 0 is not stationary."""
    pull = landscape.g(1, 0)
    return () if pull == 0 else (Condition(false, f"g'(0) = {pull}: different states overlap along the signal"),)
