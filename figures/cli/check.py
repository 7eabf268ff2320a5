"""`ruggedflow check NAME`."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from shutil import rmtree
from time import monotonic
from typing import Any, NoReturn

import click

from figures.commands.output import finite, print_json, print_table, print_text
from figures.commands.progress import fraction
from figures.record import RECORD, Words, claim_name, provenance, write_record
from numerics.checks import Check, Report, all_checks, find_checks
from numerics.checks.report import EXIT_STATUS
from numerics.errors import ConvergenceError
from numerics.progress import Progress, part
from numerics.provenance import Record
from numerics.running import RUNNING
from numerics.sweep import SweepError, most_workers
from theory.domain import Whole

ALL, PARTS = "all", "parts"
"""Its record is that of the last command; that of each check has its name, and stays when others follow. And the
folder for what is measured, until all of it is."""


def run(
    name: str, *, list_checks: bool, quick: bool, seed: str, workers: str | None, output: str | None, as_json: bool
) -> None:
    """Run one check or all of them, or list them; leave with the verdict as exit status."""
    if list_checks or not name:
        _list(name, as_json)
        return
    chosen = {
        "quick": quick,
        "seed": Whole(0, 2**63).read("seed", seed),
        "workers": most_workers() if workers is None else Whole(1, 1024).read("workers", workers),
    }
    checks, unwritten = find_checks(name), list[OSError]()
    words = {check.name: _words(check.name if check.name in all_checks() else name, chosen) for check in checks}
    folder = None if output is None else _claimed(output, words)
    several, records = name == ALL or len(checks) > 1, list[Record]()
    try:
        with fraction() if several else nullcontext():
            for number, check in enumerate(checks):
                place = (number, len(checks))
                own = _checked(check, chosen, words[check.name], folder, unwritten, place, quiet=as_json or several)
                records.append(own)
    except KeyboardInterrupt as error:
        if several and records:
            _tell(records, as_json)
        raise KeyboardInterrupt(_farewell(error, len(records) if several else 0, folder)) from error
    if folder is not None:
        rmtree(folder / PARTS, ignore_errors=True)
    result = _together(records) if several else records[0]
    if folder is not None and "command" not in result:
        result |= _provenance(records)
    if as_json:
        print_json(result)
    elif several:
        _print_verdicts(records)
    if folder is not None:
        write_record(folder, RECORD, finite(result))
    if unwritten:
        raise unwritten[0]
    _leave(result)


def _tell(records: Sequence[Record], as_json: bool) -> None:
    if as_json:
        print_json(_together(records))
    else:
        _print_verdicts(records)


def _farewell(error: KeyboardInterrupt, finished: int, folder: Path | None) -> str:
    done = f" ({finished} checks are finished)" if finished else ""
    kept = "give --output DIR to keep what is done" if folder is None else f"the same command goes on from {folder}"
    return f"{str(error) or 'interrupted'}{done}; {kept}"


def _list(name: str, as_json: bool) -> None:
    """All, or those that the name stands for."""
    described = {check.name: check.description for check in find_checks(name or ALL)}
    if as_json:
        print_json({"checks": described})
    else:
        print_table("Checks", ["name", "what it compares"], [list(row) for row in described.items()])


def _words(name: str, chosen: Mapping[str, Any]) -> Words:
    """The command of one check."""
    return ("check", name, *(["--quick"] if chosen["quick"] else []), "--seed", str(chosen["seed"]))


def _claimed(output: str, words: Mapping[str, Words]) -> Path:
    """The folder, in which each check has its own record."""
    for name, own in words.items():
        folder = claim_name(output, name, own)
    return folder


def _checked(
    check: Check[Any],
    chosen: Mapping[str, Any],
    words: Words,
    folder: Path | None,
    unwritten: list[OSError],
    place: tuple[int, int] = (0, 1),
    *,
    quiet: bool,
) -> Record:
    """One check, printed unless ``quiet``, drawn and recorded; where a simulation fails nothing is decided.

    What cannot be written joins ``unwritten``: what was found is told first.
    """
    begun = monotonic()
    try:
        with fraction() as progress:
            keep = None if folder is None else folder / PARTS / check.name
            report = check.run(**chosen, keep=keep, progress=_named(check.name, part(progress, *place)))
    except (ConvergenceError, SweepError) as error:
        return _failed(check.name, str(error))
    record = report.record()
    if not quiet:
        _print(report)
    if folder is not None:
        try:
            record |= provenance(words, begun, _draw(report, folder))
            write_record(folder, check.name, finite(record))
        except OSError as error:
            unwritten.append(error)
    if not quiet:
        for drawn in record.get("files", []):
            print(f"drawn to {Path(folder or '') / drawn}")
    return record


def _named(name: str, progress: Progress) -> Progress:
    return lambda done, what: progress(done, f"{name}: {what}")


def _failed(name: str, reason: str) -> Record:
    sys.stderr.write(f"ruggedflow: {name}: {reason}\n")
    message = f"undecided: the simulation failed: {reason}"
    return {"check": name, "verdict": "undecided", "z": None, "p_value": None, "message": message, "comparisons": []}


def _provenance(records: Sequence[Record]) -> Record:
    """Of what was typed, with the files of all checks."""
    running = RUNNING.get()
    own = ((), monotonic()) if running is None else (running.words, running.begun)
    return provenance(*own, ()) | {
        "files": {n: own for record in records for n, own in record.get("files", {}).items()}
    }


def _draw(report: Report, folder: Path) -> list[Path]:
    from figures.check_figure import draw
    from figures.drawn import write_data
    from figures.style import save_all
    from numerics.picture import look

    with look():
        figure = draw(report)
        return [*save_all(figure, folder, report.name), *write_data(figure, folder, report.name)]


def _together(records: Sequence[Record]) -> Record:
    """The worst verdict of all."""
    verdicts = [record["verdict"] for record in records]
    worst = next(v for v in ("disagree", "undecided", "agree") if v in verdicts)
    return {"verdict": worst, "checks": list(records)}


def _print(report: Report) -> None:
    table = report.table()
    print_table(f"{report.name}: {report.verdict}", list(table.columns), table.texts())
    print_text(report.message, *report.remarks)


def _print_verdicts(records: Sequence[Record]) -> None:
    rows = [[r["check"], r["verdict"], "—" if r["z"] is None else f"{r['z']:+.2f}", r["message"]] for r in records]
    print_table("All checks", ["check", "verdict", "z", "why"], rows)


def _leave(result: Record) -> NoReturn:
    raise click.exceptions.Exit(EXIT_STATUS[result["verdict"]])
