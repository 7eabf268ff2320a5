"""Dynamical mean-field theory of gradient descent and gradient flow on generalised linear landscapes."""

from .process import Problem, Process
from .solution import DescentSolution
from .solve import solve_descent

load, save = DescentSolution.load, DescentSolution.save

__all__ = ["DescentSolution", "Problem", "Process", "load", "save", "solve_descent"]
