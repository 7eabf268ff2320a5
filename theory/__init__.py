"""Symbols in, symbols out: landscapes, their Kac-Rice complexity, spectra, thresholds."""

from .generalized_linear import GeneralizedLinearLandscape
from .landscape import Channel, GaussianLandscape
from .parsing import parse_number, parse_polynomial
from .symbols import OVERLAP, SIGNAL_OVERLAP
from .systems import LinearRegression, MixedSpin, PhaseRetrieval, PureSpin, SpikedMatrixTensor, SpikedTensor

__all__ = [
    "OVERLAP",
    "SIGNAL_OVERLAP",
    "Channel",
    "GaussianLandscape",
    "GeneralizedLinearLandscape",
    "LinearRegression",
    "MixedSpin",
    "PhaseRetrieval",
    "PureSpin",
    "SpikedMatrixTensor",
    "SpikedTensor",
    "parse_number",
    "parse_polynomial",
]
