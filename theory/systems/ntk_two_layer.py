r"""A wide network of two layers: gradient flow of its outputs is linear, with the kernel of its first layer.

``f(x) = m^(-1/2) sum_r a_r phi(w_r.x)``, ``a_r = +-1`` fixed, ``w_r`` Gaussian of variance 1 and trained, inputs on the
unit sphere, loss ``1/2 sum_i (f(x_i) - y_i)^2``. For m -> infinity ``f(t) = y - e^(-H t) (y - f(0))``, ``H_ij = x_i.x_j
E phi'(w.x_i) phi'(w.x_j)`` (Jacot, Gabriel, Hongler 2018; Du, Zhai, Poczos, Singh 2018).

Here n inputs are uniform on the sphere in d dimensions, and n, d -> infinity at fixed ``gamma = n/d``, after m. Then
their correlations are of order ``d^(-1/2)``, and H follows from the kernel at 0 and 1 (El Karoui 2010), up to a matrix
whose norm is of order ``d^(-1/2)``: by that the smallest eigenvalue differs from its limit for ``gamma > 1``, and by
about 1/d below. Not so for inputs with a few directions of their own, nor for n of order ``d^2``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from sympy import Eq, Expr, Function, Gt, Piecewise, S, Symbol, diff, expand, solve, sqrt, together

from ..domain import Exact
from ..laws import Explicit, Trajectory
from ..networks.kernels import RHO, X
from ..networks.smoothness import Trainable, slope_averages
from ..parameter import Parameter
from ..prediction import Condition, Derived, Prediction, Threshold
from ..printing import Line, Printable
from ..random_matrices.marchenko_pastur import GAMMA, RESOLVENT, edges, place, smallest
from ..system import Blocks, System

DU = "Du, Zhai, Poczos, Singh 2018, arXiv 1810.02054"
KAROUI = "El Karoui 2010, Ann. Stat. 38, 1"
SLOPES = Function("kappa_1")
"""``kappa_1(rho) = E phi'(u) phi'(v)``."""
IDENTITY, LINEAR, CONSTANT = (Symbol(f"c_{k}", nonnegative=True) for k in range(3))
AVERAGES = (SLOPES(1), SLOPES(0), SLOPES(RHO).diff(RHO).subs(RHO, 0))
LAMBDA_MIN, CENTRE, WIDTH = (Symbol(name, positive=True) for name in ("lambda_min", "lambda_0", "R"))
T, DISTANCE = Symbol("t", nonnegative=True), Symbol("x")
LOSS, BULK, TILT = (Symbol(name, real=True) for name in ("loss", "bulk", "tilt"))
ORDER = "n, d -> infinity at this n/d, after m"


def first_layer() -> Expr:
    """``k(rho) = rho kappa_1(rho)``, entries of H."""
    return RHO * SLOPES(RHO)


@cache
def expansion() -> tuple[Expr, Expr, Expr]:
    """``c_0, c_1, c_2`` of ``H = c_0 I + c_1 X X^T + c_2 1 1^T/d``.

    Off the diagonal ``k(rho) = k'(0) rho + k''(0) rho^2/2 + O(d^(-3/2))``, ``rho^2`` is 1/d up to fluctuations of the
    same order; on it ``k(1)``. ``rho^3`` and fluctuations of ``rho^2`` are matrices of norms of order ``d^(-1/2)``.
    """
    slope, curvature = (diff(first_layer(), RHO, order).subs(RHO, 0).doit() for order in (1, 2))
    return first_layer().subs(RHO, 1) - slope, slope, curvature / 2


def smallest_eigenvalue() -> Expr:
    """``c_0 + c_1`` times that of ``X X^T``: the term of rank one moves a single eigenvalue, upwards."""
    return IDENTITY + LINEAR * smallest()


@cache
def outlier() -> tuple[Expr, Expr]:
    """The eigenvalue that the term of rank one, of norm ``gamma c_2``, takes out of the bulk; what c_2 exceeds then.

    Where the resolvent of ``X X^T`` is ``c_1/(gamma c_2)``; beyond the upper edge its inverse function turns.
    """
    strength = GAMMA * CONSTANT / LINEAR
    root = Symbol("r", positive=True)
    turning = solve(together(diff(place(), RESOLVENT).subs(GAMMA, root**2)).as_numer_denom()[0], RESOLVENT)
    resolvent = max(turning, key=lambda g: (1 / g).subs(root, 0.5)).subs(root, sqrt(GAMMA))
    value = IDENTITY + together(LINEAR * place().subs(RESOLVENT, 1 / strength))
    return value, expand(LINEAR / (GAMMA * resolvent))


@cache
def second_moment() -> Expr:
    """``s_2`` of ``s_k = int (lambda - lambda_0)^k w e^(-2 lambda t)``, ``w^2 = P = R^2 - (lambda - lambda_0)^2``.

    From ``P w' = P' w/2``, integrated by parts: ``int (2 t P - 3 P'/2) w e^(-2 lambda t) = 0``.
    """
    inside = WIDTH**2 - DISTANCE**2
    vanishing = expand(2 * T * inside - 3 * diff(inside, DISTANCE) / 2)
    square = solve(vanishing, DISTANCE**2)[0]
    return expand(square.coeff(DISTANCE, 0) * BULK + square.coeff(DISTANCE, 1) * TILT)


@cache
def second_moment_at_start() -> Expr:
    """At t = 0, where ``s_1 = -2 t s_2``."""
    moment = Symbol("s_2")
    return solve(second_moment().subs(TILT, -2 * T * moment) - moment, moment)[0]


def loss_flow(identity: Expr, linear: Expr, gamma: Expr) -> Trajectory:
    """``loss = int rho(lambda) e^(-2 lambda t)``, the mean of squares of the residual over that at the start.

    ``lambda = c_0 + c_1 z``, z of the law of Marchenko and Pastur; ``c_1 z rho`` is w above, of total mass c_1.
    """
    low, high = (linear * edge.subs(GAMMA, gamma) for edge in edges())
    known = {CENTRE: identity + expand(low + high) / 2, WIDTH: expand(high - low) / 2}
    moment = Piecewise((second_moment_at_start(), Eq(T, 0)), (second_moment(), True))
    rates = (-2 * identity * LOSS - 2 * BULK, -2 * CENTRE * BULK - 2 * TILT, -2 * CENTRE * TILT - 2 * moment)
    return Trajectory((LOSS, BULK, TILT), T, tuple(r.subs(known) for r in rates), (S.One, linear, S.Zero))


class NtkTwoLayer(System):
    r"""``gamma = n/d``; the activation, left out, is a function ``phi(x)``."""

    slug = "ntk-two-layer"
    title = "a wide network of two layers, whose outputs flow linearly"
    statement = "f(x) = m^(-1/2) sum_r a_r phi(w_r.x), w trained;  f(t) = y - e^(-H t) (y - f(0)) as m -> infinity"
    source = f"{DU}; Jacot, Gabriel, Hongler 2018, arXiv 1806.07572; {KAROUI}"
    parameters = (
        Parameter("gamma", "inputs over dimensions, n/d", Exact(), "1/4"),
        Parameter("activation", "phi", Trainable(), "relu"),
    )
    gamma: Expr
    activation: Expr

    def __init__(self, gamma: Any = None, activation: Any = None) -> None:
        super().__init__(gamma=gamma, activation=activation)
        if activation is None:
            self.activation = Function("phi")(X)

    @cached_property
    def averages(self) -> dict[Expr, Expr]:
        """``kappa_1(1), kappa_1(0), kappa_1'(0)``."""
        return dict(zip(AVERAGES, slope_averages(self.activation), strict=True))

    def valued(self, value: Expr) -> Expr:
        """For this gamma and activation."""
        coefficients = dict(zip((IDENTITY, LINEAR, CONSTANT), expansion(), strict=True))
        return value.subs(GAMMA, self.gamma).xreplace(coefficients).xreplace(self.averages)

    @property
    def loss(self) -> Trajectory:
        """Over that at the start."""
        return loss_flow(self.valued(IDENTITY), self.valued(LINEAR), self.gamma)

    def predictions(self) -> Iterable[Prediction]:
        """Ends of the spectrum of H, and the loss."""
        edge, beyond = (self.valued(part) for part in outlier())
        upper = self.valued(IDENTITY + LINEAR * edges()[1])
        inside = "the term of rank one is too small to take an eigenvalue out of the bulk"
        apart = Condition(Gt(self.valued(CONSTANT), beyond, evaluate=False), inside)
        return (
            Threshold(
                "smallest_eigenvalue",
                "Of H: the rate of the slowest outputs.",
                LAMBDA_MIN,
                (Eq(LAMBDA_MIN, smallest_eigenvalue().subs(GAMMA, self.gamma), evaluate=False),),
                f"{DU}; {KAROUI}",
                by=Explicit(self.valued(smallest_eigenvalue()), ORDER),
            ),
            Derived("upper_edge", "Of the bulk of the spectrum of H.", KAROUI, Explicit(upper, ORDER)),
            Derived("outlier", "Largest eigenvalue of H, on the mean output.", KAROUI, Explicit(edge, ORDER), (apart,)),
            Derived("loss", "Over that at t = 0, of residuals that know nothing of the inputs.", DU, self.loss),
        )

    def derivation(self) -> Mapping[str, Callable[[], Blocks]]:
        """By topic."""
        return {
            "kernel": lambda: [("H of nearly orthogonal inputs; kappa_1(rho) = E phi'(u) phi'(v)", Kernel(self))],
            "loss": lambda: [("Moments of the bulk of the loss", Moments())],
        }


@dataclass(frozen=True)
class Kernel(Printable):
    """From the activation to the ends of the spectrum."""

    of: NtkTwoLayer

    def equations(self) -> list[Line]:
        """Averages stay apart: what holds them is printed in terms of them."""
        coefficients = zip((IDENTITY, LINEAR, CONSTANT), expansion(), strict=True)
        value, beyond = outlier()
        return [
            ("H_{ij}", r"k(x_i \cdot x_j)"),
            ("k", first_layer()),
            ("H", r"c_0 I + c_1 X X^T + c_2 1 1^T/d + O(d^{-1/2})"),
            *coefficients,
            *self.of.averages.items(),
            (LAMBDA_MIN, smallest_eigenvalue()),
            (r"\lambda_{max}", IDENTITY + LINEAR * edges()[1]),
            (r"\text{outlier}", Piecewise((value, Gt(CONSTANT, beyond)))),
        ]


class Moments(Printable):
    """How the loss falls."""

    def equations(self) -> list[Line]:
        """For any coefficients and gamma."""
        return [
            ("s_2", second_moment()),
            ("s_2(0)", second_moment_at_start()),
            *loss_flow(IDENTITY, LINEAR, GAMMA).equations("loss"),
        ]
