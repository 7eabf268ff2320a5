"""Gradients and Hessians of packed and diluted samples, beside one reading of the coefficients and dense arrays."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory import OVERLAP, GaussianLandscape

from ..lowering import Array
from ..simulation import Sample, diluted, kernel, sample
from .measure import in_child, peak_memory

PACKED = [(2, 1024), (3, 128), (3, 256), (3, 512), (3, 1024), (4, 100), (4, 160), (5, 40)]
DILUTED = [(3, 10_000), (3, 100_000), (4, 100_000)]
LARGEST_DENSE = 6e8
"""Bytes of the largest dense tensor that is timed."""
MANY = 8
REPEATS = 7
FORMATS = {
    "degree": "6d",
    "N": "7d",
    "entries": "10d",
    "MB": "6.0f",
    "peak MB": "8.0f",
    "draw s": "7.2f",
    "read": "8.2f",
    "GB/s": "5.1f",
    "grad": "8.2f",
    "/read": "6.2f",
    f"{MANY} starts": "9.2f",
    "/start": "7.2f",
    "Hessian": "8.2f",
    "BLAS": "8.2f",
    "/grad": "6.1f",
    "einsum": "8.2f",
}


def main() -> None:
    """Print the table, a row as soon as it is known."""
    print("processor time on one core in ms, the best of several calls; 4 bytes for each coefficient\n")
    print(" " * 8 + "".join(f"{name:>{form.partition('.')[0].rstrip('df')}}" for name, form in FORMATS.items()))
    for kind, rows in (("packed", PACKED), ("diluted", DILUTED)):
        for degree, size in rows:
            in_child(__spec__.name, kind, str(degree), "16")  # compiles
            print(line(in_child(__spec__.name, kind, str(degree), str(size))), flush=True)
    print(
        "\nread: sum of all coefficients; /read: grad over it; Hessian: H''(x) in one pass (diluted: H''(x) v)"
        "\nBLAS: T.reshape(-1, N) @ x and so on in float32 (so are its sums); einsum: in one call, the same"
        f" T of up to {LARGEST_DENSE / 1e9:g} GB"
    )


def line(record: dict[str, Any]) -> str:
    """One row; a dash for what was not measured."""
    cells = (cell(record[name], form) for name, form in FORMATS.items())
    return f"{record['name']:8}" + "".join(cells)


def cell(value: float | None, form: str) -> str:
    """A number in its column."""
    return f"{value:{form}}" if value is not None else f"{'-':>{form.partition('.')[0].rstrip('df')}}"


def measured(kind: str, degree: int, size: int) -> dict[str, Any]:
    """One row."""
    landscape = GaussianLandscape(OVERLAP**degree)
    start = time.process_time()
    drawn: Any = sample(landscape, size, 0) if kind == "packed" else diluted(landscape, size, 0)
    draw = time.process_time() - start
    record: dict[str, Any] = dict.fromkeys(FORMATS) | {"name": kind, "degree": degree, "N": size, "draw s": draw}
    record |= {"MB": drawn.memory / 1e6} | derivatives(drawn)
    record["/start"] = record[f"{MANY} starts"] / MANY
    if kind == "packed":
        record |= reading(drawn.tensors[degree])
        record["/read"] = record["grad"] / record["read"]
        if 4.0 * size**degree <= LARGEST_DENSE:
            record |= dense(degree, size)
            record["/grad"] = record["BLAS"] / record["grad"]
    else:
        record["entries"] = drawn.memory // (4 * degree)
    return record


def derivatives(drawn: Sample) -> dict[str, float]:
    """Milliseconds of a gradient, of several at once, and of the Hessian (by a vector, where the matrix is large)."""
    x: Array = np.random.default_rng(1).standard_normal((MANY, drawn.size))
    small = drawn.size <= 1024
    found = {
        "grad": best(lambda: drawn.gradient(x[:1])),
        f"{MANY} starts": best(lambda: drawn.gradient(x)),
        "Hessian": best(lambda: drawn.hessian(x[0]) if small else drawn.hessian_vector(x[0], x[:1])),
    }
    return found | {"peak MB": peak_memory()}


def reading(coefficients: NDArray[Any]) -> dict[str, float]:
    """Milliseconds to read all coefficients once, and the bandwidth."""
    elapsed = best(lambda: kernel.read(coefficients))
    return {"entries": coefficients.size, "read": elapsed, "GB/s": coefficients.nbytes / elapsed / 1e6}


def dense(degree: int, size: int) -> dict[str, float]:
    """Milliseconds of ``p T x^(p-1)`` in float32; the numbers do not matter."""
    full = np.full((size,) * degree, 0.5, dtype=np.float32)
    x = np.ones(size, dtype=np.float32)

    def gradient() -> NDArray[Any]:
        rest: NDArray[Any] = full
        while rest.ndim > 1:
            shape = rest.shape[:-1]
            rest = (rest.reshape(-1, size) @ x).reshape(shape)
        return degree * rest

    letters = "ijklm"[:degree]
    subscripts = ",".join((letters, *letters[1:])) + "->i"
    return {
        "BLAS": best(gradient),
        "einsum": best(lambda: np.einsum(subscripts, full, *[x] * (degree - 1)), 2),
    }


def best(call: Callable[[], Any], repeats: int = REPEATS) -> float:
    """Milliseconds of the fastest of several calls, after one that warms up."""
    call()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return 1e3 * min(times)


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
