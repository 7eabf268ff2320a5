r"""Next to a plateau q: how C arrives there, ``C - q ~ t^-a``, and how it leaves, ``C - q ~ -t^b``.

Both are power laws ``G = C - q`` that solve the closed equations to second order in G. With ``g`` the transform
``z int_0^oo e^(-z t) G dt`` and ``g_2`` that of ``G^2`` (``Gamma(1 + n) z^-n`` for ``t^n``), the equations at long
times are algebraic, order by order: the plateau, its marginality, and ``g^2/g_2 = lambda``.

In equilibrium at the temperature T_d of arrest both exponents follow from one ``lambda`` (Gotze 1984). In the ageing
regime below, the fast sector is that of equilibrium at a marginal plateau, and the slow one begins with ``R = (X/T)
d_t' C``: the same lambda at the plateau of T for a, ``lambda/X`` for b (Cugliandolo, Le Doussal 1996; Bouchaud,
Cugliandolo, Kurchan, Mezard 1996), t being measured in a clock that the theory of long times leaves open.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sympy import Eq, Expr, Function, Mul, expand, factor, gamma, solve, symbols

from ..landscape import GaussianLandscape
from ..printing import Line, Printable
from ..symbols import OVERLAP as Q
from ..symbols import TEMPERATURE as T
from .ageing import C_AG, R_AG, RATIO, Ageing
from .kernels import covariance_derivative
from .notation import DELAY, EARLIER, INNER, INNER_DELAY, TIME
from .plateau import F1_Q, F2_Q, F3_Q, at_plateau
from .stationary import C_ST, C_ST_SLOPE, StationaryDynamics

LAMBDA, A, B = symbols("lambda_d a_d b_d", positive=True)
"""In equilibrium at T_d."""
RATE, RATE_OF_DEPARTURE = symbols("a b", positive=True)
"""At any temperature."""
DEPARTURE, SQUARE, SMALL = symbols("g g_2 epsilon", positive=True)
ANY = GaussianLandscape(Function("f")(Q))
"""What is expanded: the equations of a covariance of which nothing is known."""


def transform(power: Expr) -> Expr:
    """``g^2/g_2`` of ``G = t^n``: ``Gamma(1 + n)^2/Gamma(1 + 2 n)``."""
    return gamma(1 + power) ** 2 / gamma(1 + 2 * power)


def near(order: int, function: Expr, argument: Expr) -> Expr:
    """``f^(k)(C) = sum_j f^(k+j)(q) G^j/j!``, given as symbols; ValueError unless the function of C is ``f^(k)``."""
    if function != covariance_derivative(ANY, order, argument):
        raise ValueError(f"{function} is not the derivative of order {order} of f")
    jet = {1: F1_Q, 2: F2_Q, 3: F3_Q}
    return jet[order] + SMALL * DEPARTURE * jet[order + 1] + SMALL**2 * SQUARE / 2 * jet.get(order + 2, 0)


@cache
def equilibrium_orders() -> tuple[Expr, Expr, Expr]:
    """What vanishes in ``z int e^(-z tau) d_tau C_st dtau`` for z -> 0, in orders 0, 1 and 2 of G."""
    friction, memory = StationaryDynamics(ANY).correlation_rate.args
    factor_, noise, slope = memory.args[0].args
    if slope != C_ST_SLOPE(INNER_DELAY):
        raise ValueError(f"the memory acts on {slope}")
    kernel = near(1, noise, C_ST(DELAY - INNER_DELAY))
    correlation = Q + SMALL * DEPARTURE  # z times the transform of C; that of C' is less by C(0) = 1
    local = friction.as_expr().subs(C_ST(DELAY), correlation)
    series = expand(local + factor_ * kernel * (correlation - 1))
    zero, one, two = (series.coeff(SMALL, k) for k in range(3))
    return zero, one, two


@cache
def exponent_parameter() -> Expr:
    """``lambda = g^2/g_2 = (1 - q) f'''(q)/[2 f''(q)]`` in equilibrium, with the symbols of the plateau."""
    (square,) = solve(equilibrium_orders()[2], SQUARE)
    return factor(DEPARTURE**2 / square)


@cache
def arrested_slope() -> Expr:
    """``f'(q)`` where orders 0 and 1 vanish, for some T."""
    slope: Expr = solve(equilibrium_orders()[:2], [F1_Q, T])[0][0]
    return slope


@cache
def ageing_parameter() -> Expr:
    """``X g^2/g_2`` where the slow sector begins, from the equation for ``R_ag`` in second order in G.

    ``C_ag = q + G(t - t')``, ``R_ag = -(X/T) G'``: the transforms of ``G G'`` and ``int G' G' ds`` are ``g_2/2`` and
    ``g^2``, up to one factor z.
    """
    local, memory = Ageing(ANY).response_equation.args
    kernel, *responses = memory.args[0].args
    if {*responses} != {R_AG(TIME, INNER), R_AG(INNER, EARLIER)}:
        raise ValueError(f"the memory acts on {responses}")
    curvature = near(2, kernel, C_AG(TIME, INNER)).subs(SMALL, 0)
    fast, *weights = local.args
    weight = Mul(*weights) / R_AG(TIME, EARLIER)
    first = near(2, weight + F2_Q, C_AG(TIME, EARLIER)) - F2_Q
    slope = -RATIO / T
    total = fast * first.coeff(SMALL, 1) / DEPARTURE * slope * SQUARE / 2 + curvature * (slope * DEPARTURE) ** 2
    (square,) = solve(total, SQUARE)
    return factor(RATIO * DEPARTURE**2 / square)


@dataclass(frozen=True)
class ModeCoupling(Printable):
    """``lambda``, a and b in equilibrium at T_d, and a and b of ageing at T below.

    Assumes no overlap with a signal and no random field, as the equations that it expands.
    """

    landscape: GaussianLandscape

    @property
    def parameter(self) -> Expr:
        """``lambda`` in terms of q."""
        return at_plateau(exponent_parameter(), self.landscape)

    @property
    def arrested(self) -> Eq:
        """``f'(q) = q (1 - q) f''(q)``: the plateau at T_d, by the equations of orders 0 and 1; also at ``q = 0``."""
        return Eq(self.landscape.f(1, Q), at_plateau(arrested_slope(), self.landscape), evaluate=False)

    def equations(self) -> list[Line]:
        """Symbols of the plateau, ``lambda``, and the relations; the last but one as ``X`` times it for ageing."""
        made = self.landscape
        ratio = ageing_parameter() / exponent_parameter()
        return [
            *((symbol, at_plateau(symbol, made)) for symbol in (F2_Q, F3_Q)),
            (r"\lambda", exponent_parameter()),
            (r"\text{towards the plateau as } \tau^{-a}: \lambda", transform(-RATE)),
            (r"\text{from it as } \tau^b \text{ in equilibrium at } T_d: \lambda", transform(RATE_OF_DEPARTURE)),
            (r"\text{from it in ageing, below } T_d: \lambda", ratio * RATIO * transform(RATE_OF_DEPARTURE)),
            (r"\text{at } T_d: f'(q)", self.arrested.rhs),
        ]
