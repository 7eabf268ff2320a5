r"""Curves ``F(z) = 0`` of n equations in n + 1 unknowns, traced by pseudo-arclength, with their folds.

The first two unknowns, x and y, are those of a diagram; derivatives of F come from SymPy. A step goes along the unit
tangent, and Newton's method leads back in the plane across it (Keller 1977; Allgower, Georg 1990, ch. 6): folds are
nothing special. Where ``dx/ds`` vanishes the curve turns back in x: at a ``fold`` with a vertical tangent, or, where
``dy/ds`` vanishes as well, in a ``cusp`` of its picture. Where ``dy/ds`` vanishes alone there is an ``extremum``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from sympy import Expr, Matrix, Symbol

from .errors import ConvergenceError
from .lowering import Array, lower

FIRST, LEAST, MOST = 1e-2, 1e-7, 4e-2
"""Steps, in sizes of the box."""
ANGLE = 0.995
"""Least cosine between two tangents in a row."""
ITERATIONS, CLOSE = 8, 1e-12
"""Of Newton's method, and the step at which it has converged."""
POINTS = 20_000
"""Of one curve, at most."""
FLAT = 1e-5
"""``|dy/ds|`` at a fold that is a cusp."""


@dataclass(frozen=True)
class Box:
    """The part of the plane: ``x`` and ``y`` from, to; ``logarithmic`` axes have positive ends."""

    x: tuple[float, float]
    y: tuple[float, float]
    logarithmic: tuple[bool, bool] = (False, False)

    def scaled(self, points: Array) -> Array:
        """Coordinates (..., 2) from 0 to 1."""
        return np.stack([self._axis(i, points[..., i]) for i in (0, 1)], axis=-1)

    def _axis(self, i: int, values: Array) -> Array:
        low, high = (self.x, self.y)[i]
        if not self.logarithmic[i]:
            return np.asarray((values - low) / (high - low))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.log(values / low) / np.log(high / low))

    def unscaled(self, axis: int, place: Array) -> Array:
        """The inverse on one axis, 0 or 1."""
        low, high = (self.x, self.y)[axis]
        return np.asarray(low * (high / low) ** place if self.logarithmic[axis] else low + (high - low) * place)

    def unit(self, point: Array) -> Array:
        """``d(x, y)`` for a move of the size of the box."""
        sizes = []
        for value, (low, high), logarithmic in zip(point, (self.x, self.y), self.logarithmic, strict=False):
            sizes.append(value * np.log(high / low) if logarithmic else high - low)
        return np.array(sizes)


class Special(NamedTuple):
    """A ``kind`` of point of a curve: ``z`` (n + 1,), and errors of x and y."""

    kind: str
    z: Array
    errors: Array


@dataclass(frozen=True, eq=False)
class Branch:
    """``points`` (k, n + 1) of one curve in order, errors of x and y (k, 2), special points, and how each end came.

    An end is ``border``, ``closed`` (the last point is the first), or why it could not be followed further.
    """

    points: Array
    errors: Array
    special: tuple[Special, ...]
    ends: tuple[str, str]


class Equations:
    """``F`` and its Jacobian: as many ``sides``, which vanish, as there are unknowns beyond one."""

    def __init__(self, sides: Sequence[Expr], unknowns: Sequence[Symbol]) -> None:
        if len(sides) + 1 != len(unknowns):
            raise ValueError(f"{len(sides)} equations in {len(unknowns)} unknowns: expected one less")
        jacobian = Matrix([list(sides)]).jacobian(list(unknowns))
        self.n, self.sides, self.unknowns = len(sides), tuple(sides), tuple(unknowns)
        self._value = lower(unknowns, list(sides))
        self._jacobian = lower(unknowns, list(jacobian))

    def value(self, z: Array) -> Array:
        """(n,)"""
        return self._numbers(self._value, z, (self.n,))

    def jacobian(self, z: Array) -> Array:
        """(n, n + 1)"""
        return self._numbers(self._jacobian, z, (self.n, self.n + 1))

    @staticmethod
    def _numbers(function: Callable[..., Sequence[Array]], z: Array, shape: tuple[int, ...]) -> Array:
        with np.errstate(all="ignore"):
            try:
                values = np.array([float(np.real_if_close(v)) for v in function(*z)]).reshape(shape)
            except (TypeError, ValueError, ArithmeticError) as error:
                raise ConvergenceError(f"not a real number: {error}") from error
        if not np.all(np.isfinite(values)):
            raise ConvergenceError("not a finite number")
        return values


