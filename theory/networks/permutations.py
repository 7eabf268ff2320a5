r"""Students whose neurons fall into classes, alike within each: loss and Hessian against a teacher with ``v_j = e_j``.

``L(W) = 1/2 E (sum_i relu(w_i.x) - sum_j relu(v_j.x))^2`` over Gaussian x, k neurons each. Where W stays the same if
neurons of a class and, alongside, coordinates are permuted, it has a few entries however large k is, and its Hessian a
block for each irreducible representation of the permutations (Arjevani, Field 2020).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, NamedTuple

from sympy import Expr, Float, Matrix, S, Symbol, acos, asin, cos, expand, factor, pi, sin, sqrt, trigsimp, zeros
from sympy.core.evalf import prec_to_dps

from .kernels import ACTIVATIONS, RHO, dual

U, V, THETA = (Symbol(name, positive=True) for name in ("u", "v", "theta"))
"""Of two neurons, how long they are and the angle between them."""


@cache
def average() -> Expr:
    """``E relu(u.x) relu(v.x)``."""
    turned = {asin(RHO): pi / 2 - THETA, sqrt(1 - RHO**2): sin(THETA), RHO: cos(THETA)}
    return factor(U * V * dual(ACTIVATIONS["relu"]).xreplace(turned))


@cache
def derivatives() -> tuple[Matrix, Matrix]:
    """Of the average by ``u.u``, ``u.v`` and ``v.v``: first (1, 3) and second (3, 3)."""
    place = Matrix([U, V, THETA])
    inverse = Matrix([U**2, U * V * cos(THETA), V**2]).jacobian(place).inv()
    first = (Matrix([average()]).jacobian(place) * inverse).applyfunc(trigsimp)
    second = (first.jacobian(place) * inverse).subs(cos(THETA) ** 2, 1 - sin(THETA) ** 2)
    return first, second.applyfunc(expand)


class Pairs(NamedTuple):
    """Neurons i of kind a and j of kind b; ``same``: those with i = j. ``weight``: their number times 1/2 or -1/2."""

    weight: Expr
    a: int
    b: int
    same: bool


@dataclass(frozen=True)
class Weights:
    """``w_i = D_a e_i + sum_b B_ab sum_(j in b) e_j`` for each neuron i of kind a.

    ``sizes`` of the classes, the ``diagonal`` D and the ``rows`` of B. There is one kind for each class or, with a
    teacher, another of the teacher's neurons.
    """

    sizes: tuple[Expr, ...]
    diagonal: tuple[Expr, ...]
    rows: tuple[tuple[Expr, ...], ...]

    @classmethod
    def of(cls, sizes: Sequence[Any], diagonal: Sequence[Any], rows: Sequence[Sequence[Any]]) -> Weights:
        """From numbers of any kind; what is left out is 0."""
        classes = len(sizes)
        padded = [[*row, *[0] * (classes - len(row))] for row in [*rows, *[[]] * (classes - len(rows))]]
        whole = [*diagonal, *[0] * (classes - len(diagonal))]
        return cls(tuple(map(S, sizes)), tuple(map(S, whole)), tuple(tuple(map(S, row)) for row in padded))

    def taught(self, length: int) -> Weights:
        """With a teacher ``v_j = length e_j``."""
        classes = len(self.sizes)
        return self.of(self.sizes, [*self.diagonal, *[length] * classes], [*self.rows, *[[]] * classes])

    def pairs(self) -> Iterator[Pairs]:
        """All of student and teacher."""
        kinds, classes = len(self.diagonal), len(self.sizes)
        for a in range(kinds):
            for b in range(a, kinds):
                size, others = self.sizes[a % classes], self.sizes[b % classes]
                within = (a - b) % classes == 0
                weight = S.Half if a == b else 1 if b < classes or a >= classes else -1
                if within:
                    yield Pairs(weight * size, a, b, True)
                if number := expand(size * (others - int(within))):
                    yield Pairs(weight * number, a, b, False)

    def overlap(self, other: Weights, at: Pairs) -> Expr:
        """``w_i.w'_j``."""
        classes = len(self.sizes)
        mine, theirs = self.rows[at.a], other.rows[at.b]
        across = sum(n * x * y for n, x, y in zip(self.sizes, mine, theirs, strict=True))
        single = self.diagonal[at.a] * theirs[at.a % classes] + mine[at.b % classes] * other.diagonal[at.b]
        return across + single + (self.diagonal[at.a] * other.diagonal[at.b] if at.same else 0)

    def product(self, other: Weights, a: int) -> Expr:
        """``w_i.w'_i``, i of kind a."""
        return self.overlap(other, Pairs(S.One, a, a, True))

    def gram(self, at: Pairs) -> tuple[Expr, Expr, Expr]:
        """``w_i.w_i, w_i.w_j, w_j.w_j``."""
        return self.product(self, at.a), self.overlap(self, at), self.product(self, at.b)

    def moved(self, other: Weights, at: Pairs) -> tuple[Expr, Expr, Expr]:
        """By how much they move along ``other``."""
        mixed = self.overlap(other, at) + other.overlap(self, at)
        return 2 * self.product(other, at.a), mixed, 2 * self.product(other, at.b)

    def pair(self, at: Pairs) -> tuple[Expr, Expr, Expr]:
        """Lengths and angle."""
        p, q, r = self.gram(at)
        itself = at.same and at.a == at.b
        return sqrt(p), sqrt(r), S.Zero if itself else acos(q / (sqrt(p) * sqrt(r)))


