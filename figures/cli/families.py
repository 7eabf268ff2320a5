"""Commands that Gaussian landscapes and losses share by name, each with options of its own."""

from collections.abc import Mapping
from typing import Any

from .generalized_linear import LOSSES
from .registry import option

GAUSSIAN_DEFAULTS = {
    "temperature": "0",
    "start": None,
    "beta_initial": None,
    "rtol": "1e-6",
    "method": "auto",
    "verify": False,
}


def dynamics_of(
    name: str,
    given: Mapping[str, str],
    shared: Mapping[str, Any],
    *,
    gaussian: Mapping[str, Any],
    loss: Mapping[str, Any],
) -> None:
    """`ruggedflow dynamics` of either family. Raises ValueError for an option of the other one; None: not typed."""
    if name in LOSSES:
        from . import generalized_linear_dynamics as losses

        _refuse(name, gaussian)
        losses.run(name, given, **shared, sampling=losses.Sampling(**loss))
        return
    from .dynamics import run

    _refuse(name, loss)
    run(name, given, **shared, **{**GAUSSIAN_DEFAULTS, **_typed(gaussian)}, resume=gaussian["resume"])


def _typed(options: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in options.items() if value is not None and key != "resume"}


def _refuse(name: str, foreign: Mapping[str, Any]) -> None:
    for key, value in foreign.items():
        if value is not None:
            raise ValueError(f"--{option(key)} does not apply to {name}; leave it out")
