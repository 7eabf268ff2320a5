"""Semicircle law, large deviations of extreme eigenvalues, and the BBP transition."""

from .bbp import BBPTransition
from .large_deviations import outlier_position, outlier_rate, smallest_eigenvalue_rate
from .semicircle import density, phi

__all__ = ["BBPTransition", "density", "outlier_position", "outlier_rate", "phi", "smallest_eigenvalue_rate"]
