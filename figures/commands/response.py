"""The integrated response of a landscape over its correlation, recorded and printed beside what theory says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from numerics.dynamics.fluctuation_dissipation import FluctuationDissipation
from numerics.quantity import NONE, with_error
from theory.naming import called

from .output import print_table, print_text

SHOWN = 12
"""Rows of the table, evenly in C."""
COLUMNS = {"correlation": "C(t, s)", "chi": "chi(t, s)", "effective_temperature": "T_eff"}
PREDICTED = {"predicted_chi": "chi, t -> oo", "predicted_temperature": "T_eff, t -> oo"}
LETTERS = {"plateau": "q", "exponent_parameter": "lambda", "exponent_a": "a", "exponent_b": "b"}


def require_time(t: float | None, end: float) -> None:
    """Raises ``ValueError`` for a time of no past, or beyond the end."""
    if t is None:
        return
    option = called("fluctuation_dissipation", f"{t:g}")
    if t > end:
        raise ValueError(f"{option} lies beyond {called('t_max', f'{end:g}')}")
    if t <= 0:
        raise ValueError(f"{option}: chi(t, s) needs a time above 0")


def recorded(measured: FluctuationDissipation) -> dict[str, Any]:
    """Rows over s from t down, an absent temperature null; the pieces of ``chi(C)`` for t -> oo, or why none are known.

    An effective temperature of a piece is at both of its ends; null is infinite.
    """
    law = measured.law
    prediction: dict[str, Any] = {"reason": measured.reason}
    if law is not None:
        prediction |= {"sectors": law.record(), **law.exponents}
    rows = [{key: None if value == "" else value for key, value in row.items()} for row in measured.rows()]
    return {"fluctuation_dissipation": {"t": measured.settings["t"], "prediction": prediction, "rows": rows}}


def print_response(record: Mapping[str, Any]) -> None:
    """Some rows, the sectors, and the exponents next to the plateau."""
    rows = _thinned(record["rows"])
    known = {key: name for key, name in (COLUMNS | PREDICTED).items() if key in rows[0]}
    lines = [[f"{row['s']:.6g}", *(_cell(row, key) for key in known)] for row in rows]
    print_table(f"t = {record['t']:g}: chi(t, s) = int_s^t R(t, u) du", ["s", *known.values()], lines)
    prediction = record["prediction"]
    if prediction["reason"]:
        print_text(f"t -> oo: {prediction['reason']}")
        return
    for sector in prediction["sectors"]:
        print_text(f"t -> oo: {_described(sector)}")
    found = [f"{letter} = {prediction[key]:.10g}" for key, letter in LETTERS.items() if key in prediction]
    if found:
        print_text(f"C - q ~ t^-a, then -t^b: {', '.join(found)}")


def _thinned(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those next to places that are even in C, in their order."""
    c = np.array([row["correlation"] for row in rows])
    places = np.linspace(c[0], c[-1], SHOWN)
    return [rows[i] for i in np.unique(np.argmin(np.abs(c - places[:, None]), axis=1))]


def _cell(row: Mapping[str, Any], key: str) -> str:
    value, error = row[key], row.get(f"{key}_error")
    if value is None:
        return NONE
    return f"{value:.8g}" if error is None else with_error(value, error)


def _described(sector: Mapping[str, Any]) -> str:
    """``step from C = 0.73 to 0, chi from 0.676 to 1.35, T_eff = 1.079``."""
    at_ends = list(dict.fromkeys("oo" if x is None else f"{x:.8g}" for x in sector["effective_temperature"]))
    span = "from C = {from:.8g} to {to:.8g}, chi from {chi_from:.8g} to {chi_to:.8g}".format(**sector)
    return f"{sector['kind']} {span}, T_eff = {' to '.join(at_ends)}"
