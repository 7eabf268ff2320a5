"""Gradient descent and gradient flow of a loss at infinite size: solved, kept, reported at some times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from numerics.generalized_linear.dynamics import DescentSolution, solve_descent
from numerics.generalized_linear.dynamics.runs import in_folder
from numerics.kept import Kept
from theory.systems import GeneralizedLinear

from .answer import Answer, about
from .files import drawing, file_to_write, picture_to_write, writing
from .output import print_text
from .progress import fraction
from .rows import print_rows, rows, titled
from .two_time import times_to_report

COLUMNS = ("m", "mu", "energy", "correlation")


def solved(
    landscape: GeneralizedLinear,
    t_max: float,
    problem: Mapping[str, Any],
    at: Sequence[float] | None,
    output: Any,
    plot: Any,
) -> Answer:
    """The answer; finished samples are kept beside ``output`` until it is written."""
    landscape.require_slope()
    times = times_to_report(at, t_max)
    file, picture = file_to_write("output", output), picture_to_write(plot)
    parts = None if file is None else in_folder(file.with_name(f"{file.name}.parts"))
    solution = _solve(landscape, t_max, {**problem, "times": times}, parts)

    def save(path: Path) -> Path:
        written = solution.save(path)
        if parts is not None:
            parts.clear()
        return written

    files = {**writing(file, save), **drawing(picture, solution.plot)}
    return Answer(solution, about(landscape) | _record(solution, times), _print, files)


def _solve(
    landscape: GeneralizedLinear, end: float, problem: Mapping[str, Any], parts: Kept[Any] | None
) -> DescentSolution:
    """With a bar; an interruption says what is kept for the next time."""
    try:
        with fraction() as progress:
            keep = None if parts is None else parts.folder
            return solve_descent(landscape, float(landscape.alpha), end, progress=progress, keep=keep, **problem)
    except KeyboardInterrupt as error:
        kept = "nothing was kept" if parts is None else f"the same command goes on from {parts.folder}"
        raise KeyboardInterrupt(f"{str(error) or 'interrupted'}; {kept}") from error


def _record(solution: DescentSolution, times: Sequence[float]) -> dict[str, Any]:
    """Keys as in ``DescentSolution.at``, one record for each time."""
    columns = solution.at(np.minimum(times, solution.t_reached))
    columns |= {"loss": columns["energy"] / solution.settings["alpha"]}
    return {
        "settings": dict(solution.settings),
        "message": solution.message,
        "beyond_tolerance": solution.beyond(solution.settings["tolerance"]),
        "rows": rows(columns, times),
    }


def _print(record: Mapping[str, Any]) -> None:
    settings = record["settings"]
    more = {key: settings[key] for key in ("eta", "overlap") if settings[key] is not None}
    more |= {name: settings[name] for name in ("temperature", "ridge", "momentum") if name in settings}
    more |= {"constraint": "none"} if settings["constraint"] == "none" else {}
    if settings["batch"] < 1:
        more |= {"batch": settings["batch"], "persistence": settings["persistence"]}
    print_rows(titled(record, **more), record["rows"], COLUMNS)
    print_text(record["message"])
