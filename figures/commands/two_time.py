"""Dynamics of a Gaussian landscape: solved, kept, reported at some times."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log10
from pathlib import Path
from typing import Any

import numpy as np

from numerics.dynamics import DynamicsSolution, Equilibrium, Planted, load, model, solve_dynamics
from numerics.dynamics.long_time.kernel import ready
from numerics.dynamics.solution import COLUMNS
from numerics.dynamics.solve import chosen_method
from numerics.dynamics.units import fastest, quickest
from numerics.errors import ConvergenceError
from theory.domain import Real
from theory.landscape import GaussianLandscape
from theory.naming import called
from theory.systems import Landscape

from .answer import Answer, about
from .files import drawing, file_to_write, picture_to_write, writing
from .output import print_text
from .progress import fraction
from .response import print_response, recorded, require_time
from .rows import print_rows, rows, titled
from .signal import require_signal

SHORTEST, LONGEST = 1e-150, 1e12
"""First and last ``t_max`` in units of the landscape's own time, to the power of ten."""


def solved(
    landscape: Landscape,
    t_max: float,
    problem: dict[str, Any],
    start: str | None,
    beta: float | None,
    at: Sequence[float] | None,
    response_at: float | None,
    output: Any,
    plot: Any,
    resume: Any,
) -> Answer:
    """The answer; an interruption or a failure keeps what there is."""
    problem |= {"start": _start(start, beta)}
    begin = {key: problem[key] for key in ("temperature", "overlap", "start", "schedule", "mass", "friction")}
    equations = model(landscape, **begin, t_max=t_max)
    rate = fastest(equations)
    unit = float(10.0 ** -round(log10(rate)))
    end = Real(SHORTEST * unit, LONGEST * unit).accept("t_max", t_max)
    times = times_to_report(at, end, unit)
    require_time(response_at, end)
    problem["resume"] = None if resume is None else _load(resume)
    require_signal(landscape, problem["overlap"])
    file, picture = file_to_write("output", output, resume), picture_to_write(plot)
    _announce(chosen_method(problem["method"], end * quickest(equations), problem["resume"], equations))
    solution, failure = _solve(landscape, end, problem, file)

    measured = None if response_at is None else solution.fluctuation_dissipation(min(response_at, solution.t_reached))
    files = {**writing(file, solution.save), **drawing(picture, (measured or solution).plot)}
    if failure is not None:
        times = [*(t for t in times if t < solution.t_reached), solution.t_reached]
        kept = called("output", "FILE") if file is None else f"{called('resume')} {file}"
        note = f"; give {kept} to keep what there is" if file is None else f"; continue with {kept}"
        failure = ConvergenceError(f"{failure}{note}", solution)
    record = about(landscape) | _record(solution, times) | ({} if measured is None else recorded(measured))
    return Answer(solution, record, _print, files, failure)


def _start(kind: str | None, beta: float | None) -> str | Planted | Equilibrium:
    """Equilibrium where ``beta_initial`` is given, and random where it is not."""
    kind = kind or ("random" if beta is None else "equilibrium")
    if (kind == "random") != (beta is None):
        option = called("beta_initial")
        needed = f"leave {option} out" if kind == "random" else f"give {option} BETA as well"
        raise ValueError(f"{called('start', kind)}: {needed}")
    if beta is None:
        return "random"
    return Planted(beta) if kind == "planted" else Equilibrium(beta, informed=kind == "informed")


def times_to_report(at: Sequence[float] | None, end: float, unit: float = 1.0) -> list[float]:
    """Those asked for; otherwise 1, 10, 100, ... of ``unit`` and the end."""
    if at is None:
        decades = (float(f"{unit * 10.0**k:.12g}") for k in range(13))
        return [*(t for t in decades if t < end), end]
    late = [t for t in at if t > end]
    if late:
        raise ValueError(f"{called('at', f'{late[0]:g}')} lies beyond {called('t_max', f'{end:g}')}")
    return list(at)


def _load(path: str) -> DynamicsSolution:
    try:
        return load(path)
    except OSError as error:
        reason = f"{error.strerror}; name a file written by {called('output')}"
        raise ValueError(f"{called('resume', path)}: {reason}") from error


def _announce(method: str) -> None:
    """A line where the first run on this machine is about to compile, in silence when piped."""
    if method == "long-time" and sys.stderr.isatty() and not ready():
        sys.stderr.write("ruggedflow: compiling for this machine, once; that takes some 20 seconds\n")


def _solve(
    landscape: GaussianLandscape, end: float, problem: Mapping[str, Any], file: Path | None
) -> tuple[DynamicsSolution, ConvergenceError | None]:
    """With a bar; or as far as the tolerance could be kept, and why no further. An interruption says what is kept."""
    keep = None if file is None else Autosave(file)
    try:
        with fraction() as progress:
            return solve_dynamics(landscape, end, progress=progress, keep=keep, **problem), None
    except ConvergenceError as error:
        if error.partial is None:
            raise
        return error.partial, error
    except KeyboardInterrupt as error:
        raise KeyboardInterrupt(_farewell(error, getattr(error, "partial", None), file)) from error


def _farewell(error: KeyboardInterrupt, partial: DynamicsSolution | None, file: Path | None) -> str:
    """One line: how far it got and where that is."""
    if partial is None:
        return str(error) or "interrupted, nothing was kept"
    if file is None:
        return f"{error}; give {called('output', 'FILE')} to keep what there is"
    try:
        return f"{error}; continue with {called('resume')} {partial.save(file)}"
    except OSError as full:
        return f"{error}; cannot write {file}: {full.strerror}"


@dataclass
class Autosave:
    """Keeps a run in a file; one that cannot be written is told of once, and the run goes on."""

    file: Path
    told: bool = False

    def __call__(self, solution: DynamicsSolution) -> None:
        """Save it, if that is possible."""
        try:
            solution.save(self.file)
        except OSError as error:
            if not self.told:
                sys.stderr.write(f"ruggedflow: cannot write {self.file}: {error.strerror}; the run goes on\n")
            self.told = True


def _record(solution: DynamicsSolution, times: list[float]) -> dict[str, Any]:
    """Keys as in ``DynamicsSolution.at``, one record for each time."""
    return {
        "settings": dict(solution.settings),
        "message": solution.message,
        "statistics": {name: np.asarray(value).item() for name, value in solution.statistics.items()},
        "rows": rows(solution.at([_within(t, solution.t_reached) for t in times]), times),
    }


def _within(t: float, reached: float) -> float:
    """An integrator's last time is ``--t-max`` up to rounding."""
    return reached if reached < t <= reached * (1 + 1e-12) else t


def _print(record: Mapping[str, Any]) -> None:
    settings = record["settings"]
    named = ("temperature", "mass", "friction", "overlap", "start")
    begin = {key: settings[key] for key in named if key in settings}
    if "replica" in settings:  # overlaps that were found, not given
        begin |= {"overlap": f"{settings['overlap']:.6g}", "q": f"{settings['replica']:.6g}"}
    columns = [name for name in (*COLUMNS, "replica") if name in record["rows"][0]]
    print_rows(titled(record, **begin), record["rows"], columns)
    print_text(record["message"])
    if "fluctuation_dissipation" in record:
        print_response(record["fluctuation_dissipation"])
