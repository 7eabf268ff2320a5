"""`ruggedflow thresholds SYSTEM`."""

from collections.abc import Mapping
from typing import Any

from sympy import Expr, Symbol, oo

from numerics.thresholds import ThresholdValue, energy_family, evaluate_thresholds
from theory.thresholds import Family

from .arguments import chosen, whole
from .generalized_linear import LOSSES, run_thresholds
from .output import echo_parameters, print_json, print_table
from .progress import lines
from .registry import System, option, system

Parameters = dict[Symbol, Expr]


def run(name: str, given: Mapping[str, str], *, digits: str, only: str, as_json: bool) -> None:
    """Evaluate and print every threshold of a system."""
    if name in LOSSES:
        run_thresholds(name, given, digits=digits, only=only, as_json=as_json)
        return
    own = system(name)
    count = whole("digits", digits, 1, 1000)
    families, values = families_of(own, given)
    keys = chosen("only", only, [key for family, _ in families for key in family.thresholds])
    results: dict[str, ThresholdValue] = {}
    with lines(len(keys)) as advance:
        for family, parameters in families:
            wanted = [key for key in keys if key in family.thresholds]
            if wanted:
                results |= evaluate_thresholds(family, parameters, count, wanted, advance)
    record = {key: _record(result) for key, result in results.items()}
    if as_json:
        print_json({"system": name, "parameters": echo_parameters(values), "thresholds": record})
        return
    rows = [[key, r.text() if r.exists else "—", r.reason or r.meaning] for key, r in results.items()]
    shown = ", ".join(f"{key} = {value}" for key, value in echo_parameters(values).items())
    controls = " or ".join(dict.fromkeys(value_key(result) for result in results.values()))
    print_table(f"{name}: {shown}", ["threshold", controls, "meaning or reason"], rows)


Question = tuple[Family, Parameters]
"""A one-parameter family and the values of its other parameters."""


def families_of(own: System, given: Mapping[str, str]) -> tuple[list[Question], dict[str, Any]]:
    """The one-parameter families whose thresholds are asked for, and all values given."""
    values = own.read(given)
    if own.control in values:
        raise ValueError(f"--{option(own.control)} is the parameter whose thresholds are computed; leave it out")
    own.require(given, [name for name in own.required if name != own.control])
    landscape = own.landscape(**values)
    if own.family is None or landscape.mean == 0:
        return [(energy_family(landscape), {})], values
    if own.control == "":
        return [(own.family(landscape), {}), (energy_family(landscape), {})], values
    family = own.family(values["p"])
    parameters = {symbol: values[symbol.name] for symbol in family.free}
    if oo in parameters.values():
        raise ValueError(
            "--delta-p inf leaves the matrix alone, with its one threshold 1/delta_2 = 1; try --delta-p 100"
        )
    return [(family, parameters)], values


def value_key(result: ThresholdValue) -> str:
    """Name of the critical parameter: ``inverse_delta_2``, ``inverse_delta_p``, ``signal_strength`` or ``energy``."""
    return result.control


def _record(result: ThresholdValue) -> dict[str, Any]:
    return {
        value_key(result): result.text() if result.exists else None,
        "error": result.error_text() if result.exists else None,
        "exists": result.exists,
        "reason": result.reason,
        "meaning": result.meaning,
        "equation": result.equation,
        "closed_form": result.closed_form,
        "reference": result.reference,
    }
