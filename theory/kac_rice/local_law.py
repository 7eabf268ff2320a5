r"""The joint Gaussian law of H and its derivatives at one point, by differentiating the covariance there.

At ``x = sqrt(N) n``, with ``x* = sqrt(N) (m n + sqrt(1 - m^2) e)``, the landscape's covariance ``N f(x.x'/N)`` and mean
``-N g(x.x*/N)`` are differentiated along ``n``, ``e`` and two further tangent directions ``u, v``. At most four
derivatives of f (two at each point) and two of g enter, so their Taylor polynomials at q = 1 and at m are exact.
"""

from functools import cache
from typing import NamedTuple

from sympy import Expr, ImmutableMatrix, Integer, Symbol, diff, factor_terms, factorial, sqrt, symbols

from ..symbols import SIGNAL_OVERLAP as M
from .gaussian_law import GaussianLaw

N = Symbol("N", positive=True)
F = tuple(Symbol("f" + "'" * k + "(1)", positive=True) for k in range(3)) + symbols("f^{(3)}(1) f^{(4)}(1)", real=True)
"""Derivatives of the covariance at ``q = 1``: ``F[k]`` is the k-th."""
G = tuple(Symbol("g" + "'" * k + "(m)", real=True) for k in range(3))
"""Derivatives of the planted mean at ``m``."""

HERE = symbols("x_n x_e x_u x_v", real=True)
THERE = symbols("x'_n x'_e x'_u x'_v", real=True)


class Observable(NamedTuple):
    """A derivative of H at the point: its name, the directions differentiated along, and a factor."""

    name: Symbol
    directions: tuple[int, ...]
    factor: Expr


H = Symbol("H/N")
W = Symbol("w")
GRADIENT_SIGNAL, GRADIENT = Symbol(r"\partial_{e} H"), Symbol(r"\partial_{u} H")
HESSIAN_SIGNAL, HESSIAN_CROSS = Symbol(r"\partial_{ee} H"), Symbol(r"\partial_{eu} H")
HESSIAN_DIAGONAL, HESSIAN_OFF = Symbol(r"\partial_{uu} H"), Symbol(r"\partial_{uv} H")

OBSERVABLES = (
    Observable(H, (), 1 / N),
    Observable(W, (0,), 1 / sqrt(N)),
    Observable(GRADIENT_SIGNAL, (1,), Integer(1)),
    Observable(GRADIENT, (2,), Integer(1)),
    Observable(HESSIAN_SIGNAL, (1, 1), Integer(1)),
    Observable(HESSIAN_CROSS, (1, 2), Integer(1)),
    Observable(HESSIAN_DIAGONAL, (2, 2), Integer(1)),
    Observable(HESSIAN_OFF, (2, 3), Integer(1)),
)


def taylor(derivatives: tuple[Symbol, ...], step: Expr) -> Expr:
    """``sum_k derivatives_k step^k/k!``."""
    return sum(value * step**k / factorial(k) for k, value in enumerate(derivatives))


def _differentiate(expression: Expr, variables: tuple[Symbol, ...], directions: tuple[int, ...]) -> Expr:
    for direction in directions:
        expression = diff(expression, variables[direction])
    return expression


@cache
def local_law(observables: tuple[Observable, ...] = OBSERVABLES) -> GaussianLaw:
    """Law of ``(H/N, w, tangential gradient, tangential second derivatives)``, ``w = x.grad H/N``, or of others."""
    point = {**dict.fromkeys(HERE + THERE, Integer(0)), HERE[0]: sqrt(N), THERE[0]: sqrt(N)}
    inner = sum(x * y for x, y in zip(HERE, THERE, strict=True)) / N
    signal = (M * HERE[0] + sqrt(1 - M**2) * HERE[1]) / sqrt(N)
    covariance, mean = N * taylor(F, inner - 1), -N * taylor(G, signal - M)

    def at_point(expression: Expr, a: Observable, b: Observable) -> Expr:
        """Derivatives at the point; coordinates that are not differentiated take their values first."""
        active = {HERE[i] for i in a.directions} | {THERE[i] for i in b.directions}
        expression = expression.xreplace({x: value for x, value in point.items() if x not in active})
        derivative = _differentiate(_differentiate(expression, HERE, a.directions), THERE, b.directions)
        return (a.factor * b.factor * derivative.xreplace(point)).expand()

    no_derivative = Observable(Symbol("1"), (), Integer(1))
    size = len(observables)
    upper = [[at_point(covariance, a, b) for b in observables[i:]] for i, a in enumerate(observables)]
    return GaussianLaw(
        tuple(observable.name for observable in observables),
        ImmutableMatrix([factor_terms(at_point(mean, a, no_derivative)) for a in observables]),
        ImmutableMatrix(size, size, lambda i, j: upper[min(i, j)][abs(i - j)]),
    )
