"""Gradient flow of networks of two layers, all weights of the first variables, against the linear flow of outputs.

The gradient lies in the span of the inputs: fields ``h = W x`` on them flow by themselves, patterns included, by
``dh/dt = m^(-1/2) (a phi'(h) r) X X^T``, r the residuals; of order 1 is ``m^(1/2) (h(t) - h(0))``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.random import Generator
from scipy.linalg import eigvalsh
from sympy import Expr, diff

from theory.naming import called
from theory.networks.kernels import X
from theory.networks.smoothness import orders
from theory.systems.ntk_two_layer import NtkTwoLayer

from ..checks.check import Check, Findings, Outcome
from ..checks.comparison import Comparison
from ..checks.panels import Row
from ..checks.plan import Plan, Point, Run
from ..checks.report import Panel, Series
from ..dual_kernel import dual_values
from ..errors import ConvergenceError
from ..evolution import evolve
from ..experiment import Experiment
from ..extrapolation import SMOOTH, SizeLaw
from ..lowering import Array, lower
from ..memory import require_memory
from ..power_law import PowerLaw, power_law
from ..quantity import Axis
from ..solve import solve_prediction
from .univariate_relu import flow as runge_kutta

RATIO = 4
"""Width over dimensions."""
TIMES = np.arange(0.0, 8.5, 0.5)
STEP = 0.25
"""Of the flow, over the inverse of the largest rate, or of 1/4."""
MOST, KNOWN = 10_000, 1e-4
"""Steps; error of the kernel over its largest value."""


def kernel(activation: Expr, inputs: Array) -> Array:
    """H (n, n) of inputs (n, d) on the unit sphere.

    Raises ``ConvergenceError`` where inputs are too close for the series of an activation that has no closed form.
    """
    rho = inputs @ inputs.T
    np.fill_diagonal(rho, 1.0)
    values, errors = dual_values(diff(activation, X), rho, tuple(float(place) for place in orders(activation)))
    if np.max(errors) > KNOWN * np.max(values):
        raise ConvergenceError(
            "inputs are too close to each other for a kernel without closed form; try more dimensions"
        )
    return rho * values


@dataclass(frozen=True, eq=False)
class WideNetwork:
    """Of signs (m,) and fields (m, n) on ``inputs`` (n, d), with what ``residuals`` (n,) are left to learn."""

    activation: Expr
    inputs: Array
    residuals: Array
    signs: Array
    fields: Array

    @classmethod
    def random(
        cls, activation: Expr, lesson: tuple[Array, Array], width: int, random: Generator, spread: float = 1.0
    ) -> WideNetwork:
        """Weights are Gaussians, of standard deviation 1 unless by mistake."""
        inputs, residuals = lesson
        fields = spread * random.standard_normal((width, inputs.shape[1])) @ inputs.T
        return cls(activation, inputs, residuals, random.choice([-1.0, 1.0], width), fields)

    @cached_property
    def functions(self) -> tuple[Callable[[Array], Array], ...]:
        """The activation and its slope."""
        lowered = [lower([X], [function]) for function in (self.activation, diff(self.activation, X))]
        return tuple(lambda values, f=f: f(values)[0] for f in lowered)

    def tangent_kernel(self) -> Array:
        """(n, n), of the first layer; H for infinite width."""
        slopes = self.functions[1](self.fields)
        return (self.inputs @ self.inputs.T) * (slopes.T @ slopes) / self.signs.size

    def flow(self, times: Array) -> Array:
        """Residuals ``y - f(x)`` at increasing times (T, n), by the classical method of Runge and Kutta."""
        phi, slope = self.functions
        before, root = phi(self.fields), self.signs.size**0.5
        overlaps = self.inputs @ self.inputs.T
        fastest = max(float(eigvalsh(self.tangent_kernel())[-1]), STEP)
        if fastest * times[-1] > MOST * STEP:
            raise ConvergenceError(f"rates of {fastest:.1e} take too many steps; try an activation that is less steep")

        def residuals(moved: Array) -> Array:
            return np.asarray(self.residuals - self.signs @ (phi(self.fields + moved / root) - before) / root)

        def rate(moved: Array) -> Array:
            pull = self.signs[:, None] * slope(self.fields + moved / root) * residuals(moved)
            return np.asarray(pull @ overlaps)

        moved, found = np.zeros_like(self.fields), []
        for span in np.diff(times, prepend=0.0):
            count = int(np.ceil(span * fastest / STEP))
            moved = runge_kutta(rate, moved, span / max(count, 1), count)
            found.append(residuals(moved))
        return np.array(found)


def linear_flow(matrix: Array, residuals: Array, times: Array) -> Array:
    """``e^(-H t) r`` (T, n)."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray(np.exp(-np.outer(times, values)) * (vectors.T @ residuals) @ vectors.T)


