"""Two resolutions side by side: the finer is the solution, the difference joins its error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from ..lowering import Array
from ..storage import joined, owned
from .model import Model
from .two_time import Errors, OneTime, TwoTime, backend


@dataclass(frozen=True, eq=False)
class Verified:
    """``error(t) = max(finer.error(t), |finer - coarser|)``, the difference taken at ``times`` on either side.

    ``differences`` has one row for each field of ``Errors``; those of C and R are the largest over five ``s <= t``.
    """

    finer: TwoTime
    times: Array
    differences: Array
    kind: ClassVar[str] = "verified"

    @classmethod
    def of(cls, finer: TwoTime, coarser: TwoTime) -> Self:
        """Compare on the rows of the coarser run."""
        t = coarser.t[coarser.t <= finer.t[-1]]
        one = [np.abs(a - b) for a, b in zip(finer.one_time(t), coarser.one_time(t), strict=True)]
        two = np.zeros((2, t.size))
        for fraction in (0.0, 0.25, 0.5, 0.9, 0.99):
            pairs = zip(finer.evaluate(t, fraction * t), coarser.evaluate(t, fraction * t), strict=True)
            two = np.maximum(two, [np.abs(a - b) for a, b in pairs])
        two[0] = np.maximum(two[0], np.abs(finer.replica(t) - coarser.replica(t)))
        return cls(finer, t, np.array([*one, *two]))

    @property
    def t(self) -> Array:
        """Rows of the finer run."""
        return self.finer.t

    @property
    def statistics(self) -> Mapping[str, float]:
        """Of the finer run, and the largest difference found in the energy and in C."""
        found = {"difference_energy": self.differences[2], "difference_correlation": self.differences[3]}
        return {**self.finer.statistics, **{name: float(np.max(values)) for name, values in found.items()}}

    def evaluate(self, t: Array, s: Array) -> tuple[Array, Array]:
        """Of the finer run."""
        return self.finer.evaluate(t, s)

    def one_time(self, t: Array) -> OneTime:
        """Of the finer run."""
        return self.finer.one_time(t)

    def replica(self, t: Array) -> Array:
        """Of the finer run."""
        return self.finer.replica(t)

    def error(self, t: Array) -> Errors:
        """The larger of the finer run's own estimate and of the difference on either side of ``t``."""
        return Errors(*np.maximum(self._seen(t), np.array(self.finer.error(t))))

    def _seen(self, t: Array) -> Array:
        right = np.clip(np.searchsorted(self.times, t), 0, self.times.size - 1)
        return np.maximum(self.differences[:, right], self.differences[:, np.maximum(right - 1, 0)])

    def start_error(self, t: Array) -> Array:
        """The same for ``C(t,0)``."""
        return np.asarray(np.maximum(self._seen(t)[3], self.finer.start_error(t)))

    def arrays(self) -> dict[str, Array]:
        """The finer run's arrays under a prefix, and the differences."""
        kind = np.frombuffer(self.finer.kind.encode(), dtype=np.uint8).astype(np.float64)
        return {
            "times": self.times,
            "differences": self.differences,
            "finer_kind": kind,
            **joined({"finer": self.finer.arrays()}),
        }

    @classmethod
    def from_arrays(cls, model: Model, arrays: Mapping[str, Array]) -> Self:
        """The inverse of ``arrays``; ``ValueError`` when they do not fit together."""
        kind = bytes(int(letter) for letter in arrays["finer_kind"]).decode()
        if kind == cls.kind:
            raise ValueError("what was verified is itself a verification")
        times, differences = arrays["times"], arrays["differences"]
        if times.ndim != 1 or not times.size or np.any(np.diff(times) <= 0):
            raise ValueError("the times of the differences do not increase")
        if differences.shape != (len(Errors._fields), times.size):
            raise ValueError(f"the differences have shape {differences.shape}")
        return cls(backend(kind).from_arrays(model, owned("finer", arrays)), times, differences)
