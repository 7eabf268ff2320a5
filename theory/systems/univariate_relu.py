r"""Two layers of rectified linear units on one input: ``f(x) = (1/m) sum_i c_i max(0, a_i x + b_i)``, by gradient flow.

The loss is ``1/2 sum_j (f(x_j) - y_j)^2``, time is in units of m. A unit bends f at its knot ``-b/a``, and enters f by
``r = c rho`` and the direction ``theta`` of ``(a, b) = rho (cos theta, sin theta)`` only. The flow keeps its charge
``delta = c^2 - a^2 - b^2``, the same for all units here, and so closes in r and theta. The scale of delta is that of r,
which is that of the labels.

For ``delta -> -infinity`` directions stay: f is regression with a kernel, that of cubic splines where the knots are
even. For ``delta > 0`` a small unit turns before it grows, and its knot stops at a sample: where the curvature of the
data alternates, f tends to their linear spline. From one spline to the other f changes smoothly, where -delta is some
times the size of the units; sharp is what a start with ``r -> 0`` leaves of its directions: nothing for ``delta >= 0``.
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
    Function,
    Max,
    Piecewise,
    S,
    Symbol,
    atan2,
    cos,
    diff,
    expand,
    integrate,
    limit,
    oo,
    pi,
    radsimp,
    simplify,
    sin,
    solve,
    sqrt,
)

from ..domain import Exact
from ..laws import Explicit, Trajectory
from ..parameter import Parameter
from ..prediction import Derived, Prediction, Threshold
from ..printing import Line, Printable
from ..system import Blocks, System

A, B, C, R, THETA, DELTA, RESIDUAL, X, KNOT = (
    Symbol(name, real=True) for name in ("a", "b", "c", "r", "theta", "delta", "e", "x", "epsilon")
)
G_1, G_2 = GRADIENT = (Symbol("g_1", real=True), Symbol("g_2", real=True))
PUSHED = {G_1: 0, G_2: -1}
"""A force 1 on a sample at x = 0."""
NORM, GAP, RANGE, TIME = (Symbol(name, positive=True) for name in ("rho", "h", "L", "t"))
OUTPUT = Symbol("output", nonnegative=True)
CHARGE = C**2 - A**2 - B**2
WILLIAMS = "Williams, Trager, Silva, Panozzo, Zorin, Bruna 2019, arXiv 1906.07842"
HERE = f"from the flow of {WILLIAMS}"
TRAINED = "one sample (x, y) = (0, 1), from r -> 0 and random directions"


@cache
def gradient_flow() -> dict[Symbol, Expr]:
    """``d/dt`` of the weights: to first order the loss is ``g.w/m``, ``w = (c a, c b)``, if no knot meets a sample."""
    loss = C * A * G_1 + C * B * G_2
    return {weight: -diff(loss, weight) for weight in (A, B, C)}


def along_flow(quantity: Expr) -> Expr:
    """Its time derivative."""
    return expand(sum(diff(quantity, weight) * rate for weight, rate in gradient_flow().items()))


def gradient_of_sample() -> tuple[Expr, Expr]:
    """What a sample adds to g: a unit makes ``max(0, w.(x, 1))`` there, of sign c; ``e = f(x) - y``."""
    first, second = Symbol("w_1", real=True), Symbol("w_2", real=True)
    unit, sides = Max(0, first * X + second), {first: A, second: B}
    by_first, by_second = (diff(RESIDUAL**2 / 2, RESIDUAL) * diff(unit, w).subs(sides) for w in (first, second))
    return by_first, by_second


@cache
def norm_squared() -> Expr:
    """``rho^2``, from the charge."""
    square = Symbol("s", positive=True)
    charge = CHARGE.subs({A: sqrt(square), B: 0, C: R / sqrt(square)})
    return next(root for root in solve(Eq(charge, DELTA), square) if root.subs({DELTA: 0, R: 1}) > 0)


@cache
def reduced_flow() -> tuple[Expr, Expr]:
    """``dr/dt`` and ``dtheta/dt``, the weights eliminated."""
    polar = {A: NORM * cos(THETA), B: NORM * sin(THETA), C: R / NORM}
    rates = (simplify(along_flow(quantity).subs(polar)) for quantity in (C * sqrt(A**2 + B**2), atan2(B, A)))
    size, angle = (simplify(expand(rate).subs(R**2, NORM**2 * (NORM**2 + DELTA))) for rate in rates)
    return expand(size).subs(NORM, sqrt(norm_squared())).factor(), angle.subs(NORM, sqrt(norm_squared()))


@cache
def mobility() -> Expr:
    """How fast a force moves w across over how fast along it moves it, ``c^2/(c^2 + rho^2)``."""
    along, across = (rate.subs(THETA, 0) for rate in reduced_flow())
    return simplify(radsimp(R * diff(across, G_2) / diff(along, G_1)))


@cache
def spline_kernel() -> Expr:
    """``K(x, x + h)`` on ``[-L, L]``: units of either side, with knots of even density and ``|a| = 1``."""
    product = (X - KNOT) * (X + GAP - KNOT)
    return expand(integrate(product, (KNOT, -RANGE, X)) + integrate(product, (KNOT, X + GAP, RANGE)))


@cache
def unit_kernel() -> Expr:
    """The mean over units of ``max(0, d.(x, 1)) max(0, d.(x', 1))``: where d is a unit vector, ``a^2 = 1/(1 +
    epsilon^2)``, and knots of density ``1 + epsilon^2`` on either side make it a multiple of the spline's kernel."""
    return spline_kernel() / (2 * integrate(1 + KNOT**2, (KNOT, -RANGE, RANGE)))


@cache
def knot_speed() -> tuple[Expr, Expr]:
    """Of the knot ``epsilon``; and what a sample that lies at it adds to that, on the side where it is active."""
    speed = along_flow(-B / A).subs(B, -KNOT * A)
    at_sample = {G_1: RESIDUAL * KNOT, G_2: RESIDUAL}
    return simplify(speed), simplify(speed.subs(at_sample))


@cache
def squares() -> tuple[Expr, Expr]:
    """The mean of ``b^2 + c^2`` over all units that learn a sample (0, 1), at the start and where the output is f.

    From ``r -> 0`` one of b and c vanishes there: the other's square is ``|delta| sin(theta)^2``, or delta for the
    quarter of the units that is active and of ``c > 0``. The force ``1 - f`` turns b and c into each other: the rates
    of ``f = <b c>`` and ``<b^2 + c^2>`` are linear in these means.
    """
    start = Abs(DELTA) * integrate(sin(THETA) ** 2, (THETA, 0, pi)) / (2 * pi)
    per_output = simplify(along_flow(B**2 + C**2).subs(PUSHED) / (B * C))
    return start, sqrt(simplify(start**2 + integrate(2 * per_output * OUTPUT, OUTPUT)))


@cache
def growth() -> Expr:
    """``df/dt`` there: ``d<b c>`` is the mean of ``b^2 + c^2``, times the force."""
    share = simplify(along_flow(B * C).subs(PUSHED) / (B**2 + C**2))
    return share * squares()[1] * (1 - OUTPUT)


@cache
def memory() -> Expr:
    """``(a/b)/(a/b at the start)`` of active units there, ``delta < 0``: a stays, as does ``b^2 - c^2``."""
    start, later = squares()
    return sqrt(start / ((start + later) / 2)).subs(Abs(DELTA), -DELTA)


def crossover() -> Threshold:
    """``c^2 = rho^2``, at any size."""
    half = Eq(mobility(), S.Half)
    return Threshold(
        "crossover",
        "c^2 = a^2 + b^2. From it on active units forget all directions of a start r -> 0, below they keep some.",
        DELTA,
        (half,),
        HERE,
        closed_form=solve(half, DELTA)[0],
    )


def half_memory() -> Threshold:
    """Where slopes ``a/b`` are halved."""
    half = Eq(memory().subs(OUTPUT, 1), S.Half)
    size = Symbol("size", positive=True)
    return Threshold(
        "half_memory",
        f"Below it units keep more than half of a/b, towards the kernel: after {TRAINED}.",
        DELTA,
        (half,),
        HERE,
        closed_form=-solve(half.subs(DELTA, -size), size)[0],
    )


class UnivariateRelu(System):
    r"""``delta`` of any sign; left out, it stays a symbol."""

    slug = "univariate-relu"
    title = "two layers of rectified linear units on one input, between kernel and adaptive regime"
    statement = "f(x) = (1/m) sum_i c_i max(0, a_i x + b_i),  delta = c_i^2 - a_i^2 - b_i^2"
    source = WILLIAMS
    parameters = (Parameter("delta", "charge c^2 - a^2 - b^2 of every unit", Exact(zero=True, negative=True), "-1"),)
    control = "delta"
    size_to_try = 128
    delta: Expr

    def __init__(self, delta: Any = None) -> None:
        super().__init__(delta=delta)
        self.delta = DELTA if delta is None else self.delta

    def predictions(self) -> Iterable[Prediction]:
        """The crossover; and of networks that learn one sample what their directions remember, and how fast it goes."""
        at = {DELTA: self.delta}
        kept = Piecewise((memory().subs(OUTPUT, 1), DELTA < 0), (0, True))
        return (
            crossover(),
            half_memory(),
            Derived(
                "mobility",
                "c^2/(c^2 + rho^2) of a unit of size r = 1: how freely it turns, from 0 (kernel) to 1.",
                HERE,
                Explicit(mobility().subs(R, 1).subs(at)),
            ),
            Derived("memory", f"Of a/b in active units, after {TRAINED}.", HERE, Explicit(kept.subs(at))),
            Derived(
                "output",
                f"f(0) over time, {TRAINED}.",
                HERE,
                Trajectory((OUTPUT,), TIME, (growth().subs(at),), (S.Zero,)),
            ),
        )

    def derivation(self) -> Mapping[str, Callable[[], Blocks]]:
        """By topic."""
        return {
            "flow": lambda: [("Weights, their charge, and what is left of them", ReducedFlow())],
            "kernel": lambda: [("delta -> -infinity, knots on [-L, L]", KernelRegime())],
            "knots": lambda: [("A knot epsilon, and a sample that lies there", Knots())],
            "sample": lambda: [("Learning one sample", OneSample())],
            **super().derivation(),
        }


class ReducedFlow(Printable):
    """From weights to polar coordinates."""

    def equations(self) -> list[Line]:
        """What a sample adds to g, the flow of the weights, the charge, the norm, and the flow that is left."""
        samples: list[Line] = [
            (Function(g.name)(X), part) for g, part in zip(GRADIENT, gradient_of_sample(), strict=True)
        ]
        weights: list[Line] = [(Derivative(weight, TIME), rate) for weight, rate in gradient_flow().items()]
        size, angle = reduced_flow()
        return [
            *samples,
            *weights,
            (Derivative(CHARGE, TIME), along_flow(CHARGE)),
            (NORM**2, norm_squared()),
            (Derivative(R, TIME), size),
            (Derivative(THETA, TIME), angle),
            (Symbol("mobility"), mobility()),
        ]


class KernelRegime(Printable):
    """Directions stay, sizes follow the kernel."""

    def equations(self) -> list[Line]:
        """The limit of the reduced flow, and the kernel of even knots, per unit and as it is known for splines."""
        size, angle = (limit(rate / Abs(DELTA), DELTA, -oo) for rate in reduced_flow())
        return [
            (Derivative(R, TIME) / Abs(DELTA), size),
            (Derivative(THETA, TIME) / Abs(DELTA), angle),
            (Function("K")(X, X + GAP), spline_kernel()),
            (Function("H")(X, X + GAP), unit_kernel()),
        ]


class Knots(Printable):
    """Velocity, jump of it, and growth of the curvature ``c a``."""

    def equations(self) -> list[Line]:
        """The knot stops where the sample turns its velocity round."""
        speed, jump = knot_speed()
        return [
            (Derivative(KNOT, TIME), speed),
            (Symbol("jump"), jump),
            (Derivative(C * A, TIME), along_flow(C * A)),
        ]


class OneSample(Printable):
    """Means over all units, and what one of them keeps."""

    def equations(self) -> list[Line]:
        """For ``|x| = 0``, ``y = 1``."""
        start, later = squares()
        return [
            (r"\langle b^2 + c^2 \rangle_{t = 0}", start),
            (r"\langle b^2 + c^2 \rangle", later),
            (Derivative(OUTPUT, TIME), growth()),
            (Symbol("memory"), memory()),
        ]
