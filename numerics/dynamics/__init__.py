"""The two-time equations as numbers: two integrators, one solution."""

from .model import Equilibrium, Model, model
from .solution import DynamicsSolution, load
from .solve import solve_dynamics

__all__ = ["DynamicsSolution", "Equilibrium", "Model", "load", "model", "solve_dynamics"]
