"""The two integrators on gradient flow of the pure 3-spin, ``f = q^3/2``, and through a planted jump."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from theory import OVERLAP, GaussianLandscape, SpikedMatrixTensor

from ..dynamics import DynamicsSolution, solve_dynamics
from ..dynamics.solve import Method
from .measure import in_child, timed

AGEING = GaussianLandscape(OVERLAP**3 / 2)
ENERGIES = {
    1.0: -0.782508156669,
    10.0: -1.081598767088,
    50.0: -1.130552937457,
    1e2: -1.139596357986,
    1e3: -1.151473581604,
    1e4: -1.154005675782,
    1e5: -1.154550752884,
    1e6: -1.154668254302,
    1e7: -1.154693581350,
}
"""Of the pure 3-spin at these times: to t = 100 by the reference method, estimated error 2e-13; later by the long-time
method at rtol = 1e-8 and 1e-9, which differ by less than 1e-11."""
JUMP = -1.891037546316
"""Energy of the informative minimum of Kac-Rice at Delta_2 = 0.48, Delta_p = 1."""
ROWS: list[tuple[Method, float]] = [
    *[("reference", t) for t in (10.0, 50.0, 100.0)],
    *[("long-time", 10.0**k) for k in range(2, 8)],
]
RTOL = {"reference": 1e-8, "long-time": 1e-6}
FORMATS = {
    "rtol": "8.0e",
    "t_max": "8.0e",
    "CPU s": "9.2f",
    "wall s": "9.2f",
    "peak MB": "9.0f",
    "steps": "7d",
    "nodes": "7d",
    "error of e": "12.1e",
    "estimate": "10.0e",
}


def main() -> None:
    """Print the table, a row as soon as it is known."""
    print("gradient flow of f = q^3/2 from a random start; planted: f = g = q^2/(2 0.48) + q^3/3, m(0) = 1e-3\n")
    print(" " * 10 + "".join(f"{name:>{form.partition('.')[0].rstrip('d')}}" for name, form in FORMATS.items()))
    in_child(__spec__.name, "long-time", "1")  # compiles: that is memory of its own
    for method, t_max in ROWS:
        print(line(in_child(__spec__.name, method, f"{t_max:g}")), flush=True)
    print(line(in_child(__spec__.name, "planted", "1e4")), flush=True)
    print("\nsteps: blocks or panels of time; nodes: in t', at the last step; error: of e(t_max) against known values")
    for text in first_calls():
        print(text, flush=True)


def first_calls() -> Iterator[str]:
    """What the first call costs in a new process, with nothing compiled and with all of it."""
    with tempfile.TemporaryDirectory() as folder:
        for state in ("first call ever, compilation included", "first call of a later process, import excluded"):
            record = in_child(__spec__.name, "long-time", "1", environment={"NUMBA_CACHE_DIR": folder})
            yield f"{state}: {record['first CPU s']:.1f} s CPU, {record['first wall s']:.1f} s wall"


def line(record: dict[str, Any]) -> str:
    """One row."""
    return f"{record['name']:10}" + "".join(f"{record[name]:{form}}" for name, form in FORMATS.items())


def measured(name: str, t_max: float) -> dict[str, Any]:
    """One row: a short run first, which compiles; then the run itself."""
    method: Method = "reference" if name == "reference" else "long-time"
    rtol = RTOL[method]

    def run(end: float) -> DynamicsSolution:
        if name != "planted":
            return solve_dynamics(AGEING, end, rtol=rtol, method=method)
        return solve_dynamics(SpikedMatrixTensor(3, 0.48, 1), end, overlap=1e-3, rtol=rtol, method=method)

    _, first = timed(lambda: run(0.5).at(0.4))
    solution, cost = timed(lambda: run(t_max))
    row = solution.at(solution.t_reached)
    known = JUMP if name == "planted" else ENERGIES[t_max]
    counts = solution.statistics
    return {
        "name": name,
        "rtol": rtol,
        "t_max": t_max,
        "first CPU s": first.cpu,
        "first wall s": first.wall,
        "CPU s": cost.cpu,
        "wall s": cost.wall,
        "peak MB": cost.memory,
        "steps": int(counts["blocks"] if method == "long-time" else counts["panels"]),
        "nodes": int(counts["nodes"] if method == "long-time" else counts["times"]),
        "error of e": abs(float(row["energy"][0]) - known),
        "estimate": float(row["energy_error"][0]),
    }


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1], float(sys.argv[2]))))
