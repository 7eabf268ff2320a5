"""Ground states with K steps of replica symmetry breaking at temperature 0, and in the limit of many.

Every K bounds the energy from below and alpha from above, and the next power of two contains it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from sympy import limit, oo
from threadpoolctl import threadpool_limits

from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape, pieces

from ..curves import Numbers
from ..quantity import Axis, Quantity
from .bends import UNBROKEN, bends
from .even_fields import Y_STEP, EvenFields
from .field_law import require_numbers, require_slope
from .loss_unit import exponent, in_unit, rescaled
from .parisi import GroundState, Solver
from .piecewise_fields import PiecewiseFields
from .recursion import Fields

MANY = 8
"""Steps from which, with half and a quarter of them, the limit of many is extrapolated."""


def ground_state(
    landscape: GeneralizedLinearLandscape,
    *,
    alpha: float | None = None,
    energy: float | None = None,
    steps: int | None = None,
) -> GroundState:
    """The ground state at this alpha, or the first alpha whose ground state has this energy per dimension.

    ``steps`` of replica symmetry breaking: 0 is replica symmetry; None is full RSB, by extrapolation in the number of
    steps, with the order parameter of the last. The error holds slopes that are left, nodes, and the extrapolation.

    For a loss of u alone, with steps or kinks or neither, or a smooth one of u and y that is even in u. Raises
    ValueError for others and for arguments out of range, ConvergenceError where no maximum is found.

    Gardner, Derrida 1988; Gyorgyi, Reimann 1997; Franz, Parisi, Sevelev, Urbani, Zamponi 2017.
    """
    _require(alpha, energy, steps)
    return _Search(landscape, alpha, energy).found(steps)[-1]


def ground_states(landscape: GeneralizedLinearLandscape, alpha: float, steps: int | None = None) -> Numbers:
    """The ground state at overlap 0 with the signal, beside those of replica symmetry and of one step, which are lower.

    With that many ``steps``, by default full RSB; ``x(q)`` is its order parameter, the limit of ``P(below q)/T``.
    """
    _require(alpha, None, steps)
    states = _Search(landscape, alpha, None).found(steps, symmetric=True)
    *below, state = states
    found = dict(zip(("replica_symmetric", "one_step"), below, strict=False))
    how = {None: "full RSB", 0: "replica symmetry", 1: "one step"}.get(steps, f"{steps} steps")
    at_zero = SIGNAL_FIELD in landscape.loss.free_symbols
    numbers = {
        "energy": Quantity(
            state.energy, state.error, f"of the ground state{' at overlap 0' * at_zero}, per dimension; {how}"
        ),
        "per_datum": Quantity(state.energy / alpha, state.error / alpha, "the same, per datum"),
    }
    for name, other in found.items():
        meaning = f"per dimension, {name.replace('_', ' ')} (a bound from below)"
        numbers[name] = Quantity(float(other.energy), float(other.error), meaning)
    seen = AT_OVERLAP_0 if at_zero else ""
    x = Quantity(np.append(state.x, np.nan), None, "lim P(below q)/T, from q to the next", over=("q",), symbol="$x(q)$")
    return Numbers(
        {"q": Axis(state.q, "$q$")}, numbers | {"x": x}, {"steps": steps}, {"breaking": breaking(states, steps)}, seen
    )


def breaking(states: list[GroundState], steps: int | None) -> str:
    """How symmetry breaks: the fewest steps whose energy is that of the last state, within errors of both.

    ``states`` as ``ground_states`` has them, from replica symmetry on. Where nothing is paid chi is infinite, and the
    solutions' overlaps are not seen.
    """
    *below, last = states
    if abs(last.energy) <= last.error:
        return "not seen: energy 0"
    for state in below[:-2] if steps is None else below:  # the last ones are always close to their limit
        if abs(last.energy - state.energy) <= last.error + state.error:
            return f"{len(state.x)}RSB" if len(state.x) else "RS"
    return "full RSB" if steps is None else f"{steps}RSB or more" if steps else "RS or more"


AT_OVERLAP_0 = "restricted to overlap 0 with the signal: a state that has found it may lie lower"


class _Search:
    """Given alpha or the energy, in the unit of the loss."""

    def __init__(self, landscape: GeneralizedLinearLandscape, alpha: float | None, energy: float | None) -> None:
        require_numbers(landscape)
        self.power, self.error = exponent(landscape), 0 if alpha is None else 1
        fields, target = _fields(landscape, self.power), None if energy is None else energy / 10.0**self.power
        with np.errstate(all="ignore"):
            self.solver = Solver(fields, landscape.is_even, alpha, target)

    def found(self, steps: int | None, *, symmetric: bool = False) -> list[GroundState]:
        """With 1, 2, 4, .. ``steps``, the limit of many for None; before them, or alone, the ``symmetric`` one."""
        with threadpool_limits(1, "blas"), np.errstate(all="ignore"):
            states = [self.solver.replica_symmetric()] if symmetric or steps == 0 else []
            if steps != 0:
                states.append(self.solver.one_step())
            for count in _doubling(MANY if steps is None else steps):
                states.append(self.solver.refined(states[-1], count))
        states = [*states, _limit(states[-3:])] if steps is None else states
        return [rescaled(state, self.power, error=self.error) for state in states]


def _require(alpha: float | None, energy: float | None, steps: int | None) -> None:
    if (alpha is None) == (energy is None):
        raise ValueError(f"alpha = {alpha}, energy = {energy}: give one of them, try alpha = 4")
    if alpha is not None and not (np.isfinite(alpha) and alpha > 0):
        raise ValueError(f"alpha = {alpha} must be a positive number; try alpha = 4")
    if energy is not None and not np.isfinite(energy):
        raise ValueError(f"energy = {energy} must be a finite number; try energy = 1")
    if steps is not None and steps not in range(17):
        raise ValueError(f"steps = {steps} must be an integer from 0 to 16; try steps = 1")


def _fields(landscape: GeneralizedLinearLandscape, power: int) -> tuple[Fields, ...]:
    """The grid to solve on, and others that tell its error; the loss in units of ``10^power``."""
    scaled = in_unit(landscape, power)
    if SIGNAL_FIELD not in landscape.loss.free_symbols:
        _require_bounded(landscape)
        return PiecewiseFields(scaled), PiecewiseFields(scaled, order=16)
    require_slope(landscape)
    if bends(landscape.loss):
        raise ValueError(f"{landscape!r}: {UNBROKEN}")
    if not landscape.is_even:
        raise ValueError(f"{landscape!r} sees y and is not even in u: overlap 0 with the signal is not stationary")
    return EvenFields(scaled, 0.025), EvenFields(scaled, 0.05), EvenFields(scaled, 0.025, Y_STEP / 2)


def _require_bounded(landscape: GeneralizedLinearLandscape) -> None:
    """w along one datum has ``|u| = sqrt N``."""
    for piece in pieces(landscape.loss):
        for end in (piece.start, piece.end):
            if end.is_infinite and limit(piece.loss / FIELD**2, FIELD, end) == -oo:
                tail = f"{landscape!r} falls faster than -u^2 as u -> {end}"
                raise ValueError(
                    f"{tail}: one datum alone pays as little as you like, so that there is no ground state"
                )


def _doubling(steps: int) -> list[int]:
    """2, 4, ... up to this number."""
    return [*(2**k for k in range(1, steps.bit_length()) if 2**k < steps), *([steps] if steps > 1 else [])]


def _limit(states: list[GroundState]) -> GroundState:
    """Of many steps: what is left falls at each doubling by the factor seen, which four, of second order, doubts."""
    values = np.array([[state.energy, state.alpha] for state in states])
    (before, last), final = np.diff(values, axis=0), states[-1]
    change = float(np.abs(last).max())
    seen = float(np.abs(before).max()) / max(change, 1e-300)
    energy, alpha = values[-1] + last / max(seen - 1, 3.0)
    error = final.error + change / np.clip(seen - 1, 0.1, 3.0)
    return replace(final, energy=float(energy), alpha=float(alpha), error=float(error))
