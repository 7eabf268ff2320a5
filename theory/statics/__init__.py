"""Equilibrium of a spherical model: Parisi's functional, what its minimum satisfies, and where phases end."""

from .ansatz import Ansatz
from .functional import ParisiFunctional
from .restricted import at_overlap

__all__ = ["Ansatz", "ParisiFunctional", "at_overlap"]
