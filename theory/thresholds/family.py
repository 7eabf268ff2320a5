"""Families of landscapes with one control parameter, and the thresholds that each has."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TypeVar

from sympy import Symbol

from ..landscape import GaussianLandscape
from ..prediction import Threshold
from ..symbols import SIGNAL_STRENGTH
from .bayes import BayesTransitions
from .instability import bayes_amp, gradient_flow, langevin, ml_amp
from .trivialization import trivialization, trivialization_any_overlap, trivialization_connected

T = TypeVar("T")


class Made(Mapping[str, T]):
    """Things by name, each made when it is first asked for."""

    def __init__(self, makers: Mapping[str, Callable[[], T]]) -> None:
        self._makers, self._made = dict(makers), dict[str, T]()

    def __getitem__(self, name: str) -> T:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


Makers = dict[str, Callable[[], Threshold]]


@dataclass(frozen=True)
class Family:
    """Landscapes that differ in ``control``; the other symbols in them, ``free``, are parameters of the diagram."""

    landscape: GaussianLandscape
    control: Symbol
    thresholds: Mapping[str, Threshold] = field(compare=False)

    @classmethod
    def of(cls, landscape: GaussianLandscape, control: Symbol, *thresholds: Threshold) -> "Family":
        """With the thresholds by their names."""
        return cls(landscape, control, {threshold.name: threshold for threshold in thresholds})

    @classmethod
    def lazily(cls, landscape: GaussianLandscape, control: Symbol, made: Makers) -> "Family":
        """With thresholds that are made when they are asked for."""
        return cls(landscape, control, Made(made))

    @property
    def free(self) -> tuple[Symbol, ...]:
        """Parameters other than the control."""
        return tuple(symbol for symbol in self.landscape.free_symbols if symbol != self.control)

    def __hash__(self) -> int:
        return hash((self.landscape, self.control))


def makers(landscape: GaussianLandscape, control: Symbol, *made: Callable[..., Threshold]) -> Makers:
    """By the names of the functions that make them."""
    return {make.__name__: partial(make, landscape, control) for make in made}


def of_any(landscape: GaussianLandscape, control: Symbol) -> Makers:
    """Thresholds that every planted landscape has."""
    made = (gradient_flow, trivialization, trivialization_any_overlap, trivialization_connected, ml_amp)
    return makers(landscape, control, *made)


def of_bayes_optimal(landscape: GaussianLandscape, control: Symbol) -> Makers:
    """Those of a landscape that is the log-likelihood of its signal (``f = g``)."""
    bayes = BayesTransitions(landscape, control)
    first_order = ("dynamic_spinodal", "bayes_amp_jump", "information_theoretic")
    return makers(landscape, control, langevin, bayes_amp) | {
        name: partial(getattr, bayes, name.removeprefix("bayes_")) for name in first_order
    }


@cache
def planted(landscape: GaussianLandscape) -> Family:
    """In a factor in front of the planted mean."""
    if landscape.mean == 0:
        raise ValueError(f"{landscape!r} has no planted signal (g = 0) and so no threshold in its strength")
    scaled = GaussianLandscape(landscape.covariance, SIGNAL_STRENGTH * landscape.mean, name=landscape.name)
    return Family.lazily(scaled, SIGNAL_STRENGTH, of_any(scaled, SIGNAL_STRENGTH))