def trace(equations: Equations, start: Array, box: Box) -> Branch:
    """The curve through a point near ``start`` (n + 1,), both ways to the border of the box.

    Raises ``ConvergenceError`` where Newton's method finds no point of the curve near the start.
    """
    tracer = _Tracer(equations, box)
    first = tracer.at_fixed(np.asarray(start, dtype=np.float64), 0)
    ahead = tracer.walk(first, 1.0)
    if ahead.end == "closed":
        return ahead.branch(("closed", "closed"))
    behind = tracer.walk(first, -1.0)
    return _joined(behind, ahead)


class _Point(NamedTuple):
    z: Array
    tangent: Array
    """In scaled unknowns, of length 1."""
    errors: Array


@dataclass(eq=False)
class _Walk:
    points: list[_Point]
    special: list[Special]
    end: str

    def branch(self, ends: tuple[str, str]) -> Branch:
        points, errors = (np.array([getattr(p, name) for p in self.points]) for name in ("z", "errors"))
        return Branch(points, errors, tuple(self.special), ends)


def _joined(behind: _Walk, ahead: _Walk) -> Branch:
    whole = _Walk([*behind.points[:0:-1], *ahead.points], [*behind.special[::-1], *ahead.special], "")
    return whole.branch((behind.end, ahead.end))


