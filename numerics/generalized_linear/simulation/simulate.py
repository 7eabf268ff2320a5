"""Many samples of one empirical risk, each from a seed of its own, on any number of workers."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import ArrayLike

from theory.course import Course
from theory.generalized_linear import GeneralizedLinearLandscape, SpectralMethod

from ...course import UNIT
from ...lowering import Array
from ...progress import Progress, silent
from ...simulation import flow, observables
from ...simulation.budget import require_run_memory
from ...simulation.ensemble import Ensemble
from ...simulation.job import SampleJob, Task
from ...simulation.landscape_sample import Sample
from ...simulation.packed import Precision, require_precision
from ...simulation.simulate import (
    common_settings,
    require_common,
    require_counts,
    run_samples,
    states_of,
)
from .sample import SampledRisk, data_count, kernels, risk_memory, sample_risk
from .spectral import optimal_method, spectral_estimate

Start = Literal["random", "spectral"]


@dataclass(frozen=True, kw_only=True)
class RiskJob(SampleJob):
    """Samples of an empirical risk; ``method`` is that of spectral starts."""

    landscape: GeneralizedLinearLandscape
    alpha: float
    method: SpectralMethod | None

    def drawn(self, seed: SeedSequence) -> Sample:
        """``M = alpha N`` data."""
        return sample_risk(self.landscape, self.size, self.alpha, seed, dtype=self.dtype)

    def measured(self, drawn: Sample, task: Task) -> dict[str, Any]:
        """Besides what every job measures: ``u`` (starts, M) at the end, ``y`` (M,), and ``m_abs`` for an even loss."""
        risk = cast(SampledRisk, drawn)
        if self.method is not None and task.states is None:
            guess = spectral_estimate(risk, self.method).vector
            task = task._replace(states=np.broadcast_to(guess, (self.starts, self.size)))
        found = super().measured(drawn, task)
        found |= {"u": risk.fields(found["final"]), "y": risk.labels}
        return found | ({"m_abs": np.abs(found["m"])} if self.landscape.is_even else {})


def simulate_risk(
    landscape: GeneralizedLinearLandscape,
    size: int,
    alpha: float,
    samples: int,
    seed: int,
    *,
    t_max: float,
    starts: int = 1,
    start: Start | ArrayLike = "random",
    overlap: float | None = None,
    temperature: float = 0.0,
    schedule: Course | None = None,
    mass: float = 0.0,
    friction: Course = UNIT,
    at: ArrayLike | None = None,
    waiting_times: ArrayLike = (0.0,),
    hessian_times: ArrayLike | str = (),
    gradient_tolerance: float = flow.GRADIENT_TOLERANCE,
    rtol: float | None = None,
    dtype: Precision = "float32",
    output: str | Path | None = None,
    resume: bool = False,
    executor: Executor | None = None,
    workers: int | None = 1,
    progress: Progress = silent,
) -> Ensemble:
    r"""``dw = (-grad H - mu w) dt + sqrt(2T) dW`` on ``|w|^2 = N``, on ``samples`` draws of ``M = alpha N`` data.

    With a ``mass``, ``M w'' + gamma w'`` in place of ``w'``, and noise of variance ``2 gamma T``.

    Parameters
    ----------
    landscape, alpha, dtype
        As for ``sample_risk``.
    start
        ``"random"``; ``"spectral"``, the estimate of the best spectral method (all starts the same); or saved states,
        as for ``numerics.simulation.simulate``.
    overlap
        ``w.w*/N`` of random starts, exactly; None for uniformly random ones, whose overlap is of order ``N^(-1/2)``.
    size, samples, seed, t_max, starts, temperature, schedule, mass, friction
        As for ``numerics.simulation.simulate``.
    at, waiting_times, hessian_times, gradient_tolerance, rtol
        As for ``numerics.simulation.simulate``.
    output, resume, executor, workers, progress
        Likewise.

    Returns an ``Ensemble`` with the fields of the data at the end, ``u`` and ``y``, besides. Raises as ``simulate``.
    """
    require_counts(samples=samples, starts=starts)
    plan = observables.schedule(t_max, at, waiting_times, hessian_times)
    method = optimal_method(landscape) if _named(start) == "spectral" else None
    job = RiskJob.of(
        landscape=landscape, alpha=float(alpha), size=size, seed=seed, starts=starts, overlap=overlap, method=method,
        temperature=temperature, plan=plan, rtol=rtol, gradient_tolerance=float(gradient_tolerance), dtype=dtype,
        schedule=schedule, mass=float(mass), friction=friction,
    )  # fmt: skip
    workers = _require(job, start, samples, workers if executor is None else 1)
    states = states_of(start, samples, starts, size) if _named(start) is None else None
    settings = _settings(job, samples, states)
    where = {"executor": executor, "workers": workers}
    return run_samples(job, settings, states, output=output, resume=resume, progress=progress, **where)


def _named(start: Start | ArrayLike) -> str | None:
    """The name of a start; None for saved states."""
    return start if isinstance(start, str) else None


def _settings(job: RiskJob, samples: int, states: Array | None) -> dict[str, Any]:
    """All that the numbers depend on, as JSON."""
    common = common_settings(job, samples, states)
    settings = {"landscape": common.pop("landscape"), "alpha": job.alpha, **common, "dtype": job.dtype}
    spectral = None if job.method is None else f"spectral, T = {job.method.preprocessing}"
    return settings | ({"start": spectral, "overlap": None} if spectral else {}) | {"even": job.landscape.is_even}


def _require(job: RiskJob, start: Start | ArrayLike, samples: int, workers: int | None) -> int:
    """What a worker would stumble over, before anything is drawn or written; returns how many workers there are."""
    require_common(job)
    require_precision(job.dtype)
    if isinstance(start, str) and start not in get_args(Start):
        raise ValueError(f"start = {start!r}: expected 'random', 'spectral' or saved states")
    if job.method is not None and job.overlap is not None:
        raise ValueError(f"overlap = {job.overlap}: a spectral start has the overlap that it finds; leave it out")
    kernels(job.landscape)
    data, advice = data_count(job.size, job.alpha), "try a smaller size or alpha, fewer workers, or float32"
    needed = risk_memory(job.size, job.alpha, job.dtype)
    return require_run_memory(job, samples, workers, needed, advice, data=data)
