"""`ruggedflow phase-diagram phase-retrieval`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from figures.generalized_linear_phase_diagram import draw
from figures.style import save_all
from numerics.generalized_linear.phase_diagram import (
    LINES,
    in_folder,
    overlaps_to_csv,
    retrieval_diagram,
    to_csv,
    to_record,
)
from numerics.provenance import write_whole

from .arguments import chosen, interval, real, whole
from .output import print_json
from .phase_diagram import folder_of
from .progress import counted
from .signals import stop

FILES = {
    "png": "phase_diagram.png",
    "pdf": "phase_diagram.pdf",
    "csv": "phase_diagram.csv",
    "overlaps": "overlaps.csv",
    "json": "phase_diagram.json",
}
NAME = "phase-retrieval"
RANGE = "0.001:10"
PARTS = "parts"
"""Folder for the values that are finished, until all are."""


@dataclass(frozen=True)
class Plane:
    """What was typed: the range of a, the a of the second panel, points along each line, processes, lines."""

    system: str
    a_range: str = RANGE
    a: str = "1"
    points: str = "21"
    workers: str = "1"
    only: str = ""


def run_retrieval(plane: Plane, *, output: str, as_json: bool) -> None:
    """Compute every line; write PNG, PDF, CSV and JSON."""
    if plane.system != NAME:
        raise ValueError(f"phase-diagram draws {NAME}, not {plane.system}; see 'ruggedflow thresholds {plane.system}'")
    low, high = interval("a-range", plane.a_range, 1e-6, 1e6, RANGE)
    panel = real("a", plane.a, 1e-6, 1e6)
    count = whole("points", plane.points, 2, 1000)
    processes = whole("workers", plane.workers, 1, 256)
    lines = _lines(plane.only)
    folder = folder_of(NAME, output, FILES.values())
    parts = in_folder(folder / PARTS)
    options: Any = {"panel": panel, "lines": lines, "workers": processes, "keep": parts.folder}
    try:
        with counted("computing") as advance:
            diagram = retrieval_diagram(np.geomspace(low, high, count), progress=advance, **options)
    except KeyboardInterrupt as error:
        stop(f"{str(error) or 'interrupted'}; the same command goes on from {parts.folder}")
    command = f"ruggedflow phase-diagram {NAME} --a-range {low:g}:{high:g} --a {panel:g} --points {count}"
    record = to_record(diagram, command + (f" --only {plane.only}" if plane.only else ""))
    write_whole(folder / FILES["json"], json.dumps(record, indent=2) + "\n")
    save_all(draw(diagram), folder, "phase_diagram")
    write_whole(folder / FILES["csv"], to_csv(diagram))
    write_whole(folder / FILES["overlaps"], overlaps_to_csv(diagram))
    parts.clear()
    if as_json:
        print_json({"system": NAME, "files": FILES, "record": record})
    else:
        _print(folder)


def _lines(only: str) -> list[str]:
    """The lines named, in order; those of Kac-Rice that bound the shades are always among them."""
    named = chosen("only", only, LINES, "line")
    shades = ("bbp_kac_rice_dominant_quenched", "bbp_kac_rice_zero_complexity")
    return [key for key in LINES if key in named or key in shades]


def _print(folder: Path) -> None:
    print(f"phase diagram of {NAME} in {folder}:")
    for kind, file in FILES.items():
        print(f"  {kind:<10} {folder / file}")
