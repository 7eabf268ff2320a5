"""A study as a labelled data set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..dataset import dataset
from ..quantity import Axis, Quantity
from .outcome import Column

if TYPE_CHECKING:
    from .study import Study


def labelled(study: Study) -> Any:
    """Over the axes of a grid or over ``point``, and over the axis of places."""
    from .study import free

    axes, shape = _axes(study)
    outer = tuple(axes)
    quantities: dict[str, Quantity] = {}
    if study.points.axes is None:
        for name in study.points.names:
            quantities[name] = Quantity(np.array([row[name] for row in study.points.rows]), over=outer)
    for name, columns in _together(list(study.columns)).items():
        own = [study.columns[column] for column in columns]
        inner = (columns[0].axis,) if columns[0].axis else ()
        if inner:
            axes[inner[0]] = Axis(np.array([column.place for column in columns]), inner[0])
        value = np.stack([number.value for number in own], axis=-1).reshape(*shape, *([len(own)] if inner else []))
        errors = [np.full(number.value.shape, np.nan) if number.error is None else number.error for number in own]
        known = any(number.error is not None for number in own)
        error = np.stack(errors, axis=-1).reshape(value.shape) if known else None
        quantities[free(name, {**axes, **quantities})] = Quantity(value, error, over=outer + inner)
    return dataset(axes, quantities, study.about)


def _axes(study: Study) -> tuple[dict[str, Axis], tuple[int, ...]]:
    if study.points.axes is None:
        count = len(study.outcomes)
        return {"point": Axis(np.arange(float(count)), "point")}, (count,)
    axes = {name: Axis(np.array(values), name) for name, values in study.points.axes.items()}
    return axes, tuple(axis.values.size for axis in axes.values())


def _together(columns: list[Column]) -> dict[str, list[Column]]:
    """The places of one number."""
    found: dict[str, list[Column]] = {}
    for column in columns:
        found.setdefault(column.name, []).append(column)
    return found
