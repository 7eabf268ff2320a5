"""A signal seen through the sizes of its projections, and the plain regression beside it."""

from typing import Any

from sympy import Symbol

from ..generalized_linear.landscape import GeneralizedLinearLandscape
from ..generalized_linear.symbols import FIELD, SIGNAL_FIELD
from .spiked_tensor import require_noise


class PhaseRetrieval(GeneralizedLinearLandscape):
    r"""``l = (u^2 - y^2)^2/(2(a + y^2))``: Sarao Mannelli et al. (2020, arXiv 2006.06997).

    ``a > 0`` tames the data with a small label; left out, it stays a symbol. Only ``y^2`` is seen.
    """

    def __init__(self, a: Any = None) -> None:
        softening = require_noise("a", Symbol("a", positive=True) if a is None else a)
        if softening.is_infinite:
            raise ValueError("a = inf leaves no loss; try a = 1")
        loss = (FIELD**2 - SIGNAL_FIELD) ** 2 / (2 * (softening + SIGNAL_FIELD))
        super().__init__(loss, SIGNAL_FIELD**2, name="phase-retrieval")
        self.a = softening


class LinearRegression(GeneralizedLinearLandscape):
    r"""``l = (u - y)^2/2``: convex, with the Hessian of Marchenko and Pastur; what everything is tested on."""

    def __init__(self) -> None:
        super().__init__((FIELD - SIGNAL_FIELD) ** 2 / 2, name="linear-regression")
