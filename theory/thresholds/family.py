"""Families of landscapes with one control parameter, and the thresholds that each has."""

from dataclasses import dataclass
from functools import cache

from sympy import Symbol

from ..landscape import GaussianLandscape
from ..prediction import Threshold
from ..symbols import SIGNAL_STRENGTH
from .bayes import BayesTransitions
from .instability import bayes_amp, gradient_flow, langevin, ml_amp
from .trivialization import trivialization, trivialization_any_overlap, trivialization_connected


@dataclass(frozen=True)
class Family:
    """Landscapes that differ in ``control``; the other symbols in them, ``free``, are parameters of the diagram."""

    landscape: GaussianLandscape
    control: Symbol
    thresholds: dict[str, Threshold]

    @classmethod
    def of(cls, landscape: GaussianLandscape, control: Symbol, *thresholds: Threshold) -> "Family":
        """With the thresholds by their names."""
        return cls(landscape, control, {threshold.name: threshold for threshold in thresholds})

    @property
    def free(self) -> tuple[Symbol, ...]:
        """Parameters other than the control."""
        return tuple(symbol for symbol in self.landscape.free_symbols if symbol != self.control)

    def __hash__(self) -> int:
        return hash((self.landscape, self.control))


def of_any(landscape: GaussianLandscape, control: Symbol) -> tuple[Threshold, ...]:
    """Thresholds that every planted landscape has."""
    made = (gradient_flow, trivialization, trivialization_any_overlap, trivialization_connected, ml_amp)
    return tuple(make(landscape, control) for make in made)


def of_bayes_optimal(landscape: GaussianLandscape, control: Symbol) -> tuple[Threshold, ...]:
    """Those of a landscape that is the log-likelihood of its signal (``f = g``)."""
    bayes = BayesTransitions(landscape, control)
    return (
        langevin(landscape, control),
        bayes_amp(landscape, control),
        bayes.dynamic_spinodal,
        bayes.amp_jump,
        bayes.information_theoretic,
    )


@cache
def planted(landscape: GaussianLandscape) -> Family:
    """In a factor in front of the planted mean."""
    if landscape.mean == 0:
        raise ValueError(f"{landscape!r} has no planted signal (g = 0) and so no threshold in its strength")
    scaled = GaussianLandscape(landscape.covariance, SIGNAL_STRENGTH * landscape.mean, name=landscape.name)
    return Family.of(scaled, SIGNAL_STRENGTH, *of_any(scaled, SIGNAL_STRENGTH))
