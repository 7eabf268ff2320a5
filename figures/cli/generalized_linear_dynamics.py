"""`ruggedflow dynamics LOSS`: gradient descent and gradient flow of a loss at infinite size."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from numerics.generalized_linear.dynamics import DescentSolution, save, solve_descent
from numerics.generalized_linear.dynamics.runs import in_folder
from numerics.kept import Kept
from numerics.quantity import with_error
from theory.generalized_linear import GeneralizedLinearLandscape

from .arguments import file_to_write, picture_to_write, real, whole
from .delivery import deliver
from .dynamics import times_to_report
from .generalized_linear import LOSSES
from .output import echo_parameters, print_table
from .progress import fraction
from .signals import stop

SHORTEST_TIME, LONGEST_TIME = 1e-100, 1e100
"""For losses in any unit; what is out of reach the solver says."""
COLUMNS = {"m": "m", "mu": "mu", "energy": "energy", "correlation": "C(t, 0)"}

REALS = {"eta": 1e100, "batch": 1.0, "persistence": 1e100, "tolerance": 1e9}
"""Upper ends; the lower ones are 0."""
COUNTS = {"walkers": (64, 2**22), "samples": (2, 10**6), "seed": (0, 2**63), "workers": (1, 1024)}


@dataclass(frozen=True)
class Sampling:
    """What a user typed of the options that only losses have; None: the default."""

    eta: str | None = None
    batch: str | None = None
    persistence: str | None = None
    constraint: str | None = None
    walkers: str | None = None
    samples: str | None = None
    tolerance: str | None = None
    seed: str | None = None
    workers: str | None = None

    def read(self) -> dict[str, Any]:
        """Arguments of ``solve_descent``; those left out take its defaults."""
        typed = {name: text for name, text in vars(self).items() if text is not None}
        reals = {name: real(name, typed[name], 0, most) for name, most in REALS.items() if name in typed}
        names = {"constraint": typed["constraint"]} if "constraint" in typed else {}
        return names | reals | {name: whole(name, typed[name], *ends) for name, ends in COUNTS.items() if name in typed}


def run(
    name: str,
    given: Mapping[str, str],
    *,
    t_max: str,
    overlap: str,
    sampling: Sampling,
    at: str | None,
    output: str | None,
    plot: str | None,
    as_json: bool,
) -> None:
    """Solve, print, and save and draw on request."""
    landscape, values, alpha = _declared(name, given)
    end = real("t-max", t_max, SHORTEST_TIME, LONGEST_TIME)
    times = times_to_report(at, end)
    problem = {"overlap": real("overlap", overlap, -1, 1), "times": times, **sampling.read()}
    file = None if output is None else file_to_write("output", output)
    picture = None if plot is None else picture_to_write("plot", plot)
    parts = None if file is None else in_folder(file.with_name(f"{file.name}.parts"))
    solution = _solve(landscape, alpha, end, problem, parts)
    record = {"system": name, "parameters": {**echo_parameters(values), "alpha": alpha}, **_record(solution, times)}
    files: dict[str, Callable[[], Path]] = {}
    if file is not None:
        files["output"] = lambda: save(solution, file)
    if picture is not None:
        files["plot"] = lambda: _draw(solution, picture)
    deliver(record, _print, files, as_json)
    if parts is not None:
        parts.clear()


def _declared(name: str, given: Mapping[str, str]) -> tuple[GeneralizedLinearLandscape, dict[str, Any], float]:
    """The landscape, its parameters and alpha."""
    landscape, values = LOSSES[name].declared({key: text for key, text in given.items() if key != "alpha"})
    if "alpha" not in given:
        raise ValueError(f"--alpha is missing for {name}; try --alpha 3")
    return landscape, values, real("alpha", given["alpha"], 1e-9, 1e9)


def _solve(
    landscape: GeneralizedLinearLandscape, alpha: float, end: float, problem: Mapping[str, Any], parts: Kept[Any] | None
) -> DescentSolution:
    """With a bar; Ctrl-C ends the command, and what has finished is kept for the next time."""
    try:
        with fraction() as progress:
            keep = None if parts is None else parts.folder
            return solve_descent(landscape, alpha, end, progress=progress, keep=keep, **problem)
    except KeyboardInterrupt as error:
        kept = "nothing was kept" if parts is None else f"the same command goes on from {parts.folder}"
        stop(f"{str(error) or 'interrupted'}; {kept}")


def _record(solution: DescentSolution, times: Sequence[float]) -> dict[str, Any]:
    """Keys as in ``DescentSolution.at``, one record for each time."""
    columns = solution.at(np.minimum(times, solution.t_reached))
    columns |= {"loss": columns["energy"] / solution.settings["alpha"]}
    return {
        "settings": dict(solution.settings),
        "message": solution.message,
        "beyond_tolerance": solution.beyond(solution.settings["tolerance"]),
        "rows": [{name: float(values[i]) for name, values in columns.items()} for i in range(len(times))],
    }


def _draw(solution: DescentSolution, path: Path) -> Path:
    from figures.descent_curves import draw
    from figures.style import save as save_figure

    return save_figure(draw(solution), path)


def _print(record: Mapping[str, Any]) -> None:
    settings = record["settings"]
    shown = {**record["parameters"], **{key: settings[key] for key in ("eta", "overlap") if settings[key] is not None}}
    if settings["batch"] < 1:
        shown |= {"batch": settings["batch"], "persistence": settings["persistence"]}
    title = f"{record['system']}: {', '.join(f'{key} = {value}' for key, value in shown.items())}"
    rows = [
        [f"{row['t']:g}", *(with_error(row[name], row[f"{name}_error"]) for name in COLUMNS)] for row in record["rows"]
    ]
    print_table(title, ["t", *COLUMNS.values()], rows)
    print(record["message"])
