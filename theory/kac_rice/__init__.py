"""Kac-Rice complexity, derived from the covariance and the planted mean alone."""

from .complexity import Complexity, KacRice, Kind
from .hessian import HessianLaw, hessian_law
from .local_law import local_law

__all__ = ["Complexity", "HessianLaw", "KacRice", "Kind", "hessian_law", "local_law"]
