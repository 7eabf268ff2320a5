"""Semicircle law, large deviations of extreme eigenvalues, and the BBP transition."""

from .bbp import BBPTransition
from .index_cost import index_cost
from .large_deviations import outlier_position, outlier_rate
from .semicircle import density, phi

__all__ = ["BBPTransition", "density", "index_cost", "outlier_position", "outlier_rate", "phi"]
