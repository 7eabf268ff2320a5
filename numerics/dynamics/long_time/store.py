"""The memory of a long run: blocks of time, each a polynomial in ``ln t`` at the nodes of its grid."""
# ruff: noqa: N803

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ...lowering import Array
from .geometry import History, Ints, Rule, panels_of

TABLES = ("t", "x", "grid", "offset", "C", "R", "overlap", "replica", "work", "segments", "grids", "anchors")


@dataclass(frozen=True)
class Segments:
    """One grid: rows of (start, end or -1, panels, first panel)."""

    rows: Array

    @classmethod
    def at(cls, t: float, anchors: Sequence[float], rule: Rule) -> Segments:
        """Between neighbouring anchors, and on to ``t``: panels no wider than ``rule.width`` in ``y``."""
        ends = [0.0, *anchors, -1.0]
        rows, first = [], 0
        for start, end in pairwise(ends):
            panels = panels_of((t if end < 0 else end) - start, rule)
            rows.append((start, end, panels, first))
            first += panels
        return cls(np.array(rows, dtype=np.float64))

    @property
    def panels(self) -> int:
        """Panels in all."""
        return int(self.rows[-1, 2:].sum())


def empty() -> History:
    """No block yet."""
    real, whole = np.zeros(0), np.zeros(0, dtype=np.int64)
    segments, grids = np.zeros((0, 4)), np.zeros((0, 3), dtype=np.int64)
    return History(real, np.zeros(1), whole, whole, real, real, real, real, real, segments, grids, real)


def with_grid(history: History, segments: Segments, anchors: Sequence[float]) -> tuple[History, int]:
    """The history with that grid in its tables, and the grid's index."""
    if len(history.grids):
        first, count, _ = history.grids[-1]
        if np.array_equal(history.segments[first : first + count], segments.rows):
            return history, len(history.grids) - 1
    row = np.array([[len(history.segments), len(segments.rows), segments.panels]], dtype=np.int64)
    tables = history._replace(
        segments=np.vstack([history.segments, segments.rows]),
        grids=np.vstack([history.grids, row]),
        anchors=np.array(anchors, dtype=np.float64),
    )
    return tables, len(tables.grids) - 1


def nodes(history: History, grid: int, rule: Rule) -> int:
    """Of a slice on that grid."""
    return int(history.grids[grid, 2]) * (rule.nodes.size - 1) + 1


def span(history: History, grid: int, times: Array, lags: Array) -> Array:
    """Of nodes at ``times``, ``lags`` before the slice: to the nearer end of the segment, where panels end as well."""
    first, count, _ = history.grids[grid]
    start, end = history.segments[first : first + count, :2].T
    k = np.clip(np.searchsorted(start, times, side="right") - 1, 0, count - 1)
    return np.asarray(np.minimum(lags, np.minimum(times - start[k], np.where(end[k] < 0, np.inf, end[k] - times))))


def with_block(
    history: History,
    start: float,
    end: float,
    grid: int,
    C: Array,
    R: Array,
    overlap: Array,
    replica: Array,
    work: Array,
) -> History:
    """The history with one more block: from time ``start`` to the edge ``end`` in x; values (stages + 1, nodes)."""
    return history._replace(
        t=np.append(history.t, start),
        x=np.append(history.x, end),
        grid=np.append(history.grid, grid),
        offset=np.append(history.offset, history.C.size),
        C=np.concatenate([history.C, C.ravel()]),
        R=np.concatenate([history.R, R.ravel()]),
        overlap=np.concatenate([history.overlap, overlap]),
        replica=np.concatenate([history.replica, replica]),
        work=np.concatenate([history.work, work]),
    )


def block(history: History, index: int, stages: int) -> tuple[Array, Array, Array, Array, Array]:
    """Views of ``C``, scaled ``R`` (stages + 1, nodes), the overlap variable, q and the work of a block."""
    first = int(history.offset[index])
    last = int(history.offset[index + 1]) if index + 1 < history.offset.size else history.C.size
    shape, rows = (stages + 1, (last - first) // (stages + 1)), slice(index * (stages + 1), (index + 1) * (stages + 1))
    return (
        history.C[first:last].reshape(shape),
        history.R[first:last].reshape(shape),
        history.overlap[rows],
        history.replica[rows],
        history.work[rows],
    )


def still(history: History, count: int) -> list[Array]:
    """The overlap variable, q and the work, as they end, at so many stages."""
    return [np.full(count, values[-1]) for values in (history.overlap, history.replica, history.work)]


def scaled(history: History, factor: float) -> History:
    """The history of a landscape ``factor`` times as strong: all times over ``factor``, and the scaled R with them."""
    segments = history.segments.copy()
    segments[:, 0] /= factor
    segments[:, 1] = np.where(segments[:, 1] < 0, -1.0, segments[:, 1] / factor)
    return history._replace(
        t=history.t / factor, R=history.R / factor, segments=segments, anchors=history.anchors / factor
    )


def tables(history: History) -> dict[str, Array]:
    """What a file keeps."""
    return {f"history.{name}": np.asarray(getattr(history, name), dtype=np.float64) for name in TABLES}


def from_tables(arrays: dict[str, Array]) -> History:
    """The inverse of ``tables``; ``ValueError`` for an index that is no whole number. 0.4 had no replicas, no mass."""
    none = np.zeros(np.shape(arrays["history.overlap"]))
    arrays = {"history.replica": none, "history.work": none} | arrays
    real = {name: np.ascontiguousarray(arrays[f"history.{name}"], dtype=np.float64) for name in TABLES}
    grid, offset, grids = (_indices(name, real.pop(name)) for name in ("grid", "offset", "grids"))
    return History(grid=grid, offset=offset, grids=grids, **real)


def _indices(name: str, values: Array) -> Ints:
    if np.any((values != np.round(values)) | (values < 0) | (values > 2**52)):
        raise ValueError(f"history.{name} holds something else than indices")
    return values.astype(np.int64)
