"""All that a folder holds on one page: verdicts, pictures, tables with their LaTeX, papers, and how it was made."""

from __future__ import annotations

import csv
import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from itertools import islice
from pathlib import Path
from typing import Any

from numerics.checks import Comparison, Report
from numerics.loading import load
from numerics.provenance import Record
from numerics.quantity import NONE, Quantity
from numerics.simulation.storage import HEADER
from numerics.table import Mathematics, Table
from numerics.threshold_values import Thresholds
from theory.systems import systems

from .citation import about, bibtex
from .html import KINDS, copied, folded, page, picture, tag, text
from .record import record_of, stamp, words_of
from .registry import FIGURES

ROWS = 20
"""Of data that are shown."""
SCRATCH = ("sample-", "point-", ".")
"""How files begin that are parts of something else."""


def report(folder: Path) -> str:
    """The page. ``ValueError`` for a folder that is not there, or with nothing to report."""
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder; name one that a command wrote")
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(SCRATCH)]
    records = {path: record_of(path) for path in files if path.suffix == ".json"}
    parts = [part for path in files if (part := _part(path, records.get(path, {}), str(path.relative_to(folder))))]
    if not parts:
        raise ValueError(f"{folder}: holds no picture, table or record; name a folder that a command wrote")
    title = f"Report on {folder.resolve().name}"
    return page(title, stamp(), *_verdicts(records.values()), *parts, *_papers(records.values()), *_made(records))


def _part(path: Path, record: Record, name: str) -> str:
    """What one file adds; nothing if it is of a kind that adds nothing or only repeats."""
    if path.suffix == ".json" and path.stem == "record":
        return ""
    shown = _run if path.name == HEADER else PARTS.get(path.suffix, lambda _: _of_record(record))
    try:
        inside = shown(path)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        inside = text("p", f"cannot be shown: {' '.join(str(error).split())}")
    return tag("section", text("h2", name), inside) if inside else ""


def _of_record(record: Record) -> str:
    """A check, or thresholds."""
    if record.get("comparisons"):
        found = checked(record)
        verdict = text("p", f"{record['verdict']}: {record['message']}", class_=str(record["verdict"]))
        return verdict + found.table()._repr_html_() + _sentences(found.remarks) + _latex(found.table())
    return "".join(_thresholds(record.get("thresholds") or {}))


def checked(record: Record) -> Report:
    """The report of a check, from its record."""
    known = [field.name for field in fields(Comparison)]
    rows = [{k: v for k, v in row.items() if k in known and v is not None} for row in record["comparisons"]]
    return Report(record["check"], tuple(Comparison(**row) for row in rows), {}, remarks=tuple(record["remarks"]))


def _thresholds(found: Record) -> Iterator[str]:
    """Tables of values, or of the equations of each panel."""
    values = {name: one for name, one in found.items() if "control" in one}
    if values:
        yield _both(Table(("threshold", _controls(values), "meaning"), [_row(n, one) for n, one in values.items()]))
    for panel, lines in found.items():
        if panel not in values and all("equation" in line for line in lines.values()):
            rows = [(name, Mathematics(f"${line['equation']}$"), line["meaning"]) for name, line in lines.items()]
            yield text("h3", panel) + _both(Table(("threshold", "equation", "meaning"), rows))


def _controls(values: Record) -> str:
    return " or ".join(dict.fromkeys(str(one["control"]) for one in values.values()))


def _row(name: str, one: Record) -> tuple[str, str | Quantity, str]:
    value, error = one.get(one["control"]), one.get("error")
    if value is None:
        return name, NONE, str(one.get("reason", ""))
    return name, Quantity(float(value), None if error is None else float(error)), str(one.get("meaning", ""))


def _solution(path: Path) -> str:
    found = load(path)
    latex = found.latex() if isinstance(found, Thresholds) else found._repr_latex_()
    return found._repr_html_() + folded("LaTeX", copied(latex))


