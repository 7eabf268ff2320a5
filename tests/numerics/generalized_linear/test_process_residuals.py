"""The printed effective process, marched as it stands on points of its own, against what ``solve_descent`` returns."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import qmc
from sympy import Derivative, Expr, Function, Integral, Rational, Sum, Symbol, cosh, lambdify, log

from numerics.generalized_linear.dynamics import DescentSolution, solve_descent
from numerics.lowering import Array, lower
from tests.residuals import changed
from theory.generalized_linear import (
    ALPHA,
    FIELD,
    SIGNAL_FIELD,
    EffectiveProcess,
    FlowProcess,
    GeneralizedLinearLandscape,
)
from theory.generalized_linear.effective_process import FORCE_AT, SIGNAL_FORCE, ProcessMean, S, T
from theory.generalized_linear.symbols import MULTIPLIER

END = 1.2
CURVED = GeneralizedLinearLandscape(log(cosh(FIELD - SIGNAL_FIELD**2)))
CASES = (CURVED, 2.0, 0.6), (CURVED, 2.0, 0.0), (GeneralizedLinearLandscape((FIELD - SIGNAL_FIELD) ** 2), 0.5, 0.6)
"""Losses, alpha and overlaps of the start; at 0 small overlaps grow. In the last responses have no sampling error."""
Case = tuple[GeneralizedLinearLandscape, float, float]
SAMPLES, POINTS, SIGMAS, CHANGE = 8, 2048, 4.0, 0.05
MOVING = EffectiveProcess(Rational(1, 2), 0, Rational(1, 5))
STEPS, CUTS = 4, (6, 12, 24)
"""Of descent, and those from which the flow is extrapolated."""
PYTHON = {ProcessMean: Function("mean"), FORCE_AT: Function("force"), SIGNAL_FORCE: Function("pull")}
DELTA = Symbol("delta")
"""Time between two values of a flow."""
Lines = dict[str, Expr]


Process = EffectiveProcess | FlowProcess


def lines(process: Process) -> Lines:
    """What is printed, by the name of what is on the left."""
    printed = dict(EffectiveProcess().equations()[-2:]) | dict(process.equations())
    return {_name(left): _in_python(right) for left, right in printed.items() if isinstance(left, Expr)}


def _name(left: Expr) -> str:
    function = left.expr if isinstance(left, Derivative) else left
    return "mu" if left == MULTIPLIER else _in_python(function).func.__name__


def _in_python(expression: Expr) -> Expr:
    """Names that a function can have, and integrals as sums over the values before."""
    for integral in expression.atoms(Integral):
        k, low, high = integral.limits[0]
        expression = expression.subs(integral, DELTA * Sum(integral.function, (k, low, high - 1)))
    for old, new in PYTHON.items():
        expression = expression.replace(old, new)
    return expression


@cache
def normals() -> Array:
    """Independent scrambles of a Sobol sequence, (dimensions, samples, points)."""
    sets = [qmc.Sobol(2 + max(CUTS), rng=np.random.default_rng(seed)).random(POINTS).T for seed in range(SAMPLES)]
    return np.asarray(ndtri(np.clip(np.stack(sets, axis=1), 1e-15, 1 - 1e-15)))


VALUES: dict[str, dict[tuple[int, ...], Any]] = {}
"""Of each function in the equations, by its times: what the march that is going on has found."""


@cache
def compiled(right: Expr) -> Callable[..., Any]:
    """A function of ``t, s, y``, alpha, the step and mu, and of ``VALUES``."""
    names = {f.func.__name__ for f in right.atoms(Function)} - {"mean", "KroneckerDelta"}
    table: dict[str, Any] = {name: lambda *times, n=name: VALUES[n][times] for name in names}
    table["mean"] = lambda values: np.mean(values, axis=-1, keepdims=True)
    return lambdify((T, S, SIGNAL_FIELD, ALPHA, DELTA, MULTIPLIER), right, [table, "numpy"])  # type: ignore[no-any-return]


class March:
    """One equation after the other, step after step; what varies from datum to datum is (samples, points)."""

    def __init__(self, equations: Lines, steps: int, case: Case, flow: bool) -> None:
        landscape, self.alpha, overlap = case
        self.loss = lower((FIELD, SIGNAL_FIELD), [landscape.loss, landscape.force, landscape.curvature])
        self.flow, self.steps, self.delta = flow, steps, END / steps
        VALUES.clear()
        self.y, z, *self.noises = normals()
        self.functions = {name: compiled(right) for name, right in equations.items()}
        self.put("zeta", overlap * self.y + np.sqrt(1 - overlap**2) * z, 0)
        self.put("m", np.full((SAMPLES, 1), overlap), 0)
        self.put("A", 1.0, 0)
        for name in ("zeta", "m", "A"):  # at rest before
            self.put(name, VALUES[name][0,], -1)
        for s in range(steps + 1):
            self.put("G", 0.0, s - 1, s)
            self.put("Psi", 0.0, s - 1, s)
        for t in range(steps + 1):
            self._measure(t)
            if t < steps:
                self._step(t)

    def put(self, name: str, value: Any, *times: int) -> None:
        VALUES.setdefault(name, {})[times] = value

    def _evaluate(self, name: str, t: int, s: int = 0, after: int = 0) -> None:
        """Into ``name(t, s)``, or ``name(t + 1, s)`` from its rate."""
        mu = VALUES.get("mu", {}).get((t,))
        value = self.functions[name](t, s, self.y, self.alpha, self.delta, mu)
        two = name in ("T", "K", "Gamma", "G", "Lambda", "Psi")
        if after and self.flow:
            value = VALUES[name][(t, s) if two else (t,)] + self.delta * value
        self.put(name, value, *((t + after, s) if two else (t + after,)))

    def _measure(self, t: int) -> None:
        self.put("G", float(self.flow), t, t)
        self.put("Psi", float(self.flow), t, t)
        self._evaluate("u", t)
        u = VALUES["u"][t,]
        rows = self.loss(u, self.y)
        for name, row in zip(("l", "force", "D"), rows, strict=True):
            self.put(name, row, t)
        for name in ("e", "mu", "V"):
            self._evaluate(name, t)

    def _step(self, t: int) -> None:
        self.put("eta", self.delta, t)
        for s in range(t + 1):
            for name in ("T", "K", "Gamma", "Lambda"):
                self._evaluate(name, t, s)
        self._evaluate("pull", t)
        self.put("xi", self._noise(t), t)
        self.put("phi", self.noises[-1 - t], t)
        if not self.flow:
            self._evaluate("b", t)
        for name in ("zeta", "m", "A"):
            self._evaluate(name, t, after=1)
        for s in range(t + 1):
            self._evaluate("G", t, s, after=1)
            self._evaluate("Psi", t, s, after=1)

    def _noise(self, t: int) -> Array:
        """``xi(t)``, Gaussian with covariance K (Cholesky)."""
        known = VALUES["K"]
        K = np.array([[known[max(r, s), min(r, s)] for s in range(t + 1)] for r in range(t + 1)])[..., 0]  # noqa: N806
        factor = np.linalg.cholesky(K.transpose(2, 0, 1) + 1e-11 * K[0, 0].mean() * np.eye(t + 1))
        return np.asarray(sum(factor[:, t, s, None] * self.noises[s] for s in range(t + 1)))

    def observed(self) -> Array:
        """As ``claimed``, by sample."""
        v, half, end = VALUES, self.steps // 2, self.steps
        rows = [v[name][t,] for name in ("m", "mu", "e", "A", "V") for t in (half, end)]
        pairs = ((half, 0), (end, 0), (end, half))
        rows += [np.mean(v["zeta"][t,] * v["zeta"][s,], axis=-1) for t, s in (*pairs, (end, end))]
        rows += [v["G"][pair] for pair in pairs]
        return np.array([np.broadcast_to(np.ravel(row), SAMPLES) for row in rows])


def marched(equations: Lines, case: Case, flow: bool) -> tuple[Array, Array, Array]:
    """Values, statistical errors, and those left by steps of the flow: two orders are extrapolated away."""
    if not flow:
        values, cut = March(equations, STEPS, case, flow).observed(), np.zeros(1)
    else:
        coarse, middle, fine = (March(equations, steps, case, flow).observed() for steps in CUTS)
        first = 2 * fine - middle
        values = (4 * first - (2 * middle - coarse)) / 3
        cut = np.abs(np.mean(values - first, axis=1))
    return values.mean(axis=1), values.std(axis=1, ddof=1) / np.sqrt(SAMPLES), cut


@cache
def solved(case: Case, process: Process) -> DescentSolution:
    options: dict[str, Any] = {"times": END * np.arange(1, 24) / 24}
    if isinstance(process, EffectiveProcess):
        moving = {name: float(getattr(process, name)) for name in ("momentum", "temperature")}
        options = {"eta": END / STEPS, **moving}
    return solve_descent(*case[:2], END, overlap=case[2], walkers=4096, **options)


def claimed(solution: DescentSolution, values: Any) -> Array:
    """``m, mu, e``, growth and variance at half time and at the end; ``C`` and ``R`` between these and the start."""
    half, end = int(np.argmin(np.abs(solution.t - END / 2))), solution.t.size - 1
    first_order = [values.get(name, np.full(solution.t.size, np.nan)) for name in ("growth", "variance")]
    rows = [row[[half, end]] for row in (values["m"], values["mu"], values["energy"], *first_order)]
    pairs = np.array([[half, end, end, end], [0, 0, half, end]])
    return np.concatenate([*rows, values["C"][tuple(pairs)], values["R"][tuple(pairs[:, :3])]])


def excess(equations: Lines, case: Case, process: Process) -> float:
    """The largest difference to the solution, by what both errors allow."""
    solution = solved(case, process)
    values, errors, cut = marched(equations, case, isinstance(process, FlowProcess))
    allowed = SIGMAS * np.hypot(errors, claimed(solution, solution.errors)) + cut + 1e-9
    return float(np.nanmax(np.abs(values - claimed(solution, solution.values)) / allowed))


@pytest.mark.parametrize(
    "process",
    [
        pytest.param(EffectiveProcess(), id="descent"),
        pytest.param(MOVING, id="momentum, temperature"),
        pytest.param(FlowProcess(), id="flow", marks=pytest.mark.slow),
    ],
)
def test_every_term_of_the_printed_process(process: Process) -> None:
    """Within the errors, and outside in some case with any one term 5% larger."""
    printed = lines(process)
    for case in CASES:
        assert excess(printed, case, process) < 1, case
    for name, right in printed.items():
        for term, other in changed(right, CHANGE):
            assert any(excess(printed | {name: other}, case, process) > 1 for case in CASES), (name, term)
