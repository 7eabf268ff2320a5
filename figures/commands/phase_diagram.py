"""`ruggedflow phase-diagram SYSTEM`: the main job."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction
from functools import cache, partial
from pathlib import Path
from shutil import rmtree
from typing import Annotated, Any

import numpy as np

from figures.record import claim_folder, write_record
from numerics.kept import kept_in, source_of
from numerics.progress import part
from numerics.provenance import as_csv, versions, write_whole
from numerics.quantity import Quantity
from numerics.running import forced
from theory.domain import (
    FLAG,
    Between,
    Exact,
    Function,
    Interval,
    NamedInterval,
    Order,
    Polynomial,
    Real,
    Several,
    Text,
    Whole,
)
from theory.naming import called, shortened
from theory.parameter import Parameter
from theory.system import System
from theory.systems import PhaseRetrieval, SpikedMatrixTensor

from .answer import Answer, about, asked
from .files import CURVES, FOLDER, LOOK, pictured
from .output import select
from .overlays import TABLES, Wanted, absent
from .progress import fraction, going_on
from .question import ALL_PROCESSORS, Option, answers
from .thresholds import has_some

DEFAULT = "phase_diagram"
JSON = "phase_diagram.json"
PICTURES = {"png": "phase_diagram.png", "pdf": "phase_diagram.pdf", "csv": "phase_diagram.csv"}
FILES = {**PICTURES, "latex": "thresholds.tex", "json": JSON}
LOSS_FILES = {**PICTURES, "overlaps": "overlaps.csv", "json": JSON}
SIMULATION, RUNS, PARTS = TABLES["simulation"], "simulation", "parts"
"""Outcomes of the runs; folders for the runs and for the values that are finished, until all are."""
OUTPUT = Option(FOLDER, "Folder for the files.", "o", draws=CURVES)
X = Option(NamedInterval(), "Parameter on the x axis, and its range.")
Y = Option(
    NamedInterval(), "What the thresholds are in, and its range; by default what the first of those asked for is in."
)
ONLY = Option(Several(Text("KEY")), "Only these lines.")
DYNAMICS = Option(FLAG, "Also where, and how fast, an overlap with the signal grows; resumes.", flag=True)
SIMULATED = Option(FLAG, "Also where half of the runs at finite size succeed; resumes.", flag=True)
MEASURE_AT = Option(Several(Real(-1e9, 1e9)), "Places in x of these points; default five.")
SIZE = Option(Several(Whole(16, 10**4)), "Numbers of spins of these runs; default 64,128.", "N")
SAMPLES = Option(Whole(2, 10**6), "Runs at each of the places in y; default 64.")
SEED = Option(Whole(0, 2**63), "Fixes every run; default 0.")
WORKERS = Option(Whole(1, 1024), ALL_PROCESSORS)


def _everything(kind: type[System]) -> tuple[str, ...]:
    return tuple(parameter.name for parameter in kind.parameters)


@cache
def to_try(kind: type[System]) -> tuple[str, ...]:
    """Options of an example: one parameter varies by a factor of two around its own; empty where none can."""
    if any(isinstance(p.domain, Polynomial) for p in kind.parameters):
        return ("--covariance 'r*q**3/2 + q**4/4'", "--mean 'm**2/2'", "--x r=0.5:2")
    if any(p.name == "loss" and isinstance(p.domain, Function) for p in kind.parameters):
        return ("--loss '(u**2 - y**2)**2/(a + y**2)'", "--x a=0.5:2", "--only bbp_initial")
    free = [p for p in kind.parameters if p.name != kind.control and (x := _range(p)) and x]
    chosen = next(iter(sorted(free, key=lambda p: not p.required)), None)
    if chosen is None:
        return ()
    kept = chosen if isinstance(chosen.domain, Several) else None
    others = [p for p in kind.parameters if p.required and p.name not in (chosen.name, kind.control)]
    return (*(f"{p.option} {p.example}" for p in (*others, *([kept] if kept else []))), f"--x {_range(chosen)}")


def _range(parameter: Parameter) -> str:
    """``delta_p=0.5:2``; empty for what is no number."""
    each = parameter.domain.each if isinstance(parameter.domain, Several) else parameter.domain
    if not isinstance(each, (Exact, Real, Between, Whole, Order)):
        return ""
    value = float(Fraction(parameter.example.partition(",")[0]))
    whole, most = isinstance(each, (Whole, Order)), getattr(each, "most", np.inf)
    low, high = sorted((value, value + 2) if whole else (value / 2, min(2 * value, (value + most) / 2)))
    return (
        f"'{parameter.name}[1]={low:g}:{high:g}'"
        if each is not parameter.domain
        else f"{parameter.name}={low:g}:{high:g}"
    )


def _drawable(kind: type[System]) -> bool:
    return has_some(kind) and bool(to_try(kind))


@answers(System, spare=_everything, applies=_drawable)
def of_any(
    system: System,
    *,
    x: Annotated[Any, X],
    y: Annotated[Any, Y] = None,
    only: Annotated[Any, ONLY] = None,
    places: Annotated[int, Option(Whole(3, 10_000), "Places in x to begin with; more where lines bend.")] = 33,
    output: Annotated[Any, OUTPUT] = DEFAULT,
    with_dynamics: Annotated[bool, DYNAMICS] = False,
    with_simulation: Annotated[bool, SIMULATED] = False,
    measure_at: Annotated[Any, MEASURE_AT] = None,
    size: Annotated[Any, SIZE] = None,
    samples: Annotated[int | None, SAMPLES] = None,
    seed: Annotated[int | None, SEED] = None,
    workers: Annotated[int | None, WORKERS] = None,
) -> Answer:
    """Thresholds as lines in a plane of two parameters; where they end, fold, cross and merge; the regions between."""
    from figures.style import save_all
    from numerics.diagram.kept import KeptLines
    from numerics.diagram.of_system import Range, label_of, lines_of
    from numerics.diagram.run import box_of, phase_diagram, to_record

    runs = {"size": size, "samples": samples, "seed": seed}
    if not with_simulation:
        _refuse(system, runs, "with_simulation")
        if not with_dynamics:
            _refuse(system, {"measure_at": measure_at, "workers": workers}, "with_dynamics")
    kinds = [kind for kind, wanted in (("dynamics", with_dynamics), ("simulation", with_simulation)) if wanted]

    across, along = Range(*x), None if y is None else Range(*y)
    source, control = lines_of(system, across, "" if along is None else along.name, only or ())
    chosen = select("only", only, source.meanings, "line")
    looks, wanted = _looks(chosen), None
    if kinds:
        from numerics.diagram.landscapes import Landscapes

        landscapes = Landscapes(system, across.name, control)
        wanted = _wanted(kinds, measure_at, across, source.whole, {**runs, "workers": workers})
        wanted.require(landscapes, source)
    tables = {kind: TABLES[kind] for kind in kinds}
    folder = folder_of(system.slug, output, [*FILES.values(), *tables.values()]) if output is not None else None
    settings = {**asked(system), "x": _written(x), "y": control if y is None else _written(y)}
    if folder is not None:
        source = KeptLines(source, folder / PARTS, f"{settings} {source_of(type(system))}")
    with going_on(None if folder is None else folder / PARTS), fraction() as progress:
        box = box_of(source, chosen, across, along)
        labels = label_of(across.name), label_of(control)
        diagram = phase_diagram(
            source, box, (across.name, control), lines=chosen, labels=labels, points=places, settings=settings,
            progress=progress,
        )  # fmt: skip
    if wanted is not None:
        diagram = diagram.overlaid(*wanted.found(landscapes, source, {**asked(system), "y": control}, folder))
    record = {**about(system), **to_record(diagram)}

    def write() -> Path:
        assert folder is not None
        write_record(folder, DEFAULT, record | {"versions": versions()})
        save_all(diagram.plot(**looks), folder, DEFAULT)
        write_whole(folder / FILES["csv"], as_csv(diagram.rows()))
        for kind, table in tables.items():
            rows = [row for overlay in diagram.overlays if overlay.kind == kind for row in overlay.rows()]
            if rows:
                write_whole(folder / table, as_csv(rows))
        rmtree(folder / PARTS, ignore_errors=True)
        return folder

    def show(_: Any) -> None:
        print(diagram)

    return Answer(diagram, record, show, {} if folder is None else {"output": write})


def _wanted(kinds: list[str], at: Any, x: Any, whole: bool, runs: Mapping[str, Any]) -> Wanted:
    from numerics.diagram.success import Runs

    given: Any = {name: value for name, value in runs.items() if value is not None}
    sizes = given.pop("size", None)
    given |= {"sizes": tuple(sorted(set(sizes)))} if sizes else {}
    return Wanted.of(kinds, at, x, whole, Runs(**{**given, "workers": runs["workers"]}))


def _written(axis: tuple[str, float, float, bool]) -> str:
    name, low, high, logarithmic = axis
    return f"{name}={low:g}:{high:g}{':log' if logarithmic else ''}"


@answers(SpikedMatrixTensor, leave=_everything)
def of_spiked_matrix_tensor(
    system: SpikedMatrixTensor,
    *,
    p: Annotated[Any, Option(Order(3), "Order, default 3; repeat for several panels.", repeated=True)] = None,
    x: Annotated[Any, X] = None,
    y: Annotated[Any, Y] = None,
    only: Annotated[Any, ONLY] = None,
    output: Annotated[Any, OUTPUT] = DEFAULT,
    delta_p_range: Annotated[Any, Option(Interval(1e-9, 1e9, "0.1:10"), "Of Delta_p; default 0.1:10.")] = None,
    points: Annotated[int | None, Option(Whole(2, 100_000), "Points along each line; default 121.")] = None,
    with_dynamics: Annotated[bool, DYNAMICS] = False,
    with_simulation: Annotated[bool, SIMULATED] = False,
    measure_at: Annotated[Any, MEASURE_AT] = None,
    size: Annotated[Any, SIZE] = None,
    samples: Annotated[int | None, SAMPLES] = None,
    seed: Annotated[int | None, SEED] = None,
    workers: Annotated[int | None, WORKERS] = None,
) -> Answer:
    """Every threshold line, and points from simulation on request."""
    from figures.phase_diagram import LINES, draw
    from figures.style import save_all
    from numerics.phase_diagram import phase_diagram, to_csv, to_latex, to_record

    chosen = list(dict.fromkeys(p or ([int(system.p)] if system.p.is_number else [3])))
    runs = {"measure_at": measure_at, "size": size, "samples": samples, "seed": seed, "workers": workers}
    if x is not None or y is not None or only is not None:
        _alone({"p": p if len(chosen) > 1 else None, "delta_p_range": delta_p_range})
        measured = {"with_dynamics": with_dynamics, "with_simulation": with_simulation, **runs}
        return of_any(
            SpikedMatrixTensor(p=chosen[0]), **_given(x=x, y=y, only=only, places=points, output=output, **measured)
        )
    if with_dynamics:
        raise ValueError(
            f"{called('with_dynamics')} goes with {called('x')}, such as {called('x', 'delta_p=0.1:10:log')}"
        )
    looks, points = _looks(LINES), points or 121
    low, high = delta_p_range or (0.1, 10.0)
    if not with_simulation:
        _refuse(system, runs, "with_simulation")
    planned = _plan(chosen, low, high, runs) if with_simulation else None
    folder = folder_of(system.slug, output, [*FILES.values(), SIMULATION])
    noises = np.geomspace(low, high, points)
    kept = kept_in(folder / PARTS, Quantity)
    with going_on(folder / PARTS), fraction() as progress:
        diagrams = [
            phase_diagram(order, noises, part(progress, i, len(chosen)), kept) for i, order in enumerate(chosen)
        ]
    found = planned.run(folder / RUNS) if planned else []
    command = f"ruggedflow phase-diagram {system.slug} {' '.join(f'--p {order}' for order in chosen)}"
    command += f" --delta-p-range {low:g}:{high:g} --points {points}{planned.command if planned else ''}"
    record, files = to_record(diagrams, command), dict(FILES)
    if planned:
        files["simulation"], record["simulation"] = SIMULATION, planned.record(found)
        write_whole(folder / SIMULATION, planned.table(found))
    # the record first: it says whose the other files are
    write_record(folder, DEFAULT, record)
    save_all(pictured(partial(draw, diagrams, planned.overlays(found) if planned else {}))(**looks), folder, DEFAULT)
    write_whole(folder / FILES["csv"], to_csv(diagrams))
    write_whole(folder / FILES["latex"], to_latex(chosen, None if delta_p_range is None else (low, high)))
    kept.clear()
    whole = {"system": system.slug, "p": chosen, "files": files, "record": json.loads((folder / JSON).read_text())}
    title = f"phase diagram of {system.slug}, p = {', '.join(map(str, chosen))}, in {folder}:"
    return Answer(diagrams, whole, lambda _: _print(title, folder, files))


def _alone(others: Mapping[str, Any]) -> None:
    """ValueError for options of the other diagram of a system."""
    for name in (name for name, value in others.items() if value is not None):
        raise ValueError(f"{called(name)} does not go with {called('x')}, {called('y')} and {called('only')}")


def _given(**options: Any) -> dict[str, Any]:
    """Those that are; x must be."""
    if options["x"] is None:
        raise ValueError(f"{called('x')} is missing: {X.help}")
    return {name: value for name, value in options.items() if value is not None or name == "output"}


def _plan(orders: list[int], low: float, high: float, runs: Mapping[str, Any]) -> Any:
    from .success_runs import Plan

    noises = sorted({Real(low, high).accept("measure_at", x) for x in runs["measure_at"] or (0.25, 0.5, 1, 2, 4)})
    sizes = tuple(sorted(set(runs["size"] or (64, 128))))
    return Plan.of(orders, noises, sizes, runs["samples"] or 64, runs["seed"] or 0, runs["workers"], absent)


def _refuse(system: System, options: Mapping[str, Any], without: str) -> None:
    for name in (name for name, value in options.items() if value is not None):
        what = f"{called(name)} does not apply to {system.slug} without {called(without)}"
        raise ValueError(f"{what}; leave it out")


SOFTENING = Option(Real(1e-6, 1e6), "Its value in the plane of overlaps; default 1.")


@answers(PhaseRetrieval, leave=_everything)
def of_phase_retrieval(
    system: PhaseRetrieval,
    *,
    a: Annotated[float | None, SOFTENING] = None,
    a_range: Annotated[Any, Option(Interval(1e-6, 1e6, "0.001:10"), "Of a; default 0.001:10.")] = None,
    x: Annotated[Any, X] = None,
    y: Annotated[Any, Y] = None,
    points: Annotated[int | None, Option(Whole(2, 1000), "Points along each line; default 21.")] = None,
    only: Annotated[Any, ONLY] = None,
    output: Annotated[Any, OUTPUT] = DEFAULT,
    with_simulation: Annotated[bool, SIMULATED] = False,
    measure_at: Annotated[Any, MEASURE_AT] = None,
    size: Annotated[Any, SIZE] = None,
    samples: Annotated[int | None, SAMPLES] = None,
    seed: Annotated[int | None, SEED] = None,
    workers: Annotated[int | None, WORKERS] = None,
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

    runs = {"measure_at": measure_at, "size": size, "samples": samples, "seed": seed}
    if x is not None or y is not None:
        _alone({"a": a, "a_range": a_range})
        measured = {"with_simulation": with_simulation, **runs, "workers": workers if with_simulation else None}
        return of_any(PhaseRetrieval(), **_given(x=x, y=y, only=only, places=points, output=output, **measured))
    _refuse(system, {"with_simulation": with_simulation or None, **runs}, "x")
    a, points = a or 1.0, points or 21
    looks = _looks([*pictures.LINES, *pictures.OVERLAP_LINES])
    (low, high), named = a_range or (0.001, 10.0), select("only", only, LINES, "line")
    # those of Kac-Rice that bound the shades are always among them
    shades = ("bbp_kac_rice_dominant_quenched", "bbp_kac_rice_zero_complexity")
    chosen = [key for key in LINES if key in named or key in shades]
    folder = folder_of(system.slug, output, LOSS_FILES.values())
    parts = in_folder(folder / PARTS)
    options: Any = {"panel": a, "lines": chosen, "workers": workers, "keep": parts.folder}
    with going_on(folder / PARTS), fraction() as progress:
        diagram = retrieval_diagram(np.geomspace(low, high, points), progress=progress, **options)
    command = f"ruggedflow phase-diagram {system.slug} --a-range {low:g}:{high:g} --a {a:g} --points {points}"
    record = to_record(diagram, command + (f" --only {','.join(only)}" if only else ""))
    write_record(folder, DEFAULT, record)
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


def folder_of(name: str, output: str, files: Collection[str]) -> Path:
    """The folder to write to; ValueError where it holds such files that are not of this system's diagram."""
    folder = claim_folder(output, files, name=DEFAULT)
    there = [file for file in files if (folder / file).exists()]
    owner = _recorded_system(folder / JSON)
    if there and owner != name and not forced():
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
