"""Thresholds as objects: a meaning, an equation, a closed form where there is one, a source."""

from .catalogue import Family, planted, spiked_matrix_tensor, spiked_tensor
from .threshold import Condition, Threshold

__all__ = ["Condition", "Family", "Threshold", "planted", "spiked_matrix_tensor", "spiked_tensor"]
