"""`ruggedflow complexity` of an empirical risk."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from numerics.errors import ConvergenceError
from numerics.progress import Progress
from numerics.rounding import half_unit, rounded_up
from theory.kac_rice.average import AVERAGE
from theory.systems import GeneralizedLinear

from .answer import Answer, about, as_far_as_it_got, asked
from .files import drawing, picture_to_write, pictured
from .output import print_table, print_text
from .progress import fraction
from .quenched import NAMES
from .rows import titled
from .windows import print_windows, window_fields

if TYPE_CHECKING:
    from numerics.generalized_linear.complexity import Complexity
    from numerics.generalized_linear.field_law import Labels
    from numerics.generalized_linear.saddle_search import Kind

REMARKS = {
    "quenched": "annealed average over inputs, at typical labels: never below the typical (quenched) complexity",
    "annealed": "annealed average over inputs and labels: never below the typical (quenched) complexity",
}
AMONG = ["marginal_minima"]
NO_EDGE = "the curvature of the loss is unbounded below, and so the bulk of the Hessian has no edge"
PINNED = "data of most negative curvature, however few, hold the edge of the bulk at zero"


def found(
    landscape: GeneralizedLinear,
    overlap: float,
    energy: float | None,
    index: float | None,
    labels: Labels,
    size: int | None,
    plot: Any,
    *,
    marginal: bool = False,
) -> Answer:
    """Sigma of critical points, of minima, of saddles of a given index and of marginal points at one overlap."""
    from numerics.generalized_linear.complexity import complexity
    from numerics.together import Together

    landscape.require_slope()
    alpha = float(landscape.alpha)
    kinds: dict[str, Kind] = {"total": "total", "minima": "minima"}
    if index is not None:
        kinds["index"] = index
    kinds |= {"marginal": "marginal"} if marginal else {}
    picture = picture_to_write(plot)
    record: dict[str, Any] = {
        **about(landscape), "overlap": overlap, "labels": labels,
        "average": AVERAGE, "remark": REMARKS[labels],
    }  # fmt: skip
    record |= {} if energy is None else {"energy": energy}
    results: dict[str, Complexity] = {}
    with as_far_as_it_got(results) as told, fraction() as progress:
        for number, (label, kind) in enumerate(kinds.items()):
            progress(number / len(kinds), f"Sigma of {NAMES.get(label, f'index {index}')}")
            try:
                results[label] = complexity(landscape, alpha, kind, overlap=overlap, energy=energy, labels=labels)
            except ConvergenceError as failure:
                record |= {f"sigma_{label}": None, f"error_{label}": None, f"reason_{label}": str(failure)}
                continue
            record |= {f"{key}_{label}": value for key, value in _fields(results[label]).items()}
        if marginal:
            record |= _among(record, results.get("marginal"))
            progress(1.0, "energies of marginal points")
            record |= _windows(landscape, alpha, overlap, labels)
        if size is not None and results:
            record["finite_size"] = _finite_size(landscape, alpha, size, progress)
    for label in [*kinds, *(AMONG if marginal else [])]:
        if f"sigma_{label}" not in record:
            record |= {f"sigma_{label}": None, f"error_{label}": None, f"reason_{label}": "interrupted"}
    if not results:
        reasons = list(dict.fromkeys(str(record[f"reason_{label}"]) for label in kinds))
        raise ConvergenceError("; ".join(text for text in reasons if not any(text in r for r in reasons if r != text)))

    def curve() -> Any:
        from figures.generalized_linear_complexity import draw

        with fraction() as progress:
            return draw(landscape, alpha, labels, energy, progress)

    files = drawing(picture, pictured(curve))
    together = Together(results, asked(landscape), record["remark"])
    return Answer(
        together, record, lambda shown: _print(shown, [*kinds, *(AMONG if marginal else [])]), files, told.interruption
    )


def _fields(found: Complexity) -> dict[str, Any]:
    """``b`` is that at the edge of the bulk; an outlier along the signal is there where it exceeds 1."""
    unbounded = {"note": NO_EDGE} if math.isinf(found.hessian.edge) else {}
    flat = {"note": found.flat} if found.flat else {}
    pinned = {"note": PINNED} if found.kind == "marginal" and found.hessian.pinned else {}
    return (
        unbounded
        | pinned
        | flat
        | {
            "sigma": found.sigma,
            "error": found.error,
            "energy": found.energy,
            "index": found.index,
            "tilt": found.tilt,
            "b": found.hessian.attraction,
            "edge": found.hessian.edge,
            "outlier": found.hessian.outlier,
            "stable": None if found.flat else found.stable,
        }
    )


def _among(record: dict[str, Any], found: Complexity | None) -> dict[str, Any]:
    """Minima among marginal points: all of them, where the most numerous have nothing of their spectrum below zero."""
    from numerics.generalized_linear.marginal import outlier_below

    if found is None or found.stable:
        return {f"{key}_minima": value for key, value in record.items() if key.endswith("_marginal")}
    absent = {f"{key}_marginal_minima": None for key in ("sigma", "error")}
    return {**absent, "reason_marginal_minima": outlier_below(found)}


def _windows(landscape: GeneralizedLinear, alpha: float, overlap: float, labels: Labels) -> dict[str, Any]:
    """``window_marginal``: the lowest and the highest energy of marginal points; null, with the reason, for none."""
    from numerics.generalized_linear.marginal import window

    found = window(landscape, alpha, overlap=overlap, labels=labels)
    return window_fields({"marginal": found.points, "marginal_minima": found.minima})


def _finite_size(landscape: GeneralizedLinear, alpha: float, size: int, progress: Progress) -> dict[str, Any]:
    """Expected numbers at finite N over all overlaps but 1 and -1, with standard errors."""
    from numerics.generalized_linear.finite_size import expected_critical_points

    data = max(1, round(alpha * size))
    return {"size": size, "data": data, **expected_critical_points(landscape, size, data, progress=progress).record()}


QUANTITIES = {
    "sigma": "Sigma (annealed)",
    "error": "its error",
    "energy": "energy",
    "index": "index k",
    "tilt": "s = dSigma/de",
    "edge": "edge of the bulk",
    "b": "b at the edge",
    "outlier": "outlier",
    "stable": "stable",
}


def _print(record: dict[str, Any], labels: list[str]) -> None:
    title = f"{titled(record)}; overlap q = {record['overlap']:g}, labels {record['labels']}, inputs annealed"
    names = [NAMES.get(label, f"index {record.get('index_index', 0):.4g}") for label in labels]
    rows = [[text, *(_shown(record.get(f"{key}_{label}")) for label in labels)] for key, text in QUANTITIES.items()]
    rows[1][1:] = [_error(record[f"sigma_{label}"], record[f"error_{label}"]) for label in labels]
    print_table(title, ["", *names], rows)
    print_text(record["remark"])
    for label in labels:
        for key in (f"reason_{label}", f"note_{label}"):
            if key in record:
                print_text(f"{NAMES.get(label, 'index')}: {record[key]}")
    print_windows(record, NAMES)
    if "finite_size" in record:
        finite = record["finite_size"]
        number = f"{finite['total']:.4g} +- {finite['total_error']:.1g}"
        print(f"N = {finite['size']}, M = {finite['data']}: {number} critical points expected, the signal left out")


DIGITS = 10
"""Of a number in the table."""


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "\u2014" if value is None or not math.isfinite(value) else f"{value:.{DIGITS}g}"


def _error(sigma: float | None, error: float | None) -> str:
    """Of Sigma as it is printed."""
    return "\u2014" if sigma is None or error is None else rounded_up(error + half_unit(sigma, DIGITS), 2)
