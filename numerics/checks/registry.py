"""Every check by name; its module is imported only when it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path

from .report import Report
from .tasks import Progress


@dataclass(frozen=True)
class Check:
    """One line about it, and where it is."""

    description: str
    module: str


CHECKS = {
    "bbp-rotation-invariant": Check(
        "outlier of a random matrix with a spike, and its overlap with the spike", "bbp_rotation_invariant"
    ),
    "state-evolution": Check(
        "message passing, Bayes-optimal and maximum-likelihood, against its state evolution", "state_evolution"
    ),
    "complexity": Check("all critical points of small landscapes against the exact Kac-Rice count", "complexity"),
    "informative-minimum": Check(
        "descent from the signal against the aligned minimum of Kac-Rice", "informative_minimum"
    ),
    "dynamics": Check("gradient flow and Langevin runs against the two-time equations", "dynamics"),
    "threshold-energy": Check("where gradient flow from a random start ends, and how stable it is", "threshold_energy"),
    "bbp-threshold-states": Check(
        "Hessian where gradient flow ends: edge, outlier, overlap with the signal", "bbp_threshold_states"
    ),
    "gradient-flow-threshold": Check(
        "success probability of gradient flow at finite size against the threshold", "gradient_flow_threshold"
    ),
    "phase-retrieval-initial-bbp": Check(
        "Hessian of phase retrieval at a random point: edge, outlier, overlap", "phase_retrieval_initial_bbp"
    ),
    "phase-retrieval-threshold-states": Check(
        "Hessian where gradient flow of phase retrieval ends: edge, outlier, overlap",
        "phase_retrieval_threshold_states",
    ),
    "phase-retrieval-dynamics": Check(
        "gradient flow of phase retrieval against the effective process", "phase_retrieval_dynamics"
    ),
    "spectral-method": Check("spectral methods: top eigenvalue, and overlap with the signal", "spectral_method"),
    "state-evolution-phase-retrieval": Check(
        "message passing in phase retrieval against its state evolution", "state_evolution_phase_retrieval"
    ),
}


def run_check(
    name: str,
    *,
    quick: bool = False,
    seed: int = 0,
    workers: int = 1,
    output: Path | None = None,
    progress: Progress | None = None,
    perturb: Mapping[str, float] | None = None,
) -> Report:
    """Run the check of that name (arguments: see ``numerics.checks``). ValueError for an unknown one."""
    if name not in CHECKS:
        near = get_close_matches(name, CHECKS, n=1, cutoff=0.3)
        hint = f"did you mean {near[0]}?" if near else f"choose among {', '.join(CHECKS)}"
        raise ValueError(f"unknown check {name!r}; {hint}")
    if workers < 1:
        raise ValueError(f"workers = {workers} must be at least 1")
    module = import_module(f".{CHECKS[name].module}", __package__)
    report: Report = module.run(
        quick=quick, seed=seed, workers=workers, output=output, progress=progress, perturb=perturb
    )
    return report
