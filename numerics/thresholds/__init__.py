"""Thresholds as numbers: arrays of them along a phase boundary, or one to any number of digits."""

from ..threshold_values import Thresholds, ThresholdValue
from .evaluation import Locator, evaluate_table, evaluate_thresholds
from .lines import Located

__all__ = ["Located", "Locator", "ThresholdValue", "Thresholds", "evaluate_table", "evaluate_thresholds"]
