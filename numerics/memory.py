"""Memory counted before it is asked for."""

from __future__ import annotations

import os
from pathlib import Path


def require_memory(needed: float, what: str, advice: str, free: float | None = None) -> None:
    """``ValueError`` in one line for ``what`` takes more than is ``free`` beside what runs already (bytes)."""
    free = available_memory() if free is None else free
    if needed > free:
        raise ValueError(f"{what} needs {needed / 2**30:.3g} GiB, of which {free / 2**30:.3g} are free; {advice}")


def available_memory() -> float:
    """Bytes that can be had without swapping; infinity where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(1024.0 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        pass
    try:
        return float(os.sysconf("SC_PAGE_SIZE")) * float(os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, OSError, ValueError):
        return float("inf")
