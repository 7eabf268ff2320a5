"""`ruggedflow check NAME`."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from figures.commands.output import finite, print_json, print_table
from figures.commands.progress import fraction
from numerics.checks import Check, Report, all_checks, find_checks
from numerics.checks.report import EXIT_STATUS
from numerics.errors import ConvergenceError
from numerics.provenance import Record, output_folder, write_whole
from numerics.sweep import SweepError, processors
from theory.domain import Whole

ALL = "all"
RECORD = "record"
"""Of what one command found; that of each check has its name, and stays when others follow."""


def run(
    name: str, *, list_checks: bool, quick: bool, seed: str, workers: str | None, output: str | None, as_json: bool
) -> None:
    """Run one check or all of them, or list them; leave with the verdict as exit status."""
    if list_checks or not name:
        _list(as_json)
        return
    chosen = {
        "quick": quick,
        "seed": Whole(0, 2**63).read("seed", seed),
        "workers": processors() if workers is None else Whole(1, 1024).read("workers", workers),
    }
    folder = None if output is None else output_folder(output)
    checks, unwritten = find_checks(name), list[OSError]()
    several = name == ALL or len(checks) > 1
    records = [_checked(check, chosen, folder, unwritten, quiet=as_json or several) for check in checks]
    result = _together(records) if several else records[0]
    if as_json:
        print_json(result)
    elif several:
        _print_verdicts(records)
    if folder is not None:
        _write(folder, RECORD, result)
    if unwritten:
        raise unwritten[0]
    _leave(result)


def _list(as_json: bool) -> None:
    described = {name: check.description for name, check in all_checks().items()}
    if as_json:
        print_json({"checks": described})
    else:
        print_table("Checks", ["name", "what it compares"], [list(row) for row in described.items()])


def _checked(
    check: Check[Any], chosen: Mapping[str, Any], folder: Path | None, unwritten: list[OSError], *, quiet: bool
) -> Record:
    """One check, printed unless ``quiet``, drawn and recorded; where a simulation fails nothing is decided.

    What cannot be written joins ``unwritten``: what was found is told first.
    """
    try:
        with fraction() as progress:
            report = check.run(**chosen, progress=progress)
    except (ConvergenceError, SweepError) as error:
        return _failed(check.name, str(error))
    record = report.record()
    if not quiet:
        _print(report)
    if folder is not None:
        try:
            record["files"] = _draw(report, folder)
            _write(folder, check.name, record)
        except OSError as error:
            unwritten.append(error)
    if not quiet:
        for path in record.get("files", []):
            print(f"drawn to {path}")
    return record


def _failed(name: str, reason: str) -> Record:
    sys.stderr.write(f"ruggedflow: {name}: {reason}\n")
    message = f"undecided: the simulation failed: {reason}"
    return {"check": name, "verdict": "undecided", "z": None, "p_value": None, "message": message, "comparisons": []}


def _draw(report: Report, folder: Path) -> list[str]:
    from figures.check_figure import draw
    from figures.style import save_all
    from numerics.picture import look

    with look():
        return [str(path) for path in save_all(draw(report), folder, report.name)]


def _write(folder: Path, name: str, record: Record) -> None:
    write_whole(folder / f"{name}.json", json.dumps(finite(record), indent=2) + "\n")


def _together(records: Sequence[Record]) -> Record:
    """The worst verdict of all."""
    verdicts = [record["verdict"] for record in records]
    worst = next(v for v in ("disagree", "undecided", "agree") if v in verdicts)
    return {"verdict": worst, "checks": list(records)}


def _print(report: Report) -> None:
    table = report.table()
    print_table(f"{report.name}: {report.verdict}", list(table.columns), table.texts())
    print(report.message, *report.remarks, sep="\n")


def _print_verdicts(records: Sequence[Record]) -> None:
    rows = [[r["check"], r["verdict"], "—" if r["z"] is None else f"{r['z']:+.2f}", r["message"]] for r in records]
    print_table("All checks", ["check", "verdict", "z", "why"], rows)


def _leave(result: Record) -> NoReturn:
    raise click.exceptions.Exit(EXIT_STATUS[result["verdict"]])
