r"""Gradient flow of deep linear networks: singular values are learned one after the other.

``x -> W_L ... W_1 x`` on whitened data has the loss ``E = 1/2 |W_L ... W_1 - S|^2``. From a balanced start in the bases
of the singular vectors of S, of strength u_0, each mode follows an equation of its own. A small random start of two
layers comes to the same: of ``x = W_1 v`` and ``y = W_2^T u``, u and v singular vectors, the sum grows and the
difference decays. A mode that has risen holds a direction of the hidden space, in which later ones decay: they rise
from what is orthogonal to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import pairwise
from typing import Any

from sympy import Eq, Expr, Ge, Le, Lt, Matrix, Max, Rational, S, Symbol, diff, exp, integrate, log, oo, simplify, sqrt

from ..domain import Exact, Several, Whole
from ..laws import Explicit, Trajectory
from ..naming import called
from ..networks.deep_linear import (
    CHARGE,
    DEVIATION,
    ELKABETZ,
    SAXE,
    START,
    STRENGTH,
    TIME,
    VALUE,
    Charges,
    Descent,
    Modes,
    deviation_rate,
    half_time,
    in_strength,
    largest_deviation,
    mode_rate,
    time_to_half,
)
from ..parameter import Parameter
from ..prediction import Condition, Derived, Prediction, Threshold
from ..printing import Line, Printable
from ..system import Blocks, System

HELD = Symbol("s_j", positive=True)
FREEDOM, WIDTH = (Symbol(name, positive=True) for name in ("d", "width"))
APART = Rational(1, 5)
"""Largest overlap in time of modes that rise one by one, as a shift of the logarithm of their strength."""


@cache
def growth() -> list[Expr]:
    """Rates of ``x +- y`` along the direction that a mode of singular value ``s_j`` holds, 0 where none does."""
    return list(Matrix([[-HELD, VALUE], [VALUE, -HELD]]).eigenvals())


@cache
def log_strength() -> tuple[Expr, Expr]:
    """Mean and variance of ``ln |z|^2`` for d components of z of variance 1/2, from ``ln E |z|^(2 x)``."""
    x, radius = (Symbol(name, positive=True) for name in ("x", "r"))
    moment = integrate(radius ** (FREEDOM - 1 + 2 * x) * exp(-(radius**2)), (radius, 0, oo))
    first, second = (simplify(diff(log(moment), x, order).subs(x, 0)) for order in (1, 2))
    return first, second


@cache
def random_half_time() -> tuple[Expr, Expr]:
    """Mean and standard deviation of ``ln(s/|z|^2)/(2 s)``; ``z = (x + y)/2`` of weights of variance ``u_0/width``."""
    mean, variance = log_strength()
    return (log(VALUE * WIDTH / START) - mean) / (2 * VALUE), sqrt(variance) / (2 * VALUE)


class LinearNetwork(System):
    """``L`` layers; ``s_1, s_2`` stand for singular values that are left out."""

    slug = "linear-network"
    title = "gradient flow of a deep linear network, mode by mode"
    statement = "dW_l/dt = -dE/dW_l,  E = 1/2 |W_L ... W_1 - S|^2"
    source = f"{SAXE}; {ELKABETZ}"
    parameters = (
        Parameter("depth", "layers L", Whole(1, 50), "2"),
        Parameter("singular_values", "of the target S, one for each mode", Several(Exact()), "3,2,1"),
        Parameter("start", "strength u_0 of each mode at the start", Exact(smallest=Rational(1, 10**100)), "1e-3"),
        Parameter(
            "charge", "difference a_2^2 - a_1^2 of two layers; default 0", Exact(zero=True), "0.1", required=False
        ),
        Parameter("width", "hidden units, for a random start", Whole(1, 1000), "20", required=False),
    )
    control = "t"
    size_to_try = 20
    depth: Any
    start: Expr
    charge: Expr
    width: Any

    def __init__(
        self, depth: Any = None, singular_values: Any = None, start: Any = None, charge: Any = 0, width: Any = None
    ) -> None:
        super().__init__(depth=depth, singular_values=singular_values, start=start, charge=charge, width=width)
        if self.charge != 0 and self.depth != 2:
            raise ValueError(f"{called('charge', float(self.charge))} is one of two layers; try {called('depth', 2)}")
        self.layers = S(self.depth)

    @property
    def values(self) -> list[Expr]:
        """Singular values, in the order given."""
        given: Any = vars(self)["singular_values"]
        return list(given) if isinstance(given, list) else [Symbol(f"s_{k}", positive=True) for k in (1, 2)]

    def predictions(self) -> Iterable[Prediction]:
        """Of each mode, of the plateaus between them, and the flow."""
        modes = list(enumerate(self.values, 1))
        return (
            *(self.rise(k, s) for k, s in modes),
            *(self.plateau(k) for k in range(len(modes))),
            *(self.descent(k, s) for k, s in modes),
            *(p for k, s in modes for p in self.random_rise(k, s)),
            Derived("modes", "Strengths of the modes, and the loss.", SAXE, self.flow()),
        )

    def rise(self, k: int, s: Expr) -> Threshold:
        """From the start to half."""
        charged = self.charge != 0
        return Threshold(
            f"half_time_{k}",
            f"When mode {k} has half of its singular value.",
            TIME,
            (Eq(TIME, self.at(s, time_to_half(self.layers, charged))),),
            SAXE,
            closed_form=self.at(s, half_time(self.layers, charged)),
            conditions=(below(s, self.start),),
        )

    def plateau(self, risen: int) -> Derived:
        """The loss when that many modes have risen."""
        left = falling(self.values)[risen:]
        loss = sum((s**2 for s in left), S.Zero) / 2
        meaning = f"Loss of a small start when {risen} modes have risen."
        several = Condition(Ge(self.layers, 2), "one layer learns all modes at the same time")
        return Derived(f"plateau_{risen}", meaning, SAXE, Explicit(loss), (several,))

    def descent(self, k: int, s: Expr) -> Derived:
        """How far descent is from the flow."""
        balanced = Condition(Eq(self.charge, 0), "with a charge dynamics without it tell")
        return Derived(
            f"descent_{k}",
            f"Largest distance of descent from flow in the weights of mode {k}, over the step, for small steps.",
            ELKABETZ,
            Explicit(self.at(s, largest_deviation(self.layers))),
            (below(s, self.start), balanced),
        )

    def random_rise(self, k: int, s: Expr) -> Iterable[Derived]:
        """The half time from Gaussian weights, and its spread."""
        earlier = falling(self.values).index(s)
        at = {VALUE: s, START: self.start, WIDTH: S(self.width), FREEDOM: S(self.width) - earlier}
        overlap = overlap_in_time(self.values, self.start)
        conditions = (
            Condition(Eq(self.layers, 2), "known for two layers: with more, all of a random start matters"),
            Condition(Ge(S(self.width), len(self.values)), "fewer hidden units than modes"),
            Condition(Le(overlap, APART), "modes do not rise one by one: singular values too near, or start too large"),
        )
        note = f"for start -> 0; the next term is here about {float(overlap):.1g}/(2 s)" if overlap.is_number else ""
        meanings = ("Mean of half_time_{} from random weights of variance start/width.", "Standard deviation of it.")
        for name, meaning, value in zip(("half_time", "spread"), meanings, random_half_time(), strict=True):
            law = Explicit(value.subs(at), note)
            yield Derived(f"random_{name}_{k}", meaning.format(k), SAXE, law, conditions)

    def flow(self) -> Trajectory:
        """Strengths; and, balanced, how far descent moves away from the flow, over its step."""
        modes = list(enumerate(self.values, 1))
        strengths, deviations = (tuple(Symbol(f"{name}_{k}", real=True) for k, _ in modes) for name in "ue")
        loss = ("loss", sum(((s - u) ** 2 for s, u in zip(self.values, strengths, strict=True)), S.Zero) / 2)
        starts = (self.start,) * len(modes)
        if self.charge != 0:
            return Trajectory(strengths, TIME, self.rates(mode_rate(S(2), True), strengths), starts, (loss,))
        rates = self.rates(mode_rate(self.layers), strengths)
        missed = self.rates(in_strength(self.layers, deviation_rate(self.layers)), strengths, deviations)
        distance = ("distance", sqrt(self.layers * sum(e**2 for e in deviations)))
        still = (S.Zero,) * len(modes)
        return Trajectory((*strengths, *deviations), TIME, rates + missed, starts + still, (loss, distance))

    def rates(self, rate: Expr, *unknowns: tuple[Symbol, ...]) -> tuple[Expr, ...]:
        """The same for each mode, of its strength and its deviation."""
        names = (STRENGTH, DEVIATION)
        each = zip(self.values, zip(*unknowns, strict=True), strict=True)
        return tuple(self.at(s, rate).subs(dict(zip(names, own, strict=False))) for s, own in each)

    def at(self, s: Expr, expression: Expr) -> Expr:
        """For the mode of that singular value."""
        return expression.subs({VALUE: s, START: self.start, CHARGE: self.charge})

    def derivation(self) -> Mapping[str, Callable[[], Blocks]]:
        """By topic."""
        return {
            "charges": lambda: [("Two layers, A and B the products of those below and above", Charges())],
            "modes": lambda: [("A mode, balanced; and in two layers of amplitudes a and b, lambda conserved", Modes())],
            "descent": lambda: [
                ("Descent is at a + eta e; G = |W - S|_F, P the largest product of norms of L - 2 layers", Descent())
            ],
            "random": lambda: [("Two layers of random weights, width hidden units", RandomStart())],
            **super().derivation(),
        }


def below(s: Expr, start: Expr) -> Condition:
    """A mode begins below half of its singular value."""
    return Condition(Lt(start, s / 2), "the start is not below half of the singular value")


def falling(values: list[Expr]) -> list[Expr]:
    """The largest first; names as they are."""
    return sorted(values, reverse=True) if all(s.is_number for s in values) else values


def overlap_in_time(values: list[Expr], start: Expr) -> Expr:
    """Strength, over its singular value, of the next mode when one has risen: ``(u_0/s)^(1 - s'/s)``, at most."""
    return Max(start / falling(values)[0], *((start / s) ** (1 - later / s) for s, later in pairwise(falling(values))))


class RandomStart(Printable):
    """Growth of ``x +- y``, what is held by earlier modes, and the time to half."""

    def equations(self) -> list[Line]:
        """For d components: the width less the number of earlier modes."""
        (mean, variance), (time, spread) = log_strength(), random_half_time()
        return [
            (r"\text{rates of x + y and x - y where mode j has risen}", Matrix([growth()])),
            (r"\mathbb{E} \ln |z|^2", mean),
            (r"\mathrm{Var} \ln |z|^2", variance),
            (r"\mathbb{E}\,t", time),
            (r"\mathrm{Var}^{1/2}\,t", spread),
        ]
