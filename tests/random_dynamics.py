"""Random problems of the two-time dynamics, from everything that one may ask for, and what must hold of any answer."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sympy import Rational, exp

from numerics.dynamics import DynamicsSolution, Equilibrium, Planted, solve_dynamics
from numerics.dynamics.model import model
from numerics.dynamics.units import fastest
from numerics.errors import ConvergenceError
from numerics.progress import Progress, silent
from theory import OVERLAP, SIGNAL_OVERLAP, GaussianLandscape, MixedSpin, PureSpin, SpikedMatrixTensor, SpikedTensor
from theory.course import Course

Q, M = OVERLAP, SIGNAL_OVERLAP
ORDERS = (2, 3, 3, 3, 4, 5, 6, 9, 16, 64)
SCHEDULES = ("0:1, 10:0.2", "2/(1 + t)", "0:0.5, 3:0, 20:1", "0.4*exp(-t/7)", "0:0, 5:0.3")
FRICTIONS = ("1", "0", "3/t", "0.1", "10", "0:1, 4:0.1")
COLUMNS = ("m", "mu", "energy", "correlation")
FEWEST, FAR = 3, 1e3
"""Signs of life of a run that takes all of its time; a claim over the tolerance that is a fault."""
BETWEEN = np.array([0.0, 0.3, 0.9, 0.999])


@dataclass(frozen=True)
class Case:
    """A landscape, how long and what else ``solve_dynamics`` is told."""

    landscape: GaussianLandscape
    t_max: float
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.landscape}, t_max = {self.t_max:g}, {self.options}"

    def solve(self, progress: Progress = silent) -> DynamicsSolution:
        return solve_dynamics(self.landscape, self.t_max, progress=progress, **self.options)


@dataclass(frozen=True)
class Outcome:
    """Of a case: a solution, as far as it goes; why it is not all of it; seconds of this process; whether its time was
    up, and the shares of the work that were told on the way."""

    solution: DynamicsSolution | None
    failure: str
    seconds: float
    late: bool
    told: tuple[float, ...]


def case(seed: int) -> Case:
    """The one of that number."""
    draw = np.random.default_rng([2026, seed])
    landscape = landscapes(draw)
    options: dict[str, Any] = {"rtol": power(draw, -12, -3)}
    options["method"] = str(draw.choice(["auto", "auto", "auto", "auto", "long-time", "reference"]))
    kind = draw.random()
    if kind < 0.25:
        beta = power(draw, -2, 1)
        options["start"] = Equilibrium(beta) if kind < 0.15 else Planted(beta)
    elif draw.random() < 0.7:
        options["overlap"] = float(draw.choice([-1, 1, 1])) * power(draw, -12, np.log10(0.9))
    if draw.random() < 0.12:
        options["schedule"] = Course(str(draw.choice(SCHEDULES)))
    elif draw.random() < 0.6:
        options["temperature"] = float(draw.choice([0.1, 0.3, 1.0, 3.0, power(draw, -6, 4)]))
    if draw.random() < 0.1:
        options |= {"mass": power(draw, -2, 2), "friction": Course(str(draw.choice(FRICTIONS))), "method": "auto"}
    return Case(landscape, power(draw, -9, 12) if draw.random() < 0.5 else power(draw, 0, 5), options)


def landscapes(draw: np.random.Generator) -> GaussianLandscape:
    """Of all families, with widths of noise from 1e-6 to 1e6, half of them of order one."""

    def width() -> Any:
        return Rational(f"{power(draw, -6, 6) if draw.random() < 0.4 else draw.uniform(0.2, 3):.3g}")

    p, family = int(draw.choice(ORDERS)), draw.integers(6)
    if family == 0:
        return SpikedMatrixTensor(max(p, 3), width(), width())
    if family == 1:
        return SpikedTensor(p, width())
    if family == 2:
        return PureSpin(p, width())
    if family == 3:
        return MixedSpin({int(k): width() for k in draw.choice(range(1, 12), size=int(draw.integers(2, 4)))})
    powers = range(1, 9)
    f = sum(Rational(int(draw.integers(0, 9)), int(draw.integers(1, 30))) * Q**k for k in powers if draw.random() < 0.4)
    g = sum(Rational(int(draw.integers(-9, 9)), int(draw.integers(1, 9))) * M**k for k in powers if draw.random() < 0.3)
    return GaussianLandscape(f + (Q**2 if family == 4 else (exp(Q) - 1) * width()), g)


def power(draw: np.random.Generator, low: float, high: float) -> float:
    """Evenly in the logarithm, to three digits."""
    return float(f"{10 ** draw.uniform(low, high):.3g}")


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Ctrl-C after that much time of this process."""
    before = signal.signal(signal.SIGPROF, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def outcome(problem: Case, seconds: float = 60.0) -> Outcome:
    """An answer, a refusal or how far it got, in a line; other exceptions are passed on."""
    begun, told = time.process_time(), list[float]()
    solution, failure, late = None, "", False
    try:
        with limited(seconds):
            solution = problem.solve(lambda share, _: told.append(share))
    except (ValueError, ConvergenceError, KeyboardInterrupt) as error:
        solution, failure = getattr(error, "partial", None), f"{type(error).__name__}: {error}"
        late = isinstance(error, KeyboardInterrupt)
    return Outcome(solution, failure, time.process_time() - begun, late, tuple(told))


def faults(found: Outcome) -> list[str]:
    """What is wrong with it: more than a line, no sign of life, no numbers, ``|C| <= 1, |m| <= 1`` broken."""
    if "\n" in found.failure:
        return ["more than one line"]
    if found.late and len(found.told) < FEWEST:
        return ["no progress"]
    if found.solution is None:
        return [] if found.failure else ["neither an answer nor a reason"]
    solution = found.solution
    t = np.unique(np.concatenate([[0.0], solution.t_reached * np.geomspace(1e-9, 1, 28)]))
    rows = solution.at(t)
    wrong = [f"{name} is not finite" for name, values in rows.items() if not np.all(np.isfinite(values))]
    for name in ("m", "correlation"):
        beyond = np.max(np.abs(rows[name]) - rows[f"{name}_error"])
        if beyond > 1:
            wrong.append(f"|{name}| - error = {beyond:.17g}")
    c, r = (f(t[:, None], BETWEEN * t[:, None]) for f in (solution.C, solution.R))
    error = solution.two_time.error(t).correlation[:, None]
    if not (np.all(np.isfinite(c)) and np.all(np.isfinite(r)) and np.all(np.abs(c) <= 1 + error)):
        wrong.append(f"C beyond 1 by {np.max(np.abs(c) - 1 - error):.3g}, largest R {np.max(np.abs(r)):.3g}")
    if not found.failure:
        wrong += _too_wrong(solution, rows)
    return wrong


def _too_wrong(solution: DynamicsSolution, rows: dict[str, Any]) -> list[str]:
    """Claimed errors at the end that are far from what was aimed at, and from what may be left of the fastest rate."""
    rtol = solution.settings["rtol"]
    rounding = max(1e-12, 1e-3 * rtol) * fastest(solution.model)
    largest = {name: np.max(np.abs(rows[name])) for name in ("mu", "energy")} | {"correlation": 1.0}
    claimed = {name: rows[f"{name}_error"][-1] for name in largest}
    far = [name for name, size in largest.items() if claimed[name] > FAR * rtol * size + rounding]
    return [f"error of {name} at the end: {claimed[name]:.3g} of {largest[name]:.3g}, rtol {rtol:.3g}" for name in far]


def cover(seed: int, digits: float = 3.0) -> dict[str, tuple[Any, Any]] | None:
    """Differences and claimed errors of each column, of the case of that number and a loose tolerance, over time.

    Against the same to ``digits`` more digits. None for what is refused.
    """
    problem, draw = case(seed), np.random.default_rng([2027, seed])
    options = problem.options | {"rtol": power(draw, -5, -2), "method": "auto"}
    begin = {name: value for name, value in options.items() if name not in ("rtol", "method")}
    try:
        rate = fastest(model(problem.landscape, **begin, t_max=1.0))
        own = power(draw, 1.65, 3) if draw.random() < 0.7 and "mass" not in options else power(draw, -2, 1.3)
        runs = [
            Case(problem.landscape, own / rate, options | {"rtol": rtol}).solve()
            for rtol in (options["rtol"], options["rtol"] * 10**-digits)
        ]
    except (ValueError, ConvergenceError):
        return None
    t = np.geomspace(1e-2 * min(1.0, own), own, 40) / rate
    found, best = (run.at(np.minimum(t, run.t_reached)) for run in runs)
    return {name: (np.abs(found[name] - best[name]), found[f"{name}_error"]) for name in COLUMNS}


def apart(seed: int) -> dict[str, float] | None:
    """How far apart the two methods are over what they claim, in a case without a mass; None for what is refused."""
    problem, draw = case(seed), np.random.default_rng([2028, seed])
    begin = {name: value for name, value in problem.options.items() if name not in ("rtol", "method")}
    if "mass" in begin:
        return None
    try:
        t_max = power(draw, -2, 1.3) / fastest(model(problem.landscape, **begin, t_max=1.0))
        runs = [
            Case(problem.landscape, t_max, begin | {"rtol": power(draw, -8, -3), "method": method}).solve()
            for method in ("long-time", "reference")
        ]
    except (ValueError, ConvergenceError):
        return None
    one, other = (run.at(t_max * np.geomspace(1e-2, 1, 20)) for run in runs)
    claimed = {name: one[f"{name}_error"] + other[f"{name}_error"] for name in COLUMNS}
    return {name: np.max(np.abs(one[name] - other[name]) / np.maximum(claimed[name], 1e-300)) for name in COLUMNS}
