"""Spherical spin glasses with nothing planted."""

from collections.abc import Mapping
from typing import Any

from sympy import Symbol, sympify

from ..landscape import Channel, GaussianLandscape, exact
from ..symbols import OVERLAP
from .spiked_tensor import require_noise, require_order


class PureSpin(GaussianLandscape):
    r"""``f(q) = q^p/(p Delta_p)``, ``g = 0``: Crisanti, Sommers (1992); ``Delta_p = 1/p`` gives ``f = q^p``."""

    def __init__(self, p: Any = None, delta_p: Any = None) -> None:
        order = require_order(Symbol("p", integer=True, positive=True) if p is None else p, 2)
        noise = require_noise("delta_p", Symbol("delta_p", positive=True) if delta_p is None else delta_p)
        covariance = OVERLAP**order / (order * noise)
        label = str(order) if order.is_number else "p"
        super().__init__(covariance, 0, name="pure-spin", channels=(Channel(label, covariance, sympify(0)),))
        self.p, self.delta_p = order, noise


class MixedSpin(GaussianLandscape):
    r"""``f(q) = sum_p a_p q^p``, ``g = 0``: ``MixedSpin({3: Rational(1, 2), 4: Rational(1, 4)})``, ``a_p >= 0``."""

    def __init__(self, coefficients: Mapping[int, Any]) -> None:
        if not coefficients:
            raise ValueError("coefficients = {} is empty; try {3: 1/2, 4: 1/4}")
        parts = {require_order(p, 1): exact(value) for p, value in coefficients.items()}
        covariance = sum(value * OVERLAP**p for p, value in parts.items())
        super().__init__(covariance, 0, name="mixed-spin")
