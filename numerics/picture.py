"""The house's look, and figures that need no window: they show themselves in a notebook."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.style
import numpy as np
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from theory.naming import called

COLUMN_WIDTH = 3.4
"""Width of a column of print in inches."""
SETTINGS: Any = {
    "font.size": 9,
    "axes.labelsize": 10,
    "axes.titlesize": 10,
    "legend.fontsize": 8,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "lines.linewidth": 1.6,
    "mathtext.fontset": "stix",
    "font.family": "STIXGeneral",
    "axes.formatter.use_mathtext": True,
    "svg.hashsalt": "ruggedflow",
    "pdf.fonttype": 42,
}
Style = str | Path | Mapping[str, Any]
"""A style sheet by its file or by Matplotlib's name for it, or settings."""


class Picture(Figure):
    """A Matplotlib figure outside pyplot's list of open ones, that a notebook shows as PNG.

    (A plain ``Figure`` is shown only where pyplot has set the notebook up for it.) It is written as it was made, with
    the settings of that time.
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._made_with: Any = {name: matplotlib.rcParams[name] for name in SETTINGS}

    def savefig(self, *arguments: Any, **keywords: Any) -> None:
        """As Matplotlib's."""
        with matplotlib.rc_context(self._made_with):
            super().savefig(*arguments, **keywords)

    def _repr_png_(self) -> bytes:
        stream = io.BytesIO()
        self.savefig(stream, format="png", dpi=150)
        return stream.getvalue()


def look(style: Style | None = None) -> AbstractContextManager[None]:
    """What is drawn within has the house's look, and a style on top. ``ValueError`` for one that cannot be read."""
    settings: Any = {**SETTINGS, **({} if style is None else _settings(style))}
    return matplotlib.rc_context(settings)


def _settings(style: Style) -> dict[str, Any]:
    known: Any = matplotlib.style.library
    try:
        if isinstance(style, Mapping):
            found: Any = matplotlib.RcParams(style)
        elif str(style) in known:
            found = known[str(style)]
        else:
            found = matplotlib.rc_params_from_file(style, use_default_template=False)
        return dict(found)
    except (OSError, ValueError, TypeError, KeyError) as error:
        reason = " ".join(str(error).split())
        advice = "name a file of Matplotlib settings, or a style of Matplotlib's"
        raise ValueError(f"{called('style', style)} cannot be used ({reason}); {advice}") from error


def restyled(figure: Figure, figsize: tuple[float, float] | None = None, x_label: str = "") -> Figure:
    """In another size (inches), with another label under the lowest panels."""
    if figsize is not None:
        figure.set_size_inches(*figsize)
    if x_label:
        for axes in (axes for axes in figure.axes if axes.get_xlabel()):
            axes.set_xlabel(x_label)
    return figure


def mark_logarithmic(axis: Axis, low: float, high: float) -> None:
    """Ticks of a logarithmic axis that do not collide, with plain numbers where the range is narrow."""
    decades = np.log10(high / low)
    if decades < 4:
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
    if decades < 0.6:
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    elif decades < 2.5:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
