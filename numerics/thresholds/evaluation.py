"""Every threshold of a family: over arrays in double precision, or at one point to any number of digits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from mpmath import mp
from numpy.typing import ArrayLike
from sympy import Expr, Rational, Symbol
from sympy.core.function import AppliedUndef

from theory.thresholds import Family, Threshold

from ..complexity import require_values
from ..errors import ConvergenceError, Interrupted
from ..lowering import Array, lower_exact
from ..progress import Progress, silent
from ..roots import polish
from ..rounding import half_unit
from ..threshold_values import Thresholds, ThresholdValue
from . import bayes, trivialization
from .ageing import ageing_energy
from .energies import ground_state, lowest_energy
from .exponents import critical, of_gradient_flow
from .lines import Located, closed_form, common_shape
from .temperatures import almeida_thouless

MAX_DIGITS = 1000
UNRESOLVED = 1e-5
"""Relative error in double precision above which a root is too uncertain to be polished."""


class Locator:
    """Thresholds of a family at arrays of its free parameters (which broadcast), each computed once."""

    def __init__(self, family: Family, *free: ArrayLike) -> None:
        if len(free) != len(family.free):
            raise ValueError(f"{len(free)} parameters given; the family has {[str(s) for s in family.free]}")
        arrays = [require_values(symbol, values) for symbol, values in zip(family.free, free, strict=True)]
        shape = common_shape(*arrays)
        self.family = family
        self.free = [np.broadcast_to(x, shape) for x in arrays]
        self._lines: dict[str, Located] = {}

    def __call__(self, name: str) -> Located:
        """One threshold at all points. Raises ValueError for a name that the family does not have."""
        if name not in self.family.thresholds:
            raise ValueError(f"threshold = {name!r} is unknown; choose among {', '.join(self.family.thresholds)}")
        if name not in self._lines:
            threshold = self.family.thresholds[name]
            solver = None if threshold.excluded else SOLVERS.get(name)
            self._lines[name] = solver(self) if solver else closed_form(threshold, self.family, *self.free)
        return self._lines[name]

    @property
    def start(self) -> Array:
        """A control parameter below every reading of trivialization: the gradient-flow line, where there is one."""
        flow = self("gradient_flow").value
        return np.where(np.isfinite(flow), flow, 1e-6)


def _from_flow(solve: Callable[[Locator], Located]) -> Callable[[Locator], Located]:
    """A reading of trivialization, which is sought from the gradient-flow line on; where there is none, that is why."""

    def located(at: Locator) -> Located:
        found = solve(at)
        if at.family.thresholds["gradient_flow"].excluded:
            return found
        flow = at("gradient_flow")
        why = [f"sought from gradient_flow on, which is nowhere: {reason}" for reason in flow.reason]
        return replace(found, reason=np.where(flow.exists | found.exists, found.reason, why))

    return located


def _connected(at: Locator) -> Located:
    at_zero = at("trivialization")
    start = np.where(at_zero.exists, at_zero.value, at.start)
    return trivialization.connected(at.family, start, *at.free)


def _threshold_energy(at: Locator) -> Located:
    """Nothing ages beneath the ground state."""
    threshold = at.family.thresholds["threshold_energy"]
    try:
        located = ageing_energy(at.family.landscape)
    except ConvergenceError as failure:
        return Located.absent(threshold, (1,), f"the ends of its slow sectors are not resolved: {failure}")
    ground = at("ground_state_energy")
    below = ground.exists & (located.value + located.error < ground.value - ground.error)
    return Located.absent(threshold, (1,), BELOW_GROUND).where(below, located)


BELOW_GROUND = "the ageing solution lies below the ground state: this landscape does not age in that way"

# thresholds that need more than their closed form and conditions
SOLVERS: Mapping[str, Callable[[Locator], Located]] = {
    "trivialization": _from_flow(lambda at: trivialization.at_zero_overlap(at.family, at.start, *at.free)),
    "trivialization_connected": _from_flow(_connected),
    "trivialization_any_overlap": _from_flow(
        lambda at: trivialization.any_overlap(
            at.family, at.start, at("trivialization"), at("trivialization_connected"), *at.free
        )
    ),
    "dynamic_spinodal": lambda at: bayes.dynamic_spinodal(at.family, *at.free),
    "bayes_amp_jump": lambda at: bayes.amp_jump(at.family, *at.free),
    "information_theoretic": lambda at: bayes.information_theoretic(at.family, *at.free),
    "threshold_energy": _threshold_energy,
    "ground_state_energy": lambda at: ground_state(at.family.landscape),
    "annealed_ground_state_energy": lambda at: lowest_energy(at.family.landscape, 0),
    "index_1_energy": lambda at: lowest_energy(at.family.landscape, 1),
    "index_2_energy": lambda at: lowest_energy(at.family.landscape, 2),
    "de_almeida_thouless": lambda at: almeida_thouless(at.family, *at.free),
    "exponent_parameter": lambda at: critical(at.family),
    "exponent_a": lambda at: critical(at.family),
    "exponent_b": lambda at: critical(at.family),
    "ageing_exponent_b": lambda at: of_gradient_flow(at.family),
}


Point = Mapping[Symbol, Expr]


def evaluate_thresholds(
    family: Family,
    parameters: Point,
    digits: int = 15,
    only: Iterable[str] = (),
    progress: Progress = silent,
) -> Thresholds:
    """All thresholds (or those in ``only``) at exact values of the free parameters.

    Closed forms are evaluated directly; the others are bracketed in double precision and polished with Newton's method
    in mpmath on the equations of the analytic piece they lie on. Where that fails the reason says how far it got.
    ``progress`` names each threshold when it is done.
    """
    given = {str(symbol): str(value) for symbol, value in parameters.items()}
    settings = {"landscape": repr(family.landscape), **given, "digits": digits}
    try:
        (values,) = evaluate_table(family, [parameters], digits, only, progress)
    except Interrupted as error:
        raise Interrupted(str(error), Thresholds(error.partial[0], settings)) from error
    return Thresholds(values, settings)


def evaluate_table(
    family: Family,
    points: Sequence[Point],
    digits: int = 15,
    only: Iterable[str] = (),
    progress: Progress = silent,
) -> list[dict[str, ThresholdValue]]:
    """``evaluate_thresholds`` at many points, bracketed all at once; ``Interrupted`` with what is finished of them."""
    if not (isinstance(digits, int) and 1 <= digits <= MAX_DIGITS):
        raise ValueError(f"digits = {digits!r} must be a whole number from 1 to {MAX_DIGITS}")
    names = list(only) or list(family.thresholds)
    for point in points:
        missing = [symbol for symbol in family.free if symbol not in point]
        if missing:
            raise ValueError(f"{missing[0]} has no value; it must be positive")
    locator = Locator(family, *([float(point[symbol]) for point in points] for symbol in family.free))
    rows: list[dict[str, ThresholdValue]] = [{} for _ in points]
    try:
        for number, name in enumerate(names):
            for i, point in enumerate(points):
                rows[i][name] = _at_point(family, name, locator(name), i, point, digits)
            progress((number + 1) / len(names), name)
    except KeyboardInterrupt as error:
        raise Interrupted(f"interrupted after {len(rows[0])} of {len(names)} thresholds", rows) from error
    return rows


def _at_point(family: Family, name: str, located: Located, i: int, parameters: Point, digits: int) -> ThresholdValue:
    piece = located.piece[i]
    # a piece of the same name knows more (which ageing it is)
    unknown = ThresholdValue.unknown(piece if piece.name == name else family.thresholds[name], piece, digits)
    if not located.exists[i]:
        return replace(unknown, note=str(located.reason[i]))
    with mp.workdps(digits + 15):
        exact = [mp.mpf(x.p) / x.q for x in (Rational(parameters[symbol]) for symbol in family.free)]
        if piece.closed_form is not None:
            value = mp.mpf(lower_exact(family.free, [piece.closed_form])(*exact)[0])
            # fifteen guard digits
            return _rounded(unknown, value, abs(value) * mp.mpf(10) ** (-digits - 3))
        seeds = (float(located.value[i]), *located.seeds[i])
        minimised = any(equation.has(AppliedUndef) for equation in piece.defining)
        if minimised or located.error[i] < 10.0 ** (-digits - 1) * abs(seeds[0]):
            # the minimum of a functional whose unknowns are not resolved, or double precision has the digits asked for
            return _rounded(unknown, mp.mpf(seeds[0]), mp.mpf(float(located.error[i])))
        if not located.error[i] < UNRESOLVED * abs(seeds[0]):
            return _unpolished(unknown, located, i, "beyond double precision")
        try:
            polished = polish(_residuals(family, piece, exact), seeds, digits)
        except ConvergenceError as failure:
            return _unpolished(unknown, located, i, str(failure))
        return _rounded(unknown, polished.value[0], polished.error)


def _rounded(unknown: ThresholdValue, value: Any, error: Any) -> ThresholdValue:
    """With the error of rounding to the digits that are printed."""
    return replace(unknown, value=value, error=error + half_unit(value, unknown.digits))


def _unpolished(unknown: ThresholdValue, located: Located, i: int, failure: str) -> ThresholdValue:
    """How far it got."""
    value, error = float(located.value[i]), float(located.error[i])
    found = f"{value:.15g} with an error of {error:.1e} ({failure})"
    return replace(unknown, note=f"not resolved to {unknown.digits} digits: {found}")


def _residuals(family: Family, piece: Threshold, free: Sequence[Any]) -> Callable[..., list[Any]]:
    """Left minus right sides as functions of the control and the unknowns; compiled once for all parameters."""
    arguments = (*family.free, family.control, *piece.unknowns)
    function = lower_exact(arguments, [equation.lhs - equation.rhs for equation in piece.defining])
    return lambda *unknowns: function(*free, *unknowns)
