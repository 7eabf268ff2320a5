"""Gradient flow of phase retrieval, beside an adaptive integrator in plain NumPy at the same tolerance.

The other one is Dormand-Prince as in SciPy's ``solve_ivp``, with the gradient as two products of a float64 matrix and a
vector; its error of a step, too, is bound to ``|dx|/sqrt N <= rtol``.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from theory.systems.phase_retrieval import PhaseRetrieval

from ..generalized_linear.simulation import SampledRisk, sample_risk
from ..lowering import Array
from ..simulation import gradient_flow, random_starts
from ..simulation.flow import RTOL
from .measure import in_child, timed

ROWS = [(256, 3.0, 0.01, 20.0), (1024, 3.0, 1.0, 20.0), (1024, 3.0, 0.01, 20.0), (1024, 4.5, 0.01, 20.0)]
"""N, alpha, a and the last time."""
EARLY = 1.0
"""When both are compared with the flow at a hundredth of the tolerance; at late times paths have parted."""
FORMATS = {
    "N": "6d",
    "alpha": "6g",
    "a": "6g",
    "t_max": "6g",
    "CPU s": "8.2f",
    "gradients": "10d",
    "ms each": "8.2f",
    "error": "9.1e",
    "NumPy s": "8.2f",
    "NumPy grads": "12d",
    "NumPy ms": "9.2f",
    "NumPy error": "12.1e",
    "ratio": "7.1f",
    "MB": "6.0f",
}


def main() -> None:
    """Print the table, a row as soon as it is known."""
    print(f"one run from a random start on one core, tolerance {RTOL:g}\n")
    print("".join(f"{name:>{form.partition('.')[0].rstrip('dfg')}}" for name, form in FORMATS.items()))
    for row in ROWS:
        print(line(in_child(__spec__.name, *(f"{value:g}" for value in row))), flush=True)
    print(f"\nerror: |w - w_exact|/sqrt N at t = {EARLY:g}; ratio: of processor times; MB: of the data")


def line(record: dict[str, Any]) -> str:
    """One row."""
    return "".join(f"{record[name]:{form}}" for name, form in FORMATS.items())


def measured(size: int, alpha: float, a: float, t_max: float) -> dict[str, Any]:
    """One row: a short run first, which compiles; then both, on the same data from the same start."""
    drawn = sample_risk(PhaseRetrieval(a), size, alpha, 0)
    start, early = random_starts(size, 1, np.random.default_rng(0)), min(EARLY, t_max)
    exact = gradient_flow(drawn, start, [early], rtol=RTOL / 100).x[0]
    ours, cost = timed(lambda: gradient_flow(drawn, start, [t_max], gradient_tolerance=0.0))
    at_early = gradient_flow(drawn, start, [early]).x[0]
    (_, gradients), their_cost = timed(lambda: in_numpy(drawn, a, start[0], t_max))
    their_early, _ = in_numpy(drawn, a, start[0], early)
    count = ours.statistics["gradients"]
    return {
        "N": size,
        "alpha": alpha,
        "a": a,
        "t_max": t_max,
        "CPU s": cost.cpu,
        "gradients": count,
        "ms each": 1e3 * cost.cpu / count,
        "error": _distance(at_early, exact),
        "NumPy s": their_cost.cpu,
        "NumPy grads": gradients,
        "NumPy ms": 1e3 * their_cost.cpu / gradients,
        "NumPy error": _distance(their_early, exact),
        "ratio": their_cost.cpu / cost.cpu,
        "MB": drawn.memory / 1e6,
    }


def in_numpy(drawn: SampledRisk, a: float, start: Array, t_max: float) -> tuple[Array, int]:
    """Where plain Dormand-Prince ends, and its gradients."""
    data = drawn.data.astype(np.float64) / np.sqrt(drawn.size)
    squares = drawn.labels**2

    def velocity(_t: float, w: Array) -> Array:
        u = data @ w
        gradient = data.T @ (2 * u * (u**2 - squares) / (a + squares))
        return np.asarray((w @ gradient) / (w @ w) * w - gradient)

    found = solve_ivp(velocity, (0.0, t_max), start, method="RK45", rtol=1e-13, atol=RTOL)
    return np.asarray(found.y[:, -1], dtype=np.float64), int(found.nfev)


def _distance(x: Array, y: Array) -> float:
    return float(np.linalg.norm(x - y) / np.sqrt(x.size))


if __name__ == "__main__":
    print(json.dumps(measured(int(sys.argv[1]), *map(float, sys.argv[2:]))))
