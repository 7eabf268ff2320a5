"""Solver of the law ``Flow``: the variable on quadrature nodes, time by an integrator that chooses its steps.

The error is seen by solving with fewer nodes, and with a coarser tolerance; both differences count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import solve_ivp
from sympy import Dummy, Expr, Integral, sympify

from theory.laws import Flow
from theory.naming import called

from .arrays import increasing
from .curves import FlowSolution
from .errors import ConvergenceError
from .lowering import Array, lower
from .nodes import Nodes
from .quantity import Axis, Quantity
from .solve import Point

NODES, FEW = 128, 91
"""Not a half: the nodes of a half would see and miss the same narrow peaks."""
RTOL, COARSE = 1e-10, 1e-8
LONGEST = 1e6
"""Its steps do not grow beyond bounds."""
Masses = tuple[ArrayLike, ArrayLike]


def solve_flow(law: Flow, at: Point, times: ArrayLike, start: Masses | None = None, meaning: str = "") -> FlowSolution:
    """The unknown and the observables at ``times``.

    Parameters
    ----------
    law, at
        With the values of its free symbols.
    times
        (n,), increasing, >= 0.
    start
        Places in the interval and masses there, (k,) each, in place of the density ``law.start``: what an experiment
        has. Then the observables alone are returned, which must be integrals of smooth functions with the unknown.
    meaning
        Of the unknown.

    Raises ``ValueError`` for times that do not increase from 0 on and ``ConvergenceError`` where the integrator stops.
    """
    t = increasing(times)
    if t[-1] > LONGEST:
        raise ValueError(f"{called('t_max', f'{t[-1]:g}')} is too long for this flow; at most {LONGEST:g}")
    system = Lowered.of(law, at)
    fine, few, coarse = (
        system.run(t, start, count, rtol) for count, rtol in ((NODES, RTOL), (FEW, RTOL), (NODES, COARSE))
    )
    error = [abs(a - b) + abs(a - c) for a, b, c in zip(fine.observed, few.observed, coarse.observed, strict=True)]
    time, variable, unknown = str(law.time), str(law.variable), str(law.unknown.func)
    found = {
        name: Quantity(fine.observed[i], error[i], name.replace("_", " "), over=(time,))
        for i, (name, _) in enumerate(law.observables)
    }
    if start is None:
        spread = abs(fine.density - few.density @ few.nodes.interpolation(fine.nodes.x).T)
        spread += abs(fine.density - coarse.density)
        found[unknown] = Quantity(fine.density, spread, meaning or unknown, over=(time, variable))
    axes = {time: Axis(t, time), variable: Axis(fine.nodes.x, variable)}
    settings = {"nodes": NODES, "rtol": RTOL, "start": "density" if start is None else "masses"}
    worst = max((float(np.max(e)) for e in error), default=0.0)
    message = f"reached {time} = {t[-1]:g}; largest estimated error {worst:.1g}"
    return FlowSolution(axes, found, settings, {"evaluations": fine.evaluations}, message)


@dataclass(frozen=True, eq=False)
class Path:
    """``density`` (times, nodes), ``observed`` (observables, times)."""

    nodes: Nodes
    density: Array
    observed: Array
    evaluations: int


@dataclass(frozen=True, eq=False)
class Lowered:
    """A flow as functions of numbers: integrands and rate of (x, t, unknown), the latter also of the integrals."""

    ends: tuple[float, float]
    integrands: Callable[..., list[Array]]
    rate: Callable[..., list[Array]]
    start: Callable[..., list[Array]]
    observables: Callable[..., list[Array]]

    @classmethod
    def of(cls, law: Flow, at: Point) -> Lowered:
        """Each integral becomes a symbol of its own. ``ValueError`` for one over anything but the interval."""
        value = Dummy("value")
        expressions = [law.rate.subs(at), *(expression.subs(at) for _, expression in law.observables)]
        integrals = sorted({i for e in expressions for i in e.atoms(Integral)}, key=str)
        low, high = (sympify(end).subs(at) for end in law.interval)
        for found in integrals:
            if found.limits != ((law.variable, low, high),) or found.function.has(Integral):
                raise ValueError(f"{found}: expected an integral over {law.variable} from {low} to {high}")
        names = {found: Dummy("integral") for found in integrals}

        def flat(expression: Expr) -> Expr:
            return expression.xreplace(names).subs(law.unknown, value)

        point = (law.variable, law.time, value)
        return cls(
            (float(low), float(high)),
            lower(point, [found.function.subs(law.unknown, value) for found in integrals]),
            lower((*point, *names.values()), [flat(expressions[0])]),
            lower((law.variable,), [law.start.subs(at)]),
            lower((law.time, *names.values()), [flat(expression) for expression in expressions[1:]]),
        )

    def run(self, t: Array, start: Masses | None, count: int, rtol: float) -> Path:
        """From 0 on, to each time."""
        nodes = Nodes.between(*self.ends, count)
        first = self.start(nodes.x)[0] if start is None else nodes.measure(*map(np.asarray, start))

        def integrals(time: float, density: Array) -> Sequence[Any]:
            return [integrand @ nodes.weights for integrand in self.integrands(nodes.x, time, density)]

        def rate(time: float, density: Array) -> Array:
            return self.rate(nodes.x, time, density, *integrals(time, density))[0]

        # small for the density, and for integrals of it where that is the concentrated mass of a few places
        total = np.abs(first) @ nodes.weights
        scale = np.minimum(np.max(np.abs(first)), total / (count * nodes.weights))
        run = solve_ivp(rate, (0.0, t[-1]), first, "DOP853", t, rtol=rtol, atol=rtol * (scale + (total == 0)))
        if not run.success or not np.all(np.isfinite(run.y)):
            raise ConvergenceError(f"the flow stopped at {run.t[-1]:g}, before {t[-1]:g}: {run.message}")
        rows = np.array([integrals(time, density) for time, density in zip(t, run.y.T, strict=True)])
        observed = np.array(self.observables(t, *rows.T))
        return Path(nodes, run.y.T, observed, int(run.nfev))
