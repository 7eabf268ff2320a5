"""The energies between which there are marginal points, in the answer of `ruggedflow complexity`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .output import print_text

if TYPE_CHECKING:
    from numerics.quantity import Quantity

WINDOW = "window_marginal"


def window_fields(found: Mapping[str, tuple[Quantity, Quantity]]) -> dict[str, Any]:
    """``window_marginal``: the lowest and the highest energy of marginal points; null, with the reason, for none."""
    record: dict[str, Any] = {}
    for label, ends in found.items():
        record[f"window_{label}"] = [end.value for end in ends]
        record[f"window_error_{label}"] = [end.error for end in ends]
        if reasons := dict.fromkeys(end.reason for end in ends if end.reason):
            record[f"window_reason_{label}"] = "; ".join(reasons)
    return record


def print_windows(record: Mapping[str, Any], labels: Mapping[str, str]) -> None:
    """A line for each."""
    for key in [key for key in record if key.startswith(WINDOW)]:
        if all(end is None for end in record[key]):
            place = "at no energy"
        else:
            place = "from energy {} to {}".format(*("\u2014" if e is None else f"{e:.10g}" for e in record[key]))
        reason = record.get(key.replace("window", "window_reason", 1))
        label = key.removeprefix("window_").removesuffix("_quenched")
        words = f"{labels[label]}{', quenched' * key.endswith('quenched')}"
        print_text(f"{words}: {place}" + (f" ({reason})" if reason else ""))
