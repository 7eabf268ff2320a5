"""Solutions as labelled data sets of xarray, which netCDF keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .provenance import versions
from .quantity import Axis, Quantity


def dataset(axes: Mapping[str, Axis], quantities: Mapping[str, Quantity], about: Mapping[str, Any]) -> Any:
    """Axes as coordinates, quantities with ``NAME_error`` as variables, ``about`` and the versions as attributes.

    ``ImportError`` in one line without xarray.
    """
    try:
        import xarray  # type: ignore[import-not-found,unused-ignore]
    except ImportError as error:
        raise ImportError("to_xarray needs xarray: pip install 'ruggedflow[data]'") from error
    variables: dict[str, Any] = {}
    for name, quantity in quantities.items():
        told = {"long_name": quantity.meaning, "note": quantity.note}
        variables[name] = (quantity.over, _array(quantity.value), {key: text for key, text in told.items() if text})
        if quantity.error is not None:
            variables[f"{name}_error"] = (quantity.over, _array(quantity.error))
    grids = {name: (name, axis.values, {"long_name": axis.label, "units": axis.unit}) for name, axis in axes.items()}
    attributes = {name: _plain(value) for name, value in {**about, "versions": versions()}.items()}
    return xarray.Dataset(variables, grids, attributes)


def _array(value: Any) -> Any:
    """Numbers as doubles, nan for none."""
    return value if isinstance(value, np.ndarray) else np.float64(np.nan if value is None else value)


def _plain(value: Any) -> Any:
    """What netCDF has: booleans are integers, what is neither number nor text is text."""
    return int(value) if isinstance(value, bool) else value if isinstance(value, int | float | str) else str(value)
