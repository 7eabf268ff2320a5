"""`ruggedflow dynamics SYSTEM`."""

import sys
from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from math import log10
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from numerics.dynamics import DynamicsSolution, Equilibrium, load, model, solve_dynamics
from numerics.dynamics.long_time.kernel import ready
from numerics.dynamics.solution import COLUMNS
from numerics.dynamics.solve import chosen_method
from numerics.dynamics.units import fastest
from numerics.errors import ConvergenceError
from theory.landscape import GaussianLandscape

from .arguments import file_to_write, picture_to_write, real
from .output import echo_parameters, print_json, print_table
from .progress import logarithmic
from .registry import option, system

SHORTEST, LONGEST = 1e-150, 1e12
"""First and last ``--t-max`` in units of the landscape's own time, to the power of ten."""
LONGEST_NUMBER = 9
"""Digits before the point beyond which a power of ten is written."""
HOTTEST = 1e100
"""Largest temperature, and inverse temperature of the start."""


def run(
    name: str,
    given: Mapping[str, str],
    *,
    t_max: str,
    temperature: str,
    overlap: str,
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
    start: dict[str, Any] = {
        "temperature": real("temperature", temperature, 0, HOTTEST),
        "overlap": real("overlap", overlap, -1, 1),
        "start": "random" if beta_initial is None else Equilibrium(real("beta-initial", beta_initial, 0, HOTTEST)),
    }
    rate = fastest(model(landscape, **start))
    unit = float(10.0 ** -round(log10(rate)))
    end = real("t-max", t_max, SHORTEST * unit, LONGEST * unit)
    times = times_to_report(at, end, unit)
    problem: dict[str, Any] = {
        **start,
        "rtol": real("rtol", rtol, 0, 1),
        "method": method,
        "verify": verify,
        "resume": None if resume is None else _load(resume),
    }
    file = None if output is None else file_to_write("output", output)
    picture = None if plot is None else picture_to_write("plot", plot)
    _announce(chosen_method(method, end * rate, problem["resume"]))
    solution = _solve(landscape, end, problem, file)
    written = {} if file is None else {"output": str(solution.save(file))}
    record = {"system": name, "parameters": echo_parameters(chosen.read(given)), **_record(solution, times), **written}
    if picture is not None:
        record["plot"] = str(_draw(landscape, solution, picture))
    if as_json:
        print_json(record)
    else:
        _print(record)


def times_to_report(at: str | None, end: float, unit: float = 1.0) -> list[float]:
    """Those asked for; otherwise 1, 10, 100, ... of ``unit`` and the end."""
    if at is None:
        decades = (float(f"{unit * 10.0**k:.12g}") for k in range(13))
        return [*(t for t in decades if t < end), end]
    times = [real("at", text, 0, np.inf) for text in at.split(",")]
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


def _solve(landscape: GaussianLandscape, end: float, problem: Mapping[str, Any], file: Path | None) -> DynamicsSolution:
    """With a bar; what stops early is kept, and the command ends there."""
    try:
        with logarithmic(end) as progress:
            return solve_dynamics(landscape, end, progress=progress, **problem)
    except (KeyboardInterrupt, ConvergenceError) as error:
        partial: DynamicsSolution | None = getattr(error, "partial", None)
        _stop(error, partial, file)


def _stop(error: BaseException, partial: DynamicsSolution | None, file: Path | None) -> NoReturn:
    """One line: how far it got and where that is. (The parser would drop the text of an interruption.)"""
    kept = "" if partial is None else "; give --output FILE to keep what there is"
    if partial is not None and file is not None:
        kept = f"; continue with --resume {partial.save(file)}"
    if isinstance(error, ConvergenceError):
        raise ConvergenceError(f"{error}{kept}", partial) from error
    sys.stderr.write(f"ruggedflow: {str(error) or 'interrupted, nothing was kept'}{kept}\n")
    sys.exit(130)


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
    for key, done in (("output", "written"), ("plot", "drawn")):
        if key in record:
            print(f"{done} to {record[key]}")


def with_error(value: float, error: float) -> str:
    """``-1.15400567(1)``: the digit in brackets is the error, rounded up, in units of the last digit; ten at most."""
    exact, bound = Decimal(str(value)), Decimal(str(error))
    power_of_ten = max(number.adjusted() if number else 0 for number in (exact, bound))
    if power_of_ten > LONGEST_NUMBER:
        shift = Decimal(1).scaleb(-power_of_ten)
        return f"{with_error(float(exact * shift), float(bound * shift))}e{power_of_ten}"
    if bound == 0:
        return f"{value:.12g}"
    place = min(0, max(bound.adjusted(), exact.adjusted() - 9 if exact else -9))
    digit = bound.scaleb(-place).to_integral_value(ROUND_CEILING)
    if digit == 10 and place < 0:
        digit, place = Decimal(1), place + 1
    mantissa, exponent, power = str(exact.quantize(Decimal(1).scaleb(place))).partition("E")
    return f"{mantissa}({digit}){exponent.lower()}{power}"
