"""The same signal seen through a noisy matrix and a noisy tensor."""

from typing import Any

from sympy import Symbol, oo

from ..landscape import GaussianLandscape
from .spiked_tensor import SpikedTensor, require_noise, require_order


class SpikedMatrixTensor(GaussianLandscape):
    r"""``f = g = q^2/(2 Delta_2) + q^p/(p Delta_p)``: Sarao Mannelli et al. (2018, arXiv 1812.09066, 1902.00139).

    ``p >= 3`` is the order of the tensor; ``delta_2, delta_p > 0`` are the noise variances, infinite where a channel
    carries nothing. Whatever is left out stays a symbol.
    """

    def __init__(self, p: Any = None, delta_2: Any = None, delta_p: Any = None) -> None:
        order = require_order(Symbol("p", integer=True, positive=True) if p is None else p, 3)
        noises = [
            require_noise(name, Symbol(name, positive=True) if value is None else value)
            for name, value in (("delta_2", delta_2), ("delta_p", delta_p))
        ]
        if noises[0] == oo and noises[1] == oo:
            raise ValueError("delta_2 = delta_p = inf: nothing is observed; make one of them finite")
        parts = [
            SpikedTensor(degree, noise, parameter=name)
            for degree, noise, name in ((2, noises[0], "delta_2"), (order, noises[1], "delta_p"))
            if noise != oo
        ]
        whole = sum(parts[1:], start=GaussianLandscape(parts[0].covariance, parts[0].mean, channels=parts[0].channels))
        super().__init__(whole.covariance, whole.mean, name="spiked-matrix-tensor", channels=whole.channels)
        self.p, self.delta_2, self.delta_p = order, *noises
