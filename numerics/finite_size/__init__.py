"""Exact Kac-Rice count of the critical points of Gaussian landscapes at finite N."""

from .expected_count import ExpectedCount
from .kac_rice import expected_critical_points
from .random_matrices import tridiagonal_goe

__all__ = ["ExpectedCount", "expected_critical_points", "tridiagonal_goe"]
