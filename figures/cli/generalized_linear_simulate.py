"""`ruggedflow simulate` of an empirical risk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sympy import DiracDelta

from numerics.generalized_linear.simulation import simulate_risk, success_probability
from numerics.generalized_linear.simulation.success import GOAL
from numerics.simulation import Ensemble

from .arguments import real, starting_overlap
from .generalized_linear import LOSSES
from .output import echo_parameters

STARTS = ("random", "spectral")
LARGEST_ALPHA = 1e6


def risk(
    name: str, given: Mapping[str, str], *, overlap: str | None, start: str, connectivity: str | None
) -> tuple[Callable[..., Ensemble], dict[str, Any]]:
    """What runs the samples of a loss at ``--alpha``, and its parameters."""
    chosen = LOSSES[name]
    alpha = given.get("alpha")
    values = {key: text for key, text in given.items() if key != "alpha"}
    read = chosen.read(values)
    chosen.require(values)
    if alpha is None:
        raise ValueError("--alpha is missing: data per dimension; try --alpha 3")
    if connectivity is not None:
        raise ValueError(f"--connectivity does not apply to {name}: its data are dense")
    if start not in STARTS:
        raise ValueError(f"--start {start} is none of {', '.join(STARTS)}")
    if start != "random" and overlap is not None:
        raise ValueError(f"--overlap does not go with --start {start}, which has the overlap that it finds")
    options: dict[str, Any] = {"alpha": real("alpha", alpha, 1e-6, LARGEST_ALPHA), "start": start}
    options["overlap"] = None if overlap is None else starting_overlap(overlap)
    landscape = chosen.landscape(**read)
    if landscape.curvature.has(DiracDelta):  # the gradient jumps
        landscape.require_smooth()
    runner = partial(simulate_risk, landscape, **options)
    return runner, echo_parameters(read) | {"alpha": options["alpha"]}


def success(found: Ensemble) -> dict[str, float]:
    """Share of runs that end near the signal, with its 95 % interval."""
    share = success_probability(found)
    bounds = {"low": float(share.low), "high": float(share.high)}
    return {"goal": GOAL, "probability": float(share.value), "error": float(share.error), **bounds}
