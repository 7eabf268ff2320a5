"""Points at which lines end and fold, each with an error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..continuation import Branch, trace
from ..continuation import Special as Turning
from ..errors import ConvergenceError
from ..lowering import Array
from .sampling import End, Run, Sampled, ends

NEAR = 1e-4
"""Of an end, in sizes of the box, at which a fold is what ends the line."""
LINED = 1e-6
"""Of a line, in sizes of the box, at which it is that line."""
FAR = 1e-3
"""Between two points of the same kind that are two."""


@dataclass(frozen=True)
class SpecialPoint:
    """A ``kind`` of point of some ``lines``, and a ``note``: fold, cusp, end, crossing, contact or merger.

    ``lost`` is where a solver can follow a line no further; errors are not known there.
    """

    kind: str
    lines: tuple[str, ...]
    x: float
    y: float
    x_error: float
    y_error: float
    note: str = ""

    def __str__(self) -> str:
        return f"{self.kind} of {' and '.join(self.lines)}"


@dataclass(frozen=True, eq=False)
class Beyond:
    """What the equations of a line say beyond a fold, where it is no line itself: x and y (k,), errors of y (k,)."""

    line: str
    x: Array
    y: Array
    error: Array


def turning(found: Sampled, name: str) -> Iterator[tuple[SpecialPoint, Beyond | None]]:
    """The ends of a line inside of the box: folds and cusps where its equations have one."""
    for run in found.runs(name):
        for end in ends(found, name, run):
            if found.box.y[0] <= end.y <= found.box.y[1]:
                yield _at_end(found, name, run, end)


def _at_end(found: Sampled, name: str, run: Run, end: End) -> tuple[SpecialPoint, Beyond | None]:
    lost = end.reason.startswith(("not computed", "not resolved"))
    errors = (np.nan, np.nan) if lost else (end.x_error, end.y_error)
    plain = SpecialPoint("lost" if lost else "end", (name,), end.x, end.y, *errors, end.reason)
    branch = _traced(found, name, run, end)
    if branch is None:
        return plain, None
    turn = min(branch.special, key=lambda t: _apart(found, t, end), default=None)
    if turn is None or turn.kind == "extremum" or _apart(found, turn, end) > NEAR:
        return plain, None
    (x, y), (x_error, y_error) = turn.z[:2].tolist(), turn.errors.tolist()
    point = SpecialPoint(turn.kind, (name,), x, y, x_error, y_error, end.reason)
    return point, _other_side(found, name, branch, turn)


def _traced(found: Sampled, name: str, run: Run, end: End) -> Branch | None:
    """The curve from a place a little inside of the end."""
    inside = [i for i in range(run.first, run.last + 1) if abs(found.x[i] - end.x) > 0]
    inside.sort(key=lambda i: abs(found.places[i] - found.scaled(*np.array([[end.x], [end.y]]))[0, 0]))
    for i in inside[2:6:3] or inside:
        known = found.source.equations(name, float(found.x[i]))
        if known is None:
            return None
        try:
            return trace(*known, found.box)
        except ConvergenceError:
            continue
    return None


def _apart(found: Sampled, turn: Turning, end: End) -> float:
    here, there = found.scaled(np.array([turn.z[0], end.x]), np.array([turn.z[1], end.y]))
    return float(np.max(np.abs(here - there)))


def _other_side(found: Sampled, name: str, branch: Branch, turn: Turning) -> Beyond | None:
    """The part of the curve from the fold to the next one on which there is no line, if there is one."""
    gap = np.linalg.norm(found.scaled(*branch.points[:, :2].T) - found.scaled(*turn.z[:2, None]), axis=1)
    k = int(np.argmin(gap))
    for side in (np.arange(k + 1, gap.size), np.arange(k - 1, -1, -1)):
        arc = side[: _until_turn(branch.points[side, 0])]
        if arc.size < 2 or _drawn(found, *branch.points[arc[arc.size // 2], :2]):
            continue
        points = np.vstack([turn.z[:2], branch.points[arc, :2]])
        return Beyond(name, points[:, 0], points[:, 1], np.append(turn.errors[1], branch.errors[arc, 1]))
    return None


def _drawn(found: Sampled, x: float, y: float) -> bool:
    """Whether some line passes there."""
    place, there = np.array([x]), found.source.at(np.array([x]), list(found.lines))
    heights = [found.scaled(place, np.array([value]))[0, 1] for value in (y, *(s.value[0] for s in there.values()))]
    return any(abs(height - heights[0]) < LINED for height in heights[1:])


def _until_turn(x: Array) -> int:
    """How many go one way."""
    steps = np.sign(np.diff(x))
    turned = np.flatnonzero(steps != steps[0]) if steps.size else np.array([])
    return int(turned[0]) + 1 if turned.size else x.size


def gathered(points: Iterable[SpecialPoint], found: Sampled) -> tuple[SpecialPoint, ...]:
    """Points of one kind at one place are one, of all their lines."""
    kept: list[SpecialPoint] = []
    for point in points:
        for i, other in enumerate(kept):
            if point.kind == other.kind and distance(found, point, other) < FAR:
                exact, _ = sorted((point, other), key=lambda p: p.x_error)
                kept[i] = replace(exact, lines=tuple(dict.fromkeys((*other.lines, *point.lines))))
                break
        else:
            kept.append(point)
    return tuple(sorted(kept, key=lambda p: (p.x, p.y)))


def distance(found: Sampled, a: SpecialPoint, b: SpecialPoint) -> float:
    """The larger of those in x and in y, in sizes of the box."""
    here, there = found.scaled(np.array([a.x, b.x]), np.array([a.y, b.y]))
    return float(np.max(np.abs(here - there)))
