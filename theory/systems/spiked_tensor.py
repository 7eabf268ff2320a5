"""A rank-one tensor of order p seen through Gaussian noise."""

from typing import Any

from sympy import Symbol, sympify

from ..landscape import Channel, GaussianLandscape, exact
from ..symbols import OVERLAP, SIGNAL_OVERLAP


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


class SpikedTensor(GaussianLandscape):
    r"""``f(q) = q^p/(p Delta_p)``, ``g(m) = m^p/(p Delta_p)``: Ben Arous, Mei, Montanari, Nica (2019).

    ``p >= 2`` is the order of the tensor, ``delta_p > 0`` the variance of its noise; both may be symbols (a symbolic
    p stands for p >= 3 where powers of m are taken at 0). ``parameter`` names the noise when it is left symbolic.
    """

    def __init__(self, p: Any = None, delta_p: Any = None, *, parameter: str = "delta_p", label: str = "p") -> None:
        order = require_order(Symbol("p", integer=True, positive=True) if p is None else p, 2)
        noise = require_noise(parameter, Symbol(parameter, positive=True) if delta_p is None else delta_p)
        covariance = OVERLAP**order / (order * noise)
        mean = SIGNAL_OVERLAP**order / (order * noise)
        name = str(order) if order.is_number else label
        super().__init__(covariance, mean, name="spiked-tensor", channels=(Channel(name, covariance, mean),))
        self.p, self.delta_p = order, noise
