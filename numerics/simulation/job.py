"""One sample of an ensemble: a picklable function of its number."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from numpy.random import Generator, SeedSequence

from theory.course import Course
from theory.landscape import GaussianLandscape

from ..course import UNIT, pieces, value
from ..lowering import Array
from .device import Device
from .diluted import FRAMES, diluted
from .flow import RTOL, gradient_flow
from .inertial import Motion, inertial
from .landscape_sample import Sample, sample
from .langevin import RTOL as THERMAL_RTOL
from .langevin import langevin
from .observables import Recorder, Schedule
from .packed import Precision
from .sphere import on_sphere
from .starts import at_overlap, saved_starts
from .unseen import ConditionedLandscape, normal, span_of

Kind = Literal["dense", "conditioned", "diluted"]
DISORDER, STARTS, NOISE = range(3)
"""Streams of random numbers of a sample."""


class Task(NamedTuple):
    """The number of a sample and, unless they are drawn, where its starts are (starts, N)."""

    number: int
    states: Array | None = None

    def __str__(self) -> str:
        return f"sample {self.number}"


@dataclass(frozen=True, kw_only=True)
class SampleJob(ABC):
    """Draws a sample and runs all its starts; the result depends on nothing but its fields and the task.

    ``overlap = None`` is a uniformly random start.
    """

    landscape: Any
    size: int
    seed: int
    starts: int
    overlap: float | None
    temperature: float
    plan: Schedule
    rtol: float
    gradient_tolerance: float
    dtype: Precision
    schedule: Course | None = None
    mass: float = 0.0
    friction: Course = UNIT

    @classmethod
    def of(
        cls, *, plan: Schedule, overlap: float | None, temperature: float, rtol: float | None, **fields: Any
    ) -> Self:
        """From what a caller gave: numbers as floats, and the tolerance of the method where none was given."""
        moving = temperature > 0 or fields.get("schedule") is not None or fields.get("mass")
        default = THERMAL_RTOL if moving else RTOL
        return cls(
            plan=plan,
            overlap=None if overlap is None else float(overlap),
            temperature=float(temperature),
            rtol=default if rtol is None else float(rtol),
            **fields,
        )

    @property
    def length(self) -> int:
        """Of the vectors of a run."""
        return self.size

    @property
    def relaxes(self) -> bool:
        """Gradient flow, which comes to rest."""
        return self.temperature == 0 and self.schedule is None and self.mass == 0

    @abstractmethod
    def drawn(self, seed: SeedSequence) -> Sample:
        """A realisation of the landscape."""

    def __call__(self, task: Task) -> dict[str, Any]:
        """Arrays by name: those of ``Recorder``, ``final`` (starts, N), ``t_end`` and ``converged`` (starts,)."""
        return self.measured(self.drawn(self._seed(task.number, DISORDER)), task)

    def measured(self, drawn: Sample, task: Task) -> dict[str, Any]:
        """All of that on one sample."""
        x = self._start(task, drawn)
        recorder = Recorder(drawn, self.starts, self.plan, self._bath())
        final = self._run(drawn, x, recorder, task)
        return recorder.measured() | final

    def _start(self, task: Task, drawn: Sample) -> Array:
        if task.states is not None:
            return saved_starts(task.states, self.size)
        rng = np.random.default_rng(self._seed(task.number, STARTS))
        normals = np.stack([normal(drawn, rng) for _ in range(self.starts)])
        if self.overlap is None:
            return on_sphere(normals)
        return at_overlap(drawn.signal, self.overlap, normals)

    def _run(self, drawn: Sample, x: Array, recorder: Recorder, task: Task) -> dict[str, Any]:
        times = self.plan.t
        if self.mass > 0:
            constant = Course(f"0:{self.temperature!r}")
            motion = Motion(self.mass, self.friction, constant if self.schedule is None else self.schedule)
            walk = inertial(drawn, x, times, motion, self._noise(task), rtol=self.rtol, observe=recorder)
            return _final(walk.x, *self._unfinished, walk.statistics["gradients"])
        bath = self.schedule if self.schedule is not None else self.temperature
        if bath != 0:
            walk = langevin(drawn, x, times, bath, self._noise(task), rtol=self.rtol, observe=recorder)
            return _final(walk.x, *self._unfinished, walk.statistics["gradients"])
        options = {"rtol": self.rtol, "gradient_tolerance": self.gradient_tolerance}
        flow = gradient_flow(drawn, x, times, observe=recorder, **options)
        return _final(flow.x, flow.t, flow.converged, flow.statistics["gradients"])

    @property
    def _unfinished(self) -> tuple[Array, Any]:
        """At the last time, not at rest."""
        return np.full(self.starts, self.plan.t[-1]), np.zeros(self.starts, dtype=bool)

    def _bath(self) -> Array:
        """Temperatures at the output times, before a step that happens then; none in the constraint of a mass."""
        t = self.plan.t
        if self.mass > 0:
            return np.zeros(t.shape)
        if self.schedule is None:
            return np.full(t.shape, self.temperature)
        edges = pieces(self.schedule, t[-1])
        piece = np.clip(np.searchsorted(edges, t) - 1, 0, edges.size - 2)
        return value(self.schedule, t, edges[piece], edges[piece + 1])

    def _noise(self, task: Task) -> list[Generator]:
        """A stream for each start; one that goes on from a saved state must not meet the noise that led there."""
        key = () if task.states is None else (int(digest(task.states)[:8], 16),)
        return [np.random.default_rng(self._seed(task.number, NOISE, *key, start)) for start in range(self.starts)]

    def _seed(self, *key: int) -> SeedSequence:
        return SeedSequence(self.seed, spawn_key=key)


@dataclass(frozen=True, kw_only=True)
class Job(SampleJob):
    """Samples of a Gaussian landscape."""

    landscape: GaussianLandscape
    ensemble: Kind
    connectivity: int
    device: Device = "cpu"

    def drawn(self, seed: SeedSequence) -> Sample:
        """All couplings, those that a run sees, or diluted ones."""
        if self.ensemble == "diluted":
            frames = min(FRAMES, self.connectivity)
            return diluted(self.landscape, self.size, seed, connectivity=self.connectivity, frames=frames)
        if self.ensemble == "conditioned":
            return ConditionedLandscape(self.landscape, self.size, seed, dtype=self.dtype, device=self.device)
        return sample(self.landscape, self.size, seed, dtype=self.dtype, device=self.device)

    @property
    def length(self) -> int:
        """Conditioned: as many as a run may have axes."""
        return span_of(self.landscape, self.size, self.dtype) if self.ensemble == "conditioned" else self.size

    def measured(self, drawn: Sample, task: Task) -> dict[str, Any]:
        """Without ``final`` where the axes of a state go with the landscape."""
        found = super().measured(drawn, task)
        return {name: found[name] for name in found if name != "final" or self.ensemble != "conditioned"}


def digest(states: Array) -> str:
    """SHA-256 of an array of numbers, in hexadecimal."""
    return hashlib.sha256(np.ascontiguousarray(states, dtype="<f8").tobytes()).hexdigest()


def _final(x: Array, t: Array, converged: Any, gradients: int) -> dict[str, Any]:
    return {"final": x, "t_end": t, "converged": converged, "gradients": np.int64(gradients)}
