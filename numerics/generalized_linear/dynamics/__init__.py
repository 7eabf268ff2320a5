"""Dynamical mean-field theory of gradient descent and gradient flow on generalised linear landscapes."""

from .process import Descent, Process
from .solution import DescentSolution
from .solve import solve_descent

load, save = DescentSolution.load, DescentSolution.save

__all__ = ["Descent", "DescentSolution", "Process", "load", "save", "solve_descent"]
