"""`ruggedflow phase-diagram SYSTEM`: the main job."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from figures.phase_diagram import draw
from figures.style import save_all
from numerics.phase_diagram import PhaseDiagram, phase_diagram, to_csv, to_latex, to_record
from numerics.provenance import output_folder, write_whole
from theory.parsing import shortened
from theory.systems import SpikedMatrixTensor
from theory.thresholds import spiked_matrix_tensor

from .arguments import interval, whole
from .output import print_json
from .progress import lines
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
RANGE = "0.1:10"


def run(
    name: str,
    orders: list[str],
    *,
    output: str,
    runs: "Options | None",
    as_json: bool,
    delta_p_range: str | None = None,
    points: str = "121",
) -> None:
    """Compute every line, and points from simulation if ``runs`` are given; write PNG, PDF, CSV, LaTeX table, JSON."""
    if system(name).name != "spiked-matrix-tensor":
        raise ValueError(
            f"phase-diagram draws spiked-matrix-tensor, not {name}; for {name} see 'ruggedflow thresholds'"
        )
    chosen = [int(SpikedMatrixTensor(system(name).read({"p": p})["p"]).p) for p in dict.fromkeys(orders)]
    plane = RANGE if delta_p_range is None else delta_p_range
    low, high = interval("delta-p-range", plane, 1e-9, 1e9, RANGE)
    noises = np.geomspace(low, high, whole("points", points, 2, 100_000))
    planned = None if runs is None else runs.plan(chosen, low, high)
    folder = folder_of(name, output, FILES.values())
    with lines(sum(len(spiked_matrix_tensor(p).thresholds) for p in chosen)) as advance:
        diagrams = [phase_diagram(p, noises, advance) for p in chosen]
    found = [] if planned is None else planned.run(folder)
    command = _command(name, chosen, plane, points) + ("" if planned is None else planned.command)
    table = to_latex(chosen, None if delta_p_range is None else (low, high))
    files = _write(diagrams, found, folder, command, table)
    if as_json:
        print_json(
            {"system": name, "p": chosen, "files": files, "record": json.loads((folder / files["json"]).read_text())}
        )
        return
    print(f"phase diagram of {name}, p = {', '.join(map(str, chosen))}, in {folder}:")
    for kind, file in files.items():
        print(f"  {kind:<10} {folder / file}")


def folder_of(name: str, output: str, files: Iterable[str]) -> Path:
    """The folder to write to; ValueError where it holds such files that are not of this system's diagram."""
    folder = output_folder(output)
    there = [file for file in files if (folder / file).exists()]
    owner = _recorded_system(folder / FILES["json"])
    if there and owner != name:
        what = f"the phase diagram of {shortened(owner)}" if owner else f"a file {there[0]} of unknown origin"
        raise ValueError(f"--output {folder} holds {what}; choose another folder")
    return folder


def _recorded_system(record: Path) -> str | None:
    """The system that a record names; None where there is none."""
    try:
        return str(json.loads(record.read_text())["system"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _write(
    diagrams: list[PhaseDiagram], found: "Sequence[SuccessPoint]", folder: Path, command: str, table: str
) -> dict[str, str]:
    """The record first: it says whose the other files are."""
    record, files = to_record(diagrams, command), dict(FILES)
    if found:
        from .phase_diagram_simulation import write

        files["simulation"], record["simulation"] = write(found, folder)
    write_whole(folder / FILES["json"], json.dumps(record, indent=2) + "\n")
    save_all(draw(diagrams, found), folder, "phase_diagram")
    write_whole(folder / FILES["csv"], to_csv(diagrams))
    write_whole(folder / FILES["latex"], table)
    return files


def _command(name: str, orders: list[int], delta_p_range: str, points: str) -> str:
    options = " ".join(f"--p {p}" for p in orders)
    return f"ruggedflow phase-diagram {name} {options} --delta-p-range {delta_p_range} --points {points}"
