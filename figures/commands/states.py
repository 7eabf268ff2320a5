"""States at a temperature, in place of critical points, in the answer of `ruggedflow complexity`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from theory.naming import called
from theory.systems import Landscape

from .answer import Answer
from .averages import answered, fields
from .files import picture_to_write


def found(
    landscape: Landscape, temperature: float, free_energy: float | None, others: Mapping[str, Any], plot: Any
) -> Answer:
    """Of special states, and over free energies; ``others`` are options of critical points, which must not be given."""
    from numerics.tap import tap_states

    for name, value in others.items():
        if value:
            alone = f"leave {called(name)} out"
            raise ValueError(f"{called('temperature')} counts states, by free energy at most; {alone}")
    if plot is not None and free_energy is not None:
        raise ValueError(f"{called('plot')} draws a curve over free energies; leave {called('free_energy')} out")
    picture = picture_to_write(plot)
    solution = tap_states(landscape, temperature, free_energy)
    if picture is not None and not solution.curves:
        reason = next(number.reason for number in solution.numbers.values() if number.reason)
        raise ValueError(f"{called('plot')} has nothing to draw: {reason}")
    answer = answered(landscape, solution, None, picture)
    flat = {key: value for name, number in solution.numbers.items() for key, value in fields(name, number).items()}
    return replace(answer, record={**answer.record, **flat, "remark": solution.message})
