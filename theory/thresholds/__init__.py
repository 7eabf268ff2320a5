"""Thresholds as objects: a meaning, an equation, a closed form where there is one, a source."""

from ..prediction import Condition, Threshold
from .family import Family, Made, planted

__all__ = ["Condition", "Family", "Made", "Threshold", "planted"]
