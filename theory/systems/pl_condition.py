r"""Losses that gradient flow takes to zero as no eigenvalue of their tangent kernel is small; random equations.

For ``L = |F(w)|^2/2``, ``K = J J^T``, J the Jacobian of F, the flow obeys ``dL/dt = -F.K F <= -2 mu_K L`` as long as no
eigenvalue of K falls below ``mu_K``: the condition of Polyak and Lojasiewicz. Wide layers keep it on the way.

The sphere: ``A x = b`` for ``|x|^2 = N``, ``M = alpha N`` equations, entries of A and b Gaussian of variance 1/N and
``sigma^2``, for N -> infinity. A is as likely as any rotation of its rows, so that only the length of b counts: noise
acts as the loss ``l(u) = (u - sigma)^2/2`` of ``u = A x``, one of those of which all is known for any loss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from sympy import (
    Eq,
    Expr,
    Function,
    Gt,
    Le,
    Piecewise,
    Symbol,
    betainc_regularized,
    diff,
    dsolve,
    factor,
    hessian,
    integrate,
    numer,
    oo,
    simplify,
    solve,
    sqrt,
    together,
)

from ..domain import Exact
from ..generalized_linear import ALPHA, FIELD
from ..generalized_linear.symbols import MULTIPLIER
from ..laws import Explicit
from ..parameter import Parameter
from ..prediction import Condition, Derived, Prediction, Threshold
from ..printing import Line, Printable
from ..random_matrices import marchenko_pastur
from ..system import Blocks
from .generalized_linear import ALPHA as DATA
from .generalized_linear import GeneralizedLinear

SIGMA_2, LENGTH = (Symbol(name, positive=True) for name in ("sigma_2", "r"))
"""``sigma^2``, and ``r = sqrt(alpha (1 + sigma^2))``."""
MOMENT = Symbol("h", real=True)
"""``h = int rho(x)/(x + mu) dx``, rho the law of Marchenko and Pastur of ``A A^T``."""
ROWS, SIZE = (Symbol(name, integer=True, positive=True) for name in "MN")
TIME, START, LEAST, WIDTH = (Symbol(name, positive=True) for name in ("t", "L_0", "mu_K", "m"))
LOSS = Function("L", positive=True)(TIME)
PL = "Liu, Zhu, Belkin 2020, arXiv 2003.00307"
SPHERE = "Fyodorov, Tublin 2021, arXiv 2112.13446"
LAW = "Marchenko, Pastur 1967"
BBP = "Baik, Ben Arous, Peche 2005, Ann. Probab. 33, 1643"
SOLVED = "no x on the sphere solves all equations"
OUTSIDE = "the smallest eigenvalue of the tangent kernel at a solution is outside the bulk"
NOISELESS = "without noise it stays at the edge of the bulk"
RATE = "mu of |grad L|^2 >= 2 mu (L - L_min) near the end of the flow, where L - L_min falls like e^(-2 mu t)."
WIDE = "A wide layer, f = m^(-1/2) sum_i v_i phi(w_i.x), |x| = 1: eigenvalues of its Hessian, unit by unit"
POLE = 1 / (ALPHA * SIGMA_2)
"""Of the resolvent of K in the direction of b: the h at its outlier."""


@cache
def multiplier() -> Expr:
    """``mu = 1/h - 1/(1 + alpha h)``, the inverse function of ``h(mu)``."""
    return -in_data(marchenko_pastur.place()).subs(marchenko_pastur.RESOLVENT, -MOMENT)


def slope() -> Expr:
    """``dmu/dh = -1/int rho/(x + mu)^2``."""
    return diff(multiplier(), MOMENT)


def squared_length() -> Expr:
    """``|x|^2/N = alpha sigma^2 int rho x/(x + mu)^2`` where the loss is stationary, ``x = A^T (A A^T + mu)^-1 b``."""
    return ALPHA * SIGMA_2 * (MOMENT + multiplier() / slope())


def loss_there() -> Expr:
    """``|A x - b|^2/(2N)``, as ``A x - b = -mu (A A^T + mu)^-1 b``."""
    return -ALPHA * SIGMA_2 * multiplier() ** 2 / (2 * slope())


@cache
def minimum() -> tuple[Expr, Expr]:
    """Loss and mu at the lower one of the two stationary points with ``|x|^2 = N``, in terms of r."""
    in_r = {SIGMA_2: LENGTH**2 / ALPHA - 1}
    places = solve(numer(together(squared_length().subs(in_r) - 1)), MOMENT)
    points = [[factor(part.subs(in_r).subs(MOMENT, h)) for part in (loss_there(), multiplier())] for h in places]
    loss, mu = min(points, key=lambda point: point[0].subs(LENGTH, 2))
    return loss, mu


@cache
def shortest() -> Expr:
    """``|x|^2/N`` of the shortest solution, ``mu = 0``; for ``alpha < 1`` others are as long as one wants."""
    (place,) = solve(multiplier(), MOMENT)
    return ALPHA * SIGMA_2 * place


@cache
def solvable() -> Expr:
    """The largest alpha at which the shortest solution fits into the sphere."""
    return factor(solve(shortest() - 1, ALPHA)[0])


@cache
def outlier() -> Expr:
    """Smallest eigenvalue of K at a solution, ``K = A (1 - x x^T/N) A^T = A A^T - b b^T/N``: outside the bulk of
    ``A A^T`` the resolvent has a pole at ``alpha sigma^2 h = 1``, ``mu = -lambda``."""
    return factor(-multiplier().subs(MOMENT, POLE))


@cache
def separation() -> Expr:
    """The alpha from which on it is outside: there the pole is at the edge of the bulk, where ``dmu/dh = 0``."""
    return factor(solve(numer(together(slope().subs(MOMENT, POLE))), ALPHA)[0])


def energy() -> Expr:
    """0, and above the threshold ``(r - 1)^2/2``."""
    return Piecewise((0, Le(ALPHA, solvable())), (in_parameters(minimum()[0]), True))


def constant() -> Expr:
    """The smallest eigenvalue of K at solutions; above the threshold that of the Hessian, ``A^T A + mu``."""
    root, (edge, _), (_, mu) = Symbol("q", positive=True), marchenko_pastur.edges(), minimum()
    beyond = factor(edge.subs(marchenko_pastur.GAMMA, root**2) + mu.subs(ALPHA, root**2)).subs(root, sqrt(ALPHA))
    solved = (in_data(edge), Le(ALPHA, separation())), (outlier(), Le(ALPHA, solvable()))
    return Piecewise(*solved, (in_parameters(mu), Le(ALPHA, 1)), (in_parameters(beyond), True))


def in_data(expression: Expr) -> Expr:
    """Of ``A A^T``, and of K where x is random: it removes a direction that is none of those of A."""
    return expression.subs(marchenko_pastur.GAMMA, ALPHA)


def in_parameters(expression: Expr) -> Expr:
    """``r`` in terms of alpha and ``sigma^2``."""
    return expression.subs(LENGTH, sqrt(ALPHA * (1 + SIGMA_2)))


def solvable_share() -> Expr:
    """Probability of a solution at finite ``M <= N``: that of ``X < 1/(1 + sigma^2)``, X of a Beta law.

    ``|b|^2 = sigma^2 chi^2_M`` and, x the shortest solution, ``|b|^2/|x|^2 = chi^2_(N-M+1)/N`` are independent
    (Muirhead 1982, theorem 3.2.12); ``X = chi^2_M/(chi^2_M + chi^2_(N-M+1))``.
    """
    return betainc_regularized(ROWS / 2, (SIZE - ROWS + 1) / 2, 0, 1 / (1 + SIGMA_2))


class PLCondition(GeneralizedLinear):
    r"""``sigma^2 >= 0``; what is left out stays a symbol."""

    slug = "pl-condition"
    title = "random equations on a sphere: where gradient flow solves them, and how fast"
    statement = "L = |A x - b|^2/2 on |x|^2 = N, A Gaussian of alpha N rows and variance 1/N, b of mean square sigma^2"
    source = f"{PL}; {SPHERE}"
    parameters = (Parameter("sigma_2", "sigma^2, variance of the right sides b", Exact(zero=True), "1"), DATA)

    def __init__(self, sigma_2: Any = None, alpha: Any = None) -> None:
        noise = SIGMA_2 if sigma_2 is None else Exact(zero=True).accept("sigma_2", sigma_2)
        super().__init__((FIELD - sqrt(noise)) ** 2 / 2, alpha=alpha)
        self.sigma_2 = noise

    def predictions(self) -> Iterable[Prediction]:
        """Where the equations can be solved, how low the flow gets, and how fast it ends."""
        fits, leaves = Eq(shortest(), 1, evaluate=False), Eq(slope().subs(MOMENT, POLE), 0, evaluate=False)
        at_random, noisy = in_data(marchenko_pastur.smallest()), (Condition(Gt(self.sigma_2, 0), NOISELESS),)
        return (
            Threshold("solvability", f"Above it {SOLVED}.", ALPHA, (fits,), SPHERE, (), solvable()),
            Threshold("kernel_outlier", f"Above it {OUTSIDE}.", ALPHA, (leaves,), BBP, (), separation(), noisy),
            Derived("energy", "Least loss per dimension; the flow reaches it.", SPHERE, Explicit(energy())),
            Derived("kernel_start", "Smallest eigenvalue of K at a random x.", LAW, Explicit(at_random)),
            Derived("pl_constant", RATE, PL, Explicit(constant())),
        )

    def derivation(self) -> Mapping[str, Callable[[], Blocks]]:
        """By topic; those about a signal are left out."""
        general = super().derivation()
        return {
            "pl": lambda: [("L = |F|^2/2, all eigenvalues of K at least mu_K", Descent()), (WIDE, WideLayer())],
            "sphere": lambda: [("Random equations, sigma_2 = sigma^2, r^2 = alpha (1 + sigma^2)", Sphere())],
            **{topic: general[topic] for topic in ("replicas", "complexity", "dynamics", "thresholds")},
        }


class Descent(Printable):
    """The condition of Polyak and Lojasiewicz along the flow: how fast the loss falls, and how far w gets."""

    def equations(self) -> list[Line]:
        """``|grad L|^2 = F.K F >= 2 mu_K L``, so that ``d sqrt(L) <= -sqrt(mu_K/2) |dw|``."""
        steepest = Eq(diff(LOSS, TIME), -2 * LEAST * LOSS)
        bound = dsolve(steepest, LOSS, ics={LOSS.subs(TIME, 0): START}).rhs
        speed = sqrt(2 * LEAST * bound)
        return [
            (LOSS.diff(TIME), r"-\left|\nabla L\right|^2 = -F \cdot K F"),
            (LOSS, Le(LOSS, bound)),
            (r"\int |dw|", Le(Symbol("R"), integrate(speed, (TIME, 0, oo)))),
        ]


class WideLayer(Printable):
    """``f = m^(-1/2) sum_i v_i phi(w_i.x)``, ``|x| = 1``: the Hessian has a block for each unit, in ``v_i`` and
    ``u = w_i.x``, and vanishes along the rest."""

    def equations(self) -> list[Line]:
        """The eigenvalues of a block, whatever phi: of order ``m^(-1/2)``, and K changes as little along the path."""
        u, v = Symbol("u", real=True), Symbol("v", real=True)
        block = hessian(v * Function("phi", real=True)(u) / sqrt(WIDTH), (u, v))
        return [(rf"\lambda_{{{sign}}}", simplify(value)) for sign, value in zip("-+", block.eigenvals(), strict=True)]


class Sphere(Printable):
    """From the law of Marchenko and Pastur of ``A A^T`` to the threshold, the least loss, and the kernel."""

    def equations(self) -> list[Line]:
        """In the order in which they follow."""
        loss, mu = minimum()
        return [
            (MULTIPLIER, multiplier()),
            (r"|x|^2/N", squared_length()),
            (r"L/N", loss_there()),
            (r"L_{\min}/N", loss),
            (r"\mu_{\min}", mu),
            (r"|A^+ b|^2/N", shortest()),
            (r"\lambda_{\min}(A A^T - b b^T/N)", outlier()),
            (r"\text{outside the bulk}", Gt(ALPHA, separation())),
            (r"P(\text{solvable at } M, N)", solvable_share()),
        ]
