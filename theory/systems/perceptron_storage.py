r"""The storage problem of the spherical perceptron: how many random patterns can be kept with a margin.

``w`` on ``|w|^2 = N`` keeps a pattern where ``u_mu = x_mu.w/sqrt N >= kappa``. Below the capacity all are kept; above,
the ground state of ``l(u) = 1[u < kappa]`` counts those that are not (Gardner 1988; Gardner, Derrida 1988).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sympy import Eq, Expr, Heaviside, Integral, Symbol, exp, integrate, oo, pi, simplify, sqrt

from ..domain import Exact
from ..generalized_linear import ALPHA, FIELD, GeneralizedLinearLandscape
from ..parameter import Parameter
from ..prediction import Threshold
from ..system import Blocks
from .constraints import Constraints

GARDNER = "Gardner 1988; Gardner, Derrida 1988"
T = Symbol("t", real=True)


def capacity_integral(margin: Expr) -> Integral:
    """``1/alpha_c = E[(kappa - h)^2; h < kappa]``, h Gaussian: what is paid to move all fields to the margin."""
    return Integral((margin - T) ** 2 * exp(-(T**2) / 2) / sqrt(2 * pi), (T, -oo, margin))


class PerceptronStorage(Constraints):
    r"""``kappa`` is the margin, ``alpha = M/N`` patterns; left out, they stay symbols."""

    slug = "perceptron-storage"
    title = "random patterns that a spherical perceptron keeps with a margin"
    statement = "x_mu.w/sqrt N >= kappa for mu = 1 .. alpha N, |w|^2 = N; violated constraints are counted"
    source = GARDNER
    parameters = (
        Parameter("kappa", "margin, negative where patterns may fall short", Exact(zero=True, negative=True), "0"),
        Parameter("alpha", "patterns per dimension, M/N", Exact(), "3"),
    )
    kappa: Expr

    @property
    def violated(self) -> GeneralizedLinearLandscape:
        """``1[u < kappa]``."""
        return GeneralizedLinearLandscape(Heaviside(self.kappa - FIELD), name=self.slug)

    def predictions(self) -> Iterable[Threshold]:
        """The capacity."""
        share = capacity_integral(self.kappa)
        return (
            Threshold(
                "capacity",
                "Above it no w keeps all patterns; replica symmetric, exact for kappa >= 0, a bound from above below.",
                ALPHA,
                (Eq(1 / ALPHA, share, evaluate=False),),
                GARDNER,
                closed_form=simplify(1 / integrate(share.function, *share.limits)),
            ),
        )

    def derivation(self) -> Mapping[str, Callable[[], Blocks]]:
        """By topic."""
        return {"replicas": self.replicas, "thresholds": super().derivation()["predictions"]}
