"""Networks of rectified linear units on one input, each weight a variable, trained by gradient flow in fixed steps.

The right-hand side jumps where a knot meets a sample, so that steps cannot be chosen by their error: a knot that stops
there crosses the sample back and forth, which costs an error of first order in the step. Knots start on a grid that
is shifted at random.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar

import numpy as np
from numpy.random import Generator

from theory.naming import called
from theory.systems.univariate_relu import (
    DELTA,
    GAP,
    GRADIENT,
    RANGE,
    THETA,
    R,
    UnivariateRelu,
    reduced_flow,
    spline_kernel,
)
from theory.systems.univariate_relu import X as PLACE

from ..checks.check import Check, Findings, Outcome
from ..checks.comparison import Comparison
from ..checks.plan import Point, Run, Sizes
from ..checks.report import Panel, Series
from ..experiment import Experiment
from ..lowering import Array, lower
from ..machine_code import compiled
from ..quantity import Axis
from ..solve import solve_prediction
from ..statistics import mean_and_error

Rate = Callable[[Array], Array]
X, Y = np.array([-1, -1 / 3, 1 / 3, 1]), np.array([-0.3, 0.6, -0.6, 0.3])
"""Four samples, whose curvature alternates."""
KNOTS = 1.5
"""L: they start on [-L, L]."""
START = 0.1
"""Size of r there; smaller ones end more often where the flow is stuck."""
TINY = 1e-12
"""The same for what is said of ``r -> 0``."""
PROBES = np.linspace(-1, 1, 43)
NEAR = 0.04
DURATION, GROWN, STEPS = 3000.0, 60.0, 5000
"""The flow is followed for ``DURATION/sqrt(delta^2 + GROWN^2)``, ``GROWN/2`` about the size of units in the end."""
SMALLEST, LARGEST = 16, 100_000
"""Units: fewer may all be dead, more take minutes."""


@compiled
def gradient(first: Array, second: Array, scale: Array, x: Array, y: Array) -> Array:
    """g (2, n, m) of n networks (n, m): ``sum_j (f(x_j) - y_j) (x_j, 1)`` over the samples at which a unit is active.

    ``f(x)`` is the mean over units of ``scale max(0, first x + second)``.
    """
    found = np.zeros((2, *scale.shape))
    for network in range(scale.shape[0]):
        a, b, c = first[network], second[network], scale[network]
        for j in range(x.size):
            output = 0.0
            for i in range(c.size):
                output += c[i] * max(0.0, a[i] * x[j] + b[i])
            residual = output / c.size - y[j]
            for i in range(c.size):
                if a[i] * x[j] + b[i] > 0:
                    found[0, network, i] += residual * x[j]
                    found[1, network, i] += residual
    return found


def descent(weights: Array, x: Array = X, y: Array = Y) -> Array:
    """``d/dt`` of the weights a, b and c (3, n, m): minus m times the gradient of the loss."""
    a, b, c = weights
    by_slope, by_shift = gradient(a, b, c, x, y)
    return -np.array([c * by_slope, c * by_shift, a * by_slope + b * by_shift])


@cache
def reduced(delta: float) -> Rate:
    """``d/dt`` of r and theta (2, n, m), as theory derives it."""
    rates = lower((R, THETA, *GRADIENT), [rate.subs(DELTA, delta) for rate in reduced_flow()])

    def rate(polar: Array) -> Array:
        r, theta = polar
        return np.array(rates(r, theta, *gradient(np.cos(theta), np.sin(theta), r, X, Y)))

    return rate


def flow(rate: Rate, state: Array, step: float, steps: int) -> Array:
    """By the classical method of Runge and Kutta."""
    for _ in range(steps):
        first = rate(state)
        second = rate(state + step / 2 * first)
        third = rate(state + step / 2 * second)
        state = state + step / 6 * (first + 2 * second + 2 * third + rate(state + step * third))
    return state


def trained(rate: Rate, state: Array, delta: float, steps: int = STEPS) -> Array:
    """On the four samples."""
    return flow(rate, state, DURATION / np.hypot(delta, GROWN) / steps, steps)


def grid(size: int, random: Generator) -> Array:
    """(m,): points of [-1, 1] at equal distances."""
    return np.asarray(2 * (np.arange(size) + random.random()) / size - 1)


def on_knots(size: int, random: Generator) -> Array:
    """Start (2, m) in r and theta: knots of density ``1 + epsilon^2``, signs and sides in turn."""
    knots = 2 * np.sinh(np.arcsinh((KNOTS + KNOTS**3 / 3) * 1.5 * grid(size, random)) / 3)
    turn = np.arange(size) + random.integers(4)
    return np.array([START * (-1.0) ** (turn // 2), np.pi * (turn % 2) - np.arctan(knots)])


def weights_of(polar: Array, delta: float) -> Array:
    """a, b and c, of the charge delta."""
    r, theta = polar
    large = np.sqrt((abs(delta) + np.hypot(delta, 2 * r)) / 2)
    rho, c = (large, r / large) if delta <= 0 else (abs(r) / large, np.sign(r) * large)
    return np.array([rho * np.cos(theta), rho * np.sin(theta), c])


def direct(polar: Array) -> Array:
    """What is as good as weights: a unit vector, and r."""
    return np.array([np.cos(polar[1]), np.sin(polar[1]), polar[0]])


def output(weights: Array, x: Array) -> Array:
    """f at places x, last."""
    a, b, c = weights[..., None]
    return np.asarray((c * np.maximum(a * x + b, 0)).mean(axis=-2))


@cache
def splines() -> tuple[Array, Array]:
    """What makes values at probes (43,) of values at samples (4,): the linear spline, and that of the kernel."""
    linear = np.array([np.interp(PROBES, X, one) for one in np.eye(X.size)]).T
    return linear, kernel(PROBES, X) @ np.linalg.inv(kernel(X, X))


def kernel(x: Array, other: Array) -> Array:
    """Of cubic splines (n, n')."""
    first, second = np.broadcast_arrays(x[:, None], other)
    low, gap = np.minimum(first, second), abs(first - second)
    return lower((PLACE, GAP, RANGE), [spline_kernel()])(low, gap, KNOTS)[0]


def cubic(weights: Array) -> Array:
    """Where f lies between two splines through the samples as they are learnt: 0 the linear one, 1 that of the kernel.

    By least squares, along the line through both.
    """
    at_samples, at_probes = output(weights, X), output(weights, PROBES)
    linear, smooth = (at_samples @ spline.T for spline in splines())
    way = smooth - linear
    return np.asarray(np.sum((at_probes - linear) * way, axis=-1) / np.sum(way**2, axis=-1))


class UnivariateNetwork(Experiment):
    """Of ``size`` units, on four samples."""

    system = UnivariateRelu
    observables: ClassVar[Mapping[str, str]] = {
        "loss": "1/2 sum_j (f(x_j) - y_j)^2 in the end",
        "cubic": "where f lies between linear spline (0) and cubic spline (1)",
        "on_samples": f"share of the curvature |c a| whose knot is within {NEAR} of a sample",
        "output": "f",
    }
    axes: ClassVar[Mapping[str, Axis]] = {"x": Axis(PROBES, "input")}
    over: ClassVar[Mapping[str, str]] = {"output": "x"}
    of: UnivariateRelu

    def require(self, size: int) -> None:
        """Neither too few nor too many units."""
        if not SMALLEST <= size <= LARGEST:
            raise ValueError(f"{called('size', size)} must be from {SMALLEST} to {LARGEST}; try {called('size', 128)}")

    def draw(self, size: int, random: Generator) -> Array:
        """Where it starts."""
        return on_knots(size, random)

    def measure(self, state: Array) -> dict[str, Any]:
        """What it becomes."""
        delta = float(self.of.delta)
        a, b, c = weights = trained(descent, weights_of(state[:, None], delta), delta)[:, 0]
        near = abs(-b / a - X[:, None]).min(axis=0) < NEAR
        return {
            "loss": np.sum((output(weights, X) - Y) ** 2) / 2,
            "cubic": cubic(weights),
            "on_samples": abs(c * a) @ near / np.sum(abs(c * a)),
            "output": output(weights, PROBES),
        }


def on_circle(size: int, random: Generator) -> Array:
    """Start (2, m) in r and theta: all directions, r next to nothing."""
    return np.array([TINY * (-1.0) ** np.arange(size), np.pi * grid(size, random)])


def remembered(polar: Array, delta: float) -> Array:
    """Mean of ``(a/b)/(a/b at the start)`` over active units, after one sample (0, 1), of networks (2, n, m)."""
    first = weights_of(polar, delta)
    last = flow(lambda weights: descent(weights, np.zeros(1), np.ones(1)), first, 0.01 / np.hypot(delta / 8, 1), 2000)
    return np.asarray((last[0] / last[1] * first[1] / first[0]).mean(axis=-1, where=last[1] > 0))


DELTAS = (-1e5, -200.0, -40.0, 1.0)
"""The outermost belong to the kernel and to linear splines, by less than what a step does."""
ALL = (*DELTAS, -3.0, -1.0, -0.1)
"""Those of what is remembered last."""
STEP = 1e-4
"""Error of the steps in all that is measured: more than what half of them changes."""


def starts(start: Callable[[int, Generator], Array], size: int, samples: int, random: Generator) -> Array:
    """(2, samples, m)."""
    return np.stack([start(size, random) for _ in range(samples)], axis=1)


def measured(point: Point[Sizes]) -> Array:
    """Where f lies between splines, or what is remembered, of each sample."""
    random, delta = np.random.default_rng(point.seeds()), ALL[point.case] * point.wrong["charge"]
    if point.case >= len(DELTAS):
        return remembered(starts(on_circle, point.size, point.samples, random), delta)[:, None]
    first = weights_of(starts(on_knots, point.size, point.samples, random), delta)
    return cubic(trained(descent, first, delta))[:, None]


def predicted(run: Run[Sizes], case: int) -> tuple[float, float]:
    """Value and error; those of the reduced flow are of networks of its own."""
    delta = ALL[case]
    if case >= len(DELTAS):
        memory = UnivariateRelu(delta=delta).prediction("memory")
        return float(solve_prediction(memory, {}).value), 0.0
    if case in (0, len(DELTAS) - 1):
        return float(case == 0), 0.0
    ((size, samples),) = run.plan.layout(case)
    first = starts(on_knots, size, samples, np.random.default_rng((run.seed, case)))
    value, error = mean_and_error(cubic(direct(trained(reduced(delta), first, delta))))
    return float(value), float(error)


def concluded(run: Run[Sizes], outcomes: Sequence[Outcome]) -> Findings:
    """Each case, at the one size."""
    compared = []
    for case, outcome in enumerate(outcomes):
        (group,), (value, error) = outcome.groups, predicted(run, case)
        label = f"{'cubic share' if case < len(DELTAS) else 'memory'} at delta = {ALL[case]:g}"
        value += run.wrong["resolutions"] * run.plan.resolution
        found = float(group.value[0]), float(np.hypot(group.error[0], STEP))
        compared.append(Comparison(label, value, error, *found, run.plan.resolution, group.size, group.degrees))
    return Findings(compared, [panel(compared, range(len(DELTAS) - 1)), panel(compared, range(len(DELTAS), len(ALL)))])


def panel(compared: Sequence[Comparison], cases: Sequence[int]) -> Panel:
    """Against the size of the charge."""
    rows = [(c.predicted, c.measured, c.measured_error) for c in (compared[case] for case in cases)]
    sizes, (theory, values, errors) = [-ALL[case] for case in cases], np.transpose(rows)
    series = (Series.theory("theory", sizes, theory), Series.simulation("networks", sizes, values, errors))
    return Panel("", r"$-\delta$", compared[cases[0]].label.partition(" at")[0], series, x_scale="log")


CHECK = Check(
    name="univariate-relu",
    description="networks on one input against kernel, reduced flow, linear spline, and what one sample leaves",
    reason="1 % of the way from linear to cubic spline, and 0.01 of what is remembered (4 %, quick): a charge that is "
    "wrong by a tenth moves either by 2 to 3 %; knots on [-L, L] for L -> infinity, a natural spline, make 7 % more of "
    "the way, and units of even directions 23 % less.",
    doing="training networks",
    default=Sizes((256,), (16,), 0.01),
    quick=Sizes((128,), (8,), 0.04),
    count=lambda _: len(ALL),
    measure=measured,
    conclude=concluded,
    theory_mistakes={"resolutions": 0.0},
    simulation_mistakes={"charge": 1.0},
    systems=(UnivariateRelu.slug,),
    remarks=("No extrapolation: sizes at which the grid of knots is fine enough.",),
    sites=256 * 16,
)
