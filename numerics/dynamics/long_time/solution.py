"""What the long-time integrator returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar, Self

import numpy as np

from ...errors import ConvergenceError
from ...lowering import Array
from ..model import Model, initial
from ..two_time import Errors, OneTime, Reached
from ..units import quickest, times, unit
from . import errors, geometry, kernel, store
from .block import left_over
from .consistency import require_consistent, require_resolution
from .geometry import History
from .rule import Resolution
from .solver import March, lowered, time_of

FEW = 5.0
"""Largest tail in t', in units of the tolerance, that more nodes would not mend where a run cannot go on."""
BEFORE = 1e-12
"""Relative distance from a step."""
Keep = Callable[[Callable[[], "LongTimeTwoTime"]], None]


@dataclass(frozen=True, eq=False)
class LongTimeTwoTime:
    """Polynomials in ``ln(1 + t/origin)`` and, at each time, in the logarithms of ``s`` and ``t - s``.

    ``mu``, ``energy`` have one row for each block and one column for each stage; ``tails`` the last coefficients in
    time and in ``s`` of each block, which bound what was cut off.
    """

    model: Model
    resolution: Resolution
    history: History
    mu: Array
    energies: Array
    tails: Array
    width: float
    statistics: Mapping[str, float] = field(default_factory=dict)
    kind: ClassVar[str] = "long-time"

    @property
    def t(self) -> Array:
        """Time 0 and all stages."""
        return np.concatenate([[0.0], self._stages().ravel()])

    def _stages(self) -> Array:
        rule, x = self.resolution.rule(self.model), self.history.x
        return time_of(x[:-1, None] + 0.5 * np.diff(x)[:, None] * (1 + rule.stages[1:]), rule)

    def evaluate(self, t: Array, s: Array) -> tuple[Array, Array]:
        """``C(t, s)``, ``R(t, s)``."""
        C, R = np.ones(t.shape), np.full(t.shape, float(self.model.mass == 0))  # noqa: N806
        later = t > s
        n = int(later.sum())
        if n:
            c, r = np.empty(n), np.empty(n)
            a, b = np.ascontiguousarray(t[later]), np.ascontiguousarray(s[later])
            geometry.evaluate(self.resolution.rule(self.model), self.history, a, b, a - b, c, r)
            C[later], R[later] = c, r
        return C, R

    def one_time(self, t: Array) -> OneTime:
        """By interpolation within the blocks; where ``mu`` steps, from before."""
        law, q = lowered(self.model), self.resolution.stages
        variable = self.history.overlap.reshape(-1, q + 1)
        m = self._interpolated(variable, t)
        m = {kernel.NO_SIGNAL: np.zeros(t.shape), kernel.LINEAR: m}.get(law.overlap_kind, law.sign * np.exp(m))
        mu = self._interpolated(self._mu_with_starts, t * (1 - BEFORE))
        return OneTime(m, mu, self._interpolated(_with_starts(self.energies, initial(self.model)[2]), t))

    def replica(self, t: Array) -> Array:
        """``q(t)``."""
        return self._interpolated(self.history.replica.reshape(-1, self.resolution.stages + 1), t)

    def _interpolated(self, rows: Array, t: Array) -> Array:
        """Values at ``t`` of the polynomials through ``rows``, one row for each block."""
        rule, out = self.resolution.rule(self.model), np.empty(t.shape)
        weights = np.empty(rule.stages.size)
        for i, time in np.ndenumerate(t):
            b = geometry.stage_weights(float(time), rule, self.history, weights)
            out[i] = weights @ rows[b]
        return out

    def error(self, t: Array) -> Errors:
        """From the tails of all blocks (``errors``); that of ``C(t,s)`` holds for any s."""
        return errors.estimated(self._run, self._left, t, self.one_time(t).m)

    def start_error(self, t: Array) -> Array:
        """That of ``C(t,0)``, which forgets what happened since."""
        start = self.evaluate(t, np.zeros(t.shape))[0]
        return errors.estimated_at_start(self._left, t, self.one_time(t).m, start)

    @cached_property
    def _mu_with_starts(self) -> Array:
        """Rows of ``mu``, which steps where the temperature does, with the value at the block's start in front."""
        rows = _with_starts(self.mu, initial(self.model)[1])
        rows[:, 0] += [self.model.jump(float(t)) for t in self.history.t]
        return rows

    @cached_property
    def _run(self) -> errors.Run:
        law, q = lowered(self.model), self.resolution.stages
        m = np.vectorize(lambda v: kernel.overlap_of(v, law), otypes=[float])(self.history.overlap.reshape(-1, q + 1))
        mu = self._mu_with_starts
        rule = self.resolution.rule(self.model)
        noise = left_over(self.resolution.tolerance)
        return errors.Run(self.model, law.overlap_kind, rule, self.history, mu, m, self.tails, noise)

    @cached_property
    def _left(self) -> errors.Tails:
        return errors.tails(self._run)

    def arrays(self) -> dict[str, Array]:
        """History, one-time rows, tails and resolution."""
        return {
            "resolution": np.array([self.resolution.nodes, self.resolution.stages, self.resolution.tolerance]),
            "mu": self.mu,
            "energies": self.energies,
            "tails": self.tails,
            "width": np.array(self.width),
            **store.tables(self.history),
        }

    @classmethod
    def from_arrays(cls, model: Model, arrays: Mapping[str, Array]) -> Self:
        """The inverse of ``arrays``; ``ValueError`` when they do not fit together."""
        nodes, stages, tolerance = arrays["resolution"]
        resolution = Resolution(int(nodes), int(stages), float(tolerance))
        require_resolution(nodes, stages)
        history = store.from_tables(dict(arrays))
        require_consistent(history, resolution, resolution.rule(model))
        blocks = history.t.size
        for name, columns in (("mu", resolution.stages), ("energies", resolution.stages), ("tails", 2)):
            if arrays[name].shape != (blocks, columns):
                raise ValueError(f"{name} has shape {arrays[name].shape}, not {(blocks, columns)}")
        if not (resolution.tolerance > 0 and arrays["width"].shape == () and arrays["width"] > 0):
            raise ValueError("no tolerance or width above 0")
        return cls(
            model, resolution, history, arrays["mu"], arrays["energies"], arrays["tails"], float(arrays["width"])
        )

    def scaled(self, factor: float) -> LongTimeTwoTime:
        """The solution of a landscape ``factor`` times as strong, exact for a power of two."""
        return replace(
            self,
            model=times(self.model, factor),
            history=store.scaled(self.history, factor),
            mu=self.mu * factor,
            energies=self.energies * factor,
        )

    def march(self) -> March:
        """The run as it stood, to go on from."""
        return March(
            self.model,
            self.resolution,
            self.history,
            list(self.mu),
            list(self.energies),
            [(float(a), float(b)) for a, b in self.tails],
            list(self.history.anchors),
            self.width,
        )


