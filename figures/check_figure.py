"""Any check as a figure: what it measured over what theory says, and every z-score."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from numerics.checks import Panel, Report, Series
from numerics.checks.verdict import critical

from .style import BLUE, CYAN, GREEN, GREY, ORANGE, PURPLE, RED, new_figure

COLOURS = (BLUE, ORANGE, GREEN, PURPLE, CYAN, RED)
MARKERS = "osD^vP"
ROW_HEIGHT = 2.6
VERDICTS = {"agree": GREEN, "disagree": RED, "undecided": GREY}


def draw(report: Report) -> Figure:
    """The panels of the report and one with its z-scores; the title is the verdict."""
    count = len(report.panels) + 1
    columns = 2 if count == 4 else min(3, count)
    rows = math.ceil(count / columns)
    figure = new_figure(columns, height=ROW_HEIGHT * rows + 0.4)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel, place in zip(report.panels, axes, strict=False):
        draw_panel(place, panel)
    draw_scores(axes[count - 1], report)
    for place in axes[count:]:
        place.remove()
    figure.suptitle(f"{report.name}: {report.verdict}", color=VERDICTS[report.verdict])
    return figure


def draw_panel(axes: Axes, panel: Panel) -> None:
    """Curves for theory, points with error bars for simulation, the same colour for what belongs together."""
    for series in panel.series:
        draw_series(axes, series)
    axes.set(xlabel=panel.x_label, ylabel=panel.y_label, xscale=panel.x_scale, yscale=panel.y_scale)
    axes.set_title(panel.title, fontsize=9)
    if panel.x_scale == "linear" and all(np.all(s.x == np.round(s.x)) for s in panel.series):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if any(series.label for series in panel.series):
        axes.legend(frameon=False, fontsize=6.5)


def draw_series(axes: Axes, series: Series) -> None:
    """One of them."""
    colour, label = COLOURS[series.colour % len(COLOURS)], series.label or None
    if series.error is None:
        axes.plot(series.x, series.y, color=colour, label=label, lw=1.2, zorder=1)
        return
    marker = MARKERS[series.colour % len(MARKERS)]
    axes.errorbar(
        series.x, series.y, series.error, color=colour, label=label, ls="", marker=marker, ms=3, lw=0.9, capsize=1.5
    )


def draw_scores(axes: Axes, report: Report) -> None:
    """Every z in the order of the table; dashed, where one alone is enough to disagree."""
    z = [comparison.z for comparison in report.comparisons]
    limit = critical(len(z))
    axes.axhspan(-1, 1, color=GREY, alpha=0.15, lw=0)
    for sign in (-1, 1):
        axes.axhline(sign * limit, color=RED, ls="--", lw=0.9)
    axes.plot(np.arange(1, len(z) + 1), z, "o", ms=3, color=BLUE)
    axes.set(xlabel="comparison", ylabel="$z$", xlim=(0.2, len(z) + 0.8))
    axes.set_title("deviations in standard errors", fontsize=9)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
