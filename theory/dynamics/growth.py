r"""Growth of an infinitesimal overlap with the signal: the equation for m, linearised where the flow ends.

To first order in m, C and R are those without signal. At T = 0 the memory of recent times is ``f''(1) R_st``, whose
Laplace transform is the resolvent of the Hessian's bulk, a semicircle; an overlap that grows exponentially forgets the
slow sectors, however many there are. Dynamics and random matrices meet: m grows where the Hessian has an outlier below
zero. The friction is that of ``end_states``: of marginal states, or of a single minimum in a strong random field.
"""

from dataclasses import dataclass
from functools import cached_property

from sympy import Eq, Expr, Gt, Piecewise, Symbol, diff, powsimp, simplify, solve, sqrt

from ..end_states import friction, random_field, stiffness
from ..landscape import GaussianLandscape
from ..printing import Line
from ..random_matrices.bbp import BBPTransition
from ..random_matrices.semicircle import Y, stieltjes
from ..symbols import SPIKE, TEMPERATURE, value_at_zero
from ..thresholds.instability import never_unstable
from .ageing import FAST_MEMORY, ageing_law
from .equations import DynamicalEquations
from .notation import INNER, TIME, M, Product, Terms, TimeIntegral, TwoTimeDisplay, product
from .plateau import F2_Q

FRICTION, SIGMA = Symbol("mu", real=True), Symbol("sigma", positive=True)
STRENGTH = Symbol("g''(0)", positive=True)


def resolvent() -> Expr:
    """``R^(z) = int R_st exp(-z tau) d tau`` at T = 0, where ``z + mu = sigma (y + 1/y)`` and ``sigma^2 = f''(1)``.

    ``d_tau R = -mu R + f''(1) int R R`` becomes ``(z + mu) R^ - sigma^2 R^^2 = 1``: Wigner's equation for ``sigma R^``.
    """
    transform = stieltjes() / SIGMA
    remainder = SIGMA * (Y + 1 / Y) * transform - SIGMA**2 * transform**2 - 1
    if simplify(remainder) != 0:
        raise ValueError(f"the response at T = 0 is not that of a semicircle: {remainder}")
    return transform


@dataclass(frozen=True)
class GrowthRate(TwoTimeDisplay):
    """``d_t ln m = -mu + g''(0) + int f''(C) R m(s)/m(t) ds``; on threshold states ``sigma (theta + 1/theta - 2)``.

    ``theta = g''(0)/sigma``, ``sigma = sqrt(f''(1))``; in general ``sigma (theta + 1/theta) - mu`` (``end_states``).

    Raises ValueError for a signal that is a field at m = 0 or does not attract there.
    """

    landscape: GaussianLandscape

    def __post_init__(self) -> None:
        for condition in never_unstable(self.landscape):
            raise ValueError(condition.otherwise)

    @property
    def scale(self) -> Expr:
        """``sigma = sqrt(f''(1))``."""
        return sqrt(self.landscape.f(2))

    @property
    def spike(self) -> Expr:
        """``theta = g''(0)/sigma``."""
        return self.landscape.g(2, 0) / self.scale

    @property
    def bbp(self) -> BBPTransition:
        """Outlier of the Hessian of the threshold states."""
        return BBPTransition(self.spike)

    @property
    def equation(self) -> Terms:
        """``d_t ln m``, exact in the limit m -> 0 at any time: C, R and mu are those without signal."""
        rate = DynamicalEquations(self.landscape).overlap_rate
        return Terms(*(self._linear(term) for term in rate.args))

    @staticmethod
    def _linear(term: Product | TimeIntegral) -> Product | TimeIntegral:
        """A term of ``d_t m`` to first order in m, over ``m(t)``."""
        if isinstance(term, TimeIntegral):
            linear: TimeIntegral = term.xreplace({M(INNER): M(INNER) / M(TIME)})
            return linear
        return product(value_at_zero(powsimp(diff(term.as_expr(), M(TIME))), M(TIME)))

    @cached_property
    def rate(self) -> Expr:
        """``lambda = g''(0) + f''(1)/g''(0) - mu``: root of ``lambda = -mu + g''(0) + f''(1) R^(lambda)``.

        It is ``y = theta``, and outside the bulk (``y > 1``) for ``theta > 1`` only.
        """
        pole = solve(-SIGMA * (Y + 1 / Y) + STRENGTH + SIGMA**2 * resolvent(), Y)[0]
        general = (SIGMA * (pole + 1 / pole)).expand() - FRICTION
        return general.subs({STRENGTH: self.landscape.g(2, 0), SIGMA: self.scale}, simultaneous=True)

    @property
    def marginal_friction(self) -> Expr:
        """``mu = 2 sigma``: the resolvent branches, y = 1, at z = 0, where R decays as a power of time."""
        return self.scale * (Y + 1 / Y).subs(Y, 1)

    @property
    def friction(self) -> Expr:
        """That of the states in which the flow ends: ``marginal_friction``, or more in a single minimum."""
        if random_field(self.landscape) == 0:
            return self.marginal_friction
        return friction(self.landscape)

    @property
    def condition(self) -> Expr:
        """``theta > 1`` on threshold states, ``g''(0) > 1/chi`` in a field."""
        if random_field(self.landscape) == 0:
            return self.bbp.condition
        return Gt(self.landscape.g(2, 0), stiffness(self.landscape))

    @property
    def threshold_rate(self) -> Expr:
        """``lambda = sigma (theta + 1/theta - 2)``: minus the smallest eigenvalue of the threshold states' Hessian.

        Zero for ``theta <= 1``, where the overlap does not grow exponentially. In a single minimum
        ``sigma (theta + 1/theta) - mu``, zero for ``g''(0) <= sqrt(f'(1))``, where m decays.
        """
        return Piecewise((self.rate.subs(FRICTION, self.friction), self.condition), (0, True))

    @property
    def threshold(self) -> Eq:
        """``T = (1 - q) g''(0)``: where lambda vanishes at temperature T, with the plateau q of the states.

        Here of the ageing ones; in equilibrium with one state ``(1 - q)/T`` is the response as well. At
        ``lambda = 0`` the memory is ``[f'(1) - f'(q)]/T``. For T -> 0 this is ``theta = 1``.
        """
        law = ageing_law()
        needed = solve(-law.multiplier + STRENGTH + FAST_MEMORY, STRENGTH)[0]
        curvature = solve(law.temperature_squared - TEMPERATURE**2, F2_Q)[0]
        inverse = simplify(TEMPERATURE / needed.subs(F2_Q, curvature))
        return Eq(TEMPERATURE, inverse * self.landscape.g(2, 0), evaluate=False)

    @property
    def _printed_rate(self) -> Expr:
        """With theta as a letter in its condition."""
        return self.threshold_rate.xreplace({self.bbp.condition: BBPTransition(SPIKE).condition})

    def equations(self) -> list[Line]:
        """Linear equation for m, the rate on threshold states and where it vanishes."""
        return [
            (r"\partial_t \ln m(t)", self.equation),
            (r"\theta", self.spike),
            (r"\lambda_{\rm th}", self._printed_rate),
            (self.threshold.lhs, self.threshold.rhs),
        ]
