"""The front door: an ensemble of samples, each from a seed of its own, on any number of workers."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import ArrayLike

from theory.course import Course
from theory.landscape import GaussianLandscape
from theory.naming import called

from ..arrays import reals, require_whole
from ..course import UNIT, highest, require_friction
from ..errors import Interrupted
from ..kept import sweep_kept
from ..lowering import Array
from ..memory import available_memory, require_memory
from ..progress import Progress, counting, silent
from ..provenance import versions
from . import flow, observables
from .budget import require_run_memory
from .condensation import safe_connectivity
from .device import Device, backend_of, require_device
from .diluted import CONNECTIVITY, diluted_degrees, sites_memory
from .ensemble import Ensemble
from .job import Job, Kind, SampleJob, Task, digest
from .landscape_sample import memory_needed, series_of
from .packed import Precision, require_precision, require_size
from .starts import saved_starts
from .storage import open_folder
from .unfolded import device_memory
from .unseen import span_memory


def simulate(
    landscape: GaussianLandscape,
    size: int,
    samples: int,
    seed: int,
    *,
    t_max: float,
    starts: int = 1,
    overlap: float | None = 0.0,
    start: ArrayLike | None = None,
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
    ensemble: Kind | None = None,
    connectivity: int | None = None,
    device: Device = "cpu",
    output: str | Path | None = None,
    resume: bool = False,
    executor: Executor | None = None,
    workers: int | None = 1,
    progress: Progress = silent,
) -> Ensemble:
    r"""``dx = (-grad H - mu x) dt + sqrt(2T) dW`` on ``|x|^2 = N``, on ``samples`` realisations of ``H``.

    Parameters
    ----------
    landscape, size, dtype
        As for ``sample``; ``size`` is N.
    samples, seed
        Sample i has the seed ``SeedSequence(seed).spawn(...)[i]``, whatever the number of samples, workers or starts.
    t_max, at
        Last time, and times to record besides a logarithmic grid (eight points per decade).
    starts
        Independent starts on each sample; they share every pass over the couplings.
    overlap
        ``x.x*/N`` of the starts, exactly; None for uniformly random ones, whose overlap is of order ``N^(-1/2)``.
    start
        Saved states instead, (N,), (starts, N) or (samples, starts, N), such as ``Ensemble.arrays["final"]``.
    temperature
        T >= 0; 0 is gradient flow.
    schedule
        ``T(t)`` in its place: ``theory.course.Course("0:1, 10:0.2")``.
    mass, friction
        Of ``M x'' + gamma x'`` in place of ``x'``, from rest, with noise of variance ``2 gamma T``; 0: first order.
    waiting_times, hessian_times
        ``t_w`` of ``C(t, t_w)``; times at which the lowest mode of the Hessian is found, or ``"end"``.
    gradient_tolerance, rtol
        As for ``gradient_flow`` (1e-4) and ``langevin`` (1e-3).
    ensemble, connectivity
        ``"dense"``, all couplings; ``"conditioned"``, only what the run sees of a landscape of N spins, at any N (see
        ``unseen``), without Hessian, saved states and ``final``: the default where dense couplings do not fit in
        memory; or ``"diluted"``, with ``connectivity`` per site and degree (see ``diluted``), by default as many as a
        run of this length needs not to condense (``safe_connectivity``). Runs that do all the same are told by
        ``Ensemble.condensed``: they say nothing of mean field.
    device
        ``"gpu"`` computes dense and conditioned gradients there, with CuPy or JAX: the same to rounding. One process.
    output, resume
        A folder where each sample is written as it finishes. A run that was stopped goes on there with
        ``resume = True`` and the same settings; ``samples`` may grow.
    executor, workers
        As for ``sweep``.
    progress
        Called with the fraction of the samples that are finished, and with how many of how many that is.

    Returns an ``Ensemble``. Raises ``ValueError`` for a bad argument, ``OSError`` naming the folder when it cannot be
    written to, and ``Interrupted`` on Ctrl-C, with what has finished in ``partial`` (None if nothing has).
    """
    plan = observables.schedule(t_max, at, waiting_times, hessian_times)
    bound = plan.hessian.size > 0 or start is not None or mass > 0
    ensemble = _kind(ensemble, landscape, size, dtype, bound, device)
    if connectivity is None:
        connectivity = _connectivity(landscape, size, t_max) if ensemble == "diluted" else CONNECTIVITY
    require_counts(samples=samples, starts=starts, connectivity=connectivity)
    job = Job.of(
        landscape=landscape, size=size, seed=seed, starts=starts, overlap=overlap, temperature=temperature, plan=plan,
        schedule=schedule, mass=float(mass), friction=friction,
        rtol=rtol, gradient_tolerance=float(gradient_tolerance), dtype=dtype, ensemble=ensemble,
        connectivity=connectivity, device=device,
    )  # fmt: skip
    workers = _require(job, samples, _workers(job, workers, executor))
    backend = None if executor is not None else backend_of(device)  # workers elsewhere have their own
    if backend is not None:
        _require_room(job, backend.free())
    states = None if start is None else states_of(start, samples, starts, size)
    settings = _settings(job, samples, states)
    where = {"executor": executor, "workers": workers}
    return run_samples(job, settings, states, output=output, resume=resume, progress=progress, **where)


def run_samples(
    job: SampleJob,
    settings: Mapping[str, Any],
    states: Array | None,
    *,
    output: str | Path | None,
    resume: bool,
    progress: Progress,
    **where: Any,
) -> Ensemble:
    """Samples 0 ... ``settings["samples"] - 1`` of a job, less those that ``output`` holds; see ``simulate``."""
    folder = None if output is None else open_folder(output, settings, resume)
    tasks = [_task(index, states) for index in range(settings["samples"])]
    done = counting(progress, len(tasks), "samples")
    try:
        results = sweep_kept(job, tasks, folder, done=done, what="samples", name=str, **where)
    except Interrupted as error:
        kept = "; go on with resume" if folder is not None else ""
        raise Interrupted(
            f"{error}{kept}", Ensemble.assembled(settings, error.partial) if error.partial else None
        ) from error
    return Ensemble.assembled(settings, dict(enumerate(results)))


def states_of(start: ArrayLike, samples: int, starts: int, size: int) -> Array:
    """(1 or samples, starts, N)."""
    states = reals("start", start)
    states = states.reshape((1,) * max(0, 3 - states.ndim) + states.shape)
    if states.shape not in ((1, starts, size), (samples, starts, size)):
        raise ValueError(
            f"start has shape {np.shape(start)}: expected ({samples}, {starts}, {size}), samples and starts optional"
        )
    saved_starts(states.reshape(-1, size), size)
    return states


def _task(index: int, states: Array | None) -> Task:
    return Task(index) if states is None else Task(index, states[index % len(states)])


def _settings(job: Job, samples: int, states: Array | None) -> dict[str, Any]:
    """All that the numbers depend on, as JSON."""
    return common_settings(job, samples, states) | {
        "dtype": "float64" if job.ensemble == "diluted" else job.dtype,
        "ensemble": job.ensemble,
        "connectivity": job.connectivity if job.ensemble == "diluted" else None,
        **({"device": job.device} if job.device != "cpu" else {}),
    }


def common_settings(job: SampleJob, samples: int, states: Array | None) -> dict[str, Any]:
    """What every job has."""
    plan = {"t": job.plan.t, "waiting_times": job.plan.waiting, "hessian_times": job.plan.hessian}
    return {
        "landscape": repr(job.landscape),
        "size": int(job.size),
        "samples": samples,
        "seed": int(job.seed),
        "starts": job.starts,
        "start": "random" if states is None else f"saved states {digest(states)}",
        "overlap": job.overlap if states is None else None,
        "temperature": job.temperature if job.schedule is None else str(job.schedule),
        **({"mass": job.mass, "friction": str(job.friction)} if job.mass > 0 else {}),
        "t_max": float(job.plan.t[-1]),
        "rtol": job.rtol,
        "gradient_tolerance": job.gradient_tolerance if job.relaxes else None,
        "version": versions()["ruggedflow"],
        **{name: times.tolist() for name, times in plan.items()},
    }


def require_counts(**counts: int) -> None:
    """``ValueError`` for one that is not a whole number >= 1."""
    for name, value in counts.items():
        require_whole(name, value, 1)


def _require(job: Job, samples: int, workers: int | None) -> int:
    """What a worker would stumble over, before anything is drawn or written; returns how many workers there are."""
    require_common(job)
    require_precision(job.dtype)
    require_device(job.device)
    covariance, _ = series_of(job.landscape)
    if job.ensemble == "dense":
        couplings = memory_needed(job.landscape, job.size, job.dtype)
        advice = "try a smaller size, fewer workers, float32, or ensemble = 'conditioned'"
    elif job.ensemble == "conditioned":
        couplings = span_memory(job.landscape, job.size, job.dtype)
        advice = "try fewer workers"
    else:
        couplings = sites_memory(job.size, job.connectivity, diluted_degrees(covariance))
        advice = "try a smaller size or connectivity, or fewer workers"
    return require_run_memory(job, samples, workers, couplings, advice)


def _workers(job: Job, workers: int | None, executor: Executor | None) -> int | None:
    """How many processes of this machine; ``ValueError`` for more than one where there is a GPU to share."""
    if executor is not None:
        return 1
    if job.device == "cpu":
        return workers
    if workers not in (None, 1):
        raise ValueError(
            f"{called('workers', workers)}: one process has the GPU, and computes all starts of a sample at once; "
            f"leave it out, or try {called('starts')}"
        )
    return 1


def _require_room(job: Job, free: float) -> None:
    """On the device, or ``ValueError``."""
    covariance, _ = series_of(job.landscape)
    starts = job.starts if job.ensemble == "dense" else job.length
    degrees = [degree for degree, f in enumerate(covariance) if degree > 1 and f > 0]
    needed = sum(device_memory(degree, job.length, starts, job.dtype) for degree in degrees)
    require_memory(needed, f"size = {job.size} on the GPU", f"try a smaller size, or {called('device', 'cpu')}", free)


def _kind(
    ensemble: Kind | None, landscape: GaussianLandscape, size: int, dtype: Precision, bound: bool, device: Device
) -> Kind:
    """Dense while it fits, then conditioned; ``bound`` runs ask for what that cannot do: ``ValueError``."""
    if ensemble is None:
        require_size(size)
        require_precision(dtype)
        fits = bound or memory_needed(landscape, size, dtype) <= available_memory()
        return "dense" if fits else "conditioned"
    if ensemble not in get_args(Kind):
        raise ValueError(f"ensemble = {ensemble!r}: expected 'dense', 'conditioned' or 'diluted'")
    if ensemble == "diluted" and device != "cpu":
        raise ValueError(f"{called('device', device)} has no diluted couplings; try {called('device', 'cpu')}")
    if ensemble == "conditioned" and bound:
        raise ValueError(
            "ensemble = 'conditioned': such a landscape is seen along its own runs alone, without hessian_times, start "
            "(saved states) and mass; leave them out, or try 'dense'"
        )
    return ensemble


def _connectivity(landscape: GaussianLandscape, size: int, t_max: float) -> int:
    require_size(size)
    found = safe_connectivity(landscape, size, t_max)
    if found is None:
        raise ValueError(
            "connectivity: what keeps runs from condensing was measured for degrees to 4 only; give a number and see "
            "whether they do, or use ensemble = 'dense'"
        )
    return found


def require_common(job: SampleJob) -> None:
    """``ValueError`` for a bad setting that every job has."""
    require_size(job.size)
    require_whole("seed", job.seed, 0, 0)
    if job.overlap is not None and not -1 <= job.overlap <= 1:
        raise ValueError(f"overlap = {job.overlap}: expected a number from -1 to 1, or None")
    if not 0 <= job.temperature < np.inf:
        raise ValueError(f"temperature = {job.temperature}: expected a number >= 0")
    if job.schedule is not None:
        highest(job.temperature, job.schedule, float(job.plan.t[-1]))
    if not 0 <= job.mass < np.inf:
        raise ValueError(f"mass = {job.mass}: expected a number >= 0; try 1")
    require_friction(job.mass, job.friction, float(job.plan.t[-1]))
    if not 1e-12 <= job.rtol < 1:
        raise ValueError(f"rtol = {job.rtol}: expected a tolerance within [1e-12, 1); try {flow.RTOL:g}")
    if not 0 <= job.gradient_tolerance < np.inf:
        raise ValueError(f"gradient_tolerance = {job.gradient_tolerance}: expected a number >= 0; try 1e-8")
