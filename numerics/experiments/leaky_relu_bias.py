"""Gradient flow and descent of two layers of leaky rectified linear units, all weights of the first layer variables.

The flow is followed in ``ln(1 + t)``, where it neither stiffens nor slows down. The gradient lies in the span of the n
inputs: ``W(t) = W(0) + C(t) X`` with C (m, n), exactly, patterns of the units included.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike
from scipy.integrate import solve_ivp
from sympy import Rational, diff

from theory.naming import called
from theory.systems.leaky_relu_bias import LOSSES, LeakyReluBias, Q, directions, kernel

from ..checks.check import Check, Findings, Outcome
from ..checks.comparison import Comparison
from ..checks.panels import Row
from ..checks.plan import Point, Run, Sizes
from ..errors import ConvergenceError
from ..evolution import evolve
from ..experiment import Experiment
from ..lowering import Array, lower
from ..memory import require_memory
from ..quantity import Axis
from ..solve import solve_prediction

TIMES = 10.0 ** np.array([0, 1, 2, 4, 6, 8, 12, 16])
TOLERANCE = 1e-8
"""Of the integrator."""
INITIAL = 1e-6
"""Of the first fields ``w.x`` for ``|x| = 1``."""
SMALL = 1e-4
"""Singular values below that share of the largest do not count."""


@dataclass(frozen=True, eq=False)
class Network:
    """``inputs`` (n, N) with ``labels`` (n,), ``outer`` (m,) and ``weights`` (m, N); ``of`` has slope and loss."""

    of: LeakyReluBias
    inputs: Array
    labels: Array
    outer: Array
    weights: Array

    @cached_property
    def slope(self) -> float:
        """Of units below zero."""
        return float(self.of.slope)

    @cached_property
    def losses(self) -> Callable[[Array], list[Array]]:
        """Of margins, and minus its derivative."""
        loss = LOSSES[self.of.loss]
        return lower((Q,), [loss, -diff(loss, Q)])

    @cached_property
    def overlaps(self) -> Array:
        """(n, n): ``x_i.x_k``."""
        return self.inputs @ self.inputs.T

    @cached_property
    def fields(self) -> Array:
        """(m, n): ``w_j.x_i``."""
        return self.weights @ self.inputs.T

    def margins(self, fields: Array) -> Array:
        """(n,): ``y f(x)``."""
        found: Array = self.labels * (self.outer @ np.maximum(fields, self.slope * fields))
        return found

    def pulls(self, fields: Array) -> Array:
        """(m, n): minus the gradient of the mean loss is ``pulls @ inputs``."""
        force = self.labels * self.losses(self.margins(fields))[1] / self.labels.size
        return self.outer[:, None] * np.where(fields > 0, force, self.slope * force)

    def descended(self, rate: float, steps: int = 1) -> Network:
        """After steps of gradient descent."""
        network = self
        for _ in range(steps):
            change = rate * network.pulls(network.fields) @ self.inputs
            network = replace(network, weights=network.weights + change)
        return network

    def flow(self, times: ArrayLike, tolerance: float = TOLERANCE) -> list[Network]:
        """At ``times`` (k,), increasing, >= 0, of ``dW/dt = -grad``. ``ConvergenceError`` where it gets stuck."""
        shape, tau = self.fields.shape, np.log1p(np.asarray(times, dtype=np.float64))

        def rate(now: float, flat: Array) -> Array:
            rates: Array = np.exp(now) * self.pulls(self.fields + flat.reshape(shape) @ self.overlaps)
            return rates.ravel()

        start = np.zeros(self.fields.size)
        run = solve_ivp(rate, (0.0, tau[-1]), start, "RK45", tau, rtol=tolerance, atol=tolerance)
        if not run.success:
            raise ConvergenceError(f"the flow stopped before t = {np.expm1(tau[-1]):g}: {run.message}")
        return [replace(self, weights=self.weights + flat.reshape(shape) @ self.inputs) for flat in run.y.T]

    @cached_property
    def end(self) -> tuple[Array, Array]:
        """Of its data the KKT point with all margins 1: lambda (n,), ``sum_k H_ik x_i.x_k lambda_k = 1``, and W.

        ``ConvergenceError`` unless all lambda are positive and all neurons have all inputs on their side.
        """
        rows, columns = ((signs < 0).astype(int) for signs in (self.outer, self.labels))
        by_sign, by_label = (np.array(x.subs(self.of.values), dtype=np.float64) for x in (directions(), kernel()))
        factors: Array = np.linalg.solve(by_label[np.ix_(columns, columns)] * self.overlaps, np.ones(columns.size))
        weights: Array = by_sign[np.ix_(rows, columns)] * factors / np.sqrt(rows.size) @ self.inputs
        sides = np.outer(self.outer, self.labels) * (weights @ self.inputs.T)
        if not (factors.min() > 0 and sides.min() > 0):
            raise ConvergenceError(f"inputs of dimension {self.inputs.shape[1]} are not nearly orthogonal")
        return factors, weights

    @property
    def singular_values(self) -> Array:
        """Descending."""
        found: Array = np.sqrt(np.maximum(np.linalg.eigvalsh(self.weights @ self.weights.T)[::-1], 0))
        return found

    @property
    def stable_rank(self) -> float:
        """``|W|_F^2/|W|_2^2``."""
        return float(np.sum(self.weights**2) / self.singular_values[0] ** 2)

    def observed(self, t: float, end: tuple[Array, Array]) -> dict[str, float]:
        """What ``Learning`` measures at time t, with the KKT point of the data."""
        q, length, pulls = self.margins(self.fields), np.linalg.norm(self.weights), self.pulls(self.fields)
        loss = np.mean(self.losses(q)[0])
        return {
            "loss_times_t": t * loss,
            "exponent": -t * np.sum((pulls @ self.overlaps) * pulls) / loss,
            "margin": q.min() / length,
            "margin_ratio": q.min() / q.max(),
            "gap": np.ptp(q) / np.ptp(np.log(end[0])),
            "cosine": np.sum(self.weights * end[1]) / (length * np.linalg.norm(end[1])),
            "stable_rank": self.stable_rank,
            "rank": np.sum(self.singular_values > SMALL * self.singular_values[0]),
        }


class Learning(Experiment):
    """Gradient flow from small weights, at inputs of dimension N = ``size``."""

    system = LeakyReluBias
    observables: ClassVar[Mapping[str, str]] = {
        "loss_times_t": "mean loss times t",
        "exponent": "d ln L/d ln t",
        "margin": "least margin over |W|",
        "margin_ratio": "least margin over largest",
        "gap": "largest margin - least, over its limit for the KKT point of the data",
        "cosine": "of W and the KKT point of its data",
        "stable_rank": "|W|_F^2/|W|_2^2",
        "rank": "singular values of W beyond 1e-4 of the largest",
    }
    axes: ClassVar[Mapping[str, Axis]] = {"t": Axis(TIMES, "time", logarithmic=True)}
    over: ClassVar[Mapping[str, str]] = dict.fromkeys(observables, "t")
    of: LeakyReluBias

    def require(self, size: int) -> None:
        """Inputs are nearly orthogonal, and fit into memory."""
        found = self.of.prediction("least_dimension")
        least = int(solve_prediction(found, {}).value)
        if size < least:
            tried = f"try {called('size', least)}, or a larger slope"
            raise ValueError(f"{called('size', size)}: inputs are not nearly orthogonal; {tried}")
        needed = 24.0 * size * (self.of.points + self.of.width)
        require_memory(needed, called("size", size), "try fewer points, a smaller width, or a larger slope")

    def draw(self, size: int, random: Generator) -> Network:
        """Gaussian inputs and weights; labels and outer weights alternate."""
        n, m = self.of.points, self.of.width
        labels, signs = (np.where(np.arange(count) % 2, -1.0, 1.0) for count in (n, m))
        lengths = np.where(labels > 0, 1.0, np.sqrt(float(self.of.norm_ratio)))
        inputs, weights = (random.standard_normal((count, size)) / np.sqrt(size) for count in (n, m))
        return Network(self.of, lengths[:, None] * inputs, labels, signs / np.sqrt(m), INITIAL * weights)

    def measure(self, state: Network) -> dict[str, Any]:
        """At ``TIMES``."""
        rows = [network.observed(t, state.end) for network, t in zip(state.flow(TIMES), TIMES, strict=True)]
        return {name: [row[name] for row in rows] for name in self.observables}


CASES: tuple[dict[str, Any], ...] = (
    {"slope": "1/2"},
    {"slope": "1/4", "norm_ratio": 4, "width": 11, "points": 10, "loss": "exponential"},
)
"""Equal examples and as many neurons of either sign; and neither."""
PLACES = {f"t = {t:g}": int(np.searchsorted(TIMES, t)) for t in (1e2, 1e8)}
LIMITS = {"loss_times_t": "$t L$", "exponent": r"$d \ln L/d \ln t$", "stable_rank": "stable rank"}
"""What is extrapolated, and its axis."""
SHARP = {"gap": 1.0, "rank": 2.0}
"""What the last of these times has at any N."""
POWERS = 1e-4
"""Size of what the integrator, and powers of 1/t, leave of these."""


def system(case: int, factor: float = 1.0) -> LeakyReluBias:
    """Its slope times a factor."""
    return LeakyReluBias(**CASES[case] | {"slope": Rational(CASES[case]["slope"]) * Rational(factor)})


def measured(point: Point[Sizes]) -> Array:
    """``LIMITS`` at both places, and ``SHARP`` at the last, of each sample."""
    experiment, random = Learning(system(point.case, point.wrong["slope"])), np.random.default_rng(point.seeds())
    found = [experiment.measure(experiment.draw(point.size, random)) for _ in range(point.samples)]
    last = max(PLACES.values())
    return np.array(
        [[*(x[name][k] for name in LIMITS for k in PLACES.values()), *(x[name][last] for name in SHARP)] for x in found]
    )


def predicted(run: Run[Sizes], case: int) -> list[Row]:
    """``LIMITS`` in the flow of orthogonal inputs."""
    title, known = f"slope = {system(case).slope}", evolve(system(case).flow(), {}, TIMES).quantities
    rows: list[Row] = []
    for name, symbol in LIMITS.items():
        for at, k in PLACES.items():
            value, said = float(known[name].value[k]), f"{name.replace('_', ' ')} at {at}, {title}"
            how: dict[str, Any] = {"systematic": POWERS * abs(value), "panel": title, "symbol": symbol, "series": at}
            rows.append(Row(said, run.wrong["theory"] * value, len(rows), run.plan.resolution * abs(value), **how))
    return rows


def concluded(run: Run[Sizes], outcomes: Sequence[Outcome]) -> Findings:
    """``SHARP`` at the largest size."""
    compared = []
    for case, outcome in enumerate(outcomes):
        last = outcome.groups[-1]
        for k, (name, value) in enumerate(SHARP.items(), start=len(LIMITS) * len(PLACES)):
            seen = (
                float(last.value[k]),
                float(np.hypot(last.error[k], POWERS)),
                run.plan.resolution * value,
                last.size,
            )
            label, theory = f"{name} at t = 1e8, slope = {system(case).slope}", run.wrong["theory"] * value
            compared.append(Comparison(label, theory, 0.0, *seen, last.degrees, independent=False))
    return Findings(compared)


CHECK = Check(
    name="leaky-relu-bias",
    description="gradient flow of networks to t = 1e8, against orthogonal inputs and the KKT point of their data",
    reason="2 % (4 %, quick): without what neurons of the other sign see, t L is larger by 5 to 25 %; of a network "
    "whose second layer learns as well, L ~ 1/(t ln t), the exponent at t = 1e8 is -1.05; one of rank one has a stable "
    "rank that is smaller by 10 %.",
    doing="learning",
    default=Sizes((4000, 8000, 16000), (80, 60, 60), 0.02),
    quick=Sizes((4000, 16000), (24, 24), 0.04),
    count=lambda _: len(CASES),
    measure=measured,
    predict=predicted,
    conclude=concluded,
    theory_mistakes={"theory": 1.0},
    simulation_mistakes={"slope": 1.0},
    systems=(LeakyReluBias.slug,),
    sites=40000,
    remarks=("gap: largest margin less the least, over its limit for the KKT point of the same data.",),
)
