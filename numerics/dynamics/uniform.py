"""What the reference integrator returns: polynomials of both times on each pair of panels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from ..lowering import Array
from .collocation import Rule, interpolation, radau
from .model import Model
from .two_time import Errors, OneTime

Integers = NDArray[np.intp]
CHUNK = 2048
ROUNDING = 16 * float(np.finfo(np.float64).eps)


class Grid(NamedTuple):
    """Panels between ``edges``, from 0, each with ``order`` Radau times; time 0 in front."""

    edges: Array
    order: int

    @property
    def rule(self) -> Rule:
        """The times of a panel."""
        return radau(self.order)

    @property
    def panels(self) -> int:
        """Number of panels."""
        return self.edges.size - 1

    @property
    def widths(self) -> Array:
        """Of the panels."""
        return np.diff(self.edges)

    def places(self, u: Array) -> Array:
        """Times at places ``u`` within [0, 1] of all panels, a row for each."""
        return np.asarray(self.edges[:-1, None] + self.widths[:, None] * u)

    @property
    def size(self) -> int:
        """Number of times."""
        return self.order * self.panels + 1

    @property
    def t(self) -> Array:
        """All times, from 0."""
        return np.concatenate([[0.0], self.places(self.rule.nodes).ravel()])

    def locate(self, t: Array) -> tuple[Integers, Array]:
        """Panel of each time and the place in it, within [0, 1]; an edge belongs to the panel on its left."""
        panel = np.clip(np.searchsorted(self.edges, t) - 1, 0, self.panels - 1).astype(np.intp)
        return panel, np.clip((t - self.edges[panel]) / self.widths[panel], 0, 1)

    def stencil(self, panel: Integers) -> Integers:
        """Indices of the times of a panel, its left end first."""
        return panel[..., None] * self.order + np.arange(self.order + 1)


@dataclass(frozen=True, eq=False)
class UniformTwoTime:
    """``C(t, s) = sum_ij ell_i(t) ell_j(s) c[i, j]`` with the times ``i``, ``j`` of the panels of ``t`` and ``s``.

    ``c, r`` have one row and column for each time of ``grid``; within diagonal blocks they go on smoothly to ``s > t``.
    ``one`` has the rows ``m, mu, e``, ``others`` is q, the overlap with a replica of the start.
    ``estimates`` has a row for each field of ``Errors``, one for ``C(t, 0)``, and a column for each panel.
    """

    grid: Grid
    c: Array
    r: Array
    one: Array
    others: Array
    estimates: Array
    statistics: Mapping[str, float] = field(default_factory=dict)
    kind: ClassVar[str] = "reference"

    @property
    def t(self) -> Array:
        """All times of the grid."""
        return self.grid.t

    def evaluate(self, t: Array, s: Array) -> tuple[Array, Array]:
        """``C`` and ``R`` at ``t >= s``."""
        flat = np.ravel(t), np.ravel(s)
        chunks = [slice(i, i + CHUNK) for i in range(0, flat[0].size, CHUNK)]
        parts = [self._points(flat[0][chunk], flat[1][chunk]) for chunk in chunks]
        c, r = np.concatenate(parts, axis=1) if parts else np.empty((2, 0))
        return c.reshape(np.shape(t)), r.reshape(np.shape(t))

    def _points(self, t: Array, s: Array) -> Array:
        (row, u), (column, v) = self.grid.locate(t), self.grid.locate(s)
        weights_s = interpolation(self.grid.rule.closed, v)
        weights_t = interpolation(self.grid.rule.closed, u)
        # the left end's row does not go on to s > t
        near = row == column
        weights_t[near] = np.pad(interpolation(self.grid.rule.nodes, u[near]), ((0, 0), (1, 0)))
        i, j = self.grid.stencil(row)[:, :, None], self.grid.stencil(column)[:, None, :]
        values = [np.einsum("pi,pij,pj->p", weights_t, table[i, j], weights_s) for table in (self.c, self.r)]
        return np.where(t == s, np.array([self.c[:1, 0], self.r[:1, 0]]), values)

    def one_time(self, t: Array) -> OneTime:
        """``m``, ``mu`` and ``e``; after time 0 ``mu`` may jump where a panel begins."""
        panel, u = self.grid.locate(np.ravel(t))
        weights, i = interpolation(self.grid.rule.closed, u), self.grid.stencil(panel)
        inside = np.where(panel[:, None] > 0, np.pad(interpolation(self.grid.rule.nodes, u), ((0, 0), (1, 0))), weights)
        pairs = zip((weights, inside, weights), self.one, strict=True)
        return OneTime(*(np.sum(w * line[i], axis=1).reshape(np.shape(t)) for w, line in pairs))

    def replica(self, t: Array) -> Array:
        """``q(t)``."""
        panel, u = self.grid.locate(np.ravel(t))
        rows = self.others[self.grid.stencil(panel)]
        return np.asarray(np.sum(interpolation(self.grid.rule.closed, u) * rows, axis=1).reshape(np.shape(t)))

    def error(self, t: Array) -> Errors:
        """The largest estimate within the panel of each time."""
        return Errors(*self.estimates[: len(Errors._fields), self.grid.locate(t)[0]])

    def start_error(self, t: Array) -> Array:
        """That of ``C(t,0)`` alone."""
        return np.asarray(self.estimates[-1, self.grid.locate(t)[0]])

    def sample(self, panel: int, u: Array) -> Array:
        """``C, R`` at the places ``u`` of a panel (rows) and of it and all before (columns); 0 where ``s > t``."""
        rule, a, n = self.grid.rule, panel * self.grid.order, self.grid.order
        columns = self.grid.stencil(np.arange(panel + 1))
        weights = interpolation(rule.closed, u)
        result = np.empty((2, u.size, panel + 1, u.size))
        for k, table in enumerate((self.c, self.r)):
            rows = table[a : a + n + 1]
            result[k, :, :panel] = (weights @ rows[:, : a + 1])[:, columns[:-1]] @ weights.T
            near = interpolation(rule.nodes, u) @ rows[1:, a : a + n + 1] @ weights.T
            result[k, :, panel] = np.where(u[:, None] >= u, near, 0.0)
        return result

    def compared(self, coarser: UniformTwoTime) -> Array:
        """``estimates`` from a run with fewer times on the same panels: largest differences within each panel.

        The coarser run may have one panel in place of the first few, which then are left out of C and R.
        """
        new, u = self.grid.panels - coarser.grid.panels, self._compared_at
        first, skipped = (new + 1, 1) if new else (0, 0)
        places = self.grid.places(u).ravel()
        rows = ([*run.one_time(places), run.evaluate(places, np.zeros(places.size))[0]] for run in (self, coarser))
        pairs = zip(*rows, strict=True)
        *one, start = [np.max(np.abs(a - b).reshape(-1, u.size), axis=1) for a, b in pairs]
        both = ((self.sample(i, u), coarser.sample(i - new, u)) for i in range(first, self.grid.panels))
        found = [np.max(np.abs(a[:, :, first:] - b[:, :, skipped:]), axis=(1, 2, 3)) for a, b in both]
        two = np.array([*[np.zeros(2)] * first, *found]).T
        replica = np.abs(self.replica(places) - coarser.replica(places))
        two[0] = np.maximum(two[0], np.max(replica.reshape(-1, u.size), axis=1))
        scale = np.concatenate([np.max(np.abs(self.one), axis=1), [1.0, 1.0, 1.0]])
        return np.concatenate([one, two, [start]]) + ROUNDING * scale[:, None]

    def compared_at_start(self, coarser: UniformTwoTime) -> Array:
        """The same of ``C(t, s), R(t, s)`` at s within the first panel of the coarser run."""
        t = self.grid.places(self._compared_at).ravel()[:, None]
        s = np.minimum(t, coarser.grid.edges[1] * np.linspace(0, 1, 9))
        pairs = (run.evaluate(np.broadcast_to(t, s.shape), s) for run in (self, coarser))
        differences = [np.abs(a - b) for a, b in zip(*pairs, strict=True)]
        return np.asarray(np.max(np.reshape(differences, (2, self.grid.panels, -1)), axis=2))

    @property
    def _compared_at(self) -> Array:
        """Places in a panel."""
        return np.union1d(self.grid.rule.closed, np.linspace(0, 1, self.grid.order))

    def arrays(self) -> dict[str, Array]:
        """First width, order and panels of the grid, its edges, the lower triangles row by row, the rest as it is."""
        i = self._kept(self.grid)
        header = np.array([self.grid.widths[0], self.grid.order, self.grid.panels])
        return {
            "grid": header,
            "edges": self.grid.edges,
            "c": self.c[i],
            "r": self.r[i],
            "one": self.one,
            **({"others": self.others} if self.others.any() else {}),
            "estimates": self.estimates[:-1],
            "start_estimates": self.estimates[-1],
        }

    @classmethod
    def from_arrays(cls, model: Model, arrays: Mapping[str, Array]) -> Self:
        """The inverse of ``arrays``."""
        width, order, panels = map(float, arrays["grid"])
        grid = cls._grid(width, order, panels, arrays)
        estimates = arrays["estimates"]
        if estimates.shape != (len(Errors._fields), grid.panels):
            raise ValueError("arrays of different grids")
        start = arrays.get("start_estimates", estimates[Errors._fields.index("correlation")])  # 0.4: that of any C
        if start.shape != (grid.panels,):
            raise ValueError("start_estimates of another grid")
        stored = 1 + grid.order * grid.panels + grid.order**2 * grid.panels * (grid.panels + 1) // 2
        if arrays["c"].shape != (stored,) or arrays["r"].shape != (stored,):
            raise ValueError(f"C and R do not have {stored} entries each")
        c, r = np.zeros((2, grid.size, grid.size))
        c[cls._kept(grid)], r[cls._kept(grid)] = arrays["c"], arrays["r"]
        others = arrays.get("others", np.zeros(grid.size))
        if others.shape != (grid.size,):
            raise ValueError("q of another grid")
        return cls(grid, c, r, arrays["one"], others, np.vstack([estimates, start]))

    @staticmethod
    def _grid(width: float, order: float, panels: float, arrays: Mapping[str, Array]) -> Grid:
        """Version 0.4 had panels of one width."""
        if min(width, order - 0.5, panels - 0.5) <= 0 or (int(order), int(panels)) != (order, panels):
            raise ValueError(f"no grid has {panels:g} panels of width {width:g} and order {order:g}")
        if arrays["one"].shape != (3, int(order * panels) + 1):
            raise ValueError("arrays of different grids")
        edges = arrays["edges"] if "edges" in arrays else width * np.arange(panels + 1)
        if edges.shape != (int(panels) + 1,) or edges[0] != 0 or np.any(np.diff(edges) <= 0):
            raise ValueError("the edges of the panels do not increase from 0")
        return Grid(edges, int(order))

    @staticmethod
    def _kept(grid: Grid) -> NDArray[np.bool_]:
        """Entries with ``s`` up to the end of the panel of ``t``."""
        panel = np.concatenate([[-1], np.repeat(np.arange(grid.panels), grid.order)])
        return np.asarray(panel[:, None] >= panel)
