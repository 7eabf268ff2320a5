"""What was plotted is what is in the CSV."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes

from figures.drawn import COLUMNS, drawn, write_data
from figures.style import new_figure

X, Y = np.array([1.0, 2.0, 4.0]), np.array([0.1, 10.0, 1e3])


def table(axes: Axes, *names: str) -> Any:
    """Those columns of all rows."""
    figure: Any = axes.get_figure(root=True)
    return [tuple(row.get(name) for name in names) for row in drawn(figure)]


@pytest.fixture
def axes() -> Axes:
    return new_figure().subplots()


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_lines_in_all_axes(axes: Axes, scale: Any, tmp_path: Path) -> None:
    axes.plot(X, Y, label="curve")
    axes.plot(X, -Y, drawstyle="steps-post")
    axes.set(xscale=scale, yscale=scale, xlabel="$t$", ylabel="$m$", title="one")
    assert table(axes, "x", "y")[:3] == list(zip(X, Y, strict=True))
    assert table(axes, "kind", "curve")[::3] == [("line", "curve"), ("steps-post", "2")]
    (path,) = write_data(axes.get_figure(root=True), tmp_path, "a")  # type: ignore[arg-type]
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert tuple(rows[0]) == COLUMNS and [float(row["y"]) for row in rows[:3]] == list(Y)
    place = {"panel": "1", "title": "one", "x_axis": "$t$", "y_axis": "$m$", "x_low": "", "z": ""}
    assert place.items() <= rows[0].items()


def test_missing_points(axes: Axes) -> None:
    axes.plot(X, [1, np.nan, 3])
    assert np.isnan(table(axes, "y")[1][0])


@pytest.mark.parametrize("log", [False, True])
def test_error_bars(axes: Axes, log: bool) -> None:
    axes.errorbar(X, Y, [[0.05, 1, 2], [0.1, 2, 3]], [0.1, 0.2, 0.3], label="N", capsize=2)
    if log:
        axes.set(xscale="log", yscale="log")
    found = table(axes, "kind", "curve", "x", "x_low", "x_high", "y", "y_low", "y_high")
    assert [row[:2] for row in found] == [("points", "N")] * 3
    low, high, width = Y - np.array([0.05, 1, 2]), Y + np.array([0.1, 2, 3]), np.array([0.1, 0.2, 0.3])
    expected = np.transpose([X, X - width, X + width, Y, low, high])
    assert np.allclose([row[2:] for row in found], expected)


def test_error_bars_without_points(axes: Axes) -> None:
    axes.errorbar(X, Y, 0.05, fmt="none")
    assert np.allclose(table(axes, "x", "y_low", "y_high"), np.transpose([X, Y - 0.05, Y + 0.05]))


def test_bands(axes: Axes) -> None:
    axes.fill_between(X, Y, 2 * Y, alpha=0.3, label="band")
    axes.fill_betweenx(Y, X, X + 1)
    axes.fill_between(X, Y, 2 * Y, where=np.array([True, True, False]))
    found = table(axes, "kind", "curve", "x", "y_low", "y_high", "y", "x_low", "x_high")
    assert found[:3] == [("band", "band", x, y, 2 * y, None, None, None) for x, y in zip(X, Y, strict=True)]
    assert [row[5:] for row in found[3:6]] == [(y, x, x + 1) for x, y in zip(X, Y, strict=True)]
    assert [row[2] for row in found[6:]] == [1, 2]


def test_points_with_colours(axes: Axes) -> None:
    axes.scatter(X, Y, c=[3, 2, 1])
    assert table(axes, "kind", "x", "y", "z") == [("points", 1, 0.1, 3), ("points", 2, 10, 2), ("points", 4, 1e3, 1)]


def test_levels_and_segments(axes: Axes) -> None:
    axes.axhline(2.0, label="level")
    axes.axvline(3.0)
    axes.axvspan(0.5, 0.7)
    axes.hlines([1.0, 2.0], 0.0, [3.0, 4.0])
    axes.vlines([5.0], 0.0, 1.0)
    found = table(axes, "curve", "x", "x_low", "x_high", "y", "y_low", "y_high")
    assert ("level", None, None, None, 2.0, None, None) in found and ("4", 3.0, *[None] * 5) in found
    places = [row[1:] for row in found]
    assert (None, 0.5, 0.7, None, None, None) in places
    assert (None, 0.0, 3.0, 1.0, None, None) in places and (5.0, None, None, None, 0.0, 1.0) in places
    assert len(found) == 6


def test_bars_and_stairs(axes: Axes) -> None:
    axes.bar([1.0, 2.0], [3.0, 4.0], width=0.5, yerr=0.5, label="bars")
    axes.stairs([1.0, 3.0], [0.0, 0.5, 2.0], label="stairs")
    axes.hist([0.1, 0.2, 0.9], [0.0, 0.5, 1.0])
    found = {kind: table_of(axes, kind) for kind in ("bars", "steps", "points")}
    assert [tuple(row[k] for k in ("x_low", "x_high", "y_low", "y_high")) for row in found["bars"][:2]] == [
        (0.75, 1.25, 0, 3), (1.75, 2.25, 0, 4)]  # fmt: skip
    assert [(row["x_low"], row["x_high"], row["y"]) for row in found["steps"]] == [(0, 0.5, 1), (0.5, 2, 3)]
    assert [(row["y_low"], row["y_high"]) for row in found["points"]] == [(2.5, 3.5), (3.5, 4.5)]
    assert [row["y_high"] for row in found["bars"][2:]] == [2, 1]


def table_of(axes: Axes, kind: str) -> list[Any]:
    """All rows of one kind."""
    figure: Any = axes.get_figure(root=True)
    return [row for row in drawn(figure) if row["kind"] == kind]


@pytest.mark.parametrize("origin", ["lower", "upper"])
def test_images(axes: Axes, origin: Any) -> None:
    """The value at a place is that which is seen there."""
    numbers = np.arange(6.0).reshape(2, 3)
    axes.imshow(numbers, extent=(0, 3, 10, 12), origin=origin, aspect="auto")
    found = {(x, y): z for x, y, z in table(axes, "x", "y", "z")}
    low, high = (numbers[0], numbers[1]) if origin == "lower" else (numbers[1], numbers[0])
    assert [found[x, 10.5] for x in (0.5, 1.5, 2.5)] == list(low)
    assert [found[x, 11.5] for x in (0.5, 1.5, 2.5)] == list(high)


def test_meshes_with_a_colour_bar(axes: Axes) -> None:
    figure: Any = axes.get_figure(root=True)
    mesh = axes.pcolormesh([0, 1, 3], [0, 2, 4], [[1, 2], [3, 4]])
    figure.colorbar(mesh)
    assert table(axes, "x", "y", "z") == [(0.5, 1, 1), (2, 1, 2), (0.5, 3, 3), (2, 3, 4)]
    other = new_figure().subplots()
    other.pcolormesh([0, 1], [0, 2], [[1, 2], [3, 4]], shading="gouraud")
    assert table(other, "x", "y", "z") == [(0, 0, 1), (1, 0, 2), (0, 2, 3), (1, 2, 4)]


def test_contours_insets_and_words(axes: Axes) -> None:
    axes.contour([0, 1], [0, 1], [[0, 0], [1, 1]], levels=[0.25])
    inset = axes.inset_axes((0.6, 0.6, 0.3, 0.3))
    inset.plot(["few", "many"], [1, 2])
    axes.text(0.5, 0.5, "a name")
    axes.annotate("here", (0.5, 0.5))
    found = table(axes, "panel", "kind", "x", "y", "z")
    assert [row for row in found if row[0] == 1] == [(1, "contour", 0, 0.25, 0.25), (1, "contour", 1, 0.25, 0.25)]
    assert [row[1:3] for row in found if row[0] == 2] == [("line", "few"), ("line", "many")]


def test_nothing_drawn_is_no_file(axes: Axes, tmp_path: Path) -> None:
    axes.text(0.5, 0.5, "empty")
    assert write_data(axes.get_figure(root=True), tmp_path, "a") == []  # type: ignore[arg-type]
