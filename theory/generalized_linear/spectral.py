"""Spectral methods: top eigenvector of ``(1/N) sum_mu T(y_mu) x_mu x_mu^T`` (Lu, Li 2017; Mondelli, Montanari 2018)."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sympy import Expr, Integer, Symbol

from ..landscape import exact
from ..printing import Line, Printable
from .spectrum import HessianSpectrum
from .symbols import CURVATURE, RESOLVENT, SIGNAL_FIELD


@dataclass(frozen=True)
class SpectralMethod(Printable):
    """Any preprocessing ``T(y)``, an expression in the field y (``1 - 1/y**2``, say).

    Minus the matrix is the Hessian of data with curvature ``D = -T`` and no multiplier: its lowest eigenvalue, in the
    resolvent ``g = 1/lambda``, is ours. Raises ValueError if T is not a function of y alone.
    """

    preprocessing: Expr

    def __post_init__(self) -> None:
        value = _in_label(self.preprocessing)
        if value.free_symbols != {SIGNAL_FIELD}:
            raise ValueError(f"preprocessing = {self.preprocessing} must vary with y and nothing else; try 1 - 1/y**2")
        object.__setattr__(self, "preprocessing", value)

    @cached_property
    def general(self) -> HessianSpectrum:
        """Equations with the curvature a symbol."""
        return HessianSpectrum(CURVATURE, Integer(0))

    @cached_property
    def spectrum(self) -> HessianSpectrum:
        """Bulk, outlier and overlap of minus the matrix."""
        return HessianSpectrum(-self.preprocessing, Integer(0))

    def equations(self) -> list[Line]:
        """Edge, outlier and overlap in terms of ``lambda = 1/g``."""
        place = Symbol("lambda", positive=True)
        lines = [(r"T(y)", self.preprocessing), (CURVATURE, -Symbol("T", real=True))]
        known = (
            (r"A", self.general.stability),
            (r"b", self.general.attraction),
            (r"\langle v, w^\ast\rangle^2/N", self.general.overlap_squared),
        )
        return [*lines, *((left, right.subs(RESOLVENT, 1 / place)) for left, right in known)]


def _in_label(expression: Any) -> Expr:
    value = exact(expression)
    return value.subs({symbol: SIGNAL_FIELD for symbol in value.free_symbols if symbol.name == SIGNAL_FIELD.name})
