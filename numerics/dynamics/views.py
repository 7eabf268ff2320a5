"""A solution as a card, a figure and a labelled data set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..lowering import Array
from ..provenance import versions
from .solution import DynamicsSolution

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUANTITIES = {
    "m": "overlap with the signal",
    "mu": "Lagrange multiplier per spin",
    "energy": "energy per spin",
}


def card(solution: DynamicsSolution) -> str:
    """Settings, the last row with its errors, and the message."""
    lines = [f"{name:>12}  {value}" for name, value in solution.settings.items()]
    last = solution.at(solution.t_reached)
    for name in (*QUANTITIES, "correlation"):
        label = "C(t, 0)" if name == "correlation" else name
        lines.append(f"{label:>12}  {last[name][0]:.12g} +- {last[f'{name}_error'][0]:.1g}")
    return "\n".join(["DynamicsSolution", *lines, f"{'':>12}  {solution.message}"])


def plot(solution: DynamicsSolution) -> Figure:
    """Three panels, ``m``, ``mu`` and ``e`` against ``t``, logarithmic in time."""
    from ..picture import Picture

    figure = Picture(figsize=(5, 7), layout="constrained")
    axes = figure.subplots(3, 1, sharex=True)
    for axis, (name, meaning) in zip(axes, QUANTITIES.items(), strict=True):
        axis.plot(solution.t[1:], getattr(solution, name)[1:])
        axis.set(ylabel=meaning, xscale="log")
    axes[-1].set_xlabel("time")
    return figure


def to_xarray(solution: DynamicsSolution, points: int) -> Any:
    """``xarray.Dataset`` with settings and versions as attributes. ``ImportError`` in one line without xarray."""
    try:
        import xarray  # type: ignore[import-not-found,unused-ignore]
    except ImportError as error:
        raise ImportError("to_xarray needs xarray: pip install 'ruggedflow[data]'") from error
    t = _thinned(solution.t, points)
    row, column = np.broadcast_arrays(t[:, None], t)
    one = {name: ("t", values) for name, values in zip(QUANTITIES, solution.two_time.one_time(t), strict=True)}
    errors = solution.two_time.error(t)._asdict()
    one |= {f"{name}_error": ("t", errors[name]) for name in QUANTITIES}
    two = {"C": (("t", "s"), solution.C(row, column)), "R": (("t", "s"), solution.R(row, column))}
    attributes = {**solution.settings, "message": solution.message, "versions": str(versions())}
    dataset = xarray.Dataset({**one, **two}, coords={"t": t, "s": t}, attrs=_plain(attributes))
    for name, meaning in QUANTITIES.items():
        dataset[name].attrs["long_name"] = meaning
    return dataset


def _thinned(t: Array, points: int) -> Array:
    if points < 2:
        raise ValueError(f"points = {points}: expected an integer >= 2")
    kept: Array = t[np.unique(np.linspace(0, t.size - 1, min(points, t.size)).round().astype(int))]
    return kept


def _plain(attributes: dict[str, Any]) -> dict[str, Any]:
    """Booleans as integers: netCDF has none."""
    return {name: int(value) if isinstance(value, bool) else value for name, value in attributes.items()}
