"""`ruggedflow figure NAME` and `ruggedflow figure --all`."""

from pathlib import Path

import click

from figures.commands.output import print_json, print_table
from figures.commands.progress import fraction
from figures.record import claim_name
from figures.registry import FIGURES, Drawn, draw, draw_all, there, title_of
from numerics.provenance import output_folder
from numerics.running import RUNNING, essential, forced
from theory.domain import Whole


def run(
    name: str, *, draw_everything: bool, fast: bool, workers: str | None, output: str, list_figures: bool, as_json: bool
) -> None:
    """Draw one figure or all of them, or list them."""
    count = None if workers is None else Whole(1, 1024).read("workers", workers)
    if draw_everything and name:
        raise ValueError(f"--all draws {name} as well; give one of the two")
    if draw_everything:
        _all(output, fast, count, as_json)
    elif list_figures or not name:
        if fast or workers is not None:
            raise ValueError(f"{'--fast' if fast else '--workers'} is for drawing: name a figure, or give --all")
        _list(name, as_json)
    else:
        with fraction(f"drawing {name}"):
            files = [str(path) for path in draw(name, output, fast=fast, workers=count)]
        if as_json:
            print_json({"figure": name, "files": files})
        else:
            print(*files, sep="\n")


def _list(name: str, as_json: bool) -> None:
    """All, or the one of that name."""
    listed = {name: title_of(name)} if name else FIGURES
    if as_json:
        print_json({"figures": listed})
    else:
        print_table("Figures", ["name", "what it shows"], [[key, title] for key, title in listed.items()])


def _all(output: str, fast: bool, workers: int | None, as_json: bool) -> None:
    """Those that are there already, as this version draws them, are left as they are unless that is forced."""
    words, running = ("figure", "--all", *(["--fast"] if fast else [])), RUNNING.get()
    typed = words if running is None else essential(running.words) + (("--force",) if forced() else ())
    folder = output_folder(output)
    for name in FIGURES:
        claim_name(folder, name, ("figure", name, *words[2:]))
    missing = [name for name in FIGURES if forced() or not there(name, folder, fast=fast)]
    try:
        with fraction() as progress:
            drawn = draw_all(missing, folder, fast=fast, workers=workers, typed=typed, progress=progress)
    except KeyboardInterrupt as error:
        told = f"{str(error) or 'interrupted'}; the same command goes on from {folder}"
        raise KeyboardInterrupt(told) from error
    failed = {name: reason for name, _, _, reason in drawn if reason}
    if as_json:
        print_json({"drawn": [name for name in missing if name not in failed], "failed": failed, **_kept(missing)})
    else:
        _print(drawn, missing, folder)
    if failed:
        raise click.exceptions.Exit(1)


def _kept(missing: list[str]) -> dict[str, list[str]]:
    return {"there_already": [name for name in FIGURES if name not in missing]}


def _print(drawn: list[Drawn], missing: list[str], folder: Path) -> None:
    rows = [[name, f"{seconds:.0f}", reason or f"{len(files)} files"] for name, seconds, files, reason in drawn]
    if rows:
        print_table(f"Figures in {folder}", ["name", "seconds", "what became of it"], rows)
    kept = len(FIGURES) - len(missing)
    if kept:
        print(f"{kept} of {len(FIGURES)} were there already, drawn by this version; --force draws them again")
    failed = [name for name, _, _, reason in drawn if reason]
    if failed:
        print(f"{len(failed)} could not be drawn: {', '.join(failed)}")
