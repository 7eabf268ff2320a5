"""`ruggedflow phase-diagram SYSTEM`: the main job."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from numerics.progress import part
from numerics.provenance import output_folder, write_whole
from theory.domain import FLAG, Interval, Order, Real, Several, Text, Whole
from theory.naming import called, shortened
from theory.system import System
from theory.systems import PhaseRetrieval, SpikedMatrixTensor

from .answer import Answer
from .files import CURVES, FOLDER, LOOK, pictured
from .output import select
from .progress import fraction
from .question import Option, answers

DEFAULT = "phase_diagram"
JSON = "phase_diagram.json"
PICTURES = {"png": "phase_diagram.png", "pdf": "phase_diagram.pdf", "csv": "phase_diagram.csv"}
FILES = {**PICTURES, "latex": "thresholds.tex", "json": JSON}
LOSS_FILES = {**PICTURES, "overlaps": "overlaps.csv", "json": JSON}
SIMULATION, RUNS, PARTS = "simulation.csv", "simulation", "parts"
"""Outcomes of the runs; folders for the runs and for the values that are finished, until all are."""
OUTPUT = Option(FOLDER, "Folder for the files.", "o", draws=CURVES)


def _everything(kind: type[System]) -> tuple[str, ...]:
    return tuple(parameter.name for parameter in kind.parameters)


@answers(SpikedMatrixTensor, leave=_everything)
def of_spiked_matrix_tensor(
    system: SpikedMatrixTensor,
    *,
    p: Annotated[Any, Option(Order(3), "Order, default 3; repeat for several panels.", repeated=True)] = (3,),
    output: Annotated[Any, OUTPUT] = DEFAULT,
    delta_p_range: Annotated[Any, Option(Interval(1e-9, 1e9, "0.1:10"), "Of Delta_p; default 0.1:10.")] = None,
    points: Annotated[int, Option(Whole(2, 100_000), "Points along each line.")] = 121,
    with_simulation: Annotated[
        bool, Option(FLAG, "Also where half of the runs at finite size succeed; resumes.", flag=True)
    ] = False,
    simulate_at: Annotated[
        Any, Option(Several(Real(1e-9, 1e9)), "Delta_p of these runs; default 0.25,0.5,1,2,4.")
    ] = None,
    size: Annotated[Any, Option(Several(Whole(16, 10**4)), "Their numbers of spins; default 64,128.", "N")] = None,
    samples: Annotated[int | None, Option(Whole(2, 10**6), "Runs at each of five Delta_2; default 64.")] = None,
    seed: Annotated[int | None, Option(Whole(0, 2**63), "Fixes every run; default 0.")] = None,
    workers: Annotated[int | None, Option(Whole(1, 1024), "Processes; default 1.")] = None,
) -> Answer:
    """Every threshold line, and points from simulation on request."""
    from figures.phase_diagram import LINES, draw
    from figures.style import save_all
    from numerics.phase_diagram import phase_diagram, to_csv, to_latex, to_record

    chosen, looks = list(dict.fromkeys(p)), _looks(LINES)
    low, high = delta_p_range or (0.1, 10.0)
    runs = {"simulate_at": simulate_at, "size": size, "samples": samples, "seed": seed, "workers": workers}
    if not with_simulation:
        _refuse(system, runs)
    planned = _plan(chosen, low, high, runs) if with_simulation else None
    folder = folder_of(system.slug, output, FILES.values())
    noises = np.geomspace(low, high, points)
    with fraction() as progress:
        diagrams = [phase_diagram(order, noises, part(progress, i, len(chosen))) for i, order in enumerate(chosen)]
    found = planned.run(folder / RUNS) if planned else []
    command = f"ruggedflow phase-diagram {system.slug} {' '.join(f'--p {order}' for order in chosen)}"
    command += f" --delta-p-range {low:g}:{high:g} --points {points}{planned.command if planned else ''}"
    record, files = to_record(diagrams, command), dict(FILES)
    if planned:
        files["simulation"], record["simulation"] = SIMULATION, planned.record(found)
        write_whole(folder / SIMULATION, planned.table(found))
    # the record first: it says whose the other files are
    write_whole(folder / JSON, json.dumps(record, indent=2) + "\n")
    save_all(pictured(partial(draw, diagrams, found))(**looks), folder, DEFAULT)
    write_whole(folder / FILES["csv"], to_csv(diagrams))
    write_whole(folder / FILES["latex"], to_latex(chosen, None if delta_p_range is None else (low, high)))
    whole = {"system": system.slug, "p": chosen, "files": files, "record": json.loads((folder / JSON).read_text())}
    title = f"phase diagram of {system.slug}, p = {', '.join(map(str, chosen))}, in {folder}:"
    return Answer(diagrams, whole, lambda _: _print(title, folder, files))


def _plan(orders: list[int], low: float, high: float, runs: Mapping[str, Any]) -> Any:
    from .success_runs import Plan

    noises = sorted({Real(low, high).accept("simulate_at", x) for x in runs["simulate_at"] or (0.25, 0.5, 1, 2, 4)})
    sizes = tuple(sorted(set(runs["size"] or (64, 128))))
    return Plan.of(orders, noises, sizes, runs["samples"] or 64, runs["seed"] or 0, runs["workers"] or 1, _absent)


def _absent(reason: str) -> None:
    sys.stderr.write(f"ruggedflow: a point is left out: {reason}\n")


def _refuse(system: System, runs: Mapping[str, Any]) -> None:
    for name in (name for name, value in runs.items() if value is not None):
        what = f"{called(name)} does not apply to {system.slug} without {called('with_simulation')}"
        raise ValueError(f"{what}; leave it out")


SOFTENING = Option(Real(1e-6, 1e6), "Its value in the plane of overlaps.")


@answers(PhaseRetrieval, leave=_everything)
def of_phase_retrieval(
    system: PhaseRetrieval,
    *,
    a: Annotated[float, SOFTENING] = 1.0,
    a_range: Annotated[Any, Option(Interval(1e-6, 1e6, "0.001:10"), "Of a.")] = (0.001, 10.0),
    points: Annotated[int, Option(Whole(2, 1000), "Points along each line.")] = 21,
    only: Annotated[Any, Option(Several(Text("KEY")), "Only these lines.")] = None,
    output: Annotated[Any, OUTPUT] = DEFAULT,
    workers: Annotated[int, Option(Whole(1, 256), "Processes.")] = 1,
) -> Answer:
    """Lines of alpha against a, and against the overlap."""
    from figures import generalized_linear_phase_diagram as pictures
    from figures.style import save_all
    from numerics.generalized_linear.phase_diagram import (
        LINES,
        in_folder,
        overlaps_to_csv,
        retrieval_diagram,
        to_csv,
        to_record,
    )

    looks = _looks([*pictures.LINES, *pictures.OVERLAP_LINES])
    (low, high), named = a_range, select("only", only, LINES, "line")
    # those of Kac-Rice that bound the shades are always among them
    shades = ("bbp_kac_rice_dominant_quenched", "bbp_kac_rice_zero_complexity")
    chosen = [key for key in LINES if key in named or key in shades]
    folder = folder_of(system.slug, output, LOSS_FILES.values())
    parts = in_folder(folder / PARTS)
    options: Any = {"panel": a, "lines": chosen, "workers": workers, "keep": parts.folder}
    try:
        with fraction() as progress:
            diagram = retrieval_diagram(np.geomspace(low, high, points), progress=progress, **options)
    except KeyboardInterrupt as error:
        kept = f"the same command goes on from {parts.folder}"
        raise KeyboardInterrupt(f"{str(error) or 'interrupted'}; {kept}") from error
    command = f"ruggedflow phase-diagram {system.slug} --a-range {low:g}:{high:g} --a {a:g} --points {points}"
    record = to_record(diagram, command + (f" --only {','.join(only)}" if only else ""))
    write_whole(folder / JSON, json.dumps(record, indent=2) + "\n")
    save_all(pictured(partial(pictures.draw, diagram))(**looks), folder, DEFAULT)
    write_whole(folder / LOSS_FILES["csv"], to_csv(diagram))
    write_whole(folder / LOSS_FILES["overlaps"], overlaps_to_csv(diagram))
    parts.clear()
    whole = {"system": system.slug, "files": LOSS_FILES, "record": record}
    return Answer(diagram, whole, lambda _: _print(f"phase diagram of {system.slug} in {folder}:", folder, LOSS_FILES))


def _looks(lines: Iterable[str]) -> Mapping[str, Any]:
    """Of the picture. ``ValueError`` for a line that there is none of, before anything is computed."""
    looks = dict(LOOK.get())
    return looks | ({"lines": select("lines", looks["lines"], lines, "line")} if "lines" in looks else {})


def folder_of(name: str, output: str, files: Iterable[str]) -> Path:
    """The folder to write to; ValueError where it holds such files that are not of this system's diagram."""
    folder = output_folder(output)
    there = [file for file in files if (folder / file).exists()]
    owner = _recorded_system(folder / JSON)
    if there and owner != name:
        what = f"the phase diagram of {shortened(owner)}" if owner else f"a file {there[0]} of unknown origin"
        raise ValueError(f"{called('output', folder)} holds {what}; choose another folder")
    return folder


def _recorded_system(record: Path) -> str | None:
    """The system that a record names; None where there is none."""
    try:
        return str(json.loads(record.read_text())["system"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _print(title: str, folder: Path, files: Mapping[str, str]) -> None:
    print(title)
    for kind, file in files.items():
        print(f"  {kind:<10} {folder / file}")
