"""Thresholds as objects: a meaning, an equation, a closed form where there is one, a source."""

from ..prediction import Condition, Threshold
from .family import Family, planted

__all__ = ["Condition", "Family", "Threshold", "planted"]
