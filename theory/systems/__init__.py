"""Landscapes of the field, a few lines each. Add yours here, or declare it where you use it."""

from .phase_retrieval import LinearRegression, PhaseRetrieval
from .spiked_matrix_tensor import SpikedMatrixTensor
from .spiked_tensor import SpikedTensor
from .spins import MixedSpin, PureSpin

__all__ = ["LinearRegression", "MixedSpin", "PhaseRetrieval", "PureSpin", "SpikedMatrixTensor", "SpikedTensor"]
