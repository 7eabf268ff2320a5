"""The front door: gradient descent and gradient flow of any loss at infinite size."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import Any, get_args

import numpy as np

from theory.generalized_linear import GeneralizedLinearLandscape

from ...arrays import require_whole
from ...lowering import Array
from ...memory import available_memory, require_memory
from ...progress import Progress, silent
from ...sweep import chosen_workers
from ..field_law import require_numbers
from .process import Constraint, Descent
from .runs import HALVINGS, Estimates, estimate
from .solution import PARTS, DescentSolution
from .steps import equal_steps, flow_steps, lowest_curvature
from .tolerance import FEWEST, LARGEST, enough, next_number
from .walkers import QUASI_RANDOM

SAMPLES = 8
TOLERANCE = 0.01


def solve_descent(
    landscape: GeneralizedLinearLandscape,
    alpha: float,
    t_max: float,
    *,
    overlap: float = 0.0,
    eta: float | None = None,
    batch: float = 1.0,
    persistence: float = 0.0,
    constraint: Constraint = "sphere",
    temperature: float = 0.0,
    ridge: float = 0.0,
    momentum: float = 0.0,
    times: Sequence[float] = (),
    walkers: int | None = None,
    samples: int = SAMPLES,
    tolerance: float = TOLERANCE,
    seed: int = 0,
    workers: int | None = 1,
    executor: Executor | None = None,
    progress: Progress = silent,
    keep: str | Path | None = None,
) -> DescentSolution:
    r"""``w(t+1) = b [w(t) - eta grad H]`` from a random w of overlap ``m(0)``; with ``eta = None`` its flow.

    Parameters
    ----------
    landscape, alpha
        The loss, with numbers for its parameters, and ``M/N > 0``.
    t_max
        Last time, > 0, in units of ``dw/dt = -grad H - mu w``; descent takes ``t_max/eta`` steps.
    overlap
        ``m(0)`` within [-1, 1]; exactly 0 stays 0 for losses that do not see the sign, and then the solution has the
        linear ``growth`` of small overlaps.
    eta
        Step of gradient descent, > 0. The flow is the limit of short steps, extrapolated from three lengths.
    batch, persistence
        Fraction b of the data in each step (each datum with probability b), gradient divided by b, with eta only. The
        data are drawn anew each step, or, with ``persistence = tau > 0``, leave and return at rates
        ``(1 - b)/(b tau)`` and ``1/tau``.
    constraint
        ``"sphere"``, or ``"none"`` (then b = 1 in the first line, and mu plays no part).
    temperature
        Of the bath, ``T >= 0``: Langevin dynamics, ``sqrt(2 T eta)`` times Gaussians in each step.
    ridge
        Factor >= 0 of a penalty ``|w|^2/2``, which is in the energy; only without constraint.
    momentum
        Part of the last step that the next one repeats, within [0, 1), with eta only (Polyak 1964).
    times
        Within [0, t_max], at which the flow is computed without interpolation.
    walkers, samples
        Points of the effective process (a power of two, >= 64), and independent sets of them (>= 2). Errors fall
        like ``1/walkers`` at first, later like its root; time and memory grow as ``walkers steps^3`` and
        ``32 walkers steps`` bytes. None: 8192, and up to 131072 where the tolerance takes more and memory has room.
    tolerance
        Error of m, and of the energy over its largest, that walkers are chosen for, and that ``message`` speaks of.
    seed, workers, executor, progress
        The same seed gives the same result for any number of processes; ``progress(fraction, what)``.
    keep
        A folder for finished samples: the same call goes on from what an interrupted one has left there.

    Returns a ``DescentSolution``. Errors grow with time, fastest where m escapes from small values. Raises
    ``ValueError`` for a bad argument, ``ConvergenceError`` where descent diverges or the time is out of reach,
    ``Interrupted`` on Ctrl-C.

    Source: Mignacco, Krzakala, Urbani, Zdeborova (2020, arXiv 2006.06098); with batches Mignacco, Urbani, Zdeborova
    (2021, arXiv 2103.04902), Gerbelot, Troiani, Mignacco, Krzakala, Zdeborova (2022, arXiv 2210.06591).
    """
    require_numbers(landscape)
    _require(alpha, t_max, overlap, eta, constraint)
    _require_times(times, t_max)
    _require_batch(batch, persistence, eta)
    _require_forces(temperature, ridge, momentum, constraint, eta)
    _require_sampling(walkers, samples, tolerance, seed)
    others = {"momentum": float(momentum), "ridge": float(ridge), "temperature": float(temperature)}
    problem = Descent(landscape, alpha, overlap, constraint, batch, persistence, _slope(landscape, eta), **others)
    steps = equal_steps(eta, t_max) if eta else flow_steps(problem, t_max, times, HALVINGS[-1], seed)
    divisions = 1 if eta else HALVINGS[-1]
    count = max(FEWEST, _least(temperature, len(steps) * divisions)) if walkers is None else walkers
    _require_walkers(temperature, len(steps) * divisions, count)
    settings = {
        "landscape": repr(landscape), "alpha": float(alpha), "t_max": float(t_max), "overlap": float(overlap),
        "eta": eta, "batch": float(batch), "persistence": float(persistence), "constraint": constraint,
        **{name: value for name, value in others.items() if value > 0},
        "samples": samples, "tolerance": float(tolerance), "seed": seed,
    }  # fmt: skip
    how: dict[str, Any] = {"samples": samples, "seed": seed, "executor": executor}
    how |= {"keep": None if keep is None else Path(keep)}
    while True:
        processes = _require_memory(len(steps), divisions, count, samples, workers)
        said = partial(_of_walkers, progress, count)
        found = estimate(problem, steps, walkers=count, workers=processes, progress=said, **how)
        solution = _solution(steps, found, {**settings, "walkers": count})
        more = None if walkers is not None else next_number(solution, tolerance)
        if more is None or not _fits(len(steps), divisions, more, samples):
            return solution
        count = more


def _of_walkers(progress: Progress, count: int, share: float, what: str) -> None:
    progress(share, f"{what} of {count} walkers")


def _solution(steps: Array, found: Estimates, settings: dict[str, Any]) -> DescentSolution:
    t = np.concatenate(([0.0], np.cumsum(steps)))
    if settings["eta"] is None:
        t *= settings["t_max"] / t[-1]  # rounding
    parts = dict(zip(PARTS, found[1:], strict=True))
    plain = DescentSolution(t, found.value, parts, settings)
    return DescentSolution(t, found.value, parts, settings, _message(plain))


def _message(solution: DescentSolution) -> str:
    """How it went, in a sentence."""
    settings, steps, last = solution.settings, solution.t.size - 1, solution.at(solution.t_reached)
    how = f"{steps} steps" if settings["eta"] is not None else f"{steps} steps cut in {HALVINGS[1:]} and extrapolated"
    size = f"{settings['samples']} samples of {settings['walkers']} walkers"
    errors = f"{last['m_error'][0]:.1g} in m, {last['energy_error'][0]:.1g} in the energy"
    reached = f"reached t = {solution.t_reached:g} by {how}, {size}; errors there {errors}"
    return f"{reached}{_rising(solution)}{_inaccurate(solution)}"


def _inaccurate(solution: DescentSolution) -> str:
    """When the tolerance is out of reach."""
    tolerance = solution.settings["tolerance"]
    beyond = solution.beyond(tolerance)
    if beyond is None:
        return ""
    first, last = beyond
    when = f"from t = {first:.3g} to {last:.3g}" if first < last else f"at t = {last:.3g}"
    needed = enough(solution, tolerance)
    more = f"{needed:.0f} walkers, or a larger tolerance?"
    if needed > LARGEST:
        more = f"more than {LARGEST} walkers, or a larger tolerance?"
    elif needed <= solution.settings["walkers"]:
        more = "that is of the steps of the flow; a larger tolerance?"
    return f"; {when} some exceed the tolerance {tolerance:g} ({more})"


def _rising(solution: DescentSolution) -> str:
    """A warning where whole batches go uphill, beyond the errors: the steps are too long."""
    energy, error = solution.energy, solution.errors["energy"]
    up = np.flatnonzero(np.diff(energy) > 3 * np.hypot(error[1:], error[:-1]))
    if not up.size or solution.settings["batch"] < 1 or {"temperature", "momentum"} & solution.settings.keys():
        return ""
    return f"; the energy rises at t = {solution.t[up[0]]:.3g} (shorter steps?)"


def _slope(landscape: GeneralizedLinearLandscape, eta: float | None) -> float | None:
    """Lowest curvature, for the flow alone."""
    if eta is not None:
        return None
    lowest = lowest_curvature(landscape)
    if not np.isfinite(lowest):
        raise ValueError(f"{landscape!r}: its curvature in u has no lower bound, so only descent works; try eta = 0.01")
    return lowest


def _require(alpha: float, t_max: float, overlap: float, eta: float | None, constraint: str) -> None:
    if not (np.isfinite(alpha) and alpha > 0):
        raise ValueError(f"alpha = {alpha} must be a positive number; try alpha = 3")
    if not (np.isfinite(t_max) and t_max > 0):
        raise ValueError(f"t_max = {t_max} must be a finite time > 0; try t_max = 10")
    if not -1 <= overlap <= 1:
        raise ValueError(f"overlap = {overlap} must lie within [-1, 1]; try overlap = 0.2")
    if eta is not None and not (np.isfinite(eta) and eta > 0):
        raise ValueError(f"eta = {eta} must be a positive step, or None for the flow; try eta = 0.01")
    if constraint not in get_args(Constraint):
        raise ValueError(f"constraint = {constraint!r} must be one of {', '.join(get_args(Constraint))}")


def _require_times(times: Sequence[float], t_max: float) -> None:
    for time in times:
        if not 0 <= time <= t_max * (1 + 1e-12):
            raise ValueError(f"times: {time:g} lies outside [0, t_max = {t_max:g}]")


def _require_batch(batch: float, persistence: float, eta: float | None) -> None:
    if not 0 < batch <= 1:
        raise ValueError(f"batch = {batch} must be a fraction of the data, 0 < batch <= 1; try batch = 0.5")
    if not (np.isfinite(persistence) and persistence >= 0):
        raise ValueError(f"persistence = {persistence} must be a time >= 0; try persistence = 1")
    if batch < 1 and eta is None:
        raise ValueError(f"batch = {batch} needs a step: batches of the flow are its whole; try eta = 0.01")
    shortest = 0.0 if eta is None else eta * max(1.0, (1 - batch) / batch)
    if 0 < persistence < shortest:
        raise ValueError(f"persistence = {persistence} must be 0 or at least {shortest:g} at this eta and batch")


def _require_forces(
    temperature: float, ridge: float, momentum: float, constraint: Constraint, eta: float | None
) -> None:
    for name, value in {"temperature": temperature, "ridge": ridge}.items():
        if not (np.isfinite(value) and value >= 0):
            raise ValueError(f"{name} = {value} must be a finite number >= 0; try {name} = 0.1")
    if ridge > 0 and constraint == "sphere":
        raise ValueError(f"ridge = {ridge}: on the sphere a penalty is a constant; try constraint = 'none'")
    if not 0 <= momentum < 1:
        raise ValueError(f"momentum = {momentum} must lie within [0, 1); try momentum = 0.9")
    if momentum > 0 and eta is None:
        raise ValueError(f"momentum = {momentum} needs a step, of which it repeats a part; try eta = 0.01")


def _least(temperature: float, steps: int) -> int:
    """Thermal noise takes a direction of the walkers in each step, and half of these have room for as many."""
    return 1 << (2 * steps + 4).bit_length() if temperature > 0 else 1


def _require_walkers(temperature: float, steps: int, walkers: int) -> None:
    least = _least(temperature, steps)
    if walkers < least:
        told = f"walkers = {walkers} are too few for thermal noise over {steps} steps"
        raise ValueError(f"{told}; try {least}, or a shorter time")


def _fits(count: int, divisions: int, walkers: int, samples: int) -> bool:
    try:
        _require_memory(count, divisions, walkers, samples, 1)
    except ValueError:
        return False
    return True


def _require_memory(count: int, divisions: int, walkers: int, samples: int, workers: int | None) -> int:
    """What ``Process`` allocates, and what is kept of each sample, in bytes; returns how many workers there are."""
    steps = count * divisions
    walker, square = 8 * (5 * steps + 3 * QUASI_RANDOM + 16), 8 * 5 * (steps + 2) ** 2
    workers = chosen_workers(workers, walker * walkers + square)
    each = walker * workers
    rest = square * workers + 8 * 16 * samples * (count + 1) ** 2
    fitting = max(0.0, (available_memory() - rest) / each)
    advice = f"try walkers = {1 << int(np.log2(fitting))}" if fitting >= 64 else "try fewer samples or a shorter time"
    require_memory(each * walkers + rest, f"walkers = {walkers} over {steps} steps", advice)
    return workers


def _require_sampling(walkers: int | None, samples: int, tolerance: float, seed: int) -> None:
    whole = isinstance(walkers, int) and not isinstance(walkers, bool)
    if walkers is not None and (not whole or walkers < 64 or walkers & (walkers - 1)):
        raise ValueError(f"walkers = {walkers} must be a power of two, at least 64; try {FEWEST}")
    require_whole("samples", samples, 2, SAMPLES)
    require_whole("seed", seed, 0, 0)
    if not (np.isfinite(tolerance) and tolerance > 0):
        raise ValueError(f"tolerance = {tolerance} must be a positive number; try {TOLERANCE}")
