r"""A student that learns a teacher of k rectified linear units, and gets stuck where it keeps a part of its symmetry.

``L(W) = 1/2 E (sum_i relu(w_i.x) - sum_j relu(v_j.x))^2`` over Gaussian x; k neurons each, ``v_j`` orthonormal. The
target is ``W = V``, up to the order of its rows. For ``k >= 6`` descent ends in spurious minima as well (Safran, Shamir
2018): at type II one neuron points away from the teacher's, at type A all do. Permutations of all neurons but that one,
or of all, leave them as they are: stationarity is a few equations, the Hessian a few small blocks, whatever k is.

Limits of the loss for large k are the leading order of expansions in ``1/sqrt(k)`` that are assumed to exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, NamedTuple

from sympy import (
    Eq,
    Expr,
    Ge,
    Matrix,
    Poly,
    S,
    Symbol,
    cancel,
    cos,
    diff,
    expand,
    factor,
    factor_list,
    pi,
    roots,
    simplify,
    solve,
    symbols,
    sympify,
)
from sympy.logic.boolalg import false
from sympy.polys.matrices import DomainMatrix

from ..domain import Whole
from ..laws import Eigenvalue, Explicit, Roots
from ..networks.permutations import (
    THETA,
    Pairs,
    Representation,
    Seen,
    U,
    V,
    Weights,
    average,
    combination,
    constants,
    curvature,
    derivatives,
    loss,
    representations,
    slopes,
)
from ..parameter import Parameter
from ..prediction import Condition, Derived, Prediction, Threshold
from ..printing import Line, Printable
from ..system import Blocks, System

K, SMALL = Symbol("k", positive=True), Symbol("s", positive=True)
"""Neurons, and ``1/sqrt(k)``."""
EIGENVALUE, LOSS = Symbol("eigenvalue"), Symbol("loss")
GENERIC = S(1009) / 97
"""A k at which eigenvalues are not equal by chance."""
ARJEVANI = "Arjevani, Field 2020, arXiv 2008.01805"
FIELD = "Arjevani, Field 2021, arXiv 2107.10370"
SAFRAN = "Safran, Shamir 2018, arXiv 1712.08968"
FEW = "k >= 4 is needed: for k = 3 both types are the same saddle"


@dataclass(frozen=True)
class Minimum:
    """A point that permutations of all neurons or, with ``alone = 1``, of all but one leave as it is.

    ``entries`` multiply ``constants``. ``leading`` is what they are at large k, by s and ``free`` coefficients, where
    the loss is of order ``k^-power``.
    """

    name: str
    title: str
    form: str
    alone: int
    entries: tuple[Symbol, ...]
    leading: tuple[Expr, ...]
    free: tuple[Symbol, ...]
    power: int

    def weights(self, sizes: Sequence[Expr], entries: Sequence[Expr]) -> Weights:
        """In classes of these sizes."""
        return combination(entries, constants(sizes, self.alone))

    def sizes(self, k: Expr) -> tuple[Expr, ...]:
        """Of the coarsest classes."""
        return k - self.alone, *[S.One] * self.alone

    def root(self, k: Expr) -> Roots:
        """The loss, and no slope; near what they are to leading order."""
        student = self.weights(self.sizes(k), self.entries)
        gradient = slopes(student, constants(self.sizes(k), self.alone))
        sides = Eq(LOSS, loss(student)), *(Eq(slope, 0) for slope in gradient)
        return Roots(sides, (LOSS, *self.entries), None, self.start(k))

    def start(self, k: Expr) -> tuple[Expr, ...]:
        """Loss and entries, to leading order."""
        value, found = large(self)
        near = (value * SMALL ** (2 * self.power), *self.leading)
        return tuple(x.subs({**found, SMALL: k**-S.Half}) for x in near)


_A, _B, _C, _D = symbols("alpha beta gamma delta")
TYPE_A = Minimum(
    name="type_a",
    title="type A",
    form="w_i = a e_i + b 1",
    alone=0,
    entries=symbols("a b"),
    leading=(-1 + _A * SMALL**2, 2 * SMALL**2 + _B * SMALL**3),
    free=(_A, _B),
    power=0,
)
TYPE_II = Minimum(
    name="type_ii",
    title="type II",
    form="w_i = a e_i + b 1 + c e_k, w_k = d 1 + e e_k, where 1 has no k",
    alone=1,
    entries=symbols("a b c d e"),
    leading=(S.One, _B * SMALL**4, 2 * SMALL**2 + _C * SMALL**3, _D * SMALL**2, SMALL**2 - 1),
    free=(_B, _C, _D),
    power=1,
)
"""To leading order the loss does not know what is added to a by ``s^4``, and to e by ``s^2``."""
MINIMA = (TYPE_A, TYPE_II)


def expansion(student: Weights) -> Expr:
    """The loss by s, where at ``s = 0`` all neurons are of length 1, and orthogonal or parallel.

    An average is known to second order in what is left of that; one of parallel vectors, ``u.v/2`` or 0, to the third
    of their angle.
    """
    both = student.taught(1)
    (value, first, second), total = (average(), *derivatives()), S.Zero
    for at in both.pairs():
        p, q, r = map(expand, both.gram(at))
        away = Matrix([[p - 1, q, r - 1]])
        near = value + first.dot(away) + (away * second * away.T)[0] / 2
        parallel = q / 2 if q.subs(SMALL, 0) > 0 else S.Zero
        total += at.weight * (parallel if at.same else near.xreplace({U: S.One, V: S.One, THETA: pi / 2}))
    return expand(total)


@cache
def large(minimum: Minimum) -> tuple[Expr, dict[Symbol, Expr]]:
    """``lim k^power L`` by the free coefficients, and their values where it is stationary."""
    series = expansion(minimum.weights(minimum.sizes(SMALL**-2), minimum.leading))
    value = series.coeff(SMALL, 2 * minimum.power)
    (found,) = solve([diff(value, c) for c in minimum.free], minimum.free, dict=True)
    return value, found


def limit(minimum: Minimum) -> Threshold:
    """What the loss tends to."""
    value, found = large(minimum)
    least = simplify(value.subs(found))
    return Threshold(
        f"loss_{minimum.name}",
        f"Limit for large k at {minimum.title}, to leading order in 1/sqrt(k).",
        LOSS,
        (Eq(LOSS, value), *(Eq(diff(value, c), 0) for c in minimum.free)),
        FIELD,
        unknowns=minimum.free,
        closed_form=least,
        by=Explicit(least, "of k L" if minimum.power else "of L itself: k L grows like k"),
    )


def pencil(of: Representation, at: Minimum | None, *entries: Expr, seen: Seen = Weights.pair) -> tuple[Matrix, Matrix]:
    """The Hessian between directions and their products, at a minimum with these entries or at the target."""
    sizes = of.directions[0].sizes
    student = Weights.of(sizes, [1] * len(sizes), []) if at is None else at.weights(sizes, entries)
    return curvature(student, of.directions, seen), of.gram()


@cache
def characteristics() -> tuple[tuple[Expr, Expr, str], ...]:
    """At the target, by k: factors of characteristic polynomials, multiplicities, and representations."""
    found = []
    for of in representations(K, 0):
        hessian, gram = (DomainMatrix.from_Matrix(matrix).to_field() for matrix in pencil(of, None))
        gram, hessian = gram.unify(hessian)
        whole = (gram.inv() * hessian).to_Matrix().charpoly(EIGENVALUE).as_expr()
        found += [(part, power * of.dimension, of.name) for part, power in factor_list(whole, EIGENVALUE)[1]]
    return tuple(found)


class AtTarget(NamedTuple):
    """An eigenvalue of the Hessian at the target, with its equation and its multiplicity, which the note splits."""

    value: Expr
    equation: Eq
    multiplicity: Expr
    note: str


def target_eigenvalues(k: Expr) -> list[AtTarget]:
    """Those that differ, from below.

    For ``k < 3`` the representations overlap, and a dimension below zero counts what is there twice.
    """
    equal: dict[Any, list[tuple[Expr, Eq, Expr, str]]] = {}
    for part, multiplicity, name in characteristics():
        number = sympify(multiplicity.subs(K, k))
        for value in roots(Poly(part.subs(K, k), EIGENVALUE)) if number != 0 else ():
            place = value.subs(K, GENERIC).evalf(40).round(30)
            equal.setdefault(place, []).append((value, Eq(part.subs(K, k), 0), number, name))
    found = []
    for _, parts in sorted(equal.items()):
        total = factor(sum(number for _, _, number, _ in parts))
        shares = [f"{factor(number)} {name}" for _, _, number, name in parts]
        among = f" ({', '.join(shares) if len(parts) > 1 else parts[0][3]})" if k not in (1, 2) else ""
        found.append(AtTarget(*parts[0][:2], total, f"multiplicity {total}{among}"))
    return [one for one in found if one.multiplicity != 0]


class AtMinimum(NamedTuple):
    """The same at a minimum, by name of the representation and number."""

    name: str
    multiplicity: Expr
    law: Eigenvalue


def eigenvalues(minimum: Minimum, k: Expr) -> list[AtMinimum]:
    """For ``k >= 4``."""
    root, found = minimum.root(k), []
    for of in representations(k - minimum.alone, minimum.alone):
        made, note = partial(pencil, of, minimum), f"multiplicity {of.dimension}"
        for place in range(len(of.directions) if of.dimension != 0 else 0):
            point = {"sides": root.sides[1:], "unknowns": minimum.entries, "start": root.start[1:]}
            law = Eigenvalue(**point, pencil=made, place=place, note=note)
            found.append(AtMinimum(f"{of.name}_{place + 1}", of.dimension, law))
    return found


def several_turned(k: int, turned: int, among: bool = False) -> Roots:
    """The loss where ``2 <= turned <= k - 2`` neurons point away from the teacher's.

    Each of them does like that of type II or, ``among`` each other, like those of type A. Permutations of these, and
    permutations of the others, leave W as it is.
    """
    sizes, entries = (k - turned, turned), symbols("a b c d e f")
    a, b, c, d, e, f = entries
    student = Weights.of(sizes, [a, e], [[b, c], [d, f]])
    units = [
        Weights.of(sizes, [int(x == y) for x in (a, e)], [[int(x == y) for x in row] for row in ((b, c), (d, f))])
        for y in entries
    ]
    sides = Eq(LOSS, loss(student)), *(Eq(slope, 0) for slope in slopes(student, units))
    if among:
        level, own, across = TYPE_A.start(S(turned))
        start = (level, S.One, S.Zero, S.Zero, S.Zero, own, across)
    else:
        level, own, others, across, back, _ = TYPE_II.start(S(k))
        start = (turned * level, own, others, across, back, -own, across)
    return Roots(sides, (LOSS, *entries), None, start)


class SymmetryBreaking(System):
    r"""``k >= 1`` neurons; left out, it stays a symbol."""

    slug = "symmetry-breaking"
    title = "a student of k rectified linear units, stuck where it keeps a part of its teacher's symmetry"
    statement = "L(W) = 1/2 E (sum_i relu(w_i.x) - sum_j relu(v_j.x))^2,  x Gaussian,  v_1 .. v_k orthonormal"
    source = f"{SAFRAN}; {ARJEVANI}; {FIELD}"
    parameters = (Parameter("k", "neurons of the student, and of the teacher", Whole(1, 10**5), "8"),)
    size_to_try = 8
    k: Any

    def predictions(self) -> Iterable[Prediction]:
        """Spectrum at the target, limits at spurious minima; and these, with their spectra, at this k."""
        return (*self.at_target(), *map(limit, MINIMA), *(p for minimum in MINIMA for p in self.at(minimum)))

    def at_target(self) -> Iterable[Threshold]:
        """Its eigenvalues."""
        for place, one in enumerate(target_eigenvalues(sympify(self.k)), 1):
            name, meaning, law = f"target_eigenvalue_{place}", "Of the Hessian at W = V.", Explicit(one.value, one.note)
            defining = (one.equation,)
            yield Threshold(name, meaning, EIGENVALUE, defining, ARJEVANI, closed_form=one.value, by=law)

    def at(self, minimum: Minimum) -> Iterable[Derived]:
        """Its loss and eigenvalues."""
        k, enough = sympify(self.k), Ge(self.k, 4)
        meaning, of = f"Loss at {minimum.title}, a minimum for k >= 6.", f"Of the Hessian at {minimum.title}."
        yield Derived(f"{minimum.name}_loss", meaning, FIELD, minimum.root(k), (Condition(enough, FEW),))
        for one in eigenvalues(minimum, k) if enough != false else ():
            yield Derived(f"{minimum.name}_{one.name}", of, ARJEVANI, one.law)

    def derivation(self) -> Mapping[str, Callable[[], Blocks]]:
        """By topic."""
        return {
            "spectrum": lambda: [
                ("Two neurons of lengths u and v: E relu(u.x) relu(v.x), and its derivatives", PairAverage()),
                ("Eigenvalues of the Hessian at the target", TargetSpectrum(sympify(self.k))),
                *((f"At {m.title}, {m.form}: eigenvalues, lengths and angles", Eigenvalues(m)) for m in MINIMA),
            ],
            "thresholds": lambda: [(p.heading, p) for p in self.predictions() if isinstance(p, Threshold)],
        }


class PairAverage(Printable):
    """From the arc-cosine kernel."""

    def equations(self) -> list[Line]:
        """The average, and by ``u.u, u.v, v.v``."""
        names = (r"\partial_{u \cdot u} E", r"\partial_{u \cdot v} E", r"\partial_{v \cdot v} E")
        return [("E", average()), *zip(names, derivatives()[0], strict=True)]


@dataclass(frozen=True)
class TargetSpectrum(Printable):
    """By k."""

    k: Expr

    def equations(self) -> list[Line]:
        """With multiplicities."""
        found = enumerate(target_eigenvalues(self.k), 1)
        return [(rf"\lambda_{{{place}}} \quad \text{{{one.note}}}", one.value) for place, one in found]


@dataclass(frozen=True)
class Eigenvalues(Printable):
    """At a minimum, where the Hessian has blocks of one row."""

    minimum: Minimum

    def equations(self) -> list[Line]:
        """By lengths and angles of neurons, and what these are."""
        named, minimum = Named(), self.minimum
        lines: list[Line] = []
        for of in representations(K - minimum.alone, minimum.alone):
            if len(of.directions) == 1:
                (hessian,), (gram,) = pencil(of, minimum, *minimum.entries, seen=named)
                lines.append((rf"\lambda_{{\text{{{of.name}}}}}", expand(cancel(hessian / gram))))
        lines += [(symbol**2, square) for square, symbol in named.lengths.items()]
        return lines + [(u * v * cos(angle), q) for (u, q, v), angle in named.angles.items()]


class Named:
    """Symbols for lengths and angles of neurons, as they come; neurons of length 1 are the teacher's."""

    def __init__(self) -> None:
        self.lengths: dict[Expr, Symbol] = {}
        self.angles: dict[tuple[Expr, Expr, Expr], Symbol] = {}

    def __call__(self, both: Weights, at: Pairs) -> tuple[Expr, Expr, Expr]:
        """In place of ``Weights.pair``."""
        p, q, r = map(expand, both.gram(at))
        u, v = (S.One if x == 1 else _next(self.lengths, x, "w") for x in (p, r))
        if q in (p, 0):
            return u, v, S.Zero if q == p else pi / 2
        return u, v, _next(self.angles, (u, q, v), "theta")


def _next(known: dict[Any, Symbol], key: Any, letter: str) -> Symbol:
    return known.setdefault(key, Symbol(f"{letter}_{len(known) + 1}", positive=True))
