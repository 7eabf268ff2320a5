"""One measurement in one process of its own, so that time and peak memory are those of that run alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Cost:
    """CPU and wall time in seconds, and peak memory of the process so far in MB."""

    cpu: float
    wall: float
    memory: float


def timed(call: Callable[[], T]) -> tuple[T, Cost]:
    """What ``call`` returns, and what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    return result, Cost(time.process_time() - cpu, time.perf_counter() - wall, peak_memory())


def peak_memory() -> float:
    """Largest resident size of this process so far, in MB; NaN where the system does not count it.

    Linux tells it of the program that runs; ``getrusage`` may tell that of the process from which it was forked.
    """
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.MULTILINE)
        if found:
            return int(found[1]) / 2**10
    try:
        import resource
    except ImportError:
        return float("nan")
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)


def in_child(module: str, *words: str, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The JSON that ``python -m module words`` prints, on one thread. Raises ``RuntimeError`` with its last line."""
    command = [sys.executable, "-m", module, *words]
    settings = {**os.environ, **ONE_THREAD, **(environment or {})}
    child = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
    if child.returncode:
        lines = child.stderr.strip().splitlines() or [f"exit status {child.returncode}"]
        raise RuntimeError(f"{' '.join(words)}: {lines[-1]}")
    record: dict[str, Any] = json.loads(child.stdout)
    return record
