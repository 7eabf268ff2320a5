"""Dynamical mean-field theory: the closed equations of two times, derived from the covariance and the planted mean."""

from .action import AveragedAction
from .ageing import Ageing
from .asymptotics import asymptotics
from .equations import DynamicalEquations
from .escape import Escape
from .growth import GrowthRate
from .inertia import InertialEquations
from .kernels import Kernels, Start, kernels
from .plateau import arrest
from .slow_sectors import SlowSectors, step_law
from .stationary import StationaryDynamics

__all__ = [
    "Ageing",
    "AveragedAction",
    "DynamicalEquations",
    "Escape",
    "GrowthRate",
    "InertialEquations",
    "Kernels",
    "SlowSectors",
    "Start",
    "StationaryDynamics",
    "arrest",
    "asymptotics",
    "kernels",
    "step_law",
]
