"""Averages over samples: run, recorded, printed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import numpy as np

from figures.record import claim_folder
from numerics.errors import ConvergenceError
from numerics.quantity import with_error
from numerics.running import forced
from numerics.simulation import Ensemble
from numerics.simulation.ensemble import COLUMNS
from numerics.simulation.observables import OVER_HESSIAN_TIMES, PARTICIPATION
from numerics.simulation.storage import HEADER, clear
from numerics.statistics import CONFIDENCE
from numerics.sweep import SweepError
from theory.domain import Real
from theory.naming import called
from theory.system import System

from .answer import Answer, about
from .output import print_text
from .progress import fraction
from .rows import print_rows, rows, titled

DECADES = 12
"""That are reported unless times are asked for."""
DIGITS = 6
"""Of a number whose error is not known."""


def simulated(
    system: System,
    runner: Callable[..., Ensemble],
    problem: dict[str, Any],
    end: float,
    at: Sequence[float] | None,
    hessian: bool,
    more: Callable[[Ensemble], Mapping[str, Any]] = lambda _: {},
) -> Answer:
    """The answer; samples are on disk as soon as they are finished. ``more`` joins the record."""
    if problem["resume"] and problem["output"] is None:
        what = f"{called('resume')} goes on with what {called('output', 'DIR')} holds"
        raise ValueError(f"{what}; give that folder")
    if problem["output"] is not None:
        claim_run(problem["output"], problem["resume"])
    times = _times(at, end)
    found = _simulate(runner, problem | {"t_max": end, "at": times, "hessian_times": "end" if hessian else ()})
    record = {**about(system), **_record(found, times), **more(found)}
    if problem["output"] is not None:
        record["output"] = str(problem["output"])
    return Answer(found, record, _print)


def claim_run(output: str, resume: bool) -> None:
    """The folder for the samples; what another command left there is removed where that is forced."""
    folder = claim_folder(output, (HEADER, "sample-*.npz"), resumed=resume)
    if forced() and not resume:
        clear(folder)


def success(found: Ensemble) -> dict[str, Any]:
    """Share of runs that end near the signal, with its 95 % interval."""
    from numerics.generalized_linear.simulation import success_probability
    from numerics.generalized_linear.simulation.recovery import GOAL

    share = success_probability(found)
    bounds = {"low": float(share.low), "high": float(share.high)}
    return {"success": {"goal": GOAL, "probability": float(share.value), "error": float(share.error), **bounds}}


def _times(at: Sequence[float] | None, end: float) -> list[float]:
    """Those asked for; otherwise 1, 10, 100, ... and the end."""
    if at is None:
        return [*(t for t in (10.0**k for k in range(DECADES)) if t < end), end]
    return sorted({Real(0, end).accept("at", t) for t in at})


def _simulate(runner: Callable[..., Ensemble], problem: Mapping[str, Any]) -> Ensemble:
    """With a bar; an interruption says what is kept."""
    try:
        with fraction() as progress:
            return runner(**problem, progress=progress)
    except SweepError as error:
        if not isinstance(error.__cause__, BrokenProcessPool):
            raise
        raise ConvergenceError(str(error)) from error


def _record(found: Ensemble, times: list[float]) -> dict[str, Any]:
    """Rows as in ``Ensemble.at``; ``low`` and ``high`` bound 95 %, ``error`` is one standard error."""
    record = {
        "settings": {key: value for key, value in found.settings.items() if key != "t"},
        "confidence": CONFIDENCE,
        "rows": rows(found.at(times), times),
    }
    record |= {"hessian": _hessian(found)} if found.hessian_times.size else {}
    return record | _condensation(found)


def _condensation(found: Ensemble) -> dict[str, Any]:
    """Of diluted runs: whether any sits on few sites, how many do, and the largest participation."""
    if PARTICIPATION not in found.arrays:
        return {}
    runs = int(np.count_nonzero(found.condensed))
    return {"condensed": runs > 0, "condensed_runs": runs, "participation": float(found[PARTICIPATION].max())}


def _warn(record: Mapping[str, Any]) -> None:
    """Before any average: it is not that of mean field."""
    settings = record["settings"]
    runs = settings["samples"] * settings["starts"]
    print_text(
        f"CONDENSED: {record['condensed_runs']} of {runs} runs sit on a few couplings, participation to "
        f"{record['participation']:.3g} where 3 is spread. The averages are not those of mean field; more than "
        f"--connectivity {settings['connectivity']} is needed (auto, up to degree 4), or a shorter time."
    )


def _hessian(found: Ensemble) -> list[dict[str, float]]:
    rows = [{"t": float(t)} for t in found.hessian_times]
    for name in OVER_HESSIAN_TIMES:
        mean = found.mean(name)
        parts = {"": mean.value, "_error": mean.error, "_low": mean.low, "_high": mean.high}
        for i, row in enumerate(rows):
            row |= {f"{name}{suffix}": float(values[i]) for suffix, values in parts.items()}
    return rows


def _print(record: Mapping[str, Any]) -> None:
    if record.get("condensed"):
        _warn(record)
    settings = record["settings"]
    options = ("samples", "starts", "start", "overlap", "temperature", "mass", "friction")
    chosen = {key: settings[key] for key in options if settings.get(key) not in (None, "random")}
    columns = [name for name in COLUMNS if name in record["rows"][0]]
    print_rows(titled(record, N=settings["size"], **chosen), record["rows"], columns, _shown)
    for row in record.get("hessian", ()):
        values = ", ".join(f"{label} {_shown(row, name)}" for label, name in _LABELS.items())
        print_text(f"Hessian at t = {row['t']:g}: {values}")
    if "success" in record:
        share = {name: f"{value:.3g}" for name, value in record["success"].items()}
        print_text(f"overlap above {share['goal']} at the end: {share['probability']} ({share['low']}-{share['high']})")
    if "output" in record:
        print(f"samples are in {record['output']}")


ROUNDED = dict.fromkeys(("m", "m_abs", "correlation"), 1e-12)
"""Errors below, of what is of order 1, are those of rounding."""
LARGE = 1e6
"""Printed with a power of ten from there on."""
_LABELS = {"lowest eigenvalue": "lambda_min", "squared overlap with the signal": "lambda_min_overlap"}


def _shown(row: Mapping[str, float], name: str) -> str:
    """With the standard error in brackets, where there is one."""
    value, error = row[name], row[f"{name}_error"]
    if math.isnan(error):
        return f"{value:.{DIGITS}g}"
    if error < 1e-12 * abs(value) or error < ROUNDED.get(name, 0.0):
        error = 0.0
    if max(abs(value), error) < LARGE:
        return with_error(value, error)
    power = int(f"{max(abs(value), error):.11e}".partition("e")[2])
    return f"{with_error(value / 10.0**power, error / 10.0**power)}e+{power:02d}"
