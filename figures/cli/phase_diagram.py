"""`ruggedflow phase-diagram SYSTEM`: the main job."""

import json
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from figures.phase_diagram import draw
from figures.style import save_all
from numerics.phase_diagram import PhaseDiagram, phase_diagram, to_csv, to_latex, to_record
from numerics.provenance import output_folder, write_whole
from theory.parsing import parse_number
from theory.systems import SpikedMatrixTensor
from theory.thresholds import spiked_matrix_tensor

from .output import print_json, whole
from .registry import system

if TYPE_CHECKING:
    from numerics.recovery import SuccessPoint

    from .phase_diagram_simulation import Options


FILES = {
    "png": "phase_diagram.png",
    "pdf": "phase_diagram.pdf",
    "csv": "phase_diagram.csv",
    "latex": "thresholds.tex",
    "json": "phase_diagram.json",
}


def run(
    name: str,
    orders: list[str],
    *,
    output: str,
    delta_p_range: str,
    points: str,
    runs: "Options | None",
    as_json: bool,
) -> None:
    """Compute every line, and points from simulation if ``runs`` are given; write PNG, PDF, CSV, LaTeX table, JSON."""
    if system(name).name != "spiked-matrix-tensor":
        raise ValueError(
            f"phase-diagram draws spiked-matrix-tensor, not {name}; for {name} see 'ruggedflow thresholds'"
        )
    chosen = [int(SpikedMatrixTensor(system(name).read({"p": p})["p"]).p) for p in dict.fromkeys(orders)]
    low, high = _range(delta_p_range)
    noises = np.geomspace(low, high, whole("points", points, 2, 100_000))
    planned = None if runs is None else runs.plan(chosen, low, high)
    folder = output_folder(output)
    with _progress(sum(len(spiked_matrix_tensor(p).thresholds) for p in chosen)) as advance:
        diagrams = [phase_diagram(p, noises, advance) for p in chosen]
    found = [] if planned is None else planned.run(folder)
    command = _command(name, chosen, delta_p_range, points) + ("" if planned is None else planned.command)
    files = _write(diagrams, found, folder, command)
    if as_json:
        print_json(
            {"system": name, "p": chosen, "files": files, "record": json.loads((folder / files["json"]).read_text())}
        )
        return
    print(f"phase diagram of {name}, p = {', '.join(map(str, chosen))}, in {folder}:")
    for kind, file in files.items():
        print(f"  {kind:<10} {folder / file}")


def _write(diagrams: list[PhaseDiagram], found: "Sequence[SuccessPoint]", folder: Path, command: str) -> dict[str, str]:
    save_all(draw(diagrams, found), folder, "phase_diagram")
    write_whole(folder / "phase_diagram.csv", to_csv(diagrams))
    write_whole(folder / "thresholds.tex", to_latex([d.p for d in diagrams]))
    record, files = to_record(diagrams, command), dict(FILES)
    if found:
        from .phase_diagram_simulation import write

        files["simulation"], record["simulation"] = write(found, folder)
    write_whole(folder / "phase_diagram.json", json.dumps(record, indent=2) + "\n")
    return files


def _command(name: str, orders: list[int], delta_p_range: str, points: str) -> str:
    options = " ".join(f"--p {p}" for p in orders)
    return f"ruggedflow phase-diagram {name} {options} --delta-p-range {shlex.quote(delta_p_range)} --points {points}"


def _range(text: str) -> tuple[float, float]:
    parts = text.split(":")
    if len(parts) == 2:
        low, high = (float(parse_number("delta-p-range", part)) for part in parts)
        if 0 < low < high:
            return low, high
    raise ValueError(f"--delta-p-range {text} must be LO:HI with 0 < LO < HI; try --delta-p-range 0.1:10")


@contextmanager
def _progress(total: int) -> Iterator[Callable[[str], None]]:
    """A bar on a terminal, nothing when piped."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total} lines"))
    with Progress(*columns, console=console, disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("computing", total=total)
        yield lambda name: bar.update(task, advance=1, description=name)
