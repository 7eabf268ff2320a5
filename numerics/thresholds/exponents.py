"""Exponents next to the plateau, on the equations of ``theory.dynamics.exponents``: at T_d, and of gradient flow."""

from __future__ import annotations

from typing import Any

import numpy as np
from mpmath import mp
from sympy import Eq, Symbol

from theory.dynamics.exponents import AT_REST, critical_exponents, departure
from theory.dynamics.mode_coupling import LAMBDA, A, B, transform
from theory.statics.transitions import unplanted
from theory.thresholds import Family, Threshold

from ..errors import ConvergenceError
from ..lowering import lower_exact
from ..statics.transitions import arrested_overlap
from .ageing import slow_sectors
from .lines import Located

SEARCHED = {A: ("1e-9", "0.49999999999999999999"), B: ("1e-9", "1e2"), AT_REST: ("1e-9", "1e2")}
"""Where ``Gamma(1 - a)^2/Gamma(1 - 2a)`` falls from 1 to 0, and ``Gamma(1 + b)^2/Gamma(1 + 2b)`` to 1e-60."""
LOGARITHMIC = 1e-6
"""``1 - lambda`` below which both exponents are zero to the square root of rounding."""
NO_DEPARTURE = "T_d is a continuous transition, with a plateau at q = 0: C decays to it as t^-a, and nothing departs"


def critical(family: Family) -> Located:
    """``lambda``, a or b at T_d."""
    (general,) = family.thresholds.values()
    made = family.landscape
    plateau = arrested_overlap(made)
    continuous = plateau == 0
    here = {t.control: t for t in critical_exponents(made, continuous=continuous)}
    if general.control not in here:
        return Located.absent(general, (1,), NO_DEPARTURE)
    threshold, seeds = here[general.control], () if continuous else (plateau,)
    parameter = _value(here[LAMBDA].equation, LAMBDA, here[LAMBDA], seeds)
    if threshold.control != LAMBDA and not parameter < 1 - LOGARITHMIC:
        return Located.absent(general, (1,), f"lambda = {parameter:.7g} at T_d: no power laws next to lambda = 1")
    return _located(threshold, seeds)


def of_gradient_flow(family: Family) -> Located:
    """``b`` for T -> 0 with the sectors that the landscape has."""
    (general,) = family.thresholds.values()
    try:
        found = slow_sectors(family.landscape)
    except ConvergenceError as failure:
        return Located.absent(general, (1,), f"the ends of its slow sectors are not resolved: {failure}")
    threshold = departure(unplanted(family.landscape), found.sectors)
    if threshold.excluded:
        return Located.absent(general, (1,), threshold.excluded)
    return _located(threshold, tuple(end for end in found.ends[1:] if end > 0) if threshold.unknowns else ())


def _located(threshold: Threshold, seeds: tuple[float, ...]) -> Located:
    """The exponent of ``side = lambda(seeds)``, bracketed in numbers of 30 digits; the seeds are known to 15."""
    control = threshold.control
    closed = threshold.closed_form
    value = _value(threshold.equation, control, threshold, seeds) if closed is None else float(closed)
    arrays = [np.array([seed]) for seed in seeds]
    return Located.of(threshold, np.array([value]), np.array([1e-9 * max(value, 1e-9)]), arrays)


def _value(equation: Eq, control: Symbol, threshold: Threshold, seeds: tuple[float, ...]) -> float:
    with mp.workdps(30):
        parameter = lower_exact(threshold.unknowns, [equation.rhs])(*map(mp.mpf, seeds))[0]
        return float(parameter if control == LAMBDA else power(control, parameter))


def power(control: Symbol, parameter: Any) -> Any:
    """The a or b of a parameter within (0, 1), to 25 digits: ``transform(-a)`` or ``transform(b)`` is it."""
    with mp.workdps(30):
        relation = lower_exact((control,), [transform(-control if control == A else control)])
        ends = tuple(map(mp.mpf, SEARCHED[control]))
        return mp.findroot(lambda x: relation(x)[0] - parameter, ends, solver="anderson")
