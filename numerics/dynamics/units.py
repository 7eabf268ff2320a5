r"""The landscape's own time: ``H -> a H`` is ``t -> t/a``, ``mu, e, T -> a mu, a e, a T``, ``beta -> beta/a``.

Nothing else tells ``a H`` from ``H``: covariance and mean become ``a^2 f`` and ``a g``, while C, m and R at lags that
shrink along stay what they are. What is solved is therefore the problem in units of ``unit``.
"""

from __future__ import annotations

from dataclasses import replace
from math import frexp
from typing import Any

import numpy as np

from theory.course import TIME

from ..lowering import lower
from .model import Model

ENERGIES_SQUARED = ("covariance", "noise", "memory", "memory_slope")
ENERGIES = ("planted", "drift", "drift_slope", "temperature")
SWINGS = np.geomspace(1e-2, 3, 33)
"""Of the largest frequency, times at which the friction is looked at."""
SLOWEST, FASTEST = 1e-140, 1e140
"""Rates whose squares are numbers in double precision, with room for what multiplies them."""


def fastest(model: Model) -> float:
    """Rate of the fastest relaxation: half the width of the Hessian's bulk, the temperature, or the signal's pull.

    Raises ``ValueError`` where it or its square is beyond double precision.
    """
    functions = (model.noise, model.memory, model.drift, model.drift_slope)
    noise, memory, drift, slope = (float(np.sum(np.abs(series))) for series in functions)
    rates = (np.sqrt(memory), np.sqrt(noise), model.temperature, 0.5 * drift, 0.5 * slope, 0.5 * model.beta * noise)
    rate = max(map(float, rates))
    if not SLOWEST <= rate <= FASTEST:
        raise ValueError(
            f"the fastest rate of the dynamics is {rate:.3g}: expected one from {SLOWEST:g} to {FASTEST:g}; "
            "multiply H by a number and divide times by it"
        )
    return rate


def quickest(model: Model) -> float:
    """That, or with a mass the largest frequency, and the rate at which friction stops a motion in the first swings."""
    if model.mass == 0:
        return fastest(model)
    frequency = float(np.sqrt(fastest(model) / model.mass))
    friction = model.friction
    values = friction.height * lower((TIME,), [friction.expression])(friction.speed * SWINGS / frequency)[0]
    return max(frequency, float(np.max(values)) / model.mass)


def unit(model: Model) -> float:
    """The power of two next to ``fastest``: dividing by it rounds nothing."""
    mantissa, exponent = frexp(fastest(model))
    return float(2.0 ** (exponent if mantissa > np.sqrt(0.5) else exponent - 1))


def times(model: Model, factor: float) -> Model:
    """The equations of ``factor H``, at a temperature that is ``factor`` as high; ``factor > 0``."""
    squared = {name: factor**2 * getattr(model, name) for name in ENERGIES_SQUARED}
    linear = {name: factor * getattr(model, name) for name in ENERGIES}
    schedule = None if model.schedule is None else model.schedule.scaled(factor)
    friction = replace(model.friction, speed=factor * model.friction.speed) if model.mass > 0 else model.friction
    moving: dict[str, Any] = {"mass": model.mass / factor, "friction": friction}
    return replace(model, **squared, **linear, **moving, beta=model.beta / factor, schedule=schedule)
