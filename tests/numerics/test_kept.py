"""Finished points of a sweep are kept, found again, and trusted only where they are whole and of the same task."""

from pathlib import Path
from typing import Any

import pytest

from numerics.errors import Interrupted
from numerics.generalized_linear import phase_diagram
from numerics.generalized_linear.phase_diagram import in_folder, retrieval_diagram
from numerics.generalized_linear.refinement import absent, critical_alpha
from numerics.kept import Kept, sweep_kept

calls: list[int] = []


def square(x: int) -> float:
    calls.append(x)
    return x * x


@pytest.fixture
def kept(tmp_path: Path) -> Kept[float]:
    calls.clear()
    return Kept(tmp_path / "parts", lambda x: ({}, {"x": x}), lambda _, arrays: float(arrays["x"]))


def swept(kept: Kept[float] | None, points: list[int], stop: int | None = None) -> list[float]:
    def done(_: int, result: float) -> None:
        if stop is not None and result == stop:
            raise KeyboardInterrupt

    return sweep_kept(square, points, kept, done=done, what="squares")


def test_an_interrupted_sweep_goes_on(kept: Kept[float]) -> None:
    with pytest.raises(Interrupted, match="interrupted after 2 of 4 squares"):
        swept(kept, [1, 2, 3, 4], stop=4)
    assert swept(kept, [1, 2, 3, 4]) == [1, 4, 9, 16] and calls == [1, 2, 3, 4]
    assert swept(kept, [4, 5]) == [16, 25] and calls == [1, 2, 3, 4, 5]
    kept.clear()
    assert not kept.folder.exists() and swept(None, [1]) == [1] and calls[-1] == 1


def test_what_is_damaged_or_of_another_task_is_computed_again(kept: Kept[float]) -> None:
    swept(kept, [1, 2, 3])
    one, two, three = sorted(kept.folder.iterdir())
    one.write_bytes(two.read_bytes())
    two.write_bytes(two.read_bytes()[:-9])
    three.unlink()
    three.mkdir()
    assert swept(kept, [1, 2, 3]) == [1, 4, 9] and sorted(calls) == [1, 1, 2, 2, 3, 3]


def test_no_room_to_keep_anything(kept: Kept[float]) -> None:
    kept.folder.write_text("in the way")
    assert swept(kept, [1, 2]) == [1, 4]


def test_thresholds_of_a_diagram_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = {1.0: critical_alpha(1.5, 1e-9, "so", {"chi": 2.0}), 2.0: absent("none")}
    monkeypatch.setattr(phase_diagram, "_threshold", lambda point: made[point[1]])
    monkeypatch.setattr(phase_diagram, "overlap_lines", lambda *_, **__: {})
    options: Any = {"lines": ["bbp_initial"], "keep": tmp_path}
    first = retrieval_diagram([1.0, 2.0], **options).lines["bbp_initial"]
    monkeypatch.setattr(phase_diagram, "_threshold", lambda _: pytest.fail("computed again"))
    again = retrieval_diagram([1.0, 2.0], **options).lines["bbp_initial"]
    assert again[0] == first[0] == made[1.0] and again[1].note == "none" and not again[1].exists
    assert in_folder(tmp_path).read(("bbp_initial", 1.0)) == made[1.0]
    assert again[1].error is None