def lesson(points: int, dimension: int, random: Generator) -> tuple[Array, Array]:
    """Inputs (n, d), uniform on the sphere, and residuals (n,) that know nothing of them: labels are ``f(0) +- 1``."""
    inputs = random.standard_normal((points, dimension))
    return inputs / np.linalg.norm(inputs, axis=1, keepdims=True), random.choice([-1.0, 1.0], points)


class WideLimit(Experiment):
    """In ``size`` dimensions d, with ``gamma d`` inputs and ``4 d`` units."""

    system = NtkTwoLayer
    observables: ClassVar[Mapping[str, str]] = {
        "smallest_eigenvalue": "of H",
        "smallest_of_network": "smallest eigenvalue of the network's own kernel at the start",
        "loss": "mean of squares of the residuals over that at the start",
        "deviation": "root mean square of f(t) less that of the linear flow, over that of y - f(0)",
    }
    axes: ClassVar[Mapping[str, Axis]] = {"t": Axis(TIMES, "t")}
    over: ClassVar[Mapping[str, str]] = {"loss": "t", "deviation": "t"}
    of: NtkTwoLayer

    def points(self, size: int) -> int:
        """Inputs n."""
        return round(float(self.of.gamma) * size)

    def require(self, size: int) -> None:
        """There are inputs, and they and the network fit into memory."""
        if not self.points(size):
            least = int(np.ceil(1 / float(self.of.gamma)))
            raise ValueError(f"{called('size', size)} leaves no inputs at this gamma; try {called('size', least)}")
        n = self.points(size)
        require_memory(8 * (4 * n**2 + 12 * RATIO * size * (n + size)), f"a network on {n} inputs", "try fewer")

    def draw(self, size: int, random: Generator) -> WideNetwork:
        """Of random weights."""
        return WideNetwork.random(self.of.activation, lesson(self.points(size), size, random), RATIO * size, random)

    def measure(self, state: WideNetwork, times: Array = TIMES) -> dict[str, Any]:
        """Kernels at the start, and the flow."""
        exact, left = kernel(state.activation, state.inputs), state.flow(times)
        linear = linear_flow(exact, state.residuals, times)
        return {
            "smallest_eigenvalue": eigvalsh(exact, subset_by_index=[0, 0])[0],
            "smallest_of_network": eigvalsh(state.tangent_kernel(), subset_by_index=[0, 0])[0],
            "loss": np.mean(left**2, axis=1),
            "deviation": np.mean((left - linear) ** 2, axis=1) ** 0.5,
        }


@dataclass(frozen=True)
class Networks(Plan):
    """Sizes and samples of each case; ``resolution`` of exponents and, a tenth of it, of all else."""

    layouts: tuple[tuple[tuple[int, int], ...], ...]
    resolution: float

    def layout(self, case: int) -> Sequence[tuple[int, int]]:
        """Widths at fixed inputs, or dimensions that all else follows."""
        return self.layouts[case]


WIDTHS, JOINT = ("relu", "tanh"), (("relu", "1/4"), ("tanh", "2"))
"""Activations at fixed inputs; activations and gamma where n, d and m grow together."""
INPUTS, DIMENSIONS = 8, 32
TIME = 2.0
"""At which deviations are about as large as they become."""
LOSS_TIMES = np.array([1.0, 2.0])
EDGE, ODD, ROOT = SizeLaw((1.0,), 2 / 3, ratio=0.5), SizeLaw((1.0,), 1.5), SizeLaw((0.5,), 1.0)
"""Of a soft edge (that of ``X X^T``, which is known, has a quarter of the coefficient of 1/d at the power 2/3); of odd
activations; of what kinks move, and of an atom that m units spread."""
LAWS = ((EDGE, EDGE, ROOT, ROOT), (ODD, ROOT, ODD, ODD))
"""Of eigenvalues and losses."""
EXPONENT = -0.5
"""Of the width: fluctuations of the kernel at the start are those of a mean over m units."""


def system(case: int) -> NtkTwoLayer:
    """Of one case."""
    activation, gamma = JOINT[case - len(WIDTHS)] if case >= len(WIDTHS) else (WIDTHS[case], "1/4")
    return NtkTwoLayer(gamma=gamma, activation=activation)


def measured(point: Point[Networks]) -> tuple[Array, Array]:
    """Deviations squared (samples, 1), always of the same inputs; or eigenvalues and losses (samples, 4).

    Controls are of the joint limit: ``r.X X^T r/n - 1``, zero on average over residuals of random signs.
    """
    random, experiment = np.random.default_rng(point.seeds()), WideLimit(system(point.case))
    activation, found, controls = experiment.of.activation, [], []
    inputs, residuals = lesson(INPUTS, DIMENSIONS, np.random.default_rng((point.seed, point.case)))
    if point.case < len(WIDTHS):
        linear = linear_flow(kernel(activation, inputs), residuals, np.array([TIME]))
        for _ in range(point.samples):
            network = WideNetwork.random(activation, (inputs, residuals), point.size, random, point.wrong["spread"])
            found.append([np.mean((network.flow(np.array([TIME])) - linear) ** 2)])
        return np.array(found), np.zeros((point.samples, 0))
    for _ in range(point.samples):
        network = experiment.draw(point.size, random)
        seen = experiment.measure(network, LOSS_TIMES)
        found.append([seen["smallest_eigenvalue"], seen["smallest_of_network"], *seen["loss"]])
        controls.append([np.mean((network.residuals @ network.inputs) ** 2) * point.size / len(network.inputs) - 1])
    return np.array(found), np.array(controls)


