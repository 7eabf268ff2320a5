r"""Typical (quenched) complexity: ``E ln(number) = lim (E number^n - 1)/n``, n replicas of the Kac-Rice formula.

Every delta function is a Fourier integral,
``prod_a int dxh_a exp{i xh_a.(grad H(x_a) - w x_a) + b (N E - H(x_a))} |det(Hess - w)|``. Averaged over H, it depends
on the overlaps ``C = x_a.x_b/N``, ``R = -i x_a.xh_b/N``, ``D = xh_a.xh_b/N`` and, with the signal, m and
``rho = -i xh_a.x*/N`` alone; at speed N the integral is their saddle point, each of C, R, D a hierarchical matrix (Ros,
Ben Arous, Biroli, Cammarota 2019, arXiv 1804.02686; Kent-Dobias, Kurchan 2023, arXiv 2207.06161). The determinants
factorise at this speed, each that of a GOE shifted by t.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise

from sympy import Expr, Integer, Rational, Symbol, diff, factorial, limit, log, solve

from ..printing import Line, Printable
from ..random_matrices.large_deviations import goe_cost
from ..random_matrices.semicircle import Y, phi_bulk, phi_outside
from ..symbols import ENERGY
from ..symbols import SHIFT as T
from ..symbols import SIGNAL_OVERLAP as M
from .hessian import hessian_law
from .hierarchical import REPLICAS, Entries, Hierarchy
from .local_law import F, G

BETA = Symbol("b", real=True)
"""Conjugate to the energy: ``d Sigma/dE``."""
RHO = Symbol("rho", real=True)
RESPONSE, CONJUGATE = Symbol("r", real=True), Symbol("d", real=True)
"""Diagonals of R and of D."""
ALONG, OTHER = Symbol("s", real=True), Symbol("s'", real=True)
ORDERS = 5
"""Derivatives of f at an overlap of two replicas: two in the action, two more in its second derivatives."""
REFERENCE = "Ros, Ben Arous, Biroli, Cammarota 2019, arXiv 1804.02686; Kent-Dobias, Kurchan 2023, arXiv 2207.06161"


@cache
def jet_at(i: int) -> tuple[Symbol, ...]:
    """Derivatives of the covariance at the overlap ``q_i``."""
    return tuple(Symbol("f" + "'" * k + f"(q_{{{i}}})", real=True) for k in range(ORDERS))


def _taylor(derivatives: Sequence[Expr], step: Expr) -> Expr:
    return sum(value * step**k / factorial(k) for k, value in enumerate(derivatives))


def pair(jet: Sequence[Expr], r: Expr, d: Expr) -> Expr:
    """Covariance of ``i xh.grad H - b H`` at two replicas, per N: ``(d_s - b)(d_s' - b) f`` at ``x + s i xh``."""
    moved = _taylor(jet[:3], -(ALONG + OTHER) * r - ALONG * OTHER * d)
    once = diff(moved, ALONG) - BETA * moved
    return (diff(once, OTHER) - BETA * once).subs({ALONG: 0, OTHER: 0}).expand()


def single() -> Expr:
    """The mean of ``i xh.grad H - b H`` per N."""
    moved = -_taylor(G[:2], -ALONG * RHO)
    return (diff(moved, ALONG) - BETA * moved).subs(ALONG, 0)


def gram(c: Expr, r: Expr, d: Expr) -> Expr:
    """Determinant of the overlaps of (x, xh), ``[[C, i R], [i R, D]]``."""
    return c * d + r**2


PULL = Symbol("p", real=True)
"""``r sqrt(f''(1))``, what the rest of the action loses per unit of t."""


@cache
def shift_inside() -> Expr:
    """``|t| <= 2`` at which the action is stationary, ``Phi'(t) = p``."""
    return solve(diff(phi_bulk(), T) - PULL, T)[0]


@cache
def shift_outside(index: int) -> Expr:
    """The same for ``t >= 2`` and critical points with ``index`` negative eigenvalues, each at its cost."""
    slope = diff(phi_outside() - index * goe_cost(), Y) / diff(Y + 1 / Y, Y)
    y = next(root for root in solve(slope - PULL, Y) if limit(root, PULL, 1) == 1)
    return y + 1 / y


@dataclass(frozen=True)
class Replicated(Printable):
    """The replicated action with ``breaking`` steps, for every landscape: its derivatives are symbols."""

    breaking: int = 0

    @cached_property
    def hierarchy(self) -> Hierarchy:
        """Groups of sizes ``x_1, ..., x_k``."""
        return Hierarchy(tuple(Symbol(f"x_{i + 1}", positive=True) for i in range(self.breaking)))

    def _levels(self, name: str) -> tuple[Symbol, ...]:
        return tuple(Symbol(f"{name}_{i}", real=True) for i in range(self.breaking + 1))

    @cached_property
    def matrices(self) -> tuple[Entries, Entries, Entries]:
        """C, R and D."""
        overlaps, responses, conjugates = (self._levels(name) for name in "qrd")
        return Entries(Integer(1), overlaps), Entries(RESPONSE, responses), Entries(CONJUGATE, conjugates)

    @property
    def jets(self) -> tuple[tuple[Symbol, ...], ...]:
        """Derivatives of f at the overlap of each level."""
        return tuple(jet_at(i) for i in range(self.breaking + 1))

    @property
    def across(self) -> tuple[Entries, Entries, Entries]:
        """C, R and D of the parts of x and xh that are across the signal."""
        c, r, d = self.matrices
        return c.map(lambda q: q - M**2), r.map(lambda q: q - RHO * M), d.map(lambda q: q + RHO**2)

    @cached_property
    def unknowns(self) -> tuple[Symbol, ...]:
        """Of the saddle; t and b are among them or fixed."""
        c, r, d = self.matrices
        return *self.hierarchy.steps, *c.levels, *r.levels, *d.levels, RESPONSE, CONJUGATE, RHO

    @cached_property
    def pairs(self) -> Entries:
        """What pairs of replicas add."""
        _, r, d = self.matrices
        levels = (pair(*entries) for entries in zip(self.jets, r.levels, d.levels, strict=True))
        return Entries(pair(F, RESPONSE, CONJUGATE), tuple(levels))

    @property
    def _single(self) -> Expr:
        """What each replica adds by itself; the constants are those of the volume of (x, xh) and of the determinant."""
        constants = 1 + log(hessian_law().scale) - Rational(1, 2)
        return constants + single() + BETA * ENERGY - T * hessian_law().scale * RESPONSE

    @cached_property
    def rest(self) -> Expr:
        """The action without ``Phi(t)``, in the limit ``n -> 0``."""
        volume = self.hierarchy.mean_log_det(gram, *self.across)
        return self._single + volume / 2 + self.hierarchy.mean_sum(self.pairs) / 2

    def of_replicas(self, n: Expr | int) -> Expr:
        """The action of n replicas without ``Phi(t)``, per replica: n = 1 is the annealed average."""
        volume = self.hierarchy.log_det(gram, *self.across) / REPLICAS
        return (self._single + volume / 2 + self.hierarchy.within(self.pairs, 0) / 2).subs(REPLICAS, n)

    def slope(self, expression: Expr, unknown: Symbol) -> Expr:
        """Derivative, with that of f at the overlap."""
        total = diff(expression, unknown)
        for q, jet in zip(self.matrices[0].levels, self.jets, strict=True):
            if q == unknown:
                total += sum(diff(expression, value) * after for value, after in pairwise(jet))
        return total

    def equations(self) -> list[Line]:
        """The saddle point, the action, and where t is."""
        pull = PULL, hessian_law().scale * RESPONSE
        return [
            (r"\Sigma", r"\lim_{N \to \infty} \mathbb{E} \ln[\text{number}]/N \quad \text{(quenched)}"),
            (r"\Sigma", r"\mathrm{extr}\left[\Phi(t) + S\right]"),
            (r"S", self.rest),
            pull,
            (r"t \quad (|t| \leq 2)", shift_inside()),
            (r"t \quad (t \geq 2)", shift_outside(0)),
        ]
