"""Commands that Gaussian landscapes and losses share by name, each with options of its own."""

from collections.abc import Mapping
from typing import Any

from .arguments import refuse
from .generalized_linear import LOSSES

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

        refuse(name, gaussian)
        losses.run(name, given, **shared, sampling=losses.Sampling(**loss))
        return
    from .dynamics import run

    refuse(name, loss)
    run(name, given, **shared, **{**GAUSSIAN_DEFAULTS, **_typed(gaussian)}, resume=gaussian["resume"])


def phase_diagram_of(
    name: str,
    *,
    output: str,
    as_json: bool,
    points: str | None,
    workers: str | None,
    gaussian: Mapping[str, Any],
    runs: Mapping[str, Any],
    loss: Mapping[str, Any],
) -> None:
    """`ruggedflow phase-diagram` of either family; ``runs`` are the options of ``--with-simulation``."""
    if name in LOSSES:
        from .generalized_linear_phase_diagram import Plane, run_retrieval

        refuse(name, {**gaussian, **runs})
        run_retrieval(
            Plane(name, **_typed({**loss, "points": points, "workers": workers})), output=output, as_json=as_json
        )
        return
    from .phase_diagram import run

    if any(value is not None for value in loss.values()):
        raise ValueError(f"--a-range, --a and --only do not apply to {name}; leave them out")
    chosen = None
    if gaussian["with_simulation"]:
        from .phase_diagram_simulation import Options

        chosen = Options(**_typed({**runs, "workers": workers}))
    else:
        refuse(name, {**runs, "workers": workers}, "without --with-simulation")
    typed = _typed({"points": points, "delta_p_range": gaussian["delta_p_range"]})
    run(name, gaussian["p"] or ["3"], output=output, runs=chosen, as_json=as_json, **typed)


def _typed(options: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in options.items() if value is not None and key != "resume"}