def combination(coefficients: Sequence[Expr], of: Sequence[Weights]) -> Weights:
    """The sum of ``c_m W_m``."""
    rows = [
        [_dot(coefficients, entries) for entries in zip(*kind, strict=True)]
        for kind in zip(*(w.rows for w in of), strict=True)
    ]
    diagonal = [_dot(coefficients, entries) for entries in zip(*(w.diagonal for w in of), strict=True)]
    return Weights.of(of[0].sizes, diagonal, rows)


def _dot(x: Iterable[Expr], y: Iterable[Expr]) -> Expr:
    return sum((a * b for a, b in zip(x, y, strict=True)), S.Zero)


def loss(student: Weights) -> Expr:
    """``L``."""
    both, total = student.taught(1), S.Zero
    for at in both.pairs():
        total += at.weight * average().xreplace(dict(zip((U, V, THETA), both.pair(at), strict=True)))
    return total


def slopes(student: Weights, directions: Sequence[Weights]) -> list[Expr]:
    """The gradient of ``L`` along directions X: ``dL(W + sum_m t_m X_m)/dt_m`` at ``t = 0``."""
    both, along = student.taught(1), [x.taught(0) for x in directions]
    pairs = [(at, derivatives_at(*both.pair(at))[0]) for at in both.pairs()]
    return [sum((at.weight * _dot(first, both.moved(x, at)) for at, first in pairs), S.Zero) for x in along]


Seen = Callable[[Weights, Pairs], tuple[Expr, Expr, Expr]]
"""How lengths and angles of pairs are written, in place of ``Weights.pair``."""


def curvature(student: Weights, directions: Sequence[Weights], seen: Seen = Weights.pair) -> Matrix:
    """The Hessian of ``L`` between directions (M, M), by the chain rule."""
    both, along = student.taught(1), [x.taught(0) for x in directions]
    total = zeros(len(along), len(along))
    for at in both.pairs():
        first, second = derivatives_at(*seen(both, at))
        once = Matrix([both.moved(x, at) for x in along])
        upper = [[_dot(first, x.moved(y, at)) for y in along[: m + 1]] for m, x in enumerate(along)]
        twice = Matrix(len(along), len(along), lambda m, n, upper=upper: upper[max(m, n)][min(m, n)])
        total += at.weight * (once * second * once.T + twice)
    return total


@lru_cache(maxsize=1024)
def derivatives_at(u: Expr, v: Expr, theta: Expr) -> tuple[Matrix, Matrix]:
    """Those of a pair; at a small angle the average is ``u.v/2`` up to the third power."""
    if theta == 0:
        return Matrix([[0, S.Half, 0]]), zeros(3, 3)
    first, second = (part.xreplace({U: u, V: v, THETA: theta}) for part in derivatives())
    if not isinstance(theta, Float):
        return first, second
    digits = prec_to_dps(theta._prec)  # of numbers, in place of multiples of pi
    return first.evalf(digits), second.evalf(digits)


@dataclass(frozen=True)
class Representation:
    """Directions that transform by one irreducible representation of the permutations of n neurons.

    ``dimension`` by n, and a direction for each copy of it, all of them at the same place in it.
    """

    name: str
    dimension: Expr
    directions: tuple[Weights, ...]

    def gram(self) -> Matrix:
        """Their products ``sum_i x_i.y_i``."""
        sizes, count = self.directions[0].sizes, len(self.directions)

        def product(m: int, n: int) -> Expr:
            x, y = self.directions[m], self.directions[n]
            return sum((size * x.product(y, a) for a, size in enumerate(sizes)), S.Zero)

        return Matrix(count, count, product)


def representations(n: Expr, alone: int) -> tuple[Representation, ...]:
    """All directions of W: under permutations of n neurons, which are all or, with ``alone = 1``, all but one.

    The trivial representation, of matrices of constants; that of the partition (n-1, 1), of vectors c whose sum is 0:
    ``diag(c), c 1^T, 1 c^T``; (n-2, 2) and (n-2, 1, 1), of symmetric and antisymmetric matrices without diagonal whose
    rows sum to 0.
    """
    last, rest = [1] * alone, n - 2
    x, y, z = rest * (n - 3), 3 - n, 2
    symmetric = Weights.of([2, rest, *last], [-x, -z], [[x, y], [y, z]])
    antisymmetric = Weights.of([1, 1, rest, *last], [], [[0, rest, -1], [-rest, 0, 1], [1, -1, 0]])
    sizes, c = [1, n - 1, *last], [n - 1, -1]
    vectors = [_outer(sizes, *pair) for a in _alike(2, alone) for pair in ((c, a), (a, c))]
    return (
        Representation("trivial", S.One, constants([n, *last], alone)),
        Representation("standard", n - 1, (Weights.of(sizes, c, []), *vectors)),
        Representation("symmetric", n * (n - 3) / 2, (symmetric,)),
        Representation("antisymmetric", (n - 1) * (n - 2) / 2, (antisymmetric,)),
    )


def constants(sizes: Sequence[Any], alone: int) -> tuple[Weights, ...]:
    """What those permutations leave as it is, in classes of these sizes: ``1, 1 1^T``, and with a vector z of the
    neuron that is alone ``1 z^T, z 1^T, z z^T``."""
    alike = _alike(len(sizes) - alone, alone)
    return Weights.of(sizes, alike[0], []), *(_outer(sizes, a, b) for a in alike for b in alike)


def _alike(classes: int, alone: int) -> list[list[int]]:
    """Which neurons are permuted, and which one is not."""
    return [[1] * classes, [0] * classes + [1]][: 1 + alone]


def _outer(sizes: Sequence[Any], x: Sequence[Any], y: Sequence[Any]) -> Weights:
    """``x y^T``."""
    return Weights.of(sizes, [], [[a * b for b in y] for a in x])
