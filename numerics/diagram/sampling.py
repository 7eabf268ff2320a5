"""Lines at places that lie close together where they bend, begin, end or jump."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..continuation import Box
from ..lowering import Array
from ..progress import Progress, silent
from .source import Samples, Source

BEND, STEEP = 2e-3, 0.05
"""Distance of a line from a chord, and rise between two places, in sizes of the box, that ask for more places."""
JUMP, NARROW = 4e-3, 1 / 2048
"""Of a line between the closest places, in sizes of the box; and how close they are."""
RESOLVED, DEEPER = 1e-8, 15
"""How well solvers tell where a line ends, in sizes of the box; and how many of these before it y is looked at: a
root of fourth order rises by more from there to the end that was found than from that to the true one."""
JUMPS = "the line jumps"
ROUNDS = 16
"""Of refinement."""


@dataclass(frozen=True, eq=False)
class Sampled:
    """Lines of a source at x (k,), within a box."""

    source: Source
    box: Box
    x: Array
    lines: dict[str, Samples]

    def height(self, name: str) -> Array:
        """Of a line, 0 and 1 at the sides of the box; what is far outside is brought close."""
        return np.clip(self.scaled(self.x, self.lines[name].value)[:, 1], -0.5, 1.5)

    def scaled(self, x: Array, y: Array) -> Array:
        """(k, 2)"""
        return self.box.scaled(np.column_stack([x, y]))

    @property
    def places(self) -> Array:
        """x from 0 to 1."""
        return self.scaled(self.x, self.x)[:, 0]

    def unscaled(self, place: Array) -> Array:
        """The inverse of it."""
        return self.box.unscaled(0, place)

    def widened(self, x: Array) -> Sampled:
        """With further places."""
        new = self.source.at(x, list(self.lines))
        order = np.argsort(np.concatenate([self.x, x]))
        merged = {}
        for name, old in self.lines.items():
            reasons = (*old.reasons, *new[name].reasons)
            value, error = (np.concatenate([getattr(s, k) for s in (old, new[name])])[order] for k in old._fields[:2])
            merged[name] = Samples(value, error, tuple(reasons[i] for i in order))
        return Sampled(self.source, self.box, np.concatenate([self.x, x])[order], merged)

    def runs(self, name: str) -> list[Run]:
        """Where a line exists and does not jump."""
        exists, steps = self.lines[name].exists, self._jumps(name)
        inside = [bool(exists[i] and exists[i + 1] and not steps[i]) for i in range(self.x.size - 1)]
        found: list[Run] = []
        for i in np.flatnonzero(exists):
            if i and inside[i - 1]:
                found[-1] = Run(found[-1].first, int(i))
            else:
                found.append(Run(int(i), int(i)))
        return found

    def _jumps(self, name: str) -> Array:
        """Between places: over the closest ones by more than ``JUMP``, and much more than next to them."""
        step = np.abs(np.diff(self.height(name)))
        width = np.diff(self.places)
        slope = step / width
        beside = np.fmax(np.append(slope[1:], np.nan), np.append(np.nan, slope[:-1]))
        with np.errstate(invalid="ignore"):
            return np.asarray((step > JUMP) & (width < 1.01 * NARROW) & ~(slope < 4 * beside))


class Run(NamedTuple):
    """Places from the ``first`` to the ``last``, both among them."""

    first: int
    last: int


def sample(source: Source, names: Sequence[str], box: Box, points: int, progress: Progress = silent) -> Sampled:
    """From evenly spread ``points`` on, until lines do not bend by more than ``BEND`` between two places."""
    found = Sampled(source, box, np.array([]), {name: Samples(np.array([]), np.array([]), ()) for name in names})
    low, high = box.x
    places = np.arange(np.ceil(low), high + 0.5) if source.whole else found.unscaled(np.linspace(0, 1, points))
    for number, some in enumerate(np.array_split(places, min(8, places.size))):
        progress(0.6 * number / 8, "sampling")
        found = found.widened(some)
    if source.whole:
        return found
    for number in range(ROUNDS):
        progress(0.6 + 0.4 * number / ROUNDS, "refining")
        split = np.flatnonzero(_wanting(found))
        if not split.size or found.x.size > 40 * points:
            break
        found = found.widened(found.unscaled((found.places[split] + found.places[split + 1]) / 2))
    return found


def _wanting(found: Sampled) -> Array:
    """Intervals (k - 1,) that are to be halved."""
    width = np.diff(found.places)
    wanted = np.zeros(width.size, dtype=bool)
    for name, samples in found.lines.items():
        y, exists = found.height(name), samples.exists
        wanted |= exists[1:] != exists[:-1]
        with np.errstate(invalid="ignore"):
            wanted |= np.abs(np.diff(y)) > STEEP
            share = width[:-1] / (width[:-1] + width[1:])
            bent = np.abs(y[1:-1] - (1 - share) * y[:-2] - share * y[2:]) > BEND
        wanted[:-1] |= bent
        wanted[1:] |= bent
    return np.asarray(wanted & (width > NARROW))


class End(NamedTuple):
    """Of a run: the last x on it, its y, errors of both, and why it ends."""

    x: float
    y: float
    x_error: float
    y_error: float
    reason: str


def ends(found: Sampled, name: str, run: Run) -> list[End]:
    """Those inside of the box in x."""
    sides = ((run.first, run.first - 1), (run.last, run.last + 1))
    located = [_located(found, name, inner, outer) for inner, outer in sides if 0 <= outer < found.x.size]
    return [end for end in located if end is not None]


def _located(found: Sampled, name: str, inner: int, outer: int) -> End | None:
    """Between a place on the run and one that is not, as close as the source allows; None where it is only steep."""
    inside, outside = found.places[inner], found.places[outer]
    line = found.lines[name]
    known = {place: (line.value[i], line.error[i], line.reasons[i]) for i, place in ((inner, inside), (outer, outside))}
    while abs(outside - inside) > found.source.closest:
        tried = np.linspace(inside, outside, found.source.at_once + 2)[1:-1]
        got = found.source.at(found.unscaled(tried), [name])[name]
        known |= {p: (got.value[i], got.error[i], got.reasons[i]) for i, p in enumerate(tried)}
        on_it = [_same(known[p][0], known[inside][0], known[outside][0]) for p in tried]
        first_off = on_it.index(False) if False in on_it else len(on_it)
        path = [inside, *tried, outside]
        inside, outside = path[first_off], path[first_off + 1]
    value, error, _ = known[inside]
    near = found.scaled(found.unscaled(np.array([inside, outside])), np.array([value, known[outside][0]]))[:, 1]
    if abs(near[1] - near[0]) < JUMP:
        return None
    width, way = max(abs(outside - inside), RESOLVED), np.sign(inside - outside)
    before = found.source.at(found.unscaled(np.array([inside + DEEPER * width * way])), [name])[name].value[0]
    x, beyond = (float(found.unscaled(np.array(p))) for p in (inside, inside - width * way))
    moved = abs(value - before) if np.isfinite(before) else np.inf
    return End(x, float(value), abs(beyond - x), float(error + moved), known[outside][2] or JUMPS)


def _same(value: float, inside: float, outside: float) -> bool:
    """Whether a value belongs to the run rather than to what is beyond."""
    if not np.isfinite(value):
        return False
    return not np.isfinite(outside) or abs(value - inside) < abs(value - outside)
