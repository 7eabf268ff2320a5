"""A signal seen through the sizes of its projections, and the plain regression beside it."""

from typing import Any

from sympy import Symbol

from ..domain import Exact
from ..generalized_linear.symbols import FIELD, SIGNAL_FIELD
from ..parameter import Parameter
from .generalized_linear import ALPHA, GeneralizedLinear
from .spiked_tensor import require_noise


class PhaseRetrieval(GeneralizedLinear):
    r"""``l = (u^2 - y^2)^2/(2(a + y^2))``: Sarao Mannelli et al. (2020, arXiv 2006.06997).

    ``a > 0`` tames the data with a small label; left out, it stays a symbol. Only ``y^2`` is seen.
    """

    slug = "phase-retrieval"
    title = "a signal seen through the sizes of its projections on random directions"
    statement = "l(u, y) = (u^2 - y^2)^2/(2(a + y^2))"
    source = "Sarao Mannelli et al. 2020, arXiv 2006.06997; Maillard, Ben Arous, Biroli 2020, arXiv 1912.02143"
    parameters = (Parameter("a", "softening of the loss", Exact(), "0.01"), ALPHA)

    def __init__(self, a: Any = None, alpha: Any = None) -> None:
        softening = require_noise("a", Symbol("a", positive=True) if a is None else a)
        if softening.is_infinite:
            raise ValueError("a = inf leaves no loss; try a = 1")
        loss = (FIELD**2 - SIGNAL_FIELD) ** 2 / (2 * (softening + SIGNAL_FIELD))
        super().__init__(loss, SIGNAL_FIELD**2, alpha=alpha)
        self.a = softening


class LinearRegression(GeneralizedLinear):
    r"""``l = (u - y)^2/2``: convex, with the Hessian of Marchenko and Pastur; what everything is tested on."""

    slug = "linear-regression"
    title = "least squares, for comparison"
    statement = "l(u, y) = (u - y)^2/2"
    source = "Marchenko, Pastur 1967"
    parameters = (ALPHA,)

    def __init__(self, alpha: Any = None) -> None:
        super().__init__((FIELD - SIGNAL_FIELD) ** 2 / 2, alpha=alpha)
