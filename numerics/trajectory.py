"""Solver of the law ``Trajectory``: a few ordinary differential equations.

The integrator chooses its steps and, where the equations turn stiff, its method (LSODA; Petzold 1983). Its tolerance is
relative to each unknown or to its start, whichever is larger. The error is seen by solving with a coarser one.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import solve_ivp
from sympy import sympify

from theory.laws import Trajectory
from theory.naming import called

from .arrays import increasing
from .curves import FlowSolution
from .errors import ConvergenceError
from .lowering import Array, lower
from .quantity import Axis, Quantity
from .solve import Point

RTOL, COARSE = 1e-11, 1e-9
MOST_EVALUATIONS = 100_000
ROUNDING = 1e-13
"""Of the steps together, in units of the largest value."""


def solve_trajectory(law: Trajectory, at: Point, times: ArrayLike) -> FlowSolution:
    """The unknowns and the observables at ``times`` (n,), increasing, >= 0; ``at`` has the values of free symbols.

    Raises ``ValueError`` for other times and for symbols without values, ``ConvergenceError`` where the integrator
    stops.
    """
    t = increasing(times)
    for symbol in sorted(law.symbols - at.keys(), key=str):
        raise ValueError(f"{called(symbol.name)} is not given")
    fine, coarse = (Run.of(law, at, t, rtol) for rtol in (RTOL, COARSE))
    error = abs(fine.rows - coarse.rows) + ROUNDING * np.max(abs(fine.rows), axis=1, keepdims=True)
    if not (np.all(np.isfinite(fine.rows)) and np.all(np.isfinite(error))):
        raise ConvergenceError(f"what is observed is not finite up to {law.time} = {t[-1]:g}")
    time, names = str(law.time), [*map(str, law.unknowns), *(name for name, _ in law.observables)]
    found = {
        name: Quantity(row, spread, name.replace("_", " "), over=(time,))
        for name, row, spread in zip(names, fine.rows, error, strict=True)
    }
    message = f"reached {time} = {t[-1]:g}; largest estimated error {np.max(error):.1g}"
    axes = {time: Axis(t, time, logarithmic=law.logarithmic)}
    return FlowSolution(axes, found, {"rtol": RTOL}, {"evaluations": fine.evaluations}, message)


@dataclass(frozen=True, eq=False)
class Run:
    """``rows`` (unknowns and observables, times)."""

    rows: Array
    evaluations: int

    @classmethod
    def of(cls, law: Trajectory, at: Point, t: Array, rtol: float) -> Run:
        """To the last time. ``ConvergenceError`` where the integrator stops before."""
        state = (law.time, *law.unknowns)
        rates = lower(state, [sympify(rate).subs(at) for rate in law.rates])
        observe = lower(state, [sympify(value).subs(at) for _, value in law.observables])
        first = np.array(lower((), [sympify(start).subs(at) for start in law.starts])())
        scale = np.where(first == 0, np.max(abs(first)) or 1.0, abs(first))
        count = itertools.count()

        def rate(time: float, u: Array) -> Array:
            """Near a singularity the steps shrink for ever."""
            if next(count) > MOST_EVALUATIONS:
                raise ConvergenceError(f"the flow stopped at {law.time} = {time:g}, before {t[-1]:g}: too many steps")
            return np.array(rates(time, *u))

        run = solve_ivp(rate, (0.0, t[-1]), first, "LSODA", t, rtol=rtol, atol=rtol * scale)
        if not run.success or run.y.shape[1] < t.size:
            raise ConvergenceError(f"the flow stopped before {law.time} = {t[-1]:g}: {run.message}")
        return cls(np.array([*run.y, *observe(t, *run.y)]), int(run.nfev))
