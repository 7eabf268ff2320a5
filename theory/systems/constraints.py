"""Systems that ask how many of their constraints, each on one random field, can hold at once."""

from __future__ import annotations

from sympy import Expr

from ..generalized_linear import FullRSB, GeneralizedLinearLandscape, PiecewiseProximalMap
from ..system import Blocks, System


class Constraints(System):
    """``alpha`` constraints per dimension on fields ``u_mu = x_mu.w/sqrt N``; ``violated`` counts those broken.

    The ground state of that loss is the least number of violated constraints, per dimension.
    """

    control = "alpha"
    alpha: Expr

    @property
    def violated(self) -> GeneralizedLinearLandscape:
        """The loss."""
        raise NotImplementedError

    def replicas(self) -> Blocks:
        """The equations of the ground state; where the loss breaks has to be a number."""
        broken = [("Where a cavity field h moves u, and what is paid", PiecewiseProximalMap(self.violated.loss))]
        known = not self.violated.free_symbols
        return [("The loss", self.violated), *(broken * known), ("K steps of replica symmetry breaking", FullRSB())]
