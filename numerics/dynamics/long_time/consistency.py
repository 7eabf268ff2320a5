"""Whether the tables of a stored run fit together: compiled code trusts every index and size in them."""

from __future__ import annotations

import numpy as np

from ...lowering import Array
from .geometry import History, Rule
from .rule import Resolution

NODES, STAGES = (5, 64), (2, 32)
"""Within which a stored run is read."""
LONGEST = 600.0
"""Last edge in ``x = ln(1 + t/origin)``: beyond, times overflow."""
ROUNDING = 1e-9
"""Of times, relative to that of the edge of their block."""


def require_resolution(nodes: float, stages: float) -> None:
    """``ValueError`` for numbers of nodes and stages that no run has."""
    for name, value, (least, most) in (("nodes", nodes, NODES), ("stages", stages, STAGES)):
        if not (least <= value <= most and value == round(value)):
            raise ValueError(f"resolution: {name} = {value:g} is no whole number from {least} to {most}")


def require_consistent(history: History, resolution: Resolution, rule: Rule) -> None:
    """``ValueError`` names the first table of a history that does not fit to the others."""
    _require_shapes(history, resolution)
    _require_times(history, rule)
    _require_grids(history)
    _require_slices(history, resolution)


def _require_shapes(history: History, resolution: Resolution) -> None:
    blocks, grids, segments = history.t.size, len(history.grids), len(history.segments)
    expected = {
        "t": (blocks,),
        "x": (blocks + 1,),
        "grid": (blocks,),
        "offset": (blocks,),
        "C": (history.C.size,),
        "R": (history.C.size,),
        **dict.fromkeys(("overlap", "replica", "work"), (blocks * (resolution.stages + 1),)),
        "segments": (segments, 4),
        "grids": (grids, 3),
        "anchors": (history.anchors.size,),
    }
    if history.segments.shape[1:] == (5,):
        raise ValueError("history.segments has the nodes of an earlier version; compute it again")
    for name, shape in expected.items():
        if getattr(history, name).shape != shape:
            raise ValueError(f"history.{name} has shape {getattr(history, name).shape}, not {shape}")
    if not blocks or not grids:
        raise ValueError("history holds no block")


def _require_times(history: History, rule: Rule) -> None:
    """``t = origin (e^x - 1)`` at the blocks' starts, increasing from 0; anchors before the end."""
    if history.x[0] != 0 or np.any(np.diff(history.x) <= 0) or history.x[-1] > LONGEST:
        raise ValueError(f"history.x does not increase from 0, to {LONGEST:g} at most")
    starts = rule.origin * np.expm1(history.x[:-1])
    if not np.allclose(history.t, starts, rtol=ROUNDING, atol=ROUNDING * rule.origin):
        raise ValueError("history.t and history.x do not belong together")
    if not _increasing(history.anchors, rule.origin * float(np.expm1(history.x[-1]))):
        raise ValueError("history.anchors do not increase from 0 to the end")


def _increasing(times: Array, end: float) -> bool:
    return bool(np.all(np.diff(times, prepend=0.0) > 0) and np.all(times < end))


def _require_grids(history: History) -> None:
    """Each grid's segments follow one another from 0 to t, and its panels add up."""
    if np.any(history.grid >= len(history.grids)):
        raise ValueError("history.grid points beyond history.grids")
    if not np.array_equal(np.cumsum(history.grids[:, 1]), [*history.grids[1:, 0], len(history.segments)]):
        raise ValueError("history.grids do not share out history.segments")
    for first, count, panels in history.grids:
        rows = history.segments[first : first + count]
        if count < 1 or len(rows) != count:
            raise ValueError("history.grids points beyond history.segments")
        starts, ends, sizes = rows[:, :3].T
        joined = starts[0] == 0 and np.array_equal(starts[1:], ends[:-1]) and ends[-1] == -1
        if not joined or np.any(np.diff(starts) <= 0):
            raise ValueError("history.segments do not follow one another")
        before = np.concatenate([[0.0], np.cumsum(sizes)])
        if np.any((sizes < 1) | (sizes != np.round(sizes))) or not np.array_equal(before, [*rows[:, 3], panels]):
            raise ValueError("history.segments and history.grids count different panels")


def _require_slices(history: History, resolution: Resolution) -> None:
    """The slices of all blocks fill ``C`` and ``R``, one after another."""
    nodes = history.grids[history.grid, 2] * (resolution.nodes - 1) + 1
    filled = np.concatenate([[0], np.cumsum((resolution.stages + 1) * nodes)])
    if not np.array_equal(filled, [*history.offset, history.C.size]):
        raise ValueError("history.offset and history.grid do not fit to history.C")
