r"""What kernels cannot learn: a teacher of d units ``f(x) = sum_i a_i |e_i.x|`` on Gaussian inputs of dimension d.

With fewer than ``d^(p+1)`` examples, regression with an inner-product kernel ``h(x.x'/d)`` fits the part of f of degree
p in Hermite's polynomials, whatever h is, and no more: what is left is its floor. At p = 1 the trace of the second
degree, ``|x|^2 - d``, one direction of many, is fitted besides by kernels that see norms, such as those of wide
networks, ``|x||x'| kappa(cos)``: theirs is the floor given; ``h(x.x'/d)`` stays above it unless ``sum_i a_i = 0``. A
network of such units learns all of f.

Floors are limits of large d, ``d^p << n << d^(p+1)``; a kernel of degree p itself reaches them at any d, for large n.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from sympy import Abs, Eq, Expr, S, Symbol, diff, exp, expand, factorial, simplify, sqrt

from ..domain import Exact, Several
from ..laws import Explicit
from ..networks.kernels import X, mean
from ..parameter import Parameter
from ..prediction import Derived, Prediction, Threshold
from ..printing import Line, Printable
from ..system import Blocks, System

RISK = Symbol("risk", positive=True)
SQUARES, TOTAL, DIMENSION = Symbol("A_2", positive=True), Symbol("A_1", real=True), Symbol("d", positive=True)
"""``sum a_i^2``, ``sum a_i``, and the number of them."""
UNIT = Abs(X)
LI = "Li, Ma, Zhang 2020, arXiv 2007.04596"


def hermite(degree: int) -> Expr:
    """``He_k(x)/sqrt(k!)``, of norm 1."""
    gaussian = exp(-(X**2) / 2)
    return expand(simplify((-1) ** degree * diff(gaussian, X, degree) / gaussian)) / sqrt(factorial(degree))


@cache
def coefficient(degree: int) -> Expr:
    """``c_k = E |x| He_k(x)/sqrt(k!)``."""
    return mean(expand(UNIT * hermite(degree)))


@cache
def beyond(degree: int) -> Expr:
    """``E f^2`` without degrees 0 ... p: units see orthogonal directions, and share but their constant."""
    return (mean(UNIT**2) - sum(coefficient(k) ** 2 for k in range(degree + 1))) * SQUARES


@cache
def trace_part() -> Expr:
    """Squared projection of the second degree, ``sum_i a_i c_2 He_2(x_i)``, on ``sum_i He_2(x_i)``, of norm d."""
    return (coefficient(2) * TOTAL) ** 2 / DIMENSION


def floor(degree: int) -> Expr:
    """What is left beyond that degree; of the second one, at degree 1, the trace is not."""
    return beyond(degree) - (trace_part() if degree == 1 else 0)


class KernelGap(System):
    r"""``a_1 .. a_d`` of either sign; left out, their sums stay symbols."""

    slug = "kernel-gap"
    title = "a teacher that a network learns and no inner-product kernel"
    statement = "f(x) = sum_i a_i |e_i.x|,  x Gaussian in d dimensions,  R = E (f - fitted)^2"
    source = LI
    parameters = (
        Parameter(
            "coefficients", "a_1 ... a_d of the units", Several(Exact(zero=True, negative=True)), "1,-1,0.5,1,0.5,-1"
        ),
    )
    size_to_try = 200
    coefficients: Any

    @property
    def sums(self) -> dict[Symbol, Expr]:
        """Of squares and of the coefficients, and how many there are."""
        if not isinstance(self.coefficients, list):
            return {}
        values = self.coefficients
        return {SQUARES: sum((a**2 for a in values), S.Zero), TOTAL: sum(values, S.Zero), DIMENSION: S(len(values))}

    def predictions(self) -> Iterable[Prediction]:
        """Both floors, and what a constant leaves."""
        below, linear = floor(2).subs(self.sums), floor(1).subs(self.sums)
        return (
            Threshold(
                "kernel_floor",
                "No inner-product kernel gets below it with d^2 << n << d^4 examples.",
                RISK,
                (Eq(RISK, floor(2), evaluate=False),),
                LI,
                closed_form=below,
            ),
            Threshold(
                "linear_kernel_floor",
                "Nor below this with d << n << d^2.",
                RISK,
                (Eq(RISK, floor(1), evaluate=False),),
                LI,
                closed_form=linear,
            ),
            Derived("constant", "Risk of the best constant.", LI, Explicit(beyond(0).subs(self.sums))),
        )

    def derivation(self) -> Mapping[str, Callable[[], Blocks]]:
        """By topic."""
        return {"floors": lambda: [("A_1 = sum a_i, A_2 = sum a_i^2", Floors())], **super().derivation()}


class Floors(Printable):
    """By degree."""

    def equations(self) -> list[Line]:
        """Coefficients of |x|, and what is left."""
        found: list[Line] = [(rf"c_{k}", coefficient(k)) for k in range(5)]
        return [*found, (r"\text{trace}", trace_part()), *((rf"R_{p}", floor(p)) for p in range(4))]
