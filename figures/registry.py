"""Every published figure by name; a figure's module is imported only when it is drawn."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from inspect import signature
from itertools import count
from pathlib import Path
from time import monotonic

from numerics.picture import look
from numerics.progress import Progress, silent
from numerics.provenance import commit, versions
from numerics.running import RUNNING, Running
from numerics.sweep import chosen_workers, sweep
from theory.naming import nearest

from .drawn import write_data
from .record import RECORD, Words, claim_name, fingerprint, provenance, record_of, words_of, write_record
from .style import save_all

MEMORY = 2e9
"""Bytes that the most demanding figure takes."""

FIGURES = {
    path.stem: found.group(1)
    for path in sorted(Path(__file__).parent.glob("*.py"))
    if (found := re.search(r'^TITLE = "(.*)"$', path.read_text(encoding="utf-8"), re.MULTILINE))
}
"""By the names of their files in this folder: those that have a ``TITLE``, read without importing them."""


Drawn = tuple[str, float, list[Path], str]
"""A figure, the seconds that it took, its files, and why there are none."""


def words_of_figure(name: str, fast: bool) -> Words:
    """The command that draws it."""
    return ("figure", name, *(["--fast"] if fast else []))


def title_of(name: str) -> str:
    """What a figure shows. ``ValueError`` for an unknown name."""
    if name not in FIGURES:
        raise ValueError(f"unknown figure {name!r}; {nearest(name, FIGURES, 'see --list')}")
    return FIGURES[name]


def draw(name: str, output: str | Path, *, fast: bool = False, workers: int | None = 1) -> list[Path]:
    """Draw one figure as PNG and PDF into a folder, with its data as CSV and its record ``NAME.json``.

    ``fast``: by what the ``FAST`` of its module changes in the arguments of its ``draw``, fewer samples, say.
    ``ValueError`` for an unknown name.
    """
    shows = title_of(name)
    words, begun = words_of_figure(name, fast), monotonic()
    folder, module = claim_name(output, name, words), import_module(f"figures.{name}")
    options = dict(getattr(module, "FAST", {})) if fast else {}
    if "workers" in signature(module.draw).parameters:
        options["workers"] = chosen_workers(workers)
    files: list[Path] = []
    with look():
        for title, figure in module.draw(**options).items():
            files += [*save_all(figure, folder, f"{name}_{title}"), *write_data(figure, folder, f"{name}_{title}")]
    record = {"figure": name, "title": shows, **provenance(words, begun, files)}
    for own in (name, RECORD):
        write_record(folder, own, record)
    return files


def there(name: str, folder: Path, *, fast: bool) -> bool:
    """Whether this version, and this commit of it, has drawn a figure there already, and its files are as they were."""
    record = record_of(folder / f"{name}.json")
    made_by = record.get("versions") == versions() and record.get("commit") == commit()
    if words_of(record) != words_of_figure(name, fast) or not made_by or not record.get("files"):
        return False
    return all((folder / n).exists() and fingerprint(folder / n) == own for n, own in record["files"].items())


@dataclass(frozen=True)
class OneOfAll:
    """Draws a figure beside others; what goes wrong is told, and stops none of them. ``typed`` is the whole command."""

    folder: str
    fast: bool
    typed: Words

    def __call__(self, name: str) -> Drawn:
        """To be called in any process."""
        token, begun = RUNNING.set(Running((*words_of_figure(name, self.fast),), "--force" in self.typed)), monotonic()
        try:
            files, reason = draw(name, self.folder, fast=self.fast), ""
        except Exception as error:
            files, reason = [], f"{type(error).__name__}: {' '.join(str(error).split())}"
        finally:
            RUNNING.reset(token)
        return name, monotonic() - begun, files, reason


def draw_all(
    names: Sequence[str], folder: Path, *, fast: bool, workers: int | None, typed: Words, progress: Progress = silent
) -> list[Drawn]:
    """Each in a process of its own, and a record of the whole command.

    Raises ``Interrupted`` on Ctrl-C: what was drawn stays, and is ``there``.
    """
    begun, done = monotonic(), count(1)

    def told(_: int, drawn: Drawn) -> None:
        number = next(done)
        progress(number / len(names), f"{number} of {len(names)} figures, the last {drawn[0]}")

    progress(0.0, f"0 of {len(names)} figures")
    job = OneOfAll(str(folder), fast, typed)
    found = sweep(job, names, workers=chosen_workers(workers, MEMORY), done=told, name=str)
    files = [path for name in FIGURES for path in _files(name, folder)]
    write_record(folder, RECORD, {"figures": list(FIGURES), **provenance(typed, begun, files)})
    return found


def _files(name: str, folder: Path) -> list[Path]:
    return [folder / own for own in record_of(folder / f"{name}.json").get("files", {})]


def main(module: str) -> None:
    """``python -m figures.NAME [FOLDER]``."""
    print(*draw(module.rsplit(".", 1)[-1], sys.argv[1] if len(sys.argv) > 1 else "figures_out"), sep="\n")
