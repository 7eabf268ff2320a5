"""Many samples of one landscape, measured alike: averages with confidence intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..arrays import reals
from ..lowering import Array
from ..provenance import versions
from ..statistics import CONFIDENCE, Estimate, bootstrap
from .condensation import condensed
from .observables import OVER_HESSIAN_TIMES, OVER_TIME, PARTICIPATION
from .storage import existing_folder

COLUMNS = ("m", "m_abs", "mu", "energy", "correlation")
SAME_TIME = 1e-9
"""Relative."""
ROWS = ("t", "waiting_times", "hessian_times")


@dataclass(frozen=True, eq=False)
class Ensemble:
    r"""What ``simulate`` measured, by name in ``arrays``; ``samples`` holds the numbers of the samples.

    - ``m, mu, energy, gradient_norm`` (diluted: ``participation``): (samples, starts, times) at ``t``,
    - with an even empirical risk ``m_abs = |m|``, since w and -w are one,
    - ``correlation = C(t, t_w)``: (samples, starts, times, waiting times),
    - ``lambda_min, lambda_min_overlap``: (samples, starts, Hessian times),
    - ``final`` (samples, starts, N), ``t_end`` and ``converged`` (samples, starts), ``gradients`` (samples,);
      with data also their fields ``u`` (samples, starts, M) at the end and ``y`` (samples, M).

    Definitions are in ``Recorder``; time is in units of ``dx/dt = -grad H - mu x``; energies and ``mu`` are per spin.
    """

    settings: Mapping[str, Any]
    samples: NDArray[np.int64]
    arrays: Mapping[str, NDArray[Any]] = field(repr=False)

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

    def _places(self, times: Array) -> NDArray[np.intp]:
        t = self.t
        places: NDArray[np.intp] = np.argmin(np.abs(t - times[:, None]), axis=1)
        missing = times[~(np.abs(t[places] - times) <= SAME_TIME * np.abs(times))]
        if missing.size:
            near = t[np.argmin(np.abs(t - missing[0]))]
            raise ValueError(f"t = {missing[0]:g} was not recorded (nearest: {near:g}); ask simulate for it in at")
        return places

    def to_xarray(self) -> Any:
        """An ``xarray.Dataset``, over sample, start, time and so on; ``ImportError`` in one line without xarray."""
        try:
            import xarray  # type: ignore[import-not-found,unused-ignore]
        except ImportError as error:
            raise ImportError("to_xarray needs xarray: pip install 'ruggedflow[data]'") from error
        times = ("sample", "start", "time")
        layout: dict[str, tuple[str, ...]] = dict.fromkeys((*OVER_TIME, PARTICIPATION, "m_abs"), times)
        layout |= dict.fromkeys(OVER_HESSIAN_TIMES, (*times[:2], "hessian_time"))
        layout |= {"correlation": (*times, "waiting_time"), "final": (*times[:2], "site")}
        layout |= {"t_end": times[:2], "converged": times[:2], "gradients": times[:1]}
        layout |= {"u": (*times[:2], "datum"), "y": (times[0], "datum")}
        grids = {"time": self.t, "waiting_time": self.waiting_times, "hessian_time": self.hessian_times}
        plain = {k: str(v) for k, v in self.settings.items() if k not in ROWS} | {"versions": str(versions())}
        data = {name: (layout[name], values) for name, values in self.arrays.items()}
        return xarray.Dataset(data, coords={"sample": self.samples, **grids}, attrs=plain)

    def __repr__(self) -> str:
        lines = [f"{name:>18}  {value}" for name, value in self.settings.items() if name not in ROWS]
        last = self.at(self.t[-1])
        for name in (name for name in COLUMNS if name in last):
            label = "C(t, 0)" if name == "correlation" else name
            lines.append(f"{label:>18}  {last[name][0]:.6g} +- {last[f'{name}_error'][0]:.1g}")
        stopped = int(np.count_nonzero(self["converged"]))
        lines.append(f"{'':>18}  {len(self.samples)} samples to t = {self.t[-1]:g}; {stopped} starts at rest before")
        return "\n".join(["Ensemble", *self._warning(), *lines])

    def _warning(self) -> list[str]:
        """What to know before reading any average."""
        count, runs = int(np.count_nonzero(self.condensed)), self.condensed.size
        if not count:
            return []
        largest = float(self[PARTICIPATION].max())
        return [f"CONDENSED: {count} of {runs} runs sit on few sites, participation to {largest:.3g} (3: spread)"]


def assembled(settings: Mapping[str, Any], results: Mapping[int, Mapping[str, Any]]) -> Ensemble:
    """Samples in the order of their numbers. ``ValueError`` where one has other arrays than the first."""
    order = sorted(results)
    for index in order:
        if _shapes(results[index]) != _shapes(results[order[0]]):
            raise ValueError(f"sample {index} has other arrays than sample {order[0]}; delete it and resume")
    arrays = {name: np.stack([results[index][name] for index in order]) for name in results[order[0]]}
    return Ensemble(dict(settings), np.array(order, dtype=np.int64), arrays)


def _shapes(arrays: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    return {name: np.shape(values) for name, values in arrays.items()}


def load(folder: str | Path) -> Ensemble:
    """What ``simulate(..., output=folder)`` has finished so far. ``ValueError`` if that is nothing, or not ours."""
    there = existing_folder(folder)
    settings = there.settings
    finished = [index for index in there.finished() if index < settings["samples"]]
    if not finished:
        raise ValueError(f"{folder}: no sample has finished yet")
    return assembled(settings, {index: there.read(index) for index in finished})
