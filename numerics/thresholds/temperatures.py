"""Temperatures at which the replica-symmetric state becomes unstable, over arrays of parameters."""

from __future__ import annotations

import numpy as np
from sympy import diff, sqrt

from theory.statics.transitions import STATE
from theory.thresholds import Family

from ..complexity import ROUNDING
from ..lowering import Array, lower
from ..roots import between
from .lines import Located, closed_form

SMALLEST = -60.0
"""``ln q_0`` from which the marginal state is looked for: ``f'/q_0`` falls and ``f''`` rises with it."""


def almeida_thouless(family: Family, *free: Array) -> Located:
    """Without field in closed form; in one at the root of ``q_0 f''(q_0) = f'(q_0)``, the only one."""
    (threshold,) = family.thresholds.values()
    if not threshold.unknowns:
        return closed_form(threshold, family, *free)
    line, marginal = threshold.defining
    arguments = (STATE, *family.free)
    excess = marginal.lhs - marginal.rhs
    function = lower(arguments, [excess])
    start = np.full(np.shape(free[0]) if free else (1,), SMALLEST)
    roots = between(lambda z, *at: function(np.exp(z), *at)[0], start, 0.0, *free)
    state = np.exp(roots.value)
    parts = [sqrt(line.rhs), diff(sqrt(line.rhs), STATE), (marginal.lhs + marginal.rhs) / diff(excess, STATE)]
    value, slope, spread = lower(arguments, parts)(state, *free)
    error = ROUNDING * value + np.abs(slope) * (state * roots.error + ROUNDING * np.abs(spread))
    found = Located.of(threshold, value, error, (state,), "no marginal state: stable at every temperature")
    return found.restricted(threshold.conditions, family, *free)
