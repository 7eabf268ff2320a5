r"""Linear networks of one hidden layer with dropout: weak modes of the target are not learned.

In each step units are kept with probability p (dropout), or weights of both layers (dropconnect). On whitened data the
mean over masks of ``|Y - W_2 W_1|^2`` is, in terms of the mean network, ``|Y - W_2 W_1|^2 + lambda sum_i |u_i|^2
|v_i|^2``, with a column u_i of W_2 and a row v_i of W_1 for each of f hidden units. Whatever their product X is, all
``|u_i| |v_i|`` add up to its nuclear norm or more, and cost least if they are equal: a rotation of the hidden space
makes them so. What remains is ``|Y - X|^2 + lambda/f |X|_*^2`` for X of rank f or less: each singular value loses tau.

In a large Y a signal of finite rank may come with Gaussian noise, of variance sigma^2 over the number of columns, with
gamma rows per column (symmetric noise: as gamma = 1). Modes are then those of Y: outliers, and a bulk which offers at
its edge as many singular values as a finite number of hidden units can take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, cached_property
from itertools import accumulate
from typing import Any, NamedTuple

from sympy import (
    Derivative,
    Eq,
    Expr,
    Ge,
    Gt,
    Le,
    Lt,
    Matrix,
    Max,
    Mul,
    Poly,
    S,
    Symbol,
    diff,
    factor,
    hessian,
    simplify,
    solve,
    sqrt,
    sympify,
    zoo,
)
from sympy.logic.boolalg import Boolean, false, true

from ..domain import Between, Choice, Exact, Several, Whole
from ..laws import Explicit, Trajectory
from ..parameter import Parameter
from ..prediction import Condition, Derived, Prediction, Threshold
from ..printing import Line, Printable
from ..random_matrices.marchenko_pastur import GAMMA
from ..random_matrices.spiked_rectangle import THETA, RectangularSpike, alignment, critical, edge, outlier
from ..system import Blocks, System

LAMBDA, SIGMA, PROBABILITY = (Symbol(name, positive=True) for name in ("lambda", "sigma", "keep_probability"))
VALUE, STRENGTH, TOTAL, TIME = (Symbol(name, positive=True) for name in ("s", "x", "T", "t"))
UNITS, SUM, LEARNED, TAU, KEEP = (Symbol(name, positive=True) for name in ("f", "S", "r", "tau", "p"))
MASKS = {"dropout": 1, "dropconnect": 2}
"""Independent masks on the way through a unit."""
HADAMARD = 664
"""Up to this width there is a Hadamard matrix for each multiple of four."""
SENEN = "Senen-Cerda, Sanders 2020, arXiv 2012.01978"
CAVAZZA = "Cavazza et al. 2017, arXiv 1710.05092"
BENAYCH = "Benaych-Georges, Nadakuditi 2011, arXiv 1103.2221"


@cache
def penalty(mask: str) -> Expr:
    """``lambda``: an entry of Y and two units, of products ``w_i``, whose means over masks are the network's."""
    target, products = Symbol("y"), [Symbol(f"w_{i}") for i in (1, 2)]
    masks = [[Symbol(f"b_{i}{layer}") for layer in range(MASKS[mask])] for i in (1, 2)]
    own = [symbol for kept in masks for symbol in kept]
    kept = mean(Mul(*masks[0]), own)
    masked = sum(w * Mul(*kept_here) / kept for w, kept_here in zip(products, masks, strict=True))
    cost = mean((target - masked) ** 2, own) - (target - sum(products)) ** 2
    return factor(simplify(cost / sum(w**2 for w in products)))


def mean(expression: Expr, masks: list[Symbol]) -> Expr:
    """Over independent masks, each 1 with probability p and 0 otherwise: any power of one has mean p."""
    return sum(c * KEEP ** sum(power > 0 for power in powers) for powers, c in Poly(expression, *masks).terms())


@cache
def least_cost() -> Expr:
    """The least ``sum_i a_i^2`` of f shares ``a_i`` whose sum is T, by a Lagrange multiplier."""
    share, multiplier = Symbol("a"), Symbol("mu")
    (own,) = solve(diff(share**2 - multiplier * share, share), share)
    (fixed,) = solve(Eq(UNITS * own, TOTAL), multiplier)
    return UNITS * own.subs(multiplier, fixed) ** 2


@cache
def loss_of_value() -> Expr:
    """``tau``, what each of r learned singular values of sum S loses: stationary, and T is the sum of what remains."""
    slope = diff((VALUE - STRENGTH) ** 2, STRENGTH) + LAMBDA * diff(least_cost(), TOTAL)
    lost = VALUE - solve(slope, STRENGTH)[0]
    (total,) = solve(Eq(TOTAL, SUM - LEARNED * lost), TOTAL)
    return factor(lost.subs(TOTAL, total))


