r"""The Hessian at one of n replicas, given that all are critical points: the replicated BBP transition.

Conditions at the other replicas act on the directions towards them and towards the signal alone. By symmetry those that
share a group with the first one at a given level come with one weight, ``e = sum_b alpha_b (n_b - q_b n_1) + a (n* - m
n_1)``: there the matrix has a mean ``M(e, e)``, and its entries ``(e, u)`` with the rest have variances ``V(e, e)/N``
smaller than ``f''(1) |e|^2/N``. An outlier below the bulk, at ``sqrt(f''(1)) (t - y - 1/y)`` with ``y > 1``, solves

``det [ y |e|^2 + M(e, e)/sqrt(f''(1)) + (f''(1) |e|^2 - V(e, e))/(f''(1) y) ] = 0``.

For ``n -> 0`` the form ``|e|^2`` is indefinite; a solution is an eigenvalue where its weight along e, the slope of the
form by y there, is positive. At ``m = q = 0`` it is ``y = theta``, that of one point (Baik, Ben Arous, Peche 2005).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from sympy import Expr, ImmutableMatrix, Matrix, Symbol, hessian, symbols

from ..printing import Line, Printable
from ..symbols import SIGNAL_OVERLAP as M
from .hierarchical import REPLICAS, Entries
from .local_law import F, G
from .replicated import BETA, RHO, Replicated

A, TOWARDS_SIGNAL = symbols("a v_s", real=True)


@dataclass(frozen=True)
class ReplicatedHessian(Printable):
    """Quadratic forms in the weights ``alpha`` of each level and a of the signal."""

    action: Replicated = field(default_factory=Replicated)
    replicas: Expr = REPLICAS

    def _levels(self, name: str) -> tuple[Symbol, ...]:
        return tuple(Symbol(f"{name}_{i}", real=True) for i in range(self.action.breaking + 1))

    @property
    def direction(self) -> tuple[Symbol, ...]:
        """``alpha_i`` and a."""
        return *self._levels("alpha"), A

    @cached_property
    def _sizes(self) -> tuple[Expr, ...]:
        return self.replicas, *self.action.hierarchy.sizes[1:]

    @cached_property
    def counts(self) -> tuple[Expr, ...]:
        """How many replicas share a group with the first one at each level and none within it."""
        return tuple(outer - inner for outer, inner in zip(self._sizes, self._sizes[1:], strict=False))

    def _around(self, matrix: Entries, j: int, i: int) -> Expr:
        """Sum of a row, that of a replica of level j from the first, over all that are of level i from it."""
        if i != j:
            return self.counts[i] * matrix.levels[min(i, j)]
        return self.action.hierarchy.within(matrix, j + 1) + (self.counts[j] - self._sizes[j + 1]) * matrix.levels[j]

    @cached_property
    def towards(self) -> dict[Symbol, Expr]:
        """``v_j = e.n_b``, ``w_j = e.(i xh_b)`` for another replica of each level, and ``v_s = e.n*``."""
        c, r, _ = self.action.matrices
        q, made = c.levels, {}
        weights = list(enumerate(zip(self._levels("alpha"), self.counts, strict=True)))
        for j, (v, w) in enumerate(zip(self._levels("v"), self._levels("w"), strict=True)):
            r_j = r.levels[j]
            made[v] = sum(x * (self._around(c, j, i) - n * q[i] * q[j]) for i, (x, n) in weights) + A * (M - q[j] * M)
            conjugate = sum(x * (self._around(r, j, i) - n * q[i] * r_j) for i, (x, n) in weights) + A * (RHO - M * r_j)
            made[w] = -conjugate
        made[TOWARDS_SIGNAL] = sum(x * n * (M - q[i] * M) for i, (x, n) in weights) + A * (1 - M**2)
        return made

    @cached_property
    def length(self) -> Expr:
        """``|e|^2``."""
        levels = zip(self.counts, self._levels("alpha"), self._levels("v"), strict=True)
        return sum(n * alpha * v for n, alpha, v in levels) + A * TOWARDS_SIGNAL

    @cached_property
    def mean(self) -> Expr:
        """``M(e, e)``: of the signal, and ``(i xh_b.d - b) d_e d_e N f(x_1.x_b/N)`` of every other replica."""
        r = self.action.matrices[1].levels
        levels = zip(self.counts, r, self.action.jets, self._levels("v"), self._levels("w"), strict=True)
        others = (n * (2 * f[2] * w * v - (f[3] * r_j + BETA * f[2]) * v**2) for n, r_j, f, v, w in levels)
        return sum(others) - G[2] * TOWARDS_SIGNAL**2

    @cached_property
    def lost(self) -> Expr:
        """``f''(1) |e|^2 - V(e, e)``, what the gradients ``d_u H(x_b) = 0`` tell of ``d_e d_u H(x_1)``."""
        jets = self.action.jets
        slopes = Entries(F[1], tuple(f[1] for f in jets))
        told = Matrix([f[2] * v for f, v in zip(jets, self._levels("v"), strict=True)])
        size = len(jets)

        def given_the_first(j: int, i: int) -> Expr:
            return self._around(slopes, j, i) - slopes.levels[j] * self.counts[i] * slopes.levels[i] / F[1]

        weights = Matrix(size, size, given_the_first).inv() * told
        return sum(n * told[j] * weights[j] for j, n in enumerate(self.counts))

    def forms(self) -> tuple[ImmutableMatrix, ...]:
        """``|e|^2``, ``M`` and ``lost`` as matrices."""
        made = (form.xreplace(self.towards) for form in (self.length, self.mean, self.lost))
        return tuple(ImmutableMatrix(hessian(form, self.direction)) / 2 for form in made)

    def equations(self) -> list[Line]:
        """The forms, and the equation of the outlier."""
        equation = r"\det \left[y |e|^2 + M/\sigma + (f''(1) |e|^2 - V)/(\sigma^2 y)\right]"
        return [
            (r"e", r"\alpha_0 \sum_{b > 1} (n_b - q_0 n_1) + a (n_* - m n_1)"),
            (r"v_0, \quad v_s, \quad w_0", r"e \cdot n_b, \quad e \cdot n_*, \quad i e \cdot \hat{x}_b"),
            *self.towards.items(),
            (r"|e|^2", self.length),
            (r"M(e, e)", self.mean),
            (r"f''(1) |e|^2 - V(e, e)", self.lost),
            (equation, "0"),
            (r"\lambda_{\min}", r"\sigma (t - y - 1/y)"),
        ]
