"""The same signal seen through a noisy matrix and a noisy tensor."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from sympy import Symbol, oo

from ..domain import Order
from ..landscape import GaussianLandscape
from ..naming import called
from ..parameter import Parameter
from ..prediction import Threshold
from ..symbols import INVERSE_DELTA_2
from ..thresholds import Family
from ..thresholds.family import of_any, of_bayes_optimal
from .landscape import Landscape, Question
from .spiked_tensor import NOISE, SpikedTensor, require_noise, require_order, thresholds_of


class SpikedMatrixTensor(Landscape):
    r"""``f = g = q^2/(2 Delta_2) + q^p/(p Delta_p)``: Sarao Mannelli et al. (2018, arXiv 1812.09066, 1902.00139).

    ``p >= 3`` is the order of the tensor; ``delta_2, delta_p > 0`` are the noise variances, infinite where a channel
    carries nothing. Whatever is left out stays a symbol.
    """

    slug = "spiked-matrix-tensor"
    title = "one signal seen through a noisy matrix and a noisy tensor of order p"
    statement = "f(q) = q^2/(2 Delta_2) + q^p/(p Delta_p),  g = f"
    source = "Sarao Mannelli et al. 2018-2019, arXiv 1812.09066, 1902.00139, 1907.08226"
    parameters = (
        Parameter("p", "order of the tensor", Order(3), "3"),
        Parameter("delta_2", "noise variance of the matrix (inf: absent)", NOISE, "0.5"),
        Parameter("delta_p", "noise variance of the tensor (inf: absent)", NOISE, "1"),
    )
    control = "delta_2"

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

    @staticmethod
    @cache
    def family(p: int) -> Family:
        """In ``1/Delta_2``, with ``Delta_p`` free."""
        landscape, control = SpikedMatrixTensor(p, delta_2=1 / INVERSE_DELTA_2), INVERSE_DELTA_2
        return Family.lazily(landscape, control, of_any(landscape, control) | of_bayes_optimal(landscape, control))

    def families(self) -> list[Question]:
        """In ``1/Delta_2`` at one ``Delta_p``."""
        if self.delta_p == oo:
            alone = f"{called('delta_p', 'inf')} leaves the matrix alone, with its one threshold 1/delta_2 = 1"
            raise ValueError(f"{alone}; try {called('delta_p', 100)}")
        family = self.family(int(self.p))
        return [(family, dict.fromkeys(family.free, self.delta_p))]

    def predictions(self) -> Iterable[Threshold]:
        """Of one order, in the noise of the matrix."""
        return thresholds_of(self.p, self.slug, self.family)