def solve(
    model: Model,
    t_max: float,
    *,
    rtol: float,
    reached: Reached = lambda t: None,
    resume: LongTimeTwoTime | None = None,
    keep: Keep | None = None,
    again: Callable[[str], object] = lambda reason: None,
) -> LongTimeTwoTime:
    """Solve to ``t_max``, in units of the landscape's own time; ``keep`` is offered what there is after each block.

    Panels that turn out too coarse have left their errors in all of the memory: the run starts again from t = 0 with
    more nodes, of which ``again`` is told. On Ctrl-C or ``ConvergenceError`` the exception carries what there is as
    ``two_time``.
    """
    rate = unit(model)
    scaled, end = times(model, 1 / rate), t_max * rate
    march = _first(scaled, end, rtol) if resume is None else resume.scaled(1 / rate).march()
    while True:
        try:
            march.run(end, _after_block(march, rate, reached, keep))
            return _collected(march).scaled(rate)
        except KeyboardInterrupt as error:
            error.two_time = _so_far(march, rate)  # type: ignore[attr-defined]
            raise
        except ConvergenceError as error:
            if march.finer is None or march.coarsest < FEW:
                stopped = ConvergenceError(f"stopped at t = {march.t / rate:.6g} of {t_max:g}: {error}")
                stopped.two_time = _so_far(march, rate)  # type: ignore[attr-defined]
                raise stopped from error
        coarse, march = march, _refined(march)
        nodes = (run.resolution.nodes for run in (march, coarse))
        again("again from t = 0, with {} nodes in place of {}".format(*nodes))


def _first(model: Model, t_max: float, rtol: float) -> March:
    """With the nodes that most landscapes need; more of them, from the start, where these are too few."""
    resolution = Resolution.of(rtol, t_max * quickest(model))
    return March(model, resolution, finer=resolution.finer)


def _refined(march: March) -> March:
    """The same with more nodes, from the start."""
    assert march.finer is not None
    finer = March(march.model, march.finer, finer=march.finer.finer)
    finer.counts["restarts"] = march.counts["restarts"] + 1
    return finer


def _after_block(march: March, rate: float, reached: Reached, keep: Keep | None) -> Reached:
    def tell(t: float) -> None:
        reached(t / rate)
        if keep is not None and march.mu:
            keep(lambda: _collected(march).scaled(rate))

    return tell


def _so_far(march: March, rate: float) -> LongTimeTwoTime | None:
    return _collected(march).scaled(rate) if march.mu else None


def _collected(march: March) -> LongTimeTwoTime:
    return LongTimeTwoTime(
        march.model,
        march.resolution,
        march.history,
        np.array(march.mu),
        np.array(march.energy),
        np.array(march.tails),
        march.width,
        dict(march.counts),
    )


def _with_starts(rows: Array, start: float) -> Array:
    """Rows with the value at the block's start in front."""
    return np.column_stack([np.concatenate([[start], rows[:-1, -1]]), rows])
