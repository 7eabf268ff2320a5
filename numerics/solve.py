"""A prediction as a number: one solver for each law, at any number of digits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, singledispatch
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from mpmath import mp
from sympy import Add, Expr, Float, Integral, Symbol, nan, sympify, zoo
from sympy.core.relational import Relational
from sympy.logic.boolalg import false

from theory.laws import Eigenvalue, Explicit, Iteration, Law, Roots
from theory.naming import called
from theory.prediction import Condition, Prediction, Threshold

from .errors import ConvergenceError, Interrupted
from .lowering import lower_exact
from .peaks import require_seen
from .progress import Progress, silent
from .quantity import Quantity
from .roots import polish
from .rounding import half_unit
from .threshold_values import Thresholds, ThresholdValue

Point = Mapping[Symbol, Any]
"""Values of the free symbols, exact."""
GUARD = 15
"""Digits beyond those asked for; half of them more tell what the first have lost."""
GRID = 64
"""Points at which a root is looked for."""
CLOSE, NEAR = 1e-3, 0.5
"""How far a root may be from where it was bracketed, and from a start that a law gives."""


class Found(NamedTuple):
    """The value of a law and its error, mpmath numbers where they are exact to ``digits``, or a note on why not.

    ``state`` is what else is known there.
    """

    value: Any = None
    error: Any = None
    note: str = ""
    state: Mapping[str, float] = {}


def solve_thresholds(
    thresholds: Sequence[Threshold], at: Point, digits: int = 15, progress: Progress = silent
) -> Thresholds:
    """Each by itself: one that cannot be computed is absent, with the reason in its note.

    ``progress`` names each in turn. Raises ValueError where the system admits none of them, ``Interrupted``
    with those that are finished.
    """
    found, refused = {}, []
    for number, threshold in enumerate(thresholds):
        try:
            progress(number / len(thresholds), threshold.name)
            found[threshold.name] = solve_threshold(threshold, at, digits)
        except KeyboardInterrupt as error:
            what = f"interrupted after {number} of {len(thresholds)} thresholds"
            raise Interrupted(what, Thresholds(found)) from error
        except ValueError as failure:
            refused.append(failure)
            unknown = ThresholdValue.unknown(threshold, digits=digits)
            found[threshold.name] = replace(unknown, note=f"not computed: {failure}")
    if refused and len(refused) == len(found):
        raise ValueError(str(refused[0]))
    return Thresholds(found)


def solve_threshold(threshold: Threshold, at: Point, digits: int = 15) -> ThresholdValue:
    """A threshold with an error, or the reason for none.

    The error covers what rounding and quadrature lose, seen by working with more digits, and the rounding to
    ``digits``.
    """
    unknown = ThresholdValue.unknown(threshold, digits=digits)
    return replace(unknown, **_solved(threshold, at, digits)._asdict())


def solve_prediction(prediction: Prediction, at: Point, digits: int = 15) -> Quantity:
    """A number with an error as for a threshold, or the reason for none."""
    found = _solved(prediction, at, digits)
    return Quantity(found.value, found.error, prediction.meaning, found.note)


def _solved(prediction: Prediction, at: Point, digits: int) -> Found:
    try:
        failing = next((c for c in prediction.conditions if not _holds(c, at)), None)
        return solve(prediction.law, at, digits) if failing is None else Found(note=failing.otherwise)
    except (ConvergenceError, ArithmeticError) as failure:
        return Found(note=f"not computed: {failure}")


def _holds(condition: Condition, at: Point) -> bool:
    """What no symbols decide is decided by numbers; what still has symbols is taken to hold."""
    relation = sympify(condition.holds)
    if not isinstance(relation, Relational):
        return bool(relation.subs(at) != false)
    sides = [side.subs(at) for side in relation.args]
    if any(side.has(Integral) for side in sides) and not any(side.free_symbols for side in sides):
        sides = _with(GUARD, lower_exact((), sides))
    return bool(relation.func(*sides) != false)


@singledispatch
def solve(law: Law, at: Point, digits: int) -> Found:
    """By the solver of this law; those of laws of ``theory.x`` are registered in ``numerics.x``, imported when needed.

    Raises ``ConvergenceError`` where the law has no solution that can be found.
    """
    place = type(law).__module__.replace("theory.", "numerics.")
    if place.startswith("numerics.") and find_spec(place) is not None:
        import_module(place)
    solver = solve.dispatch(type(law))
    if solver is solve.dispatch(Law):
        raise TypeError(f"no solver for the law {type(law).__name__}")
    return solver(law, at, digits)


@solve.register
def _(law: Explicit, at: Point, digits: int) -> Found:
    _require(law, at)
    # SymPy would evaluate integrals of numbers to put them in order: where there are some, symbols stay
    left = sorted(law.symbols, key=str) if law.value.has(Integral) else []
    value = law.value if left else law.value.subs(at)
    if value.has(nan, zoo):
        raise ConvergenceError("its value is infinite or not defined")
    require_seen(value, at)
    function, places = lower_exact(left, [value]), lower_exact((), [sympify(at[symbol]) for symbol in left])

    def evaluated() -> Any:
        # whole numbers would be Python's, and their negative powers in double precision
        return _real(function(*map(mp.mpmathify, places()))[0])

    return _settled(lambda working: _with(working, evaluated), digits)._replace(note=law.note)


def _require(law: Explicit | Roots | Iteration, at: Point) -> None:
    for symbol in sorted(law.symbols - at.keys(), key=str):
        raise ConvergenceError(f"{called(symbol.name)} is not given")


def _real(value: Any) -> Any:
    """As an mpmath number. ``ConvergenceError`` for one that is complex, more than by rounding, or infinite."""
    if not (mp.isfinite(value) and abs(mp.im(value)) <= abs(value) * mp.mpf(10) ** (-mp.dps / 2)):
        raise ConvergenceError(f"its value, {mp.nstr(value, 5)}, is not a finite real number")
    return mp.mpf(mp.re(value))


@solve.register
def _(law: Roots, at: Point, digits: int) -> Found:
    _require(law, at)
    sides = [(equation.lhs - equation.rhs).subs(at) for equation in law.sides]
    residuals = lower_exact(law.unknowns, sides)
    start = _start(law, sides, at)
    slack = NEAR if law.start else CLOSE
    if any(side.has(Integral) for side in sides):
        rough = polish(residuals, start, 10, slack=slack).value
        root = {x: Float(value, GUARD) for x, value in zip(law.unknowns, rough, strict=True)}
        require_seen(Add(*(side.subs(root) for side in sides)))
    return _settled(lambda working: polish(residuals, start, working - GUARD, slack=slack).value[0], digits)


@solve.register
def _(law: Eigenvalue, at: Point, digits: int) -> Found:
    _require(law, at)
    equations = replace(law, sides=tuple(side.subs(at) for side in law.sides), place=0, note="")
    start = _start(law, [], at)
    return _settled(lambda working: _spectrum(equations, start, working)[law.place], digits)._replace(note=law.note)


@lru_cache(maxsize=64)
def _spectrum(law: Eigenvalue, start: tuple[float, ...], working: int) -> list[Any]:
    """All eigenvalues at the root, by Cholesky's factor of B."""
    residuals = lower_exact(law.unknowns, [side.lhs - side.rhs for side in law.sides])
    root = polish(residuals, start, working - GUARD, slack=NEAR).value
    with mp.workdps(working):
        pencil = law.pencil(*(Float(x, working) for x in root))
        a, b = (mp.matrix([[mp.mpf(x.evalf(working)) for x in row] for row in part.tolist()]) for part in pencil)
        inverse = mp.cholesky(b) ** -1
        return list(mp.eigsy(inverse * a * inverse.T, eigvals_only=True))


