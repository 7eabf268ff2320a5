"""Many samples of one landscape, measured alike: averages with confidence intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..arrays import reals
from ..dataset import dataset
from ..lowering import Array
from ..over_time import over_time, time_axis
from ..quantity import Axis, Quantity
from ..solution import Solution
from ..statistics import CONFIDENCE, Estimate, bootstrap
from ..storage import Format
from .condensation import condensed
from .job import Task
from .observables import OVER_HESSIAN_TIMES, OVER_TIME, PARTICIPATION
from .storage import existing_folder

COLUMNS = ("m", "m_abs", "mu", "energy", "correlation")


@dataclass(frozen=True, eq=False, repr=False)
class Ensemble(Solution):
    r"""What ``simulate`` measured, by name in ``arrays``; ``samples`` holds the numbers of the samples.

    - ``m, mu, energy, gradient_norm`` (diluted: ``participation``): (samples, starts, times) at ``t``,
    - with an even empirical risk ``m_abs = |m|``, since w and -w are one,
    - ``correlation = C(t, t_w)``: (samples, starts, times, waiting times),
    - ``lambda_min, lambda_min_overlap``: (samples, starts, Hessian times),
    - ``final`` (samples, starts, N; not of conditioned landscapes), ``t_end`` and ``converged`` (samples, starts),
      ``gradients`` (samples,); with data also their fields at the end, ``u`` (samples, starts, M), and ``y`` (samples,
      M).

    Definitions are in ``Recorder``; time is in units of ``dx/dt = -grad H - mu x``; energies and ``mu`` are per spin.
    """

    settings: Mapping[str, Any]
    samples: NDArray[np.int64]
    arrays: Mapping[str, NDArray[Any]]
    message: str = ""
    form: ClassVar[Format] = Format("ruggedflow ensemble", 2, "simulate")
    measured: ClassVar[bool] = True

    @property
    def t(self) -> Array:
        """Output times, from 0 to ``t_max``."""
        return np.array(self.settings["t"])

    @property
    def waiting_times(self) -> Array:
        """The ``t_w`` of ``correlation``."""
        return np.array(self.settings["waiting_times"])

    @property
    def hessian_times(self) -> Array:
        """Where ``lambda_min`` was found."""
        return np.array(self.settings["hessian_times"])

    @property
    def condensed(self) -> NDArray[np.bool_]:
        """Runs of a diluted landscape that ended on few sites, (samples, starts): see ``condensation``."""
        if PARTICIPATION not in self.arrays:
            return np.zeros((len(self.samples), int(self.settings["starts"])), dtype=bool)
        return condensed(self[PARTICIPATION], int(self.settings["size"]))

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self.arrays:
            raise ValueError(f"no observable {name!r}; there are: {', '.join(sorted(self.arrays))}")
        return self.arrays[name]

    def mean(self, name: str, *, confidence: float = CONFIDENCE, seed: int = 0) -> Estimate:
        """Average over starts and samples with its bootstrap interval; samples are drawn again, never single starts.

        Shape (times,), (times, waiting times) or (Hessian times,). ``ValueError`` for an unknown name.
        """
        return bootstrap(self[name].mean(axis=1), confidence=confidence, seed=seed)

    def at(self, times: ArrayLike, *, confidence: float = CONFIDENCE) -> dict[str, Array]:
        """Rows of ``t, m, mu, energy, correlation = C(t, 0)``, and of each its ``_error``, ``_low`` and ``_high``.

        Only at times that were recorded: ``ValueError`` otherwise. ``correlation`` if 0 is among the waiting
        times, and ``m_abs`` where it was measured.
        """
        places = self._places(np.atleast_1d(reals("times", times)))
        rows: dict[str, Array] = {"t": self.t[places]}
        for name in COLUMNS:
            if name in self.arrays and (name != "correlation" or 0 in self.waiting_times):
                rows |= self._columns(name, places, confidence)
        return rows

    def _columns(self, name: str, places: NDArray[np.intp], confidence: float) -> dict[str, Array]:
        values = self[name][..., 0] if name == "correlation" else self[name]
        found = bootstrap(values[:, :, places].mean(axis=1), confidence=confidence)
        parts = {"": found.value, "_error": found.error, "_low": found.low, "_high": found.high}
        return {f"{name}{suffix}": part for suffix, part in parts.items()}

    def _missing(self, asked: float, near: float) -> str:
        return f"t = {asked:g} was not recorded (nearest: {near:g}); ask simulate for it in at"

    @property
    def axes(self) -> dict[str, Axis]:
        """``t``, the waiting times of ``correlation`` and the times of the Hessian."""
        return {
            "t": time_axis(self.t),
            "waiting_time": Axis(self.waiting_times, "waiting time"),
            "hessian_time": Axis(self.hessian_times, "time"),
        }

    @cached_property
    def quantities(self) -> dict[str, Quantity]:
        """What ``at`` gives, over ``t``, and the averages of the Hessian's lowest eigenvalue and of its overlap."""
        means = {name: self.mean(name) for name in OVER_HESSIAN_TIMES if self.hessian_times.size}
        hessian = {name: Quantity(mean.value, mean.error, over=("hessian_time",)) for name, mean in means.items()}
        return over_time(self.at(self.t)) | hessian

    def to_xarray(self) -> Any:
        """An ``xarray.Dataset`` of every sample: over sample, start, time and so on; ``ImportError`` without xarray."""
        times = ("sample", "start", "time")
        layout: dict[str, tuple[str, ...]] = dict.fromkeys((*OVER_TIME, PARTICIPATION, "m_abs"), times)
        layout |= dict.fromkeys(OVER_HESSIAN_TIMES, (*times[:2], "hessian_time"))
        layout |= {"correlation": (*times, "waiting_time"), "final": (*times[:2], "site")}
        layout |= {"t_end": times[:2], "converged": times[:2], "gradients": times[:1]}
        layout |= {"u": (*times[:2], "datum"), "y": (times[0], "datum")}
        grids = {"sample": Axis(self.samples.astype(np.float64), "sample"), "time": self.axes["t"], **self.axes}
        data = {name: Quantity(values, over=layout[name]) for name, values in self.arrays.items()}
        return dataset(
            {name: axis for name, axis in grids.items() if name != "t"}, data, self.about | {"message": self.message}
        )

    def _heading(self) -> list[str]:
        """With what to know before reading any average."""
        first, *rest = super()._heading()
        count, runs = int(np.count_nonzero(self.condensed)), self.condensed.size
        if not count:
            return [first, *rest]
        largest = float(self[PARTICIPATION].max())
        warning = f"CONDENSED: {count} of {runs} runs sit on few sites, participation to {largest:.3g} (3: spread)"
        return [first, warning, *rest]

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """What ``save`` wrote, or what ``simulate(..., output=path)`` has finished so far in a folder.

        ``ValueError`` if that is nothing, or not ours.
        """
        if not Path(path).is_dir():
            return super().load(path)
        there = existing_folder(path)
        finished = [index for index in there.finished() if index < there.settings["samples"]]
        if not finished:
            raise ValueError(f"{path}: no sample has finished yet")
        samples = ((index, there.read(Task(index))) for index in finished)
        return cls.assembled(there.settings, {index: sample for index, sample in samples if sample is not None})

    @classmethod
    def assembled(cls, settings: Mapping[str, Any], results: Mapping[int, Mapping[str, Any]]) -> Self:
        """Samples in the order of their numbers. ``ValueError`` where one has other arrays than the first."""
        order = sorted(results)
        for index in order:
            if _shapes(results[index]) != _shapes(results[order[0]]):
                raise ValueError(f"sample {index} has other arrays than sample {order[0]}; delete it and resume")
        arrays = {name: np.stack([results[index][name] for index in order]) for name in results[order[0]]}
        resting = int(np.count_nonzero(arrays["converged"]))
        message = f"{len(order)} samples to t = {settings['t'][-1]:g}; {resting} starts at rest before"
        return cls(dict(settings), np.array(order, dtype=np.int64), arrays, message)


load = Ensemble.load


def _shapes(arrays: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    return {name: np.shape(values) for name, values in arrays.items()}
