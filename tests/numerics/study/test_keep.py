"""Names that are kept, and a slip in them."""

from pathlib import Path

import pytest

from numerics.study.points import points_of
from numerics.study.run import run


def two(_: object) -> dict[str, float]:
    return {"a": 1.0, "b": 2.0}


def test_a_name_that_no_result_has_ends_the_study_at_once(tmp_path: Path) -> None:
    points = points_of({"x": list(range(50))})
    with pytest.raises(ValueError, match="keep = 'c': there is no such number; choose among a, b"):
        run(two, points, about={"it": 1}, keep=["c"], folder=tmp_path / "study")
    assert not list((tmp_path / "study").glob("points/*.json"))
    assert not run(two, points, about={"it": 1}, keep=["b"], folder=tmp_path / "study").left
