"""`ruggedflow thresholds SYSTEM`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from numerics.progress import part
from theory.domain import FLAG, Choice, Several, Text, Whole
from theory.naming import called
from theory.prediction import Threshold
from theory.system import System
from theory.systems import Landscape

from .answer import Answer, about, asked
from .output import print_table, select
from .progress import fraction
from .question import Option, answers, values_of

if TYPE_CHECKING:
    from numerics.threshold_values import Thresholds

DIGITS = Option(Whole(1, 1000), "Significant digits; default 15.")
USUAL = 15
ONLY = Option(Several(Text("KEY")), "Only these thresholds.")
LATEX = Option(FLAG, "A table for a paper, of 6 digits unless --digits are given.", flag=True)
COLUMNS = Option(Several(Choice(("error", "meaning", "reference"))), "Further columns of that table.")


def _control(kind: type[System]) -> tuple[str, ...]:
    return (kind.control,) if kind.control else ()


@cache
def _has_some(kind: type[System]) -> bool:
    return any(isinstance(p, Threshold) for p in kind.exemplar().predictions())


@answers(System, leave=_control, applies=_has_some)
def of_any(
    system: System,
    *,
    digits: Annotated[int | None, DIGITS] = None,
    only: Annotated[Any, ONLY] = None,
    latex: Annotated[bool, LATEX] = False,
    columns: Annotated[Any, COLUMNS] = None,
) -> Answer:
    """Each threshold among the predictions, by the solver of its law."""
    from numerics.solve import solve_thresholds

    known = {p.name: p for p in system.predictions() if isinstance(p, Threshold)}
    chosen = [known[key] for key in select("only", only, known)]
    with fraction() as progress:
        found = solve_thresholds(chosen, values_of(system), digits or USUAL, progress)
    return _answer(system, found, _paper(latex, columns, digits))


@answers(Landscape, leave=_control)
def of_landscape(
    landscape: Landscape,
    *,
    digits: Annotated[int | None, DIGITS] = None,
    only: Annotated[Any, ONLY] = None,
    latex: Annotated[bool, LATEX] = False,
    columns: Annotated[Any, COLUMNS] = None,
) -> Answer:
    """Of every family of one control parameter."""
    from numerics.thresholds import Thresholds, evaluate_thresholds

    families = landscape.families()
    keys = select("only", only, [key for family, _ in families for key in family.thresholds])
    found: dict[str, Any] = {}
    with fraction() as progress:
        for number, (family, parameters) in enumerate(families):
            wanted = [key for key in keys if key in family.thresholds]
            if wanted:
                found |= evaluate_thresholds(
                    family, parameters, digits or USUAL, wanted, part(progress, number, len(families))
                )
    return _answer(landscape, Thresholds(found), _paper(latex, columns, digits))


def _paper(latex: bool, columns: Any, digits: int | None) -> dict[str, Any] | None:
    """What is asked of a table for a paper, if one is."""
    if columns and not latex:
        raise ValueError(f"{called('columns')} are those of {called('latex')}; give both")
    chosen = {"columns": columns or (), **({} if digits is None else {"digits": digits})}
    return chosen if latex else None


def _answer(system: System, found: Thresholds, paper: Mapping[str, Any] | None) -> Answer:
    found = replace(found, settings=asked(system))

    def show(_: Any) -> None:
        if paper is not None:
            print(found.latex(**paper))
            return
        table = found.table()
        print_table(f"{system.slug}: {system.shown}".removesuffix(": "), list(table.columns), table.texts())

    return Answer(found, {**about(system), "thresholds": found.record()}, show)
