r"""How much the tangent kernel of a network of width m moves while it learns: like 1/m, or more where units have kinks.

``h_1 = U x``, ``h_(l+1) = h_l + (m L)^(-1/2) W_l phi(h_l)``, ``f = m^(-1/2) a.phi(h_L)``, |x| = 1: two layers of
weights, and residual ones between them from L = 2 on. All weights start as standard Gaussians and follow gradient flow,
or descent, on a few inputs to a fixed time; ``K_ij = sum_w df(x_i)/dw df(x_j)/dw`` over all weights.

A field h moves by ``epsilon = m^(-1/2)`` in a direction whose sign s is that of the weights behind it. What is linear
in ``epsilon s`` adds at random over m units and is of order 1/m in K, and so is what is quadratic if it is finite
(Huang, Yau 2019): ``E phi''(h)^2`` has to be. Where slopes jump it is not, and a share of order epsilon of the units
crosses the kink. At random that would be ``m^(-3/4)``, but it does not cancel over s: the velocities on the two sides
differ by what a unit itself learns of that input.

Assumed are m -> infinity at fixed depth, inputs and time, and labels that are not fitted from the start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from mpmath import mpf
from sympy import (
    Abs,
    Eq,
    Expr,
    Function,
    Integral,
    Limit,
    S,
    Symbol,
    diff,
    expand,
    factor,
    integrate,
    lambdify,
    log,
    oo,
    simplify,
    sympify,
)
from sympy.core.function import AppliedUndef

from ..domain import Whole
from ..laws import Explicit
from ..networks.kernels import X
from ..networks.smoothness import KINK, Trainable, orders
from ..parameter import Parameter
from ..prediction import Condition, Prediction, Threshold
from ..printing import Line, Printable
from ..system import Blocks, System

HUANG = "Huang, Yau 2019, arXiv 1909.08156"
JACOT = "Jacot, Gabriel, Hongler 2018, arXiv 1806.07572"
WIDTH, STEP, ORDER = Symbol("m", positive=True), Symbol("epsilon", positive=True), Symbol("q", real=True)
EXPONENT = Symbol("exponent", real=True)
OTHERS, OWN, ELSEWHERE = (Symbol(name, real=True) for name in "gew")
"""What a field learns of other inputs, of its own times its slope, and the unit's slope at another input."""
PHI, DENSITY = Function("phi")(X), Function("p")(X)
FAR = 200
"""Where ``exp(x^2/50)`` exceeds ``exp(3 x)`` and all powers."""


def velocity() -> Expr:
    """V of ``dh/dt = epsilon s V(h)``."""
    return OTHERS + OWN * diff(PHI, X)


@cache
def change() -> Expr:
    """What ``E F(h)``, ``F = w phi'``, changes by, over ``epsilon^2 t^2``, under an integral; p is the density of h.

    To second order ``E F(h(t)) = E F + epsilon t E s V F' + epsilon^2 t^2/2 E V (V F')'``. The middle averages to zero
    over s, the last is ``-1/2 (p V)' V F'`` by parts.
    """
    return expand(-diff(DENSITY * velocity(), X) * velocity() * diff(ELSEWHERE * diff(PHI, X), X) / 2)


def singular() -> Expr:
    """The part of ``change`` with ``phi''^2``, which has no average where phi has a kink."""
    return factor(change().coeff(diff(PHI, X, 2), 2) * diff(PHI, X, 2) ** 2)


def drift(order: Expr) -> Integral:
    """``epsilon^2 int phi''^2`` where ``phi'' ~ x^q``: fields that moved by epsilon see no less of x."""
    return Integral(STEP**2 * X ** (2 * order), (X, STEP, 1))


def exponent(order: Expr) -> Limit:
    """``lim ln drift/ln m`` with ``epsilon = m^(-1/2)``: -1, or ``-(q + 3/2)`` where that is more."""
    size = integrate(*drift(order).args).subs(STEP, WIDTH**-S.Half)
    return Limit(simplify(log(size) / log(WIDTH)), WIDTH, oo)