@solve.register
def _(law: Iteration, at: Point, digits: int) -> Found:
    _require(law, at)
    step, value = (lower_exact((law.unknown,), [part.subs(at)]) for part in (law.step, law.value))
    start = lower_exact((), [law.start.subs(at)])

    def iterated() -> Any:
        x = mp.mpmathify(start()[0])
        for _ in range(int(law.times.subs(at))):
            (x,) = step(x)
        return _real(value(x)[0])

    return _settled(lambda working: _with(working, iterated), digits)


def _settled(compute: Callable[[int], Any], digits: int) -> Found:
    """With more and more working digits, until two results agree: the last one, and by how much they differ.

    An integral whose integrand is singular at an end is known to a part of its digits only.
    """
    value = compute(digits + GUARD)
    for working in (digits + 2 * GUARD, 2 * digits + 4 * GUARD, 4 * digits + 8 * GUARD):
        before, value = value, compute(working)
        if abs(value - before) <= abs(value) * mp.mpf(10) ** -digits:
            break
    return Found(value, abs(value - before) + half_unit(value, digits))


def _start(law: Roots, sides: list[Expr], at: Point) -> tuple[float, ...]:
    """Near the root. ``ValueError`` for a law that does not say where that is."""
    if len(law.start) == len(law.unknowns):
        try:
            return tuple(float(sympify(value).subs(at)) for value in law.start)
        except TypeError as failure:
            raise ValueError(f"Roots in {', '.join(map(str, law.unknowns))}: a start that is not real") from failure
    if law.within is None or len(law.unknowns) > 1:
        names = ", ".join(map(str, law.unknowns))
        raise ValueError(f"Roots in {names}: give start, a number for each; or, of a single one, within = (low, high)")
    function = lower_exact(law.unknowns, sides)
    low, high = (float(sympify(end).subs(at)) for end in law.within)
    if not np.isfinite(low - high):
        raise ValueError(f"Roots in {law.unknowns[0]}: within = ({low:g}, {high:g}) must be finite")
    grid = np.geomspace(low, high, GRID) if low > 0 else np.linspace(low, high, GRID)
    values = _with(GUARD, lambda: np.array([_or_nan(function, mp.mpf(x)) for x in grid]))
    grid, values = grid[np.isfinite(values)], values[np.isfinite(values)]
    changes = np.flatnonzero(np.sign(values[:-1]) != np.sign(values[1:]))
    if changes.size != 1:
        raise ConvergenceError(f"{law.unknowns[0]}: {changes.size} roots from {low:g} to {high:g}, expected one")
    k = int(changes[0])
    bracket = (mp.mpf(grid[k]), mp.mpf(grid[k + 1]))
    try:
        found = _with(GUARD, lambda: mp.findroot(lambda x: function(x)[0], bracket, solver="anderson", tol=1e-20))
    except ValueError as error:
        raise ConvergenceError(f"{law.unknowns[0]}: the sign changes near {grid[k]:g}, at no root") from error
    return (float(found),)


def _or_nan(function: Callable[..., list[Any]], x: Any) -> float:
    """At an end of the interval an integral may diverge."""
    try:
        return float(function(x)[0])
    except ConvergenceError:
        return float("nan")


def _with(digits: int, compute: Callable[[], Any]) -> Any:
    with mp.workdps(digits):
        return compute()
