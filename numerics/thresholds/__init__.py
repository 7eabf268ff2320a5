"""Thresholds as numbers: arrays of them along a phase boundary, or one to any number of digits."""

from ..threshold_values import Thresholds, ThresholdValue
from .energies import energy_family
from .evaluation import Locator, evaluate_table, evaluate_thresholds
from .located import Located

__all__ = [
    "Located",
    "Locator",
    "ThresholdValue",
    "Thresholds",
    "energy_family",
    "evaluate_table",
    "evaluate_thresholds",
]
