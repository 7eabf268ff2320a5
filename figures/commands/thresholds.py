"""`ruggedflow thresholds SYSTEM`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from numerics.errors import Interrupted
from theory.domain import FLAG, Choice, Several, Text, Whole
from theory.naming import called
from theory.prediction import Threshold
from theory.system import System

from .answer import Answer, about, asked
from .output import print_table, select
from .progress import fraction
from .question import Option, answers

if TYPE_CHECKING:
    from numerics.threshold_values import Thresholds

DIGITS = Option(Whole(1, 1000), "Significant digits; default 15.")
USUAL = 15
ONLY = Option(Several(Text("KEY")), "Only these thresholds.")
DERIVATIVE = Option(Text("NAME"), "Also the derivative of each with respect to this parameter.")
LATEX = Option(FLAG, "A table for a paper, of 6 digits unless --digits are given.", flag=True)
COLUMNS = Option(Several(Choice(("error", "meaning", "reference"))), "Further columns of that table.")


def _control(kind: type[System]) -> tuple[str, ...]:
    return (kind.control,) if kind.control else ()


@cache
def has_some(kind: type[System]) -> bool:
    """Whether such systems have thresholds."""
    return any(isinstance(p, Threshold) for p in kind.exemplar().predictions())


@answers(System, leave=_control, applies=has_some)
def of_any(
    system: System,
    *,
    digits: Annotated[int | None, DIGITS] = None,
    only: Annotated[Any, ONLY] = None,
    derivative: Annotated[str | None, DERIVATIVE] = None,
    latex: Annotated[bool, LATEX] = False,
    columns: Annotated[Any, COLUMNS] = None,
) -> Answer:
    """Each threshold by the solver of its law; of landscapes, of every family of one control parameter."""
    from numerics.thresholds_of import declared_thresholds, thresholds_of

    declared = declared_thresholds(system)
    chosen, failure = select("only", only, declared), None
    try:
        with fraction() as progress:
            found = thresholds_of(system, chosen, digits or USUAL, progress)
            if derivative is not None:
                from numerics.derivatives import with_derivatives

                progress(1.0, f"derivatives with respect to {derivative}")
                found = with_derivatives(found, system, derivative.replace("-", "_"))
    except Interrupted as error:
        if not error.partial:
            raise
        found, failure = _filled(error.partial, [declared[name] for name in chosen]), error
    return replace(_answer(system, found, _paper(latex, columns, digits)), failure=failure)


def _filled(found: Thresholds, wanted: Sequence[Threshold]) -> Thresholds:
    """Those that were not reached are said to be."""
    from numerics.threshold_values import ThresholdValue

    absent = {t.name: replace(ThresholdValue.unknown(t), note="not computed: interrupted") for t in wanted}
    return replace(found, values_by_name=absent | dict(found))


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
