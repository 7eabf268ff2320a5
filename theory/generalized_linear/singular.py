r"""The singular end of the Kac-Rice action: critical points at which all data lose their force.

Where ``l' = 0`` for all data and fewer of them than dimensions pull at w, the Hessian has zero modes, its determinant
vanishes, and such configurations form continua, which the Kac-Rice formula does not count. Isolated critical points
come as near to them as you like: there ``g -> inf``, forces are of order ``1/g``, and with ``phi = g l'``,
``c = kappa g^2``, ``theta = t g`` the action of ``KacRiceAction`` at ``xi = 0`` has a limit, as ``g D du = d phi``: at
each zero u of the force phi is Gaussian, on all of the line, or on half of it at the ends of an interval without force
(inside which the datum does not pull).
"""

from dataclasses import dataclass
from functools import cached_property

from sympy import Expr, Poly, Symbol, expand, expand_log, log

from ..printing import Line, Printable
from .kac_rice import KacRiceAction
from .symbols import CURVATURE, EDGE_DUAL, FORCE, FORCE_DUAL, RESOLVENT, SIGNAL_DUAL

MINIMA = KacRiceAction()
STIFFNESS = Symbol("kappa", positive=True)
"""``c/g^2``."""
PULL = Symbol("t", real=True)
"""``theta/g``."""
SCALED_FORCE = Symbol("phi", real=True)
"""``g l'``."""


@dataclass(frozen=True)
class SingularEnd(Printable):
    """``Sigma = ext [explicit + alpha E_y ln sum_u e^base int dphi e^(-kappa phi^2/2 - a phi)] + s e`` over kappa, t.

    The sum is over zeros u of the force; an interval without force counts as ``int du e^base``.
    """

    @cached_property
    def explicit(self) -> Expr:
        """What does not depend on the datum: the resolvent drops out."""
        value = MINIMA.functional.explicit.subs(EDGE_DUAL, 0)
        return expand(expand_log(value.subs(FORCE_DUAL, STIFFNESS * RESOLVENT**2), force=True))

    @cached_property
    def exponent(self) -> Poly:
        """The tilt as a polynomial in phi, without ``ln(1 + gD)``, the Jacobian."""
        scaled = {
            FORCE_DUAL: STIFFNESS * RESOLVENT**2, SIGNAL_DUAL: PULL * RESOLVENT,
            EDGE_DUAL: 0, FORCE: SCALED_FORCE / RESOLVENT,
        }  # fmt: skip
        tilt = MINIMA.functional.tilt - log(1 + RESOLVENT * CURVATURE)
        return Poly(expand(tilt.subs(scaled, simultaneous=True)), SCALED_FORCE)

    @property
    def base(self) -> Expr:
        """The logarithm of the weight of a datum without force."""
        return self.exponent.coeff_monomial(1)

    @property
    def drift(self) -> Expr:
        """a."""
        return -self.exponent.coeff_monomial(SCALED_FORCE)

    def equations(self) -> list[Line]:
        """The limit of the action."""
        return [
            (
                r"\Sigma",
                r"\mathcal{S} + \alpha\,\mathbb{E}_y\ln\sum_u e^{b}\int d\phi\,e^{-\kappa\phi^2/2-a\phi} + s\,e",
            ),
            (r"\mathcal{S}", self.explicit),
            (r"b", self.base),
            (r"a", self.drift),
        ]