def _run(header: Path) -> str:
    """A folder of samples."""
    return _solution(header.parent)


def _tex(path: Path) -> str:
    """The source, and below it its cells."""
    source = path.read_text(encoding="utf-8")
    rows = [line.strip().removesuffix(r"\\").split(" & ") for line in source.splitlines() if " & " in line]
    return copied(source) + (Table(rows[0], rows[1:])._repr_html_() if rows else "")


def _data(path: Path) -> str:
    """The first rows."""
    with path.open(encoding="utf-8", newline="") as stream:
        lines = csv.reader(stream)
        head, rows = next(lines), list(islice(lines, ROWS))
        more = sum(1 for _ in lines)
    note = text("p", f"and {more} rows more") if more else ""
    return folded(f"data: {len(rows) + more} rows", Table(head, rows)._repr_html_(), note)


PARTS: dict[str, Callable[[Path], str]] = {
    **dict.fromkeys(KINDS, lambda path: picture(path, path.stem.replace("_", " "))),
    ".npz": _solution,
    ".tex": _tex,
    ".csv": _data,
}
"""What shows a file of that kind."""


def _both(table: Table) -> str:
    return table._repr_html_() + _latex(table)


def _latex(table: Table) -> str:
    return folded("LaTeX", copied(table._repr_latex_()))


def _sentences(remarks: Iterable[str]) -> str:
    return "".join(text("p", remark) for remark in remarks)


def _verdicts(records: Iterable[Record]) -> Iterator[str]:
    """Theory against simulation at a glance, each check once."""
    told = [one for record in records for one in (record, *_several(record)) if {"check", "verdict"} <= one.keys()]
    found = {one["check"]: one for one in told}
    if found:
        cells = [
            [text("td", name), text("td", one["verdict"], class_=one["verdict"]), text("td", one["message"])]
            for name, one in found.items()
        ]
        yield tag("section", text("h2", "Theory against simulation"), tag("table", *(tag("tr", *c) for c in cells)))


def _several(record: Record) -> list[Record]:
    """The checks in the record of all."""
    found = record.get("checks")
    return found if isinstance(found, list) else []


def _papers(records: Iterable[Record]) -> Iterator[str]:
    """BibTeX of all that is referred to, and of the systems and figures themselves."""
    named = [reference for record in records for reference in (*_sources(record), *_references(record))]
    yield tag("section", text("h2", "To be cited"), folded("BibTeX", copied(bibtex(named))))


def _sources(record: Record) -> Iterator[str]:
    if record.get("system") in systems():
        yield systems()[record["system"]].source
    if record.get("figure") in FIGURES:
        yield about(record["figure"])


def _references(value: Any) -> Iterator[str]:
    """Those anywhere in a record."""
    if isinstance(value, dict):
        yield from (item for key, item in value.items() if key == "reference" and isinstance(item, str))
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _references(item)


def _made(records: dict[Path, Record]) -> Iterator[str]:
    """Of each record: what was typed, when, where, with what, and how to make it again."""
    seen: dict[tuple[Any, ...], str] = {}
    for path, record in records.items():
        words = words_of(record)
        if words:
            seen.setdefault((words, record.get("date")), _provenance(path, words, record))
    if seen:
        yield tag("section", text("h2", "How it was made"), *seen.values())


def _provenance(path: Path, words: tuple[str, ...], record: Record) -> str:
    kept = {key: record[key] for key in ("date", "seconds", "machine", "commit") if record.get(key) is not None}
    kept |= {"versions": ", ".join(f"{name} {version}" for name, version in record.get("versions", {}).items())}
    rows = [[key, str(value)] for key, value in kept.items()]
    again = f"{shlex.join(['ruggedflow', *words])}\nruggedflow reproduce {shlex.quote(str(path))}"
    return copied(again) + Table(("", path.name), rows)._repr_html_()
