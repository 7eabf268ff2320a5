"""`ruggedflow dynamics SYSTEM`."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import log10
from pathlib import Path
from typing import Any

import numpy as np

from numerics.dynamics import DynamicsSolution, Equilibrium, Planted, load, model, solve_dynamics
from numerics.dynamics.long_time.kernel import ready
from numerics.dynamics.solution import COLUMNS
from numerics.dynamics.solve import chosen_method
from numerics.dynamics.units import fastest
from numerics.errors import ConvergenceError
from numerics.quantity import with_error
from theory.landscape import GaussianLandscape

from .arguments import file_to_write, picture_to_write, real
from .delivery import deliver
from .output import echo_parameters, print_table
from .progress import logarithmic
from .registry import option, require_signal, system
from .signals import stop

SHORTEST, LONGEST = 1e-150, 1e12
"""First and last ``--t-max`` in units of the landscape's own time, to the power of ten."""
LATEST = 1e300
"""Of any time that is typed."""
HOTTEST = 1e100
"""Largest temperature, and inverse temperature of the start."""


def run(
    name: str,
    given: Mapping[str, str],
    *,
    t_max: str,
    temperature: str,
    overlap: str,
    start: str | None = None,
    beta_initial: str | None,
    rtol: str,
    method: Any,
    verify: bool,
    at: str | None,
    output: str | None,
    plot: str | None,
    resume: str | None,
    as_json: bool,
) -> None:
    """Solve the two-time equations; print, save and draw on request."""
    chosen = system(name)
    chosen.require(given, chosen.required)
    landscape = chosen.build(given)
    begin: dict[str, Any] = {
        "temperature": real("temperature", temperature, 0, HOTTEST),
        "overlap": real("overlap", overlap, -1, 1),
        "start": _start(start, None if beta_initial is None else real("beta-initial", beta_initial, 0, HOTTEST)),
    }
    rate = fastest(model(landscape, **begin))
    unit = float(10.0 ** -round(log10(rate)))
    end = real("t-max", t_max, SHORTEST * unit, LONGEST * unit)
    times = times_to_report(at, end, unit)
    problem: dict[str, Any] = {
        **begin,
        "rtol": real("rtol", rtol, 0, 1),
        "method": method,
        "verify": verify,
        "resume": None if resume is None else _load(resume),
    }
    require_signal(name, landscape, problem["overlap"])
    file = None if output is None else file_to_write("output", output)
    picture = None if plot is None else picture_to_write("plot", plot)
    about = {"system": name, "parameters": echo_parameters(chosen.read(given))}
    _announce(chosen_method(method, end * rate, problem["resume"]))
    solution, failure = _solve(landscape, end, problem, file)
    files: dict[str, Callable[[], Path]] = {}
    if file is not None:
        files["output"] = lambda: solution.save(file)
    if picture is not None:
        files["plot"] = lambda: _draw(landscape, solution, picture)
    if failure is None:
        deliver(about | _record(solution, times), _print, files, as_json)
        return
    reached = [*(t for t in times if t < solution.t_reached), solution.t_reached]
    note = "; give --output FILE to keep what there is" if file is None else f"; continue with --resume {file}"
    try:
        deliver(about | _record(solution, reached), _print, files, as_json)
    except OSError as error:
        note = f"; cannot write {error.filename}: {error.strerror}"
    raise ConvergenceError(f"{failure}{note}", solution) from failure


def _start(kind: str | None, beta: float | None) -> str | Planted:
    """``--start`` is equilibrium where ``--beta-initial`` is given, and random where it is not."""
    known = {"random": beta is None, "equilibrium": beta is not None, "planted": beta is not None}
    kind = kind or ("random" if beta is None else "equilibrium")
    if kind not in known:
        raise ValueError(f"--start {kind}: expected one of {', '.join(known)}")
    if not known[kind]:
        needed = "leave --beta-initial out" if kind == "random" else "give --beta-initial BETA as well"
        raise ValueError(f"--start {kind}: {needed}")
    return "random" if beta is None else Planted(beta) if kind == "planted" else Equilibrium(beta)


def times_to_report(at: str | None, end: float, unit: float = 1.0) -> list[float]:
    """Those asked for; otherwise 1, 10, 100, ... of ``unit`` and the end."""
    if at is None:
        decades = (float(f"{unit * 10.0**k:.12g}") for k in range(13))
        return [*(t for t in decades if t < end), end]
    times = [real("at", text, 0, LATEST) for text in at.split(",")]
    late = [t for t in times if t > end]
    if late:
        raise ValueError(f"--at {late[0]:g} lies beyond --t-max {end:g}")
    return times


def _load(path: str) -> DynamicsSolution:
    try:
        return load(path)
    except OSError as error:
        raise ValueError(f"--resume {path}: {error.strerror}; name a file written by --output") from error


def _announce(method: str) -> None:
    """A line where the first run on this machine is about to compile, in silence when piped."""
    if method == "long-time" and sys.stderr.isatty() and not ready():
        sys.stderr.write("ruggedflow: compiling for this machine, once; that takes some 15 seconds\n")


def _solve(
    landscape: GaussianLandscape, end: float, problem: Mapping[str, Any], file: Path | None
) -> tuple[DynamicsSolution, ConvergenceError | None]:
    """With a bar; or as far as the tolerance could be kept, and why no further. An interruption ends the command."""
    keep = None if file is None else Autosave(file)
    try:
        with logarithmic(end) as progress:
            return solve_dynamics(landscape, end, progress=progress, keep=keep, **problem), None
    except ConvergenceError as error:
        if error.partial is None:
            raise
        return error.partial, error
    except KeyboardInterrupt as error:
        stop(_farewell(error, getattr(error, "partial", None), file))


def _farewell(error: KeyboardInterrupt, partial: DynamicsSolution | None, file: Path | None) -> str:
    """One line: how far it got and where that is. (The parser would drop the text of an interruption.)"""
    if partial is None:
        return str(error) or "interrupted, nothing was kept"
    if file is None:
        return f"{error}; give --output FILE to keep what there is"
    try:
        return f"{error}; continue with --resume {partial.save(file)}"
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
    columns = solution.at([_within(t, solution.t_reached) for t in times]) | {"t": np.array(times)}
    return {
        "settings": dict(solution.settings),
        "message": solution.message,
        "statistics": {name: np.asarray(value).item() for name, value in solution.statistics.items()},
        "rows": [{name: float(values[i]) for name, values in columns.items()} for i in range(len(times))],
    }


def _within(t: float, reached: float) -> float:
    """An integrator's last time is ``--t-max`` up to rounding."""
    return reached if reached < t <= reached * (1 + 1e-12) else t


def _draw(landscape: GaussianLandscape, solution: DynamicsSolution, path: Path) -> Path:
    from figures.dynamics_curves import draw
    from figures.style import save

    return save(draw(landscape, solution), path)


def _print(record: Mapping[str, Any]) -> None:
    shown = {option(key): value for key, value in record["parameters"].items()}
    shown |= {key: record["settings"][key] for key in ("temperature", "overlap", "start")}
    title = f"{record['system']}: {', '.join(f'{key} = {value}' for key, value in shown.items())}"
    rows = [
        [f"{row['t']:g}", *(with_error(row[name], row[f"{name}_error"]) for name in COLUMNS)] for row in record["rows"]
    ]
    print_table(title, ["t", "m", "mu", "energy", "C(t, 0)"], rows)
    print(record["message"])
