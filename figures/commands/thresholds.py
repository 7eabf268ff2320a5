"""`ruggedflow thresholds SYSTEM`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from sympy import Symbol

from theory.domain import Several, Text, Whole
from theory.prediction import Threshold
from theory.symbols import ENERGY
from theory.system import System
from theory.systems import GeneralizedLinear, Landscape

from .answer import Answer
from .output import print_table, select
from .progress import announced, lines
from .question import Option, answers

DIGITS = Option(Whole(1, 1000), "Significant digits.")
ONLY = Option(Several(Text("KEY")), "Only these thresholds.")


def _control(kind: type[System]) -> tuple[str, ...]:
    return (kind.control,) if kind.control else ()


def applies(kind: type[System]) -> bool:
    """Systems with thresholds: those of their families, or among their predictions."""
    return bool(kind.control) or issubclass(kind, Landscape)


@answers(System, leave=_control)
def of_any(system: System, *, digits: Annotated[int, DIGITS] = 15, only: Annotated[Any, ONLY] = None) -> Answer:
    """Each threshold among the predictions, by the solver of its law."""
    from numerics.solve import solve_threshold

    known = {p.name: p for p in system.predictions() if isinstance(p, Threshold)}
    point = {Symbol(name, positive=True): value for name, value in system.given.items()}
    results = {}
    with announced() as doing:
        for key in select("only", only, known):
            doing(key)
            results[key] = solve_threshold(known[key], point, digits)
    return _answer(system, results)


@answers(Landscape, leave=_control)
def of_landscape(
    landscape: Landscape, *, digits: Annotated[int, DIGITS] = 15, only: Annotated[Any, ONLY] = None
) -> Answer:
    """Of every family of one control parameter."""
    from numerics.thresholds import evaluate_thresholds

    families = landscape.families()
    keys = select("only", only, [key for family, _ in families for key in family.thresholds])
    results: dict[str, Any] = {}
    with lines(len(keys)) as advance:
        for family, parameters in families:
            wanted = [key for key in keys if key in family.thresholds]
            if wanted:
                results |= evaluate_thresholds(family, parameters, digits, wanted, advance)
    return _answer(landscape, results)


def _answer(system: System, results: Mapping[str, Any]) -> Answer:
    """Of values as ``numerics.thresholds`` has them."""
    record = {key: _record(result) for key, result in results.items()}

    def show(_: Any) -> None:
        rows = [[key, r.text() if r.exists else "—", r.reason or r.threshold.meaning] for key, r in results.items()]
        controls = " or ".join(dict.fromkeys(_control_key(r) for r in results.values()))
        print_table(_title(system), ["threshold", controls, "meaning or reason"], rows)

    whole = {"system": system.slug, "parameters": system.echo(), "thresholds": record}
    return Answer(dict(results), whole, show)


def _title(system: System) -> str:
    shown = ", ".join(f"{key} = {value}" for key, value in system.echo().items())
    return f"{system.slug}: {shown}"


def _control_key(result: Any) -> str:
    """Name of the critical parameter: ``inverse_delta_2``, ``inverse_delta_p``, ``signal_strength`` or ``energy``."""
    return "energy" if result.threshold.control == ENERGY else str(result.threshold.control)


def _record(result: Any) -> dict[str, Any]:
    closed = result.threshold.closed_form
    return {
        _control_key(result): result.text() if result.exists else None,
        "error": result.error_text() if result.exists else None,
        "exists": result.exists,
        "reason": result.reason,
        "meaning": result.threshold.meaning,
        "equation": result.equation,
        "closed_form": None if closed is None else str(closed),
        "reference": result.threshold.reference,
    }


LOSS_DIGITS = 15


@answers(GeneralizedLinear, leave=_control)
def of_loss(
    landscape: GeneralizedLinear,
    *,
    digits: Annotated[int, Option(Whole(1, LOSS_DIGITS), "Significant digits.")] = LOSS_DIGITS,
    only: Annotated[Any, ONLY] = None,
) -> Answer:
    """Every critical alpha."""
    from numerics.generalized_linear import THRESHOLDS, evaluate_critical

    landscape.require_smooth()
    keys = select("only", only, THRESHOLDS)
    with announced() as doing:
        results = evaluate_critical(landscape, keys, progress=doing)
    record = {key: _loss_record(result, THRESHOLDS[key]) for key, result in results.items()}

    def show(_: Any) -> None:
        rows = [_loss_row(key, result, THRESHOLDS[key].meaning, digits) for key, result in results.items()]
        print_table(_title(landscape), ["threshold", "alpha = M/N", "error", "meaning; remarks"], rows)

    whole = {"system": landscape.slug, "parameters": landscape.echo(), "thresholds": record}
    return Answer(dict(results), whole, show)


def _loss_record(result: Any, named: Any) -> dict[str, Any]:
    return {
        "alpha": result.alpha,
        "error": result.error,
        "exists": result.exists,
        "note": result.note,
        "meaning": named.meaning,
        "reference": named.reference,
        "state": {part: float(number) for part, number in result.state.items()},
    }


def _loss_row(key: str, result: Any, meaning: str, digits: int) -> list[str]:
    from numerics.rounding import half_unit, rounded_up

    value = f"{result.alpha:.{digits}g}" if result.exists else "—"
    error = rounded_up(result.error + half_unit(result.alpha, digits), 2) if result.exists else ""
    return [key, value, error, "; ".join(text for text in (meaning, result.note) if text)]
