"""Systems of the field, a file for each kind, found by scanning this folder. Yours may be in a file of your own."""

from .catalogue import system, systems
from .generalized_linear import GeneralizedLinear
from .landscape import Landscape
from .phase_retrieval import LinearRegression, PhaseRetrieval
from .spiked_matrix_tensor import SpikedMatrixTensor
from .spiked_tensor import SpikedTensor
from .spins import MixedSpin, PureSpin

__all__ = [
    "GeneralizedLinear",
    "Landscape",
    "LinearRegression",
    "MixedSpin",
    "PhaseRetrieval",
    "PureSpin",
    "SpikedMatrixTensor",
    "SpikedTensor",
    "system",
    "systems",
]