@dataclass(frozen=True, eq=False)
class _Tracer:
    equations: Equations
    box: Box

    def unit(self, z: Array) -> Array:
        """Of x and y those of the box, of others their own size."""
        return np.concatenate([self.box.unit(z[:2]), np.maximum(np.abs(z[2:]), 0.1)])

    def at_fixed(self, z: Array, axis: int) -> _Point:
        """Newton's method with one unknown held."""
        row = np.zeros(z.size)
        row[axis] = 1.0
        return self.corrected(z, row, None)

    def corrected(self, z: Array, row: Array, before: Array | None) -> _Point:
        """Newton's method in the plane across ``row``; the tangent goes on in the direction of the one ``before``."""
        unit, place, size = self.unit(z), z, np.inf
        for _ in range(ITERATIONS):
            step = self.newton(place, row, unit)
            place, last, size = place + step * unit, size, float(np.max(np.abs(step)))
            if size < CLOSE or (size < np.sqrt(CLOSE) and size >= last):
                break
        else:
            raise ConvergenceError(f"Newton's method does not converge: its last step is {size:.1g} of the box")
        noise = np.abs(self.newton(place, row, unit))
        errors = 2 * (noise + (noise.max() + size) * CLOSE)[:2] * unit[:2] + 2 * np.spacing(np.abs(place[:2]))
        return _Point(place, self.tangent(place, row if before is None else before), errors)

    def newton(self, z: Array, row: Array, unit: Array) -> Array:
        """The scaled step."""
        matrix = np.vstack([self.equations.jacobian(z) * unit, row])
        try:
            return np.linalg.solve(_balanced(matrix), -np.append(self.equations.value(z) / _rows(matrix[:-1]), 0.0))
        except np.linalg.LinAlgError as error:
            raise ConvergenceError("a singular point") from error

    def tangent(self, z: Array, before: Array) -> Array:
        """The null vector of the Jacobian."""
        jacobian = _balanced(self.equations.jacobian(z) * self.unit(z))
        null: Array = np.linalg.svd(jacobian)[2][-1]
        return null if null @ before >= 0 else -null

    def walk(self, first: _Point, direction: float) -> _Walk:
        """From the first point on, to an end."""
        start = first._replace(tangent=direction * first.tangent)
        walk, step = _Walk([start], [], ""), FIRST
        while not walk.end:
            try:
                there, step = self.advanced(walk.points[-1], step)
            except ConvergenceError as failure:
                walk.end = str(failure)
                break
            walk.end = self.ended(walk, there)
        return walk

    def ended(self, walk: _Walk, there: _Point) -> str:
        """Takes the point; why it is the last one, or nothing."""
        here = walk.points[-1]
        if (outside := self.outside(there.z)) is not None:
            try:
                walk.points.append(self.on_border(here, there, *outside))
            except ConvergenceError as failure:
                return str(failure)
            walk.special += self.specials(here, walk.points[-1])
            return "border"
        walk.special += self.specials(here, there)
        walk.points.append(there)
        if len(walk.points) > 10 and self.apart(there, walk.points[0]) < 0.75 * self.apart(there, here):
            walk.points.append(walk.points[0])
            return "closed"
        return f"followed for {POINTS} points" if len(walk.points) > POINTS else ""

    def apart(self, a: _Point, b: _Point) -> float:
        """Distance."""
        return float(np.linalg.norm((a.z - b.z) / self.unit(a.z)))

    def advanced(self, here: _Point, step: float) -> tuple[_Point, float]:
        """The next point, and the step after it."""
        while step > LEAST:
            try:
                there = self.stepped(here, step)
                if there.tangent @ here.tangent > ANGLE:
                    return there, min(step * (1.5 if there.tangent @ here.tangent > (1 + ANGLE) / 2 else 1.0), MOST)
            except ConvergenceError:
                pass
            step /= 2
        raise ConvergenceError("the curve could not be followed further")

    def stepped(self, here: _Point, step: float) -> _Point:
        """So far along the tangent."""
        return self.corrected(here.z + step * here.tangent * self.unit(here.z), here.tangent, here.tangent)

    def outside(self, z: Array) -> tuple[int, float] | None:
        """The side that was crossed: its axis, and where it is."""
        for axis, (low, high) in enumerate((self.box.x, self.box.y)):
            if not low <= z[axis] <= high:
                return axis, low if z[axis] < low else high
        return None

    def on_border(self, here: _Point, there: _Point, axis: int, side: float) -> _Point:
        """Between the two."""
        share = (side - here.z[axis]) / (there.z[axis] - here.z[axis])
        start = here.z + share * (there.z - here.z)
        start[axis] = side
        row = np.zeros(start.size)
        row[axis] = 1.0
        return self.corrected(start, row, here.tangent)

    def specials(self, here: _Point, there: _Point) -> Iterator[Special]:
        """Folds, cusps and extrema between two points in a row."""
        turns = [axis for axis in (0, 1) if here.tangent[axis] * there.tangent[axis] < 0]
        reach = float(here.tangent @ ((there.z - here.z) / self.unit(here.z)))
        for axis in turns:
            try:
                length = brentq(self.slope, 0.0, reach, args=(here, axis), xtol=1e-13)
                found = self.stepped(here, float(length))
            except (ValueError, RuntimeError, ConvergenceError):
                continue
            flat = abs(found.tangent[1]) < FLAT
            if axis == 0:
                yield Special("cusp" if flat else "fold", found.z, self.turning_errors(here, found, length))
            elif abs(found.tangent[0]) >= FLAT:
                yield Special("extremum", found.z, self.turning_errors(here, found, length))

    def slope(self, length: float, here: _Point, axis: int) -> float:
        """``dx/ds`` or ``dy/ds`` so far along."""
        return float(self.stepped(here, length).tangent[axis])

    def turning_errors(self, here: _Point, found: _Point, length: float) -> Array:
        """Of x and y: what they change by over 1e-10 of the box, of which the place is known to less."""
        near = self.stepped(here, length + 1e-10)
        return np.asarray(found.errors + np.abs(near.z - found.z)[:2])


def _rows(matrix: Array) -> Array:
    size = np.max(np.abs(matrix), axis=1)
    return np.where(size > 0, size, 1.0)


def _balanced(matrix: Array) -> Array:
    """Rows of size 1."""
    return matrix / _rows(matrix)[:, None]
