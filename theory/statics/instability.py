"""Where the replica-symmetric state of a spherical spin glass is unstable: the line of de Almeida and Thouless."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from sympy import simplify, sqrt
from sympy.logic.boolalg import false

from ..dynamics.plateau import no_field
from ..landscape import GaussianLandscape
from ..prediction import Condition, Threshold
from ..symbols import TEMPERATURE
from ..thresholds.family import Family
from .transitions import CRISANTI, continuous_transition, unplanted

MEANING = (
    "Temperature below which the one state of replica symmetry is unstable (replicon); equilibrium may leave it at a "
    "higher one, by a jump (statics: T_K)."
)


@cache
def almeida_thouless(landscape: GaussianLandscape) -> Threshold:
    """``f''(q_0) (1 - q_0)^2 = T^2`` with ``f'(q_0) (1 - q_0)^2 = T^2 q_0``; ``sqrt(f''(0))`` without field.

    In a field the line ends at T = 0 where ``f''(1) = f'(1)``; beyond the state is stable at every temperature.
    """
    smooth, made = continuous_transition(landscape), unplanted(landscape)
    field = bool(no_field(made))
    conditions = smooth.conditions or _conditions(made, field)
    closed = not field and all(condition.holds != false for condition in conditions)
    return replace(
        smooth,
        name="de_almeida_thouless",
        meaning=MEANING,
        reference=f"de Almeida, Thouless 1978; {CRISANTI}",
        closed_form=sqrt(simplify(smooth.equation.rhs)) if closed else None,
        conditions=conditions,
    )


def _conditions(landscape: GaussianLandscape, field: bool) -> tuple[Condition, ...]:
    if field:
        excess = simplify(landscape.f(2) - landscape.f(1))
        return (Condition(excess > 0, "f''(1) <= f'(1) with a field: one state at every temperature"),)
    if landscape.f(2, 0) == 0:
        return (Condition(false, "f''(0) = 0 without field: the state of overlap 0 is stable at every T > 0"),)
    return ()


def temperature_family(landscape: GaussianLandscape) -> Family:
    """The unplanted landscape with its temperature as control."""
    made = unplanted(landscape)
    return Family.of(made, TEMPERATURE, almeida_thouless(made))
