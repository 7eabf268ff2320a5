"""Symbols in, symbols out: systems, their Kac-Rice complexity, spectra, dynamics, thresholds. Loaded when used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .generalized_linear import GeneralizedLinearLandscape
    from .landscape import Channel, GaussianLandscape
    from .parsing import parse_number, parse_polynomial
    from .symbols import OVERLAP, SIGNAL_OVERLAP
    from .system import System
    from .systems import LinearRegression, MixedSpin, PhaseRetrieval, PureSpin, SpikedMatrixTensor, SpikedTensor

_PLACES = {
    "GeneralizedLinearLandscape": "generalized_linear",
    "Channel": "landscape",
    "GaussianLandscape": "landscape",
    "parse_number": "parsing",
    "parse_polynomial": "parsing",
    "OVERLAP": "symbols",
    "SIGNAL_OVERLAP": "symbols",
    "System": "system",
}
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
    "System",
    "parse_number",
    "parse_polynomial",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_PLACES.get(name, 'systems')}", __name__), name)
