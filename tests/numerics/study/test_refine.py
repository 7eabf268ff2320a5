"""Where a number changes most there are more points, the same ones whatever interrupted the study."""

from collections.abc import Mapping
from functools import partial
from math import isnan, nan, tanh
from pathlib import Path
from typing import Any

import pytest

import ruggedflow as rf
from numerics.errors import Interrupted
from numerics.study import Points, Refinement, Study, points_of, refined, run

GRID = {"x": {"from": 0, "to": 1, "points": 5}, "y": [1, 2]}


def wall(point: Mapping[str, Any]) -> float:
    return tanh(200 * (point["x"] - 0.3 * point["y"]))


def studied(over: Any = GRID, budget: int = 40, by: str = "value", function: Any = wall, **options: Any) -> Study:
    once = partial(run, function, about={}, **options)
    return refined(once, points_of(over), Refinement(by, budget))


def test_points_gather_where_it_changes() -> None:
    fields = studied().fields()
    assert len(fields["x"]) == 40
    for y in (1, 2):
        on_line = sorted(abs(x - 0.3 * y) for x, own in zip(fields["x"], fields["y"], strict=True) if own == y)
        assert on_line[0] < 0.01 and on_line[4] < 0.1
    assert list(zip(fields["x"], fields["y"], strict=True)) == sorted(zip(fields["x"], fields["y"], strict=True))


def test_the_edge_of_existence_is_found() -> None:
    fields = studied({"x": [0, 1]}, 20, function=lambda p: p["x"] if p["x"] < 0.37 else nan).fields()
    last = max(x for x, value in zip(fields["x"], fields["value"], strict=True) if not isnan(value))
    assert 0 < 0.37 - last < 1e-3


def test_a_constant_needs_no_more_points() -> None:
    assert len(studied(function=lambda _: 1.0).outcomes) == 10


@pytest.mark.parametrize(("spacing", "middle"), [("log", 2), ("linear", 2.5), ("inverse", 1.6)])
def test_halfway_in_the_spacing_of_the_axis(spacing: str, middle: float) -> None:
    points = {"x": {"from": 1, "to": 4, "points": 2, "spacing": spacing}}
    assert studied(points, 3, function=lambda p: p["x"]).fields()["x"] == [1, middle, 4]


def test_interrupted_it_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    def progress(_: float, what: str) -> None:
        if what.startswith("23 of"):
            raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        studied(folder=tmp_path / "cut", progress=progress)
    studied(folder=tmp_path / "cut")
    studied(folder=tmp_path / "whole")
    assert (tmp_path / "cut" / "table.csv").read_bytes() == (tmp_path / "whole" / "table.csv").read_bytes()


def test_whole_numbers_stay_whole() -> None:
    only: dict[str, Any] = {"only": "ml_amp", "workers": 1}
    study = rf.study("spiked-tensor", "thresholds", {"p": [3, 8]}, refine="bayes_amp_jump", budget=2, workers=1)
    assert study.fields()["p"] == [3, 8]
    study = rf.study(
        "spiked-matrix-tensor", "thresholds", {"p": [3, 5], "delta_p": [1]}, refine="ml_amp", budget=9, **only
    )
    assert study.fields()["p"] in ([3, 5], [3, 4, 5])


@pytest.mark.parametrize(
    ("over", "how", "told"),
    [
        ([{"x": 1}], Refinement("value", 9), "refine needs axes to halve"),
        (GRID, Refinement("value", 9), "budget = 9 is less than the 10 points of the grid"),
        (GRID, Refinement("q", 12), "refine = q: there is no such number; choose among value"),
    ],
)
def test_mistakes_take_one_line(over: Any, how: Refinement, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        refined(partial(run, wall, about={}), points_of(over), how)
    assert isinstance(points_of(over), Points)
