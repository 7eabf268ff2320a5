"""The two-time equations as numbers: two integrators, one solution."""

from .growth_rate import OverlapGrowth, growth_rate
from .growth_threshold import DynamicalThreshold, dynamical_threshold
from .model import Equilibrium, Model, Planted, model
from .solution import DynamicsSolution, load
from .solve import solve_dynamics

__all__ = [
    "DynamicalThreshold",
    "DynamicsSolution",
    "Equilibrium",
    "Model",
    "OverlapGrowth",
    "Planted",
    "dynamical_threshold",
    "growth_rate",
    "load",
    "model",
    "solve_dynamics",
]