@cache
def vanishing() -> Expr:
    """The lambda at which r stronger modes, of sum S, take as much from a mode as it has."""
    (strength,) = solve(Eq(loss_of_value(), VALUE), LAMBDA)
    return strength


@cache
def mode_rate() -> Expr:
    """``dx/dt`` of a mode among others, T in all, where each unit has the same share of each mode.

    Then ``W_2 = diag(a) R`` and ``W_1 = R^T diag(b)`` with ``R_ki = +-f^(-1/2)`` and orthonormal rows. Gradients keep
    this form, so that it is enough to let the loss flow in ``a = b``, ``x = a b``.
    """
    a, b, others = (Symbol(name, positive=True) for name in ("a", "b", "A"))
    loss = (VALUE - a * b) ** 2 + LAMBDA * UNITS * ((others + a**2) / UNITS) * ((others + b**2) / UNITS)
    rate = -(diff(loss, a) * b + a * diff(loss, b))
    return factor(rate.subs({b: sqrt(STRENGTH), a: sqrt(STRENGTH), others: TOTAL - STRENGTH}).expand())


@cache
def decay_rate() -> Expr:
    """The slowest of an absent mode along a hidden direction that holds strength x (0: a free one), ``tau`` known.

    The mode gets a component w from W_2 and z from W_1 there. Weights are balanced, ``|u_i|^2 = |v_i|^2 = T/f``: the
    flow conserves the difference, and forgets more slowly where there is one.
    """
    w, z = Symbol("w"), Symbol("z")
    norm = TOTAL / UNITS
    loss = STRENGTH * (w**2 + z**2) + (VALUE - w * z) ** 2 + LAMBDA * (norm + w**2) * (norm + z**2)
    curvature = hessian(loss, (w, z)).subs({w: 0, z: 0, TOTAL: UNITS * TAU / LAMBDA})
    return factor((curvature * Matrix([1, 1]))[0])


@cache
def equalising_rate() -> Expr:
    """Of a difference between the shares of two units, balanced, where f units hold one mode."""
    weights = u_1, v_1, u_2, v_2 = [Symbol(name) for name in ("u_1", "v_1", "u_2", "v_2")]
    lost = loss_of_value().subs({SUM: VALUE, LEARNED: 1})
    share = (VALUE - lost) / UNITS
    missing = VALUE - (UNITS - 2) * share - u_1 * v_1 - u_2 * v_2
    loss = missing**2 + LAMBDA * ((u_1 * v_1) ** 2 + (u_2 * v_2) ** 2)
    curvature = hessian(loss, weights).subs(dict.fromkeys(weights, sqrt(share)))
    return factor(simplify((curvature * Matrix([1, 1, -1, -1]))[0]))


@cache
def kept(mask: str) -> Expr:
    """The p of a lambda."""
    (probability,) = solve(Eq(penalty(mask), LAMBDA), KEEP)
    return probability


class Mode(NamedTuple):
    """Of the signal: its place, its singular value there and in Y, and the overlap of the singular vectors of the two.

    What is hidden has the edge of the bulk for its value, and no overlap.
    """

    number: int
    theta: Expr
    value: Expr
    overlap: Expr


