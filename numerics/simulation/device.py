"""Where gradients are computed: compiled passes on the CPU, or arrays on a GPU.

What runs on a GPU is written once, in the functions of the array API standard that CuPy and JAX share with NumPy (see
``unfolded``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from theory.naming import called

Device = Literal["cpu", "gpu"]


@dataclass(frozen=True)
class Backend:
    """Arrays of a device: a namespace of the array API standard with float64, and how many bytes are free there."""

    xp: Any
    free: Callable[[], float]


def backend_of(device: Device) -> Backend | None:
    """None for ``"cpu"``, which has compiled passes; for ``"gpu"`` CuPy or else JAX, whichever finds one.

    JAX is set to double precision, for the whole process. Raises ``ValueError`` where there is neither.
    """
    require_device(device)
    if device == "cpu":
        return None
    missing = []
    for name, find in FINDERS.items():
        try:
            found = find()
        except ImportError:
            missing.append(f"{name} is not installed")
            continue
        if found is not None:
            return found
        missing.append(f"{name} finds no GPU")
    raise ValueError(
        f"{called('device', 'gpu')}: {', '.join(missing)}; install CuPy for your CUDA (pip install "
        f"'ruggedflow[gpu]' for CUDA 12) on a machine with a GPU, or try {called('device', 'cpu')}"
    )


def require_device(device: str) -> None:
    """One of the two."""
    if device not in get_args(Device):
        raise ValueError(f"device = {device!r}: expected 'cpu' or 'gpu'")


def to_host(array: Any) -> Any:
    """A NumPy array."""
    return array.get() if hasattr(array, "get") else np.asarray(array)


def _cupy() -> Backend | None:
    import cupy

    def free() -> float:
        return float(cupy.cuda.Device().mem_info[0] + cupy.get_default_memory_pool().free_bytes())

    return Backend(cupy, free) if cupy.is_available() else None


def _jax() -> Backend | None:
    import jax

    try:
        device = jax.devices("gpu")[0]
    except RuntimeError:
        return None
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_default_device", device)

    def free() -> float:
        known = device.memory_stats() or {}
        return float(known.get("bytes_limit", np.inf)) - float(known.get("bytes_in_use", 0))

    return Backend(jax.numpy, free)


FINDERS: dict[str, Callable[[], Backend | None]] = {"CuPy": _cupy, "JAX": _jax}
