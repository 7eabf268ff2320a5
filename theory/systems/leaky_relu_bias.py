r"""Two layers of leaky rectified linear units on nearly orthogonal inputs: where gradient flow on the weights ends.

``f(x) = sum_j a_j phi(w_j.x)``, ``a_j = +-1/sqrt(m)`` fixed, ``phi(z) = max(z, slope z)``; the flow descends the mean
over n examples of a loss of the margins ``q_i = y_i f(x_i)`` whose tail is ``e^-q``. It ends in a direction that is a
KKT point of ``min |W|^2/2`` at ``q_i >= 1`` (Lyu, Li 2019). Assumed is that inputs are nearly orthogonal, so that each
neuron has the inputs with ``y = 1`` on the side of the sign of ``a_j`` and the others on the other one: from small
weights this is so after a moment, and then W is a sum over the examples with fixed patterns.

Numbers are those of the limit of large dimension at fixed n, where inputs are orthogonal: ``|x|^2 = 1`` where y = 1,
``norm_ratio`` where y = -1. Labels and signs of a_j alternate, beginning with 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from sympy import (
    Abs,
    Derivative,
    Eq,
    Expr,
    Integer,
    Limit,
    Matrix,
    Max,
    Min,
    Piecewise,
    Rational,
    Symbol,
    ceiling,
    diag,
    diff,
    exp,
    expand,
    integrate,
    log,
    oo,
    powsimp,
    simplify,
    solve,
    sqrt,
)
from sympy.codegen.cfunctions import log1p

from ..domain import Between, Choice, Exact, Whole
from ..laws import Explicit, Trajectory
from ..networks.kernels import X, leaky_relu
from ..parameter import Parameter
from ..prediction import Derived, Prediction, Threshold
from ..printing import Line, Printable
from ..system import Blocks, System

SIGNS = (1, -1)
"""Of ``a_j``, for rows, and of y, for columns."""
SLOPE, SHARE, WIDTH, POINTS = (Symbol(name, positive=True) for name in ("slope", "s", "m", "n"))
"""``SHARE`` is that of the neurons with ``a_j > 0``."""
COUNTS, NORMS = (tuple(Symbol(f"{name}_{sign}", positive=True) for sign in "+-") for name in "nr")
"""Examples of either label, and their ``|x|^2``."""
INPUTS, MULTIPLIERS, NEURONS = (tuple(Symbol(f"{name}_{sign}") for sign in "+-") for name in ("x", "lambda", "v"))
MARGINS = (Symbol("q_plus"), Symbol("q_minus"))
TIME, DEGREE, DISTANCE, MARGIN = (Symbol(name, positive=True) for name in ("t", "k", "rho", "gamma"))
Q, EXPONENT, RANK = Symbol("q"), Symbol("exponent"), Symbol("rank")
LEVEL, LOSS, LARGE = (Symbol(name, positive=True) for name in ("L", "L_t", "l"))
LOSSES = {"logistic": log1p(exp(-Q)), "exponential": exp(-Q)}
CERTAIN = 5
"""Standard deviations by which neurons have inputs on their side."""
FALLS = "L ~ t^exponent, without logarithms."
NEARLY = "N of Gaussian inputs from which on neurons move to their side of them by 5 standard deviations."
FREI = "Frei, Vardi, Bartlett, Srebro, Hu 2022, arXiv 2210.07082"
KOU = "Kou, Chen, Gu 2023, arXiv 2310.18935"
LYU = "Lyu, Li 2019, arXiv 1906.05890"


def margins() -> list[Expr]:
    """``y f(x)`` of an input of either label, each neuron ``v_+`` or ``v_-`` on its side: v x is a scalar product."""
    derivative, shares = diff(leaky_relu(SLOPE), X), (SHARE, 1 - SHARE)
    return [
        sum(
            WIDTH * share * label * sign / sqrt(WIDTH) * expand(derivative.subs(X, sign * label)) * v * x
            for share, sign, v in zip(shares, SIGNS, NEURONS, strict=True)
        )
        for label, x in zip(SIGNS, INPUTS, strict=True)
    ]


@cache
def stationary() -> dict[Symbol, Expr]:
    """Neurons at the stationary point of ``|W|^2/2 - sum_i lambda_i (q_i - 1)``, an example of either label."""
    size = WIDTH * (SHARE * NEURONS[0] ** 2 + (1 - SHARE) * NEURONS[1] ** 2) / 2
    pulled = sum(factor * (margin - 1) for factor, margin in zip(MULTIPLIERS, margins(), strict=True))
    return dict(solve([diff(size - pulled, v) for v in NEURONS], NEURONS))


@cache
def directions() -> Matrix:
    """``sqrt(m) v`` of neurons of either sign (rows): coefficients of ``sum_i lambda_i x_i`` over either label."""
    found = stationary()
    return Matrix(2, 2, lambda g, c: simplify(sqrt(WIDTH) * diff(found[NEURONS[g]], MULTIPLIERS[c]) / INPUTS[c]))


@cache
def kernel() -> Matrix:
    """H, by the labels of two examples: ``q_i = sum_k H_ik x_i.x_k lambda_k`` at the stationary point.

    The tangent kernel: in the flow, whose W is such a sum, ``dq_i/dt = -1/n sum_k H_ik x_i.x_k loss'(q_k)``.
    """
    at = [margin.subs(stationary()) for margin in margins()]
    return Matrix(2, 2, lambda c, d: simplify(diff(at[c], MULTIPLIERS[d]) / (INPUTS[c] * INPUTS[d])))


def multipliers() -> Matrix:
    """lambda for either label where inputs are orthogonal and all margins are 1."""
    return Matrix([1 / (kernel()[c, c] * NORMS[c]) for c in (0, 1)])


def weights(factors: Matrix) -> Matrix:
    """W in orthonormal directions, of neurons (rows) and inputs of either label, whose x_i have those factors."""
    shares, lengths = diag(SHARE, 1 - SHARE), diag(*(n * r for n, r in zip(COUNTS, NORMS, strict=True)))
    return shares.applyfunc(sqrt) * directions() * lengths.applyfunc(sqrt) * diag(*factors)


def inner(first: Matrix, second: Matrix) -> Expr:
    """Of Frobenius."""
    return (first.T * second).trace()


def stable_rank(matrix: Matrix) -> Expr:
    """``|W|_F^2/|W|_2^2`` of two rows."""
    gram = matrix * matrix.T
    return 2 * gram.trace() / (gram.trace() + sqrt((gram[0, 0] - gram[1, 1]) ** 2 + 4 * gram[0, 1] ** 2))


def late_margin(multiplier: Expr) -> Expr:
    """q at late times. All ``dq_i/dt = 1/n sum_k H_ik x_i.x_k e^-q_k`` are ``1/t``: ``e^-q_k/n`` is ``lambda_k/t``."""
    return solve(Eq(exp(-Q) / POINTS, multiplier * diff(log(TIME), TIME)), Q)[0]


@cache
def least_dimensions() -> list[Expr]:
    """Of Gaussian inputs: from the largest of these on they are nearly orthogonal.

    For a neuron the own term of an input, slope at least, exceeds the sum over all others by ``CERTAIN`` standard
    deviations: on either side it moves to its own.
    """
    factors, terms = multipliers(), directions()
    own = [(SLOPE * factors[c] * NORMS[c]) ** 2 for c in (0, 1)]
    others = [sum(COUNTS[d] * (terms[g, d] * factors[d]) ** 2 * NORMS[d] for d in (0, 1)) for g in (0, 1)]
    return [CERTAIN**2 * others[g] * NORMS[c] / own[c] for g in (0, 1) for c in (0, 1)]


@cache
def degree() -> Expr:
    """k of ``f(c W) = c^k f(W)``: the first layer alone moves."""
    scaled = leaky_relu(SLOPE).subs(X, DISTANCE * X)
    return simplify(DISTANCE * diff(scaled, DISTANCE) / scaled)


@cache
def loss_rate() -> Expr:
    """``dL/dt = -|grad L|^2`` in terms of L on a KKT direction of margin gamma, of a network of any degree k.

    There the gradient is radial, ``L ~ e^(-gamma rho^k)`` with ``rho = |W|``.
    """
    steepness = diff(exp(-MARGIN * DISTANCE**DEGREE), DISTANCE)
    far = solve(Eq(MARGIN * DISTANCE**DEGREE, LARGE), DISTANCE)[0]
    rate = powsimp(simplify(-(steepness.subs(DISTANCE, far) ** 2)))
    return rate.subs(exp(-2 * LARGE), LEVEL**2).subs(LARGE, log(1 / LEVEL))


@cache
def late_loss() -> Expr:
    """L(t) from ``L(0) = 1``: of degree 1 there is no logarithm in its rate."""
    rate = loss_rate().subs(DEGREE, degree())
    return solve(Eq(integrate(1 / rate, (LEVEL, 1, LOSS)), TIME), LOSS)[0]


class LeakyReluBias(System):
    r"""``0 < slope < 1``; all else has a default."""

    slug = "leaky-relu-bias"
    title = "two layers of leaky rectified linear units that learn labels of nearly orthogonal inputs"
    statement = "f(x) = sum_j a_j max(w_j.x, slope w_j.x),  a_j = +-1/sqrt(m);  dW/dt = -grad of the mean loss(y f(x))"
    source = f"{FREI}; {KOU}"
    parameters = (
        Parameter("slope", "of units below zero", Between(1e-9, 1, "0.5", exact=True), "0.5"),
        Parameter("points", "examples, n; default 20", Whole(2, 10000), "20", required=False),
        Parameter("width", "neurons, m; default 20", Whole(2, 10000), "20", required=False),
        Parameter("norm_ratio", "|x|^2 where y = -1 over that where y = 1; default 1", Exact(), "4", required=False),
        Parameter("loss", "of margins; default logistic", Choice(tuple(LOSSES)), "exponential", required=False),
    )
    size_to_try = 3000
    slope: Expr
    points: int
    width: int
    norm_ratio: Expr
    loss: str

    def __init__(
        self, slope: Any = None, points: Any = 20, width: Any = 20, norm_ratio: Any = 1, loss: Any = "logistic"
    ) -> None:
        super().__init__(slope=slope, points=points, width=width, norm_ratio=norm_ratio, loss=loss)

    @property
    def values(self) -> dict[Symbol, Expr]:
        """Of the symbols of this module."""
        more, neurons = (self.points + 1) // 2, (self.width + 1) // 2
        known = {SLOPE: self.slope, SHARE: Rational(neurons, self.width), WIDTH: self.width}
        return known | dict(zip((*COUNTS, *NORMS), (more, self.points - more, 1, self.norm_ratio), strict=True))

    def predictions(self) -> Iterable[Prediction]:
        """What is sharp, the end, and the way to it."""
        at, factors = self.values, [factor.subs(self.values) for factor in multipliers()]
        falls = Limit(TIME * Derivative(log(late_loss()), TIME), TIME, oo)
        rank = Integer(directions().subs(at).rank())
        total = factors[0] * at[COUNTS[0]] + factors[1] * at[COUNTS[1]]
        gap = Abs(log(factors[0] / factors[1]))
        ends = {
            "margin": ("min y f(x)/|W| for t -> infinity, where all margins are equal.", 1 / sqrt(total)),
            "loss_prefactor": ("t L for t -> infinity: 1/margin^2, the sum of the multipliers.", total),
            "margin_gap": ("max q - min q for t -> infinity: min q/max q = 1 - gap/ln t.", gap),
            "stable_rank": ("|W|_F^2/|W|_2^2 for t -> infinity.", stable_rank(weights(multipliers()).subs(at))),
            "least_dimension": (NEARLY, ceiling(max(dimension.subs(at) for dimension in least_dimensions()))),
        }
        return (
            Threshold("loss_exponent", FALLS, EXPONENT, (Eq(EXPONENT, falls),), LYU, closed_form=falls.doit()),
            Threshold("rank", "Of the limit of W/|W|.", RANK, (), FREI, closed_form=rank),
            *(Derived(name, meaning, FREI, Explicit(value)) for name, (meaning, value) in ends.items()),
            Derived("margins", "q = y f(x) of either label, from vanishing weights.", FREI, self.flow()),
        )

    def flow(self) -> Trajectory:
        """``dq/dt = -H |x|^2 loss'(q)/n``; what has no value where W vanishes has that of the first step."""
        loss, at, n = LOSSES[self.loss], self.values, self.points
        pace = [1 / factor.subs(at) for factor in multipliers()]
        rates = [-rate * diff(loss, Q).subs(Q, q) / n for q, rate in zip(MARGINS, pace, strict=True)]
        mean = sum(count.subs(at) * loss.subs(Q, q) for count, q in zip(COUNTS, MARGINS, strict=True)) / n
        slide = sum(diff(mean, q) * rate for q, rate in zip(MARGINS, rates, strict=True))
        end = weights(multipliers()).subs(at)
        moved = end * diag(*MARGINS)
        ratios = {
            "margin": Min(*MARGINS) / sqrt(inner(moved, moved)),
            "margin_ratio": Min(*MARGINS) / Max(*MARGINS),
            "cosine": inner(moved, end) / sqrt(inner(moved, moved) * inner(end, end)),
            "stable_rank": stable_rank(moved),
        }
        first, still = dict(zip(MARGINS, pace, strict=True)), Eq(MARGINS[0], 0)
        started = {name: Piecewise((ratio.subs(first), still), (ratio, True)) for name, ratio in ratios.items()}
        observables = {"loss_times_t": TIME * mean, "exponent": TIME * slide / mean, **started}
        return Trajectory(MARGINS, TIME, tuple(rates), (Integer(0),) * 2, tuple(observables.items()), logarithmic=True)

    def derivation(self) -> Mapping[str, Callable[[], Blocks]]:
        """By topic."""
        return {
            "margins": lambda: [("Stationary points of |W|^2/2 - sum_i lambda_i (y_i f(x_i) - 1)", Stationary())],
            "late": lambda: [("The loss on a direction of margin gamma, of a network of degree k", Late())],
            **super().derivation(),
        }


class Stationary(Printable):
    """Weights, margins and rank, for s the share of neurons with a > 0."""

    def equations(self) -> list[Line]:
        """For any inputs; and late margins."""
        sums = [rf"\textstyle\sum_{{y_i = {sign}1}} \lambda_i x_i" for sign in ("", "-")]
        return [
            (r"\sqrt{m}\,(v_+, v_-)^T", rf"D\,({sums[0]}, {sums[1]})^T"),
            ("D", directions()),
            (r"\det D", directions().det()),
            (r"y_i f(x_i)", r"\textstyle\sum_k H_{y_i y_k}\, x_i \cdot x_k\, \lambda_k = 1"),
            ("H", kernel()),
            ("q_i(t)", late_margin(Symbol("lambda_i", positive=True))),
            (r"\gamma", r"\textstyle(\sum_i \lambda_i)^{-1/2}"),
        ]


class Late(Printable):
    """How the loss falls."""

    def equations(self) -> list[Line]:
        """For any degree, and here."""
        return [(r"\dot L", loss_rate()), (DEGREE, degree()), ("L(t)", late_loss())]
