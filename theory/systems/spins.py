"""Spherical spin glasses with nothing planted."""

from collections.abc import Mapping
from typing import Any

from sympy import Symbol, sympify

from ..domain import Coefficients, Order
from ..landscape import Channel, exact
from ..parameter import Parameter
from ..symbols import OVERLAP
from .landscape import Landscape
from .spiked_tensor import NOISE, require_noise, require_order


class PureSpin(Landscape):
    r"""``f(q) = q^p/(p Delta_p)``, ``g = 0``: Crisanti, Sommers (1992); ``Delta_p = 1/p`` gives ``f = q^p``."""

    slug = "pure-spin"
    title = "spherical p-spin glass, nothing planted"
    statement = "f(q) = q^p/(p Delta_p),  g = 0"
    source = "Crisanti, Sommers 1992; Auffinger, Ben Arous, Cerny 2013, arXiv 1003.1129"
    parameters = (
        Parameter("p", "order of the interaction", Order(2), "3"),
        Parameter("delta_p", "1/(p Delta_p) is the variance of H/sqrt(N); 1/p gives f = q^p", NOISE, "1"),
    )

    def __init__(self, p: Any = None, delta_p: Any = None) -> None:
        order = require_order(Symbol("p", integer=True, positive=True) if p is None else p, 2)
        noise = require_noise("delta_p", Symbol("delta_p", positive=True) if delta_p is None else delta_p)
        covariance = OVERLAP**order / (order * noise)
        label = str(order) if order.is_number else "p"
        super().__init__(covariance, 0, name="pure-spin", channels=(Channel(label, covariance, sympify(0)),))
        self.p, self.delta_p = order, noise


class MixedSpin(Landscape):
    r"""``f(q) = sum_p a_p q^p``, ``g = 0``: ``MixedSpin({3: Rational(1, 2), 4: Rational(1, 4)})``, ``a_p >= 0``."""

    slug = "mixed-spin"
    title = "spherical spin glass with interactions of several orders, nothing planted"
    statement = "f(q) = sum_p a_p q^p,  g = 0"
    source = "Crisanti, Leuzzi 2004, 2006; Folena, Franz, Ricci-Tersenghi 2020, arXiv 1903.01421"
    parameters = (Parameter("coefficients", "a_p by order p, such as 3:1/2,4:1/2", Coefficients(), "3:1/2,4:1/2"),)

    def __init__(self, coefficients: Mapping[int, Any]) -> None:
        if not coefficients:
            raise ValueError("coefficients = {} is empty; try {3: 1/2, 4: 1/4}")
        parts = {require_order(p, 1): exact(value) for p, value in coefficients.items()}
        covariance = sum(value * OVERLAP**p for p, value in parts.items())
        super().__init__(covariance, 0, name="mixed-spin")
