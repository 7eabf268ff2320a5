"""One door for all files: a file says which solution it holds."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from . import storage
from .solution import Solution

KINDS = {
    "ruggedflow dynamics": ("numerics.dynamics.solution", "DynamicsSolution"),
    "ruggedflow descent": ("numerics.generalized_linear.dynamics.solution", "DescentSolution"),
    "ruggedflow ensemble": ("numerics.simulation.ensemble", "Ensemble"),
    "ruggedflow thresholds": ("numerics.threshold_values", "Thresholds"),
    "ruggedflow flow": ("numerics.curves", "FlowSolution"),
    "ruggedflow numbers": ("numerics.curves", "Numbers"),
    "ruggedflow averages": ("numerics.curves", "Averages"),
    "ruggedflow complexity": ("numerics.complexity", "ComplexityResult"),
    "ruggedflow quenched complexity": ("numerics.quenched.complexity", "QuenchedComplexity"),
    "ruggedflow complexity of a loss": ("numerics.generalized_linear.complexity", "Complexity"),
    "ruggedflow solutions": ("numerics.together", "Together"),
    "ruggedflow statics": ("numerics.statics.solve", "Statics"),
    "ruggedflow diagram": ("numerics.diagram.diagram", "PhaseDiagram"),
    "ruggedflow phase diagram": ("numerics.phase_diagram", "SpikedDiagram"),
    "ruggedflow phase diagram of phase retrieval": ("numerics.generalized_linear.phase_diagram", "RetrievalDiagram"),
}
"""Module and class by the format of a file, or of the header of a folder; imported when asked for."""


def load(path: str | Path) -> Solution:
    """Whatever a solution's ``save`` wrote, or a folder of ``simulate``. Raises as ``Solution.load``."""
    name = "ruggedflow ensemble" if Path(path).is_dir() else storage.format_of(path)
    if name not in KINDS:
        raise ValueError(f"{path}: no solution but a file of another kind, {name!r}")
    module, kind = KINDS[name]
    solution: type[Solution] = getattr(import_module(module), kind)
    return solution.load(path)
