"""Thresholds as numbers: arrays of them along a phase boundary, or one to any number of digits."""

from .evaluation import Locator, ThresholdValue, evaluate_table, evaluate_thresholds
from .located import Located

__all__ = ["Located", "Locator", "ThresholdValue", "evaluate_table", "evaluate_thresholds"]
