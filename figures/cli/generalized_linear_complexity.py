"""`ruggedflow complexity` for the loss of a generalised linear landscape."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from numerics.errors import ConvergenceError
from numerics.rounding import half_unit, rounded_up
from theory.generalized_linear import GeneralizedLinearLandscape
from theory.kac_rice.average import AVERAGE

from .arguments import LARGEST_ENERGY, open_overlap, picture_to_write, real, whole
from .delivery import deliver
from .generalized_linear import LOSSES
from .output import echo_parameters, print_table

if TYPE_CHECKING:
    from numerics.generalized_linear.complexity import Complexity
    from numerics.generalized_linear.search import Kind

REMARKS = {
    "quenched": "annealed average over inputs, at typical labels: never below the typical (quenched) complexity",
    "annealed": "annealed average over inputs and labels: never below the typical (quenched) complexity",
}
SMALLEST_ALPHA = 1e-9
NO_EDGE = "the curvature of the loss is unbounded below, and so the bulk of the Hessian has no edge"
NAMES = {"total": "all critical points", "minima": "minima"}


@dataclass(frozen=True)
class Question:
    """What was typed: overlap, energy, fraction of negative directions, labels, finite size, picture."""

    overlap: str
    energy: str | None
    index: str | None
    labels: str
    size: str | None
    plot: str | None


def run_complexity(name: str, given: Mapping[str, str], asked: Question, *, as_json: bool) -> None:
    """Sigma of critical points, of minima and of saddles of a given index at one overlap."""
    from numerics.generalized_linear.complexity import complexity
    from numerics.generalized_linear.data import Labels

    from .progress import announced

    landscape, values, alpha = declared_at(name, given)
    overlap = open_overlap(asked.overlap)
    labels = next((known for known in get_args(Labels) if known == asked.labels), None)
    if labels is None:
        raise ValueError(f"--labels {asked.labels} must be quenched or annealed")
    energy = None if asked.energy is None else real("energy", asked.energy, -LARGEST_ENERGY, LARGEST_ENERGY)
    kinds: dict[str, Kind] = {"total": "total", "minima": "minima"}
    if asked.index is not None:
        kinds["index"] = _fraction(asked.index)
    size = None if asked.size is None else whole("size", asked.size, 2, 60)
    picture = None if asked.plot is None else picture_to_write("plot", asked.plot)
    record: dict[str, Any] = {
        "system": name, "parameters": echo_parameters(values) | {"alpha": alpha}, "overlap": overlap, "labels": labels,
        "average": AVERAGE, "remark": REMARKS[labels],
    }  # fmt: skip
    record |= {} if energy is None else {"energy": energy}
    for label, kind in kinds.items():
        try:
            with announced() as doing:
                doing(f"Sigma of {NAMES.get(label, f'index {asked.index}')}")
                found = complexity(landscape, alpha, kind, overlap=overlap, energy=energy, labels=labels)
        except ConvergenceError as failure:
            record |= {f"sigma_{label}": None, f"error_{label}": None, f"reason_{label}": str(failure)}
            continue
        record |= {f"{key}_{label}": value for key, value in _fields(found).items()}
    if all(record[f"sigma_{label}"] is None for label in kinds):
        reasons = list(dict.fromkeys(str(record[f"reason_{label}"]) for label in kinds))
        raise ConvergenceError("; ".join(text for text in reasons if not any(text in r for r in reasons if r != text)))
    if size is not None:
        record["finite_size"] = _finite_size(landscape, alpha, size)
    files = {} if picture is None else {"plot": lambda: _draw(landscape, alpha, labels, energy, picture)}
    deliver(record, lambda shown: _print(shown, list(kinds)), files, as_json)


def declared_at(name: str, given: Mapping[str, str]) -> tuple[GeneralizedLinearLandscape, dict[str, Any], float]:
    """The landscape, its parameters and alpha."""
    if "alpha" not in given:
        raise ValueError(f"--alpha is missing for {name}; try --alpha 4")
    landscape, values = LOSSES[name].declared({key: text for key, text in given.items() if key != "alpha"})
    alpha = real("alpha", given["alpha"], -1e9, 1e9)
    if alpha < SMALLEST_ALPHA:
        raise ValueError(f"--alpha {given['alpha']} must be a positive number, 1e-9 at least; try --alpha 4")
    return landscape, values, alpha


def _fraction(text: str) -> float:
    value = real("index", text, -1e9, 1e9)
    if not 0 < value < 1:
        raise ValueError(f"--index {text} must be a fraction between 0 and 1; try --index 0.1")
    return value


def _fields(found: Complexity) -> dict[str, Any]:
    """``b`` is that at the edge of the bulk; an outlier along the signal is there where it exceeds 1."""
    unbounded = {} if math.isfinite(found.hessian.edge) else {"note": NO_EDGE}
    return unbounded | {
        "sigma": found.sigma,
        "error": found.error,
        "energy": found.energy,
        "index": found.index,
        "tilt": found.tilt,
        "b": found.hessian.attraction,
        "edge": found.hessian.edge,
        "outlier": found.hessian.outlier,
        "stable": found.stable,
    }


def _finite_size(landscape: GeneralizedLinearLandscape, alpha: float, size: int) -> dict[str, Any]:
    """Expected numbers at finite N over all overlaps but 1 and -1, with standard errors."""
    from numerics.generalized_linear.finite_size import expected_critical_points

    data = max(1, round(alpha * size))
    return {"size": size, "data": data, **expected_critical_points(landscape, size, data).record()}


def _draw(landscape: GeneralizedLinearLandscape, alpha: float, labels: Any, energy: float | None, path: Path) -> Path:
    from figures.generalized_linear_complexity import draw
    from figures.style import save

    return save(draw(landscape, alpha, labels, energy), path)


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
    shown = ", ".join(f"{key} = {value}" for key, value in record["parameters"].items())
    title = (
        f"{record['system']}: {shown}; overlap q = {record['overlap']:g}, labels {record['labels']}, inputs annealed"
    )
    names = [NAMES.get(label, f"index {record.get('index_index', 0):.4g}") for label in labels]
    rows = [[text, *(_shown(record.get(f"{key}_{label}")) for label in labels)] for key, text in QUANTITIES.items()]
    rows[1][1:] = [_error(record[f"sigma_{label}"], record[f"error_{label}"]) for label in labels]
    print_table(title, ["", *names], rows)
    print(record["remark"])
    for label in labels:
        for key in (f"reason_{label}", f"note_{label}"):
            if key in record:
                print(f"{NAMES.get(label, 'index')}: {record[key]}")
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