class DropoutFlow(System):
    """``s_1, s_2`` stand for singular values that are left out, the largest first."""

    slug = "dropout-flow"
    title = "a linear network with dropout, which learns strong modes only"
    statement = "dW_l/dt = -dD/dW_l,  D = E |Y - W_2 W_1|^2 over masks on hidden units, or on weights"
    source = f"{SENEN}; {CAVAZZA}"
    parameters = (
        Parameter("singular_values", "of the target Y, or of the signal in it", Several(Exact()), "3,2,1"),
        Parameter("width", "hidden units f", Whole(1, 10**6), "4"),
        Parameter(
            "keep_probability", "probability p to keep a unit, or a weight", Between(0, 1, "0.8", exact=True), "0.8"
        ),
        Parameter(
            "mask", "on units, or on weights of both layers; default dropout", Choice((*MASKS,)), "dropout", False
        ),
        Parameter("sigma", "strength of noise in a large Y; default 0", Exact(zero=True), "1", required=False),
        Parameter("gamma", "rows of a large Y per column; default 1", Exact(), "0.5", required=False),
        Parameter("start", "strength of each mode at t = 0; default 1e-3", Exact(), "1e-3", required=False),
    )
    control = "keep_probability"
    size_to_try = 40
    singular_values: Any
    width: Any
    keep_probability: Expr
    mask: str
    sigma: Expr
    gamma: Expr
    start: Expr

    def __init__(
        self,
        singular_values: Any = None,
        width: Any = None,
        keep_probability: Any = None,
        mask: Any = "dropout",
        sigma: Any = 0,
        gamma: Any = 1,
        start: Any = "1e-3",
    ) -> None:
        values = {"singular_values": singular_values, "width": width, "keep_probability": keep_probability}
        super().__init__(**values, mask=mask, sigma=sigma, gamma=gamma, start=start)
        self.units = sympify(self.width)
        self.penalty = penalty(self.mask).subs(KEEP, self.keep_probability)

    @property
    def edge(self) -> Expr:
        """Of the bulk; 0 without noise."""
        return self.sigma * edge().subs(GAMMA, self.gamma)

    def visible(self, theta: Expr) -> Boolean:
        """Whether a singular value of the signal makes an outlier."""
        return Gt(theta, self.sigma * critical().subs(GAMMA, self.gamma))

    @cached_property
    def modes(self) -> list[Mode]:
        """Those of the signal, the strongest first."""
        given = self.singular_values
        free = [Symbol(f"s_{k}", positive=True) for k in (1, 2)]
        ranked = sorted(given, reverse=True) if isinstance(given, list) else free
        return [Mode(k, theta, *self.in_noise(theta)) for k, theta in enumerate(ranked, 1)]

    def in_noise(self, theta: Expr) -> tuple[Expr, Expr]:
        """Value and overlap."""
        if self.sigma == 0:
            return theta, S.One
        if self.visible(theta) == false:
            return self.edge, S.Zero
        at = {THETA: theta / self.sigma, GAMMA: self.gamma}
        return self.sigma * outlier().subs(at), alignment().subs(at)

    def learnable(self) -> list[Expr]:
        """Values of the modes that there are hidden units for."""
        values = [mode.value for mode in self.modes]
        return values[: self.width] if self.units.is_number else values

    def lost(self) -> Expr:
        """``tau``, the largest with 1, 2, ... modes: one more raises it if its value is larger. Noise comes at once."""
        sums = list(enumerate(accumulate(self.learnable()), 1))
        count, total = sums[-1]
        if self.sigma != 0 and self.units != count:
            sums.append((self.units, total + (self.units - count) * self.edge))
        at = {UNITS: self.units, LAMBDA: self.penalty}
        return largest(S.Zero, *(loss_of_value().subs({SUM: total, LEARNED: count, **at}) for count, total in sums))

    def predictions(self) -> Iterable[Prediction]:
        """Where modes disappear, what is learned, and how fast."""
        modes, lost = self.modes, self.lost()
        tau = "What each singular value loses, or all of it."
        return (
            *(self.disappearance(mode) for mode in modes[1:]),
            *(self.probability(mode) for mode in modes[1:]),
            self.end_of_noise(modes),
            *(self.burial(mode) for mode in modes),
            Derived("lambda", "Of the penalty sum_i |u_i|^2 |v_i|^2.", SENEN, Explicit(self.penalty)),
            Derived("tau", tau, CAVAZZA, Explicit(lost)),
            *(self.value(mode, lost) for mode in modes),
            *(self.of_noise(modes, lost) if self.sigma != 0 else ()),
            self.least_loss(modes, lost),
            *(self.decay(mode, lost) for mode in modes[1:]),
            self.equalising(modes, lost),
            self.flow(modes),
        )

    def before(self, modes: list[Mode], value: Expr) -> dict[Symbol, Expr]:
        """Sum and number of these stronger modes."""
        return {SUM: sum((m.value for m in modes), S.Zero), LEARNED: S(len(modes)), UNITS: self.units, VALUE: value}

    def disappearance(self, mode: Mode) -> Threshold:
        """In lambda."""
        at = self.before(self.modes[: mode.number - 1], mode.value)
        return Threshold(
            f"mode_{mode.number}",
            f"Above it mode {mode.number} is not learned.",
            LAMBDA,
            (Eq(loss_of_value().subs(at), mode.value, evaluate=False),),
            SENEN,
            closed_form=finite(vanishing().subs(at)),
            conditions=self.disappears(mode),
        )

    def probability(self, mode: Mode) -> Threshold:
        """The same in p."""
        strength = self.disappearance(mode)
        closed = strength.closed_form
        return Threshold(
            f"probability_{mode.number}",
            f"Below it mode {mode.number} is not learned.",
            PROBABILITY,
            (*strength.defining, Eq(penalty(self.mask).subs(KEEP, PROBABILITY), LAMBDA)),
            SENEN,
            unknowns=(LAMBDA,),
            closed_form=None if closed is None else kept(self.mask).subs(LAMBDA, closed),
            conditions=strength.conditions,
        )

    def disappears(self, mode: Mode) -> tuple[Condition, ...]:
        """Of what is learned at small lambda, all but the strongest."""
        first = self.modes[0].value
        return (
            Condition(self.visible(mode.theta), "hidden in the noise"),
            Condition(Ge(self.units, mode.number), "never learned: fewer hidden units than modes"),
            Condition(Gt(first, mode.value), "learned at any lambda: as strong as the first"),
        )

    def end_of_noise(self, modes: list[Mode]) -> Threshold:
        """In lambda; it diverges where the first mode leaves the bulk."""
        seen = [mode for mode in modes if mode.overlap != 0]
        at = self.before(seen, self.edge)
        return Threshold(
            "noise",
            "Above it no noise is learned.",
            LAMBDA,
            (Eq(loss_of_value().subs(at), self.edge, evaluate=False),),
            BENAYCH,
            closed_form=finite(vanishing().subs(at)),
            conditions=(
                Condition(Gt(self.sigma, 0), "there is no noise"),
                Condition(self.visible(modes[0].theta), "learned at any lambda: all of the signal is hidden"),
                Condition(Gt(self.units, len(seen)), "never learned: all hidden units hold modes of the signal"),
            ),
        )

    def burial(self, mode: Mode) -> Threshold:
        """In sigma."""
        lowest = critical().subs(GAMMA, self.gamma)
        return Threshold(
            f"signal_{mode.number}",
            f"Above it mode {mode.number} of the signal is hidden in the noise.",
            SIGMA,
            (Eq(SIGMA * lowest, mode.theta),),
            BENAYCH,
            closed_form=mode.theta / lowest,
        )

    def left(self, mode: Mode, lost: Expr) -> Expr:
        """``max(s - tau, 0)`` of the mode, if there is a hidden unit for it."""
        return S.Zero if self.beyond(mode) else largest(mode.value - lost, S.Zero)

    def beyond(self, mode: Mode) -> bool:
        """Whether stronger modes take all hidden units."""
        return bool(Lt(self.units, mode.number) == true)

    def value(self, mode: Mode, lost: Expr) -> Derived:
        """Learned."""
        seen = Condition(self.visible(mode.theta), "hidden in the noise")
        meaning = f"Singular value {mode.number} of W_2 W_1 at the minimum."
        return Derived(f"value_{mode.number}", meaning, CAVAZZA, Explicit(self.left(mode, lost)), (seen,))

    def of_noise(self, modes: list[Mode], lost: Expr) -> Iterable[Derived]:
        """What hidden units learn of the noise, and what of the signal's own singular vectors."""
        meaning = "Singular value of W_2 W_1 for each hidden unit that is left to the noise."
        seen = [mode for mode in modes if mode.overlap != 0]
        left = Condition(Gt(self.units, len(seen)), "all hidden units hold modes of the signal")
        yield Derived("noise_value", meaning, BENAYCH, Explicit(largest(self.edge - lost, S.Zero)), (left,))
        for mode in modes:
            share = Explicit(self.left(mode, lost) * mode.overlap)
            tied = [m for m in modes if self.beyond(m) and m.theta == mode.theta]
            alone = Condition(sympify(not tied), "it is left to chance which of equal modes are learned")
            meaning = f"u^T W_2 W_1 v with the singular vectors of mode {mode.number} of the signal."
            yield Derived(f"learned_{mode.number}", meaning, BENAYCH, share, (alone,))

    def least_loss(self, modes: list[Mode], lost: Expr) -> Derived:
        """At the minimum."""
        learned = [self.left(mode, lost) for mode in modes]
        missed = sum(((mode.value - x) ** 2 for mode, x in zip(modes, learned, strict=True)), S.Zero)
        loss = missed + self.penalty * least_cost().subs({TOTAL: sum(learned, S.Zero), UNITS: self.units})
        return Derived("loss", "The least, mean over masks.", CAVAZZA, Explicit(loss), (self.pure(),))

    def pure(self) -> Condition:
        """Without noise."""
        return Condition(Eq(self.sigma, 0), "known without noise")

    def decay(self, mode: Mode, lost: Expr) -> Derived:
        """Along a free hidden direction, or along that of the weakest mode."""
        held = largest(self.learnable()[-1] - lost, S.Zero) if self.beyond(mode) else S.Zero
        rate = decay_rate().subs({TAU: lost, VALUE: mode.value, STRENGTH: held})
        absent = Condition(Le(mode.value, lost) if held == 0 else S.true, "it is learned")
        seen = Condition(self.visible(mode.theta), "hidden in the noise")
        meaning = f"Slowest rate at which balanced weights forget mode {mode.number} near the minimum."
        return Derived(f"decay_{mode.number}", meaning, SENEN, Explicit(rate), (seen, absent))

    def equalising(self, modes: list[Mode], lost: Expr) -> Derived:
        """Slow where dropout is weak."""
        first, second = modes[0].value, modes[1].value if len(modes) > 1 else self.edge
        rate = equalising_rate().subs({VALUE: first, UNITS: self.units, LAMBDA: self.penalty})
        conditions = (
            Condition(Ge(self.units, 2), "there is a single hidden unit"),
            Condition(Le(second, lost), "known where one mode is learned"),
        )
        meaning = "Rate at which hidden units come to equal shares of the only mode, from balanced weights."
        return Derived("equalising", meaning, SENEN, Explicit(rate), conditions)

    def flow(self, modes: list[Mode]) -> Derived:
        """From equal strengths."""
        strengths = tuple(Symbol(f"x_{mode.number}", positive=True) for mode in modes)
        total = sum(strengths, S.Zero)
        at = {TOTAL: total, UNITS: self.units, LAMBDA: self.penalty}
        rates = tuple(
            mode_rate().subs({VALUE: m.value, STRENGTH: x, **at}) for m, x in zip(modes, strengths, strict=True)
        )
        missed = sum(((mode.value - x) ** 2 for mode, x in zip(modes, strengths, strict=True)), S.Zero)
        loss = missed + (self.penalty * least_cost()).subs(at)
        law = Trajectory(strengths, TIME, rates, (self.start,) * len(modes), (("loss", loss),))
        meaning = "Strengths of the modes, from units that have equal shares of each."
        even = Condition(sympify(self.shared(len(modes))), f"{len(modes)} modes cannot have equal shares in each unit")
        return Derived("modes", meaning, CAVAZZA, law, (self.pure(), even))

    def shared(self, modes: int) -> bool:
        """Whether so many orthogonal vectors of f signs exist: rows of a Hadamard matrix."""
        if not self.units.is_number:
            return True
        whole = self.width % 4 == 0 and self.width <= HADAMARD
        return modes <= self.width and (modes == 1 or whole or (modes == 2 and self.width % 2 == 0))

    def derivation(self) -> Mapping[str, Callable[[], Blocks]]:
        """By topic."""
        return {
            "masks": lambda: [("Means over masks, each 1 with probability p, in terms of the mean network", Masks())],
            "minimum": lambda: [("f units, r learned modes of sum S, whose strengths have the sum T", Minimum())],
            "rates": lambda: [("A mode of strength x, T of all; how it is forgotten; shares of units", Rates())],
            "noise": lambda: [("Noise of variance 1 over the number of columns", RectangularSpike())],
            **super().derivation(),
        }


