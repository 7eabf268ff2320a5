"""Equilibrium of spherical models as numbers: free energies and order parameters with certified errors."""

from .solve import Statics, statics

__all__ = ["Statics", "statics"]