def laws(_: Networks, case: int) -> SizeLaw | Sequence[SizeLaw]:
    """Those of ``JOINT``."""
    return SMOOTH if case < len(WIDTHS) else LAWS[case - len(WIDTHS)]


@cache
def joint(case: int) -> tuple[Array, Array]:
    """The smallest eigenvalue () and losses (2,) of the limit."""
    one = system(case)
    edge = solve_prediction(one.prediction("smallest_eigenvalue"), {})
    return np.array(float(edge.value)), np.asarray(evolve(one.loss, {}, LOSS_TIMES).quantities["loss"].value)


def predicted(run: Run[Networks], case: int) -> list[Row]:
    """In the joint limit."""
    if case < len(WIDTHS):
        return []
    one, resolution = system(case), run.plan.resolution / 10
    where = f"{JOINT[case - len(WIDTHS)][0]}, gamma = {one.gamma}"
    edge, loss = (value + run.wrong[name] for name, value in zip(("eigenvalue", "loss"), joint(case), strict=True))
    names = ("smallest eigenvalue of H", "that of a network's kernel", *(f"loss at t = {t:g}" for t in LOSS_TIMES))
    return [
        Row(
            f"{name}, {where}",
            value,
            k,
            resolution,
            panel=f"{where}: {'eigenvalues' if k < 2 else 'loss'}",
            symbol=r"$\lambda_{min}$" if k < 2 else "loss",
            series=name,
        )
        for k, (name, value) in enumerate(zip(names, (edge, edge, *loss), strict=True))
    ]


def fitted(outcome: Outcome) -> tuple[PowerLaw, Array]:
    """Root mean squares: their power law, and sizes, values and errors (3, sizes).

    Kinks make corrections of relative order ``m^(-1/2)``.
    """
    sizes, squares, errors = np.array([(group.size, group.value[0], group.error[0]) for group in outcome.groups]).T
    values = squares**0.5
    rows = np.array([sizes, values, errors / (2 * values)])
    return power_law(rows[0], rows[1], rows[2], 0.5), rows


def concluded(run: Run[Networks], outcomes: Sequence[Outcome]) -> Findings:
    """Exponents at fixed inputs."""
    compared, drawn = [], []
    for case, activation in enumerate(WIDTHS):
        law, (sizes, values, errors) = fitted(outcomes[case])
        theory = EXPONENT + run.wrong["exponent"]
        label = f"exponent of m in f(t) less the linear flow, {activation}"
        compared.append(Comparison(label, theory, 0.0, law.exponent, law.error, run.plan.resolution))
        line = values[-1] * (sizes / sizes[-1]) ** theory
        drawn += [Series.theory("", sizes, line, case), Series.simulation(activation, sizes, values, errors, case)]
    panel = Panel("lines: $m^{-1/2}$", "$m$", "deviation from the linear flow", tuple(drawn), "log", "log")
    return Findings(compared, [panel])


CHECK = Check(
    name="ntk-two-layer",
    description="networks of two layers against the linear flow of infinite width, and kernels against their limit",
    reason="0.25 in exponents: units that flip by chance would give -3/4, drift of smooth ones -1; 0.025 in "
    "eigenvalues and losses (twice as much, quick): without the part of H that is linear in inputs the former would be "
    "0.06 lower (gamma = 1/4) and the latter 0.2 higher.",
    doing="training networks",
    default=Networks(
        (
            ((64, 600), (256, 400), (1024, 400), (4096, 200), (16384, 64)),
            ((64, 600), (256, 400), (1024, 400), (4096, 200), (16384, 64)),
            ((48, 300), (96, 160), (192, 80), (384, 16)),
            ((24, 300), (48, 140), (96, 40)),
        ),
        0.25,
    ),
    quick=Networks(
        (
            ((64, 300), (256, 250), (1024, 120), (6400, 24)),
            ((64, 200), (256, 150), (1024, 70), (6400, 12)),
            ((48, 60), (96, 40), (192, 16)),
            ((16, 80), (32, 40), (64, 10)),
        ),
        0.5,
    ),
    count=lambda _: len(WIDTHS) + len(JOINT),
    measure=measured,
    predict=predicted,
    laws=laws,
    conclude=concluded,
    theory_mistakes={"exponent": 0.0, "eigenvalue": 0.0, "loss": 0.0},
    simulation_mistakes={"spread": 1.0},
    systems=(NtkTwoLayer.slug,),
    sites=1 << 14,
    remarks=("Of exponents the error has corrections to scaling in it; eigenvalues of H are edges, or an atom.",),
)
