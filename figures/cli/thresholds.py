"""`ruggedflow thresholds SYSTEM`."""

from collections.abc import Mapping
from typing import Any

from mpmath import nstr
from sympy import Expr, Symbol, oo

from numerics.thresholds import ThresholdValue, energy_family, evaluate_thresholds
from theory.symbols import ENERGY
from theory.thresholds import Family

from .generalized_linear import LOSSES, run_thresholds
from .output import echo_parameters, print_json, print_table, whole
from .registry import System, option, system

Parameters = dict[Symbol, Expr]


def run(name: str, given: Mapping[str, str], *, digits: str, only: str, as_json: bool) -> None:
    """Evaluate and print every threshold of a system."""
    if name in LOSSES:
        run_thresholds(name, given, digits=digits, only=only, as_json=as_json)
        return
    chosen = system(name)
    count = whole("digits", digits, 1, 1000)
    keys = [key.strip() for key in only.split(",") if key.strip()]
    family, parameters, values = family_of(chosen, given)
    results = _evaluate(family, parameters, count, keys)
    if family.control != ENERGY and chosen.name == "landscape":
        results |= _evaluate(energy_family(chosen.build(given)), {}, count, keys)
    unknown = [key for key in keys if key not in results]
    if unknown:
        names = [*family.thresholds]
        raise ValueError(f"--only {unknown[0]}: no such threshold; choose among {', '.join(names)}")
    record = {key: _record(result) for key, result in results.items()}
    if as_json:
        print_json({"system": name, "parameters": echo_parameters(values), "thresholds": record})
        return
    rows = [[key, r.text() if r.exists else "—", r.reason or r.threshold.meaning] for key, r in results.items()]
    shown = ", ".join(f"{key} = {value}" for key, value in echo_parameters(values).items())
    controls = " or ".join(dict.fromkeys(value_key(result) for result in results.values()))
    print_table(f"{name}: {shown}", ["threshold", controls, "meaning, or why there is none"], rows)


def family_of(chosen: System, given: Mapping[str, str]) -> tuple[Family, Parameters, dict[str, Any]]:
    """The one-parameter family whose thresholds are asked for, its free parameters and all values given."""
    values = chosen.read(given)
    if chosen.control in values:
        raise ValueError(f"--{option(chosen.control)} is the parameter whose thresholds are computed; leave it out")
    chosen.require(given, [name for name in chosen.required if name != chosen.control])
    landscape = chosen.landscape(**values)
    if chosen.family is None or landscape.mean == 0:
        return energy_family(landscape), {}, values
    if chosen.control == "":
        return chosen.family(landscape), {}, values
    family = chosen.family(values["p"])
    parameters = {symbol: values[symbol.name] for symbol in family.free}
    if oo in parameters.values():
        raise ValueError(
            "--delta-p inf leaves the matrix alone, with its one threshold 1/delta_2 = 1; try --delta-p 100"
        )
    return family, parameters, values


def _evaluate(family: Family, parameters: Parameters, digits: int, keys: list[str]) -> dict[str, ThresholdValue]:
    wanted = [key for key in keys if key in family.thresholds]
    if keys and not wanted:
        return {}
    return evaluate_thresholds(family, parameters, digits, wanted)


def value_key(result: ThresholdValue) -> str:
    """Name of the critical parameter: ``inverse_delta_2``, ``inverse_delta_p``, ``signal_strength`` or ``energy``."""
    return "energy" if result.threshold.control == ENERGY else str(result.threshold.control)


def _record(result: ThresholdValue) -> dict[str, Any]:
    return {
        value_key(result): result.text() if result.exists else None,
        "error": nstr(result.error, 3) if result.exists else None,
        "exists": result.exists,
        "reason": result.reason,
        "meaning": result.threshold.meaning,
        "equation": result.equation,
        "closed_form": str(result.threshold.closed_form) if result.threshold.closed_form is not None else None,
        "reference": result.threshold.reference,
    }