def largest(*values: Expr) -> Expr:
    """Of numbers the largest; of expressions their maximum, not compared."""
    return max(values, key=Expr.evalf) if all(x.is_number for x in values) else Max(*values, evaluate=False)


def finite(value: Expr) -> Expr | None:
    """None for what is not."""
    return None if value.has(zoo) or value.has(S.NaN) else value


class Masks(Printable):
    """Penalties, and the probabilities that belong to them."""

    def equations(self) -> list[Line]:
        """Of both."""
        return [
            line
            for mask in MASKS
            for line in ((rf"\lambda_\text{{{mask}}}", penalty(mask)), (rf"p_\text{{{mask}}}", kept(mask)))
        ]


class Minimum(Printable):
    """The regulariser, soft thresholding, and where a mode of value s disappears."""

    def equations(self) -> list[Line]:
        """For any number of modes."""
        return [
            (r"\min \sum_i |u_i|^2 |v_i|^2", least_cost()),
            (TAU, loss_of_value()),
            (r"\lambda_k", vanishing()),
        ]


class Rates(Printable):
    """Of a mode among others, of one that is forgotten, of shares that become equal."""

    def equations(self) -> list[Line]:
        """Near the minimum but for the first."""
        return [
            (Derivative(STRENGTH, TIME), mode_rate()),
            (r"\text{forgetting, along a direction of strength x}", decay_rate()),
            (r"\text{equal shares, of one mode of value s}", equalising_rate()),
        ]
