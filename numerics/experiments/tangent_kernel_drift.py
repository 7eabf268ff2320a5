"""Descent of all weights of networks of width m, and how far their tangent kernels move."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np
from numpy.random import Generator
from sympy import Expr, diff

from theory.naming import called
from theory.networks.kernels import X
from theory.systems.tangent_kernel_drift import TangentKernelDrift

from ..checks.check import Check, Findings, Outcome
from ..checks.comparison import Comparison
from ..checks.plan import Plan, Point, Run
from ..checks.report import Panel, Series
from ..experiment import Experiment
from ..lowering import Array, lower
from ..memory import require_memory
from ..power_law import power_law
from ..solve import solve_prediction
from ..statistics import mean_and_error

INPUTS = np.array([[1.0, 0.0], [0.5, 0.75**0.5]])
LABELS = np.array([1.0, -1.0])
"""Two inputs at 60 degrees, whose outputs go up and down."""
STEPS, RATE = 3, 0.75
"""Of descent; the step is the rate over the largest eigenvalue of the kernel at the start."""


@dataclass(frozen=True, eq=False)
class Networks:
    """Independent ones, r of width m, that learn ``LABELS`` of n ``INPUTS``.

    ``weights`` are the first (r, m, d), those between layers (r, m, m), and the last (r, m, 1); ``activation`` gives
    phi and its slope. The output has a factor ``m^(-power/2)``.
    """

    weights: list[Array]
    activation: Callable[[Array], Sequence[Array]]
    power: float = 1.0

    def gradients(self) -> tuple[Array, list[tuple[Array, Array]]]:
        """Outputs f (r, n), and of each array of weights W the factors of ``df(x_i)/dW = left_i right_i^T``.

        They are (r, rows of W, n) and (columns of W, n), or as many for each network.
        """
        first, *between, last = self.weights
        width = last.shape[1]
        scale, output = (width * len(self.weights[1:])) ** -0.5, width ** (-self.power / 2)
        field = first @ INPUTS.T
        layers = [self.activation(field)]
        for weights in between:
            field = field + scale * (weights @ layers[-1][0])
            layers.append(self.activation(field))
        units, slopes = zip(*layers, strict=True)
        behind = [output * last * slopes[-1]]
        for weights, slope in zip(between[::-1], slopes[-2::-1], strict=True):
            behind.insert(0, behind[0] + scale * slope * (weights.mT @ behind[0]))
        left = [*behind, output * units[-1]]
        right = [INPUTS.T, *(scale * unit for unit in units[:-1]), np.ones((1, len(INPUTS)))]
        return output * np.sum(last * units[-1], axis=1), list(zip(left, right, strict=True))

    def learn(self) -> tuple[Array, Array]:
        """``(K(t) - K(0))/|K(0)|`` (r, n^2), and what is learned, ``f(t) - f(0)`` (r, n): labels are for that."""
        start, factors = self.gradients()
        before = kernel(factors)
        step, learned = RATE / np.linalg.eigvalsh(before)[:, -1:], np.zeros_like(start)
        for _ in range(STEPS):
            pull = step * (LABELS - learned)
            for k, (left, right) in enumerate(factors):
                self.weights[k] += (left * pull[:, None, :]) @ right.mT
            values, factors = self.gradients()
            learned = values - start
        change = (kernel(factors) - before) / np.linalg.norm(before, axis=(1, 2), keepdims=True)
        return change.reshape(len(change), -1), learned


def kernel(factors: Sequence[tuple[Array, Array]]) -> Array:
    """(r, n, n): products of gradients with respect to all weights."""
    total: Array = np.sum([(left.mT @ left) * (right.mT @ right) for left, right in factors], axis=0)
    return total


@cache
def with_slope(activation: Expr) -> Callable[[Array], Sequence[Array]]:
    """As a function of arrays."""
    return lower([X], [activation, diff(activation, X)])


class WideNetwork(Experiment):
    """Of ``size`` units in each layer."""

    system = TangentKernelDrift
    observables: ClassVar[Mapping[str, str]] = {
        "drift": "|K(t) - K(0)|/|K(0)|, Frobenius norms",
        "residual": "|f(t) - f(0) - y|/|y|, y what is to be learned",
    }
    of: TangentKernelDrift

    def require(self, size: int) -> None:
        """There is something to move, and weights and fields fit into memory."""
        if self.of.activation == 0:
            raise ValueError(f"{called('activation', 0)}: its kernel vanishes; try {called('activation', 'tanh')}")
        what = f"a network of {self.of.depth} layers of {size} units"
        require_memory(8 * size * (size + 16) * self.of.depth, what, "try less")

    def draw(self, size: int, random: Generator, count: int = 1, power: float = 1.0) -> Networks:
        """``count`` with standard Gaussian weights."""
        columns = [INPUTS.shape[1], *[size] * (self.of.depth - 1), 1]
        weights = [random.standard_normal((count, size, k)) for k in columns]
        return Networks(weights, with_slope(self.of.activation), power)

    def measure(self, state: Networks) -> dict[str, Any]:
        """Of one network."""
        change, learned = state.learn()
        drift, residual = (float(np.linalg.norm(x)) for x in (change, learned - LABELS))
        return {"drift": drift, "residual": residual / np.linalg.norm(LABELS)}


@dataclass(frozen=True)
class Widths(Plan):
    """``sizes``, ``samples`` and ``resolution`` of each case."""

    sizes: tuple[tuple[int, ...], ...]
    samples: tuple[tuple[int, ...], ...]
    resolution: tuple[float, ...]

    def layout(self, case: int) -> Sequence[tuple[int, int]]:
        """Of that case."""
        return list(zip(self.sizes[case], self.samples[case], strict=True))


CASES = (("relu", 1), ("tanh", 1), ("tanh", 4))
"""Activation and depth."""


@cache
def system(case: int) -> TangentKernelDrift:
    """One of ``CASES``."""
    activation, depth = CASES[case]
    return TangentKernelDrift(activation=activation, depth=depth)


@cache
def predicted(case: int) -> float:
    """The exponent."""
    return float(solve_prediction(system(case).prediction("exponent"), {}).value)


def measured(point: Point[Widths]) -> Array:
    """Squares of drifts (samples, 1)."""
    random = np.random.default_rng(point.seeds())
    networks = WideNetwork(system(point.case)).draw(point.size, random, point.samples, point.wrong["power"])
    change, _ = networks.learn()
    squares: Array = np.sum(change**2, axis=1, keepdims=True)
    return squares


def concluded(run: Run[Widths], outcomes: Sequence[Outcome]) -> Findings:
    """Half the exponents of mean squares, with corrections to scaling in their errors."""
    compared, series = [], []
    for case, outcome in enumerate(outcomes):
        squares, errors = np.transpose([mean_and_error(found[:, 0]) for found, _ in outcome.samples.values()])
        sizes = np.array([*outcome.samples])
        law = power_law(sizes, squares, errors, correction=0.5 if system(case).places else 1.0)
        activation, depth = CASES[case]
        name, theory = f"{activation}, L = {depth}", predicted(case) + run.wrong["exponent"]
        found = (law.exponent / 2, law.error / 2, run.plan.resolution[case])
        compared.append(Comparison(f"exponent of m in |K(t) - K(0)|: {name}", theory, 0.0, *found))
        drift = squares**0.5
        line = drift[-1] * (sizes / sizes[-1]) ** theory
        points = Series.simulation(name, sizes, drift, errors / (2 * drift), case)
        series += [Series.theory("", sizes, line, case), points]
    panel = Panel("lines: exponents of theory", "$m$", "$|K(t) - K(0)|/|K(0)|$", tuple(series), "log", "log")
    return Findings(compared, [panel])


CHECK = Check(
    name="tangent-kernel-drift",
    description="how the drift of the tangent kernel falls with the width",
    reason="0.2 (quick: 0.25 for relu, 0.3 for tanh): kinks give -1/2, and would give -3/4 if units crossed them at "
    "random; smooth units give -1.",
    doing="training networks",
    default=Widths(
        ((512, 2048, 8192, 51200), (32, 128, 512, 3200), (20, 40, 80, 160, 500, 2000)),
        ((4000, 3000, 1300, 240), (4000, 3000, 2000, 600), (4000, 3000, 2000, 1000, 150, 24)),
        (0.2, 0.2, 0.2),
    ),
    quick=Widths(
        ((512, 2048, 8192, 51200), (32, 128, 512, 3200), (20, 40, 80, 160, 600)),
        ((1500, 800, 300, 64), (1000, 800, 500, 100), (2000, 1500, 1000, 320, 64)),
        (0.25, 0.3, 0.3),
    ),
    count=lambda _: len(CASES),
    measure=measured,
    conclude=concluded,
    theory_mistakes={"exponent": 0.0},
    simulation_mistakes={"power": 1.0},
    systems=(TangentKernelDrift.slug,),
    sites=4096,
    remarks=(
        "Powers of m in the mean square of |K(t) - K(0)|/|K(0)|, with two corrections: in steps of m^(-1/2) with "
        "kinks, of 1/m without, where all is even in m^(-1/2).",
    ),
)
