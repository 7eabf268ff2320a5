"""Symbols in, symbols out: systems, their Kac-Rice complexity, spectra, dynamics, thresholds. Loaded when used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .domain import Exact, Real, Whole
    from .expressions import parse_polynomial
    from .generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape
    from .landscape import Channel, GaussianLandscape
    from .laws import Explicit, Flow, Roots
    from .parameter import Parameter
    from .parsing import parse_number
    from .prediction import Condition, Derived, Threshold
    from .symbols import OVERLAP, SIGNAL_OVERLAP
    from .system import System
    from .systems import (
        GeneralizedLinear,
        Landscape,
        LinearRegression,
        MixedSpin,
        PhaseRetrieval,
        PureSpin,
        SpikedMatrixTensor,
        SpikedTensor,
    )
    from .systems.generalized_linear import ALPHA

_PLACES = {
    "Exact": "domain",
    "GeneralizedLinearLandscape": "generalized_linear",
    "Channel": "landscape",
    "Condition": "prediction",
    "Derived": "prediction",
    "Explicit": "laws",
    "Flow": "laws",
    "Roots": "laws",
    "GaussianLandscape": "landscape",
    "parse_number": "parsing",
    "parse_polynomial": "expressions",
    "OVERLAP": "symbols",
    "SIGNAL_OVERLAP": "symbols",
    "ALPHA": "systems.generalized_linear",
    "FIELD": "generalized_linear",
    "SIGNAL_FIELD": "generalized_linear",
    "Parameter": "parameter",
    "Real": "domain",
    "System": "system",
    "Threshold": "prediction",
    "Whole": "domain",
}
__all__ = [
    "ALPHA",
    "FIELD",
    "OVERLAP",
    "SIGNAL_FIELD",
    "SIGNAL_OVERLAP",
    "Channel",
    "Condition",
    "Derived",
    "Exact",
    "Explicit",
    "Flow",
    "GaussianLandscape",
    "GeneralizedLinear",
    "GeneralizedLinearLandscape",
    "Landscape",
    "LinearRegression",
    "MixedSpin",
    "Parameter",
    "PhaseRetrieval",
    "PureSpin",
    "Real",
    "Roots",
    "SpikedMatrixTensor",
    "SpikedTensor",
    "System",
    "Threshold",
    "Whole",
    "parse_number",
    "parse_polynomial",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_PLACES.get(name, 'systems')}", __name__), name)
