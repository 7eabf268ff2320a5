r"""Gaussian averages ``kappa(rho) = E phi(u) phi(v)`` of an activation, u and v of variance 1 and correlation rho.

Price's theorem (1958): ``d/d rho E F(u) F(v) = E F'(u) F'(v)``, and at ``rho = 0`` the average is ``(E F)^2``. So a
kernel in closed form follows from that of a derivative which has one: of a sum of deltas at 0 (all that is piecewise
polynomial with a kink there: the arc-cosine kernels of Cho, Saul 2009), of a Gaussian (erf), of a constant.
"""

from __future__ import annotations

from functools import cache, partial

from sympy import (
    Abs,
    DiracDelta,
    Expr,
    Integral,
    Symbol,
    Wild,
    diff,
    erf,
    exp,
    expand,
    integrate,
    nan,
    oo,
    pi,
    sign,
    simplify,
    sqrt,
    sympify,
    tanh,
)

from ..domain import Function
from ..expressions import FUNCTIONS, parse_expression

X = Symbol("x", real=True)
RHO = Symbol("rho", real=True)
ACTIVATIONS: dict[str, Expr] = {"relu": (X + Abs(X)) / 2, "abs": Abs(X), "tanh": tanh(X), "erf": erf(X)}
DERIVATIVES, LARGEST = 6, 60
"""How many are tried, and of how many operations: those of functions without a closed form grow and grow."""
FIRST, SECOND, SIZE = Symbol("u", real=True), Symbol("v", real=True), Symbol("s", positive=True)
FACTOR, RATE = Wild("a", exclude=[X]), Wild("b", exclude=[X])


class Activation(Function):
    """A name or a function of x."""

    metavar = "NAME"

    def __init__(self) -> None:
        super().__init__({"x": X})

    def read(self, name: str, text: str) -> Expr:
        """Text such as ``relu``, ``tanh``, ``x + sin(x)/2``, or ``relu(x) + relu(x - 1)``."""
        del name
        named = {name: partial(activation.subs, X) for name, activation in ACTIVATIONS.items()}
        return ACTIVATIONS[text] if text in ACTIVATIONS else parse_expression(text, self.variables, FUNCTIONS | named)

    def plain(self, value: Expr) -> str:
        """The name, if it has one."""
        return next((name for name, known in ACTIVATIONS.items() if known == value), str(value).replace("Abs", "abs"))

    def __str__(self) -> str:
        return f"{', '.join(ACTIVATIONS)}, or a function of x"


def leaky_relu(slope: Expr) -> Expr:
    """``x`` above zero and ``slope x`` below."""
    return (1 + slope) / 2 * X + (1 - slope) / 2 * Abs(X)


@cache
def dual(activation: Expr) -> Expr:
    """``kappa(rho)``, in closed form where one is found, otherwise an integral over the plane."""
    found = closed_form(activation)
    return plane_integral(activation) if found is None else found


@cache
def closed_form(function: Expr, derivatives: int = DERIVATIVES) -> Expr | None:
    """``E F(u) F(v)``; None where no derivative of F, up to so many, has a known average."""
    function = expand(sympify(function)).replace(X * sign(X), Abs(X))
    if not function.has(X):
        return function**2
    if function.has(DiracDelta):
        weight = function.coeff(DiracDelta(X))
        alone = function == weight * DiracDelta(X) and not weight.has(X)
        return weight**2 / (2 * pi * sqrt(1 - RHO**2)) if alone else None
    gaussian = function.match(FACTOR * exp(-RATE * X**2))
    if gaussian is not None and gaussian[RATE].is_positive:
        return gaussian_pair(gaussian[FACTOR], gaussian[RATE])
    more = derivatives and function.count_ops() <= LARGEST
    below = closed_form(diff(function, X), derivatives - 1) if more else None
    if below is None:
        return None
    primitive = integrate(below, RHO)
    at_zero = mean(function)
    if primitive.has(Integral) or at_zero.has(Integral, nan):
        return None
    return simplify(primitive - primitive.subs(RHO, 0) + at_zero**2)


def gaussian_pair(factor: Expr, rate: Expr) -> Expr:
    """``E a e^(-b u^2) a e^(-b v^2)``: the determinant of the inverse covariance, with 2 b added on its diagonal."""
    return factor**2 / sqrt((1 + 2 * rate) ** 2 - (2 * rate * RHO) ** 2)


def mean(function: Expr) -> Expr:
    """``E F(u)``, from both halves of the line: kinks lie at 0."""
    folded = function.subs(X, SIZE) + function.subs(X, -SIZE)
    return simplify(integrate(expand(folded * exp(-(SIZE**2) / 2)), (SIZE, 0, oo)) / sqrt(2 * pi))


def plane_integral(activation: Expr) -> Expr:
    """``int int phi(u) phi(rho u + sqrt(1 - rho^2) v)`` with Gaussian weights."""
    second = RHO * FIRST + sqrt(1 - RHO**2) * SECOND
    weight = exp(-(FIRST**2 + SECOND**2) / 2) / (2 * pi)
    product = activation.subs(X, FIRST) * activation.subs(X, second)
    return Integral(product * weight, (FIRST, -oo, oo), (SECOND, -oo, oo))
