"""Points at which two lines cross, touch and merge, each with an error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from ..lowering import Array
from .sampling import Sampled
from .special import FAR, SpecialPoint, distance

EQUAL = 1e-9
"""Two lines this close, in sizes of the box, are one."""
CLOSE = 0.02
"""Of two lines, in sizes of the box, that may touch."""


def meetings(found: Sampled, names: Iterable[str]) -> Iterator[SpecialPoint]:
    """Crossings and mergers of any two lines within the box. Rounding next to a merger looks like crossings."""
    for one, other in combinations(names, 2):
        points = list(_Meeting(found, one, other).points())
        mergers = [point for point in points if point.kind == "merger"]
        for point in points:
            if point.kind != "crossing" or all(distance(found, point, merger) > FAR for merger in mergers):
                yield point


@dataclass(frozen=True, eq=False)
class _Meeting:
    """Of two lines."""

    found: Sampled
    one: str
    other: str

    def at(self, place: float) -> tuple[float, float, float]:
        """Their distance in sizes of the box, how well it is known, and the height of the first."""
        x = self.found.unscaled(np.array([place]))
        there = self.found.source.at(x, [self.one, self.other])
        a, b = there[self.one], there[self.other]
        (first, second), sizes = (self.found.scaled(x, s.value)[0, 1] for s in (a, b)), self.found.box.unit
        unit = sizes(np.array([x[0], a.value[0]]))[1]
        return float(first - second), float((a.error[0] + b.error[0]) / unit), float(first)

    def points(self) -> Iterator[SpecialPoint]:
        """In order."""
        lines, places = self.found.lines, self.found.places
        heights = [self.found.scaled(self.found.x, lines[name].value)[:, 1] for name in (self.one, self.other)]
        apart = heights[0] - heights[1]
        unit = np.array(
            [self.found.box.unit(np.array(z))[1] for z in zip(self.found.x, lines[self.one].value, strict=True)]
        )
        with np.errstate(invalid="ignore"):
            same = np.abs(apart) <= EQUAL + 4 * (lines[self.one].error + lines[self.other].error) / unit
        known = np.isfinite(apart)
        for i in np.flatnonzero(known[:-1] & known[1:]):
            left, right = places[i], places[i + 1]
            if same[i] != same[i + 1] and self._long(same, int(i if same[i] else i + 1)):
                yield from self._merger(*((left, right) if same[i] else (right, left)))
            elif not same[i] and not same[i + 1] and apart[i] * apart[i + 1] < 0:
                yield from self._crossing(left, right)
        for dip in _dips(np.where(same, np.nan, apart)):
            yield from self._contact(places[dip - 1], places[dip + 1])

    def _contact(self, left: float, right: float) -> Iterator[SpecialPoint]:
        """Where they touch between two places, if they do."""
        place, reach = (left + right) / 2, (right - left) / 2
        while reach > 1e-13:  # its tolerance is relative to x, so that x begins at the last place found
            here: Any = {"args": (place,), "bounds": (-reach, reach), "options": {"xatol": 1e-16, "maxiter": 40}}
            place, reach = place + float(minimize_scalar(self.distance, **here).x), 1e-6 * reach
        apart, error, height = self.at(place)
        if abs(apart) <= EQUAL + 4 * error:
            # of a tangent contact rounding hides where within this it is
            tried = (r for r in np.geomspace(1e-12, right - left, 40) if self._apart_at(place, r) > EQUAL + 4 * error)
            yield self._point("contact", place, height, float(next(tried, right - left)), error + EQUAL)

    def distance(self, step: float, place: float) -> float:
        """Of the two lines at ``place + step``."""
        return abs(self.at(place + step)[0])

    def _apart_at(self, place: float, reach: float) -> float:
        """The smaller distance of the two lines on either side; inf where one of them ends."""
        sides = np.array([self.distance(way * reach, place) for way in (1, -1)])
        return float(np.min(np.nan_to_num(sides, nan=np.inf)))

    @staticmethod
    def _long(same: Any, i: int) -> bool:
        """More than a single place."""
        return bool(same[max(i - 1, 0) : i + 2].sum() >= 2)

    def _crossing(self, left: float, right: float) -> Iterator[SpecialPoint]:
        try:
            place = float(brentq(lambda p: self.at(p)[0], left, right, xtol=1e-13, rtol=1e-14))
        except ValueError:
            return
        apart, error, height = self.at(place)
        step = max(1e-6, 1e-3 * (right - left))
        near = self.at(place + step)[0], self.at(place - step)[0]
        slope = abs(near[0] - near[1]) / (2 * step)
        if abs(apart) > 0.01 * abs(near[0] - near[1]) + error or not np.isfinite(slope):
            return  # one of the two jumps across the other
        yield self._point("crossing", place, height, (abs(apart) + error) / slope + 1e-13, error)

    def _merger(self, same: float, different: float) -> Iterator[SpecialPoint]:
        """Bracketed; what rounding hides of a tangent merger is found from how the distance vanishes."""
        while abs(different - same) > self.found.source.closest:
            middle = (same + different) / 2
            apart, error, _ = self.at(middle)
            if not np.isfinite(apart):
                return
            same, different = (middle, different) if abs(apart) <= EQUAL + 4 * error else (same, middle)
        way = np.sign(different - same)
        steps = 1e-3 * np.array([1.0, 2.0, 4.0])
        distance = np.abs([self.at(different + way * step)[0] for step in steps])
        if not np.all(np.isfinite(distance)):
            return
        place, error = _vanishing(steps, distance)
        if place is None or abs(place) > steps[-1]:
            return  # it jumps to the other
        _, y_error, height = self.at(same)
        yield self._point("merger", different + way * place, height, error + abs(different - same), y_error + EQUAL)

    def _point(self, kind: str, place: float, height: float, x_error: float, y_error: float) -> SpecialPoint:
        """From sizes of the box to units."""
        box = self.found.box
        x, y = (float(box.unscaled(axis, np.array(part))) for axis, part in enumerate((place, height)))
        across, along = box.unit(np.array([x, y])).tolist()
        return SpecialPoint(kind, (self.one, self.other), x, y, x_error * across, y_error * along)


def _dips(apart: Array) -> list[int]:
    """Places where two lines come close without crossing."""
    size = np.abs(apart)
    near = (size[1:-1] < size[:-2]) & (size[1:-1] < size[2:]) & (size[1:-1] < CLOSE)
    return [int(i) + 1 for i in np.flatnonzero(near & (apart[:-2] * apart[2:] > 0))]


def _vanishing(steps: Array, distance: Array) -> tuple[float | None, float]:
    """Where ``d = A (s - s_0)^k`` vanishes, by that k of 1, 2, 3, 4 of which two places tell most of the third's d."""
    best: tuple[float | None, float] = (None, np.inf)
    for k in (1, 2, 3, 4):
        root = distance ** (1 / k)
        rise = np.diff(root)
        if np.all(rise != 0):
            zeros = steps[:2] - root[:2] * np.diff(steps) / rise
            best = min(best, (float(zeros[0]), float(abs(zeros[1] - zeros[0]))), key=lambda found: found[1])
    return best
