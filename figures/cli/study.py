"""`ruggedflow study FILE.toml`."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from figures.commands.files import file_to_write
from figures.commands.output import print_json, print_table
from figures.commands.progress import duration
from figures.commands.study import Asked, carry_out
from numerics.provenance import output_folder
from numerics.study import Points, Refinement, Study, points_of
from numerics.study.export import require_suffix
from numerics.sweep import most_workers
from theory.domain import Whole
from theory.naming import TYPED, nearest

KEYS: dict[str, type] = {
    "system": str, "command": str, "keep": list, "refine": str, "budget": int,
    "options": dict, "over": dict, "points": list,
}  # fmt: skip
NEEDED = ("system", "command")
ROWS = 20
"""Of the table that is shown."""


def run(
    file: str, *, output: str | None, export: str | None, workers: str | None, dry_run: bool, as_json: bool
) -> None:
    """Do what is left of the study that the file describes, show its table and write it."""
    path = Path(file)
    described = _read(path)
    count = most_workers() if workers is None else Whole(1, 1024).read("workers", workers)
    exported = file_to_write("export", export)
    if exported is not None:
        require_suffix("export", exported)
    folder = output_folder(output or path.stem)
    if dry_run:
        _tell(_looked_at(described, folder), described, folder, count, as_json)
        return
    study = described.carry_out(folder, workers=count)
    if as_json:
        print_json(_record(study, folder))
    else:
        _show(study, folder)
    if exported is not None:
        study.save(exported)
    if len(study.failed) == len(study.outcomes):
        raise ValueError(f"every point failed, the first one so: {study.failed[0]}")


class Described(NamedTuple):
    """What a file says."""

    asked: Asked
    points: Points
    keep: list[str]
    how: Refinement | None

    def carry_out(self, folder: Path, **where: Any) -> Study:
        """Do it."""
        return carry_out(self.asked, self.points, folder, keep=self.keep, how=self.how, told=_say, **where)


def _looked_at(described: Described, folder: Path) -> Study:
    """What is there; where nothing is, one point in the middle shows how long it takes, and is kept."""
    study = described.carry_out(folder, workers=1, limit=0)
    return study if study.left < len(study.outcomes) else described.carry_out(folder, workers=1, limit=1)


def _tell(study: Study, described: Described, folder: Path, workers: int, as_json: bool) -> None:
    """How many points, how many of them are finished, how long the others take."""
    total = len(study.outcomes)
    record = {"points": total, "finished": total - study.left, "workers": workers, "seconds": study.expected(workers)}
    if as_json:
        print_json(record | {"folder": str(folder)})
        return
    time = f"; the others take about {duration(record['seconds'])}, {workers} at a time" if study.left else ""
    grid = "" if described.how is None else f", then refined to {described.how.budget}"
    print(f"{total} points{grid}, {total - study.left} finished in {folder}{time}")


def _read(path: Path) -> Described:
    """ValueError for what is no study, in the words of the file."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}; name a TOML file that describes a study") from error
    except ValueError as error:
        raise ValueError(f"{path} is not TOML: {error}") from error
    token = TYPED.set(False)  # names are those of the file
    try:
        return _described(given)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    finally:
        TYPED.reset(token)


def _described(given: Mapping[str, Any]) -> Described:
    for key in given:
        if key not in KEYS:
            raise ValueError(f"it has no {key!r}; {nearest(key, KEYS, ', '.join(KEYS))}")
    if ("over" in given) == ("points" in given):
        raise ValueError("give either [over], with axes, or points, a list")
    for key, kind in KEYS.items():
        own = given.get(key, kind())
        if not isinstance(own, kind) or isinstance(own, bool) or (key in NEEDED and not own):
            raise ValueError(f"{key} = {own!r} must be {ARE[kind]}")
    asked = Asked.of(given["system"], given["command"], given.get("options", {}))
    points = points_of(given.get("over", given.get("points")))
    how = Refinement(given.get("refine", ""), given.get("budget", 0)) if {"refine", "budget"} & given.keys() else None
    asked.check(points, how)
    return Described(asked, points, [str(name) for name in given.get("keep", ())], how)


ARE = {str: "a name", dict: "a table", list: "a list", int: "a whole number"}


def _say(line: str) -> None:
    sys.stderr.write(f"ruggedflow: {line}\n")


def _record(study: Study, folder: Path) -> dict[str, Any]:
    fields = study.fields()
    rows = [dict(zip(fields, row, strict=True)) for row in zip(*fields.values(), strict=True)]
    return {**study.about, "folder": str(folder), "failed": len(study.failed), "rows": rows}


def _show(study: Study, folder: Path) -> None:
    total, table = len(study.outcomes), study.table(ROWS)
    shown = "" if total <= ROWS else f" ({ROWS} shown)"
    title = f"{study.about['command'].replace('_', '-')} of {study.about['system']}: {total} points{shown}"
    print_table(title, list(table.columns), table.texts())
    failed = f"{len(study.failed)} failed; " * bool(study.failed)
    print(f"{failed}all of it in {folder / 'table.csv'}")
