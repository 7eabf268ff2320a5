"""A rank-one tensor of order p seen through Gaussian noise."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from sympy import Symbol, sympify

from ..domain import Exact, Order
from ..landscape import Channel, exact
from ..naming import called
from ..parameter import Parameter
from ..prediction import Threshold
from ..symbols import INVERSE_DELTA_P, OVERLAP, SIGNAL_OVERLAP
from ..thresholds import Family
from ..thresholds.aligned import informative_minimum
from ..thresholds.family import makers, of_any, of_bayes_optimal
from .landscape import Landscape, Question

NOISE = Exact(infinite=True)


def require_order(p: Any, least: int) -> Any:
    """The order of an interaction: a symbol, or a whole number from ``least`` on."""
    value = sympify(p)
    if value.is_number and not (value.is_integer and value >= least):
        raise ValueError(f"p = {p} must be a whole number >= {least}; try p = {max(3, least)}")
    return value


def require_noise(name: str, value: Any) -> Any:
    """A noise variance: a symbol or a positive number (infinity: the channel carries nothing)."""
    number = exact(value)
    if number.is_number and not (number.is_extended_real and number > 0):
        raise ValueError(f"{name} = {value} must be a positive number; try {name} = 1")
    return number


class SpikedTensor(Landscape):
    r"""``f(q) = q^p/(p Delta_p)``, ``g(m) = m^p/(p Delta_p)``: Ben Arous, Mei, Montanari, Nica (2019).

    ``p >= 2`` is the order of the tensor, ``delta_p > 0`` the variance of its noise; both may be symbols (a symbolic
    p stands for p >= 3 where powers of m are taken at 0). ``parameter`` names the noise when it is left symbolic.
    """

    slug = "spiked-tensor"
    title = "one signal seen through a noisy tensor of order p"
    statement = "f(q) = q^p/(p Delta_p),  g = f"
    source = "Ben Arous, Mei, Montanari, Nica 2019, arXiv 1711.05424"
    parameters = (
        Parameter("p", "order of the tensor", Order(2), "3"),
        Parameter("delta_p", "noise variance of the tensor (inf: absent)", NOISE, "1"),
    )
    control = "delta_p"

    def __init__(self, p: Any = None, delta_p: Any = None, *, parameter: str = "delta_p", label: str = "p") -> None:
        order = require_order(Symbol("p", integer=True, positive=True) if p is None else p, 2)
        noise = require_noise(parameter, Symbol(parameter, positive=True) if delta_p is None else delta_p)
        covariance = OVERLAP**order / (order * noise)
        mean = SIGNAL_OVERLAP**order / (order * noise)
        name = str(order) if order.is_number else label
        super().__init__(covariance, mean, name="spiked-tensor", channels=(Channel(name, covariance, mean),))
        self.p, self.delta_p = order, noise

    @staticmethod
    @cache
    def family(p: int) -> Family:
        """In ``1/Delta_p``."""
        landscape, control = SpikedTensor(p, delta_p=1 / INVERSE_DELTA_P), INVERSE_DELTA_P
        aligned = makers(landscape, control, informative_minimum)
        made = of_any(landscape, control) | aligned | of_bayes_optimal(landscape, control)
        return Family.lazily(landscape, control, made)

    def families(self) -> list[Question]:
        """In ``1/Delta_p``."""
        return [(self.family(int(self.p)), {})]

    def predictions(self) -> Iterable[Threshold]:
        """Of one order, in the noise."""
        return thresholds_of(self.p, self.slug, self.family)


def thresholds_of(p: Any, slug: str, family: Callable[[int], Family]) -> Iterable[Threshold]:
    """Of one order. ValueError while that is a symbol."""
    if not p.is_number:
        raise ValueError(
            f"{called('p')} is missing: which thresholds {slug} has depends on the order; try {called('p', 3)}"
        )
    return family(int(p)).thresholds.values()