class TangentKernelDrift(System):
    r"""Hidden layers ``L = 1, 2, ..``; the activation, left out, has ``phi'' ~ |x - x_0|^q`` somewhere."""

    slug = "tangent-kernel-drift"
    title = "a wide network whose tangent kernel moves little while it learns"
    statement = "|K(t) - K(0)| ~ m^exponent;  h_(l+1) = h_l + (m L)^(-1/2) W_l phi(h_l), f = m^(-1/2) a.phi(h_L)"
    source = f"{HUANG}; {JACOT}"
    parameters = (
        Parameter("activation", "phi", Trainable(), "tanh"),
        Parameter("depth", "L, hidden layers, residual from 2 on; default 1", Whole(1, 50), "4", required=False),
    )
    size_to_try = 256
    activation: Expr
    depth: int

    def __init__(self, activation: Any = None, depth: Any = 1) -> None:
        super().__init__(activation=activation, depth=depth)
        if activation is None:
            self.activation = PHI

    @property
    def places(self) -> dict[Expr, Expr]:
        """Where ``E phi''^2`` is not finite, with q there."""
        return {place: order for place, order in orders(self.activation).items() if order <= -S.Half}

    @property
    def order(self) -> Expr:
        """The least q; 0 where all is finite."""
        return ORDER if self.activation.has(AppliedUndef) else min(self.places.values(), default=S.Zero)

    def predictions(self) -> Iterable[Prediction]:
        """The exponent, whatever the depth."""
        limit = exponent(self.order)
        return (
            Threshold(
                "exponent",
                "Of the width m in |K(t) - K(0)|.",
                EXPONENT,
                (Eq(EXPONENT, limit, evaluate=False),),
                HUANG,
                conditions=(
                    Condition(sympify(diff(self.activation, X) != 0), "of a constant only a learns, and K stays"),
                    Condition(sympify(moderate(self.activation)), "phi grows so fast that averages may be infinite"),
                ),
                by=Explicit(limit if self.order == ORDER else limit.doit(), self.reason),
            ),
        )

    @property
    def reason(self) -> str:
        """For the exponent."""
        if not self.places:
            return "E phi''^2 is finite"
        place, order = min(self.places.items(), key=lambda item: item[1])
        kind = "has a kink" if order == KINK else f"has phi'' ~ |x - x_0|^({order})"
        return f"phi {kind} at x = {float(place):.3g}{' (times ln m)' if order == -S.Half else ''}"

    def derivation(self) -> Mapping[str, Callable[[], Blocks]]:
        """By topic."""
        return {
            "exponent": lambda: [("A field by dh/dt = epsilon s V, epsilon = m^(-1/2), s = +-1", Moved(self.order))]
        }


def moderate(activation: Expr) -> bool:
    """Slopes below ``exp(x^2/50)`` at infinity have a finite fourth moment over fields at any depth."""
    if activation.has(AppliedUndef):
        return True
    size = lambdify(X, log(1 + Abs(diff(activation, X))), "mpmath")  # no precision is spent on a slope close to 0
    return all(size(mpf(x)) < FAR**2 / 50 for x in (-FAR, FAR))


@dataclass(frozen=True)
class Moved(Printable):
    """From the velocity of a field to the exponent."""

    order: Expr

    def equations(self) -> list[Line]:
        """Averages over fields are integrals over x; ``w`` is the unit's slope at another input."""
        limit = exponent(self.order)
        value: list[Line] = [] if self.order == ORDER else [(EXPONENT, limit.doit())]
        return [
            (r"V", velocity()),
            (r"\text{change}/(\epsilon^2 t^2)", Integral(singular(), (X, -oo, oo))),
            (ORDER, self.order),
            (r"\text{drift}", drift(self.order)),
            (EXPONENT, limit),
            *value,
        ]
